package home

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"pieks/store"
)

// erasingFile says that all of a home is to be deleted. It is there before anything is deleted, and goes last.
const erasingFile = "erasing"

// Erase has everything of this home deleted: by Close, and when the program does not come to that, by the next Open. It returns once that is certain.
func (h *Home) Erase() error {
	if err := markErasing(h.Dir); err != nil {
		return err
	}
	h.erase.Store(true)
	return nil
}

func markErasing(dir string) error {
	file, err := os.OpenFile(filepath.Join(dir, erasingFile), os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		err = file.Sync()
		err = errors.Join(err, file.Close())
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return fmt.Errorf("mark the home to be deleted: %w", err)
	}
	return nil
}

// FinishErase deletes a home that Erase was called for, and does nothing to any other. A keyring's entry goes only when secret names it.
func FinishErase(dir string, secret store.Secret) error {
	marker := filepath.Join(dir, erasingFile)
	if _, err := os.Lstat(marker); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := store.Destroy(StoreDir(dir), secret); err != nil {
		return err
	}
	if err := remove(filepath.Join(dir, restoredFile)); err != nil {
		return err
	}
	if err := remove(marker); err != nil {
		return err
	}
	return syncDir(dir)
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete the home: %w", err)
	}
	return nil
}
