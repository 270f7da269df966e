package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/zalando/go-keyring"
)

// Destroy deletes the store in dir for good, with all copies that this package keeps of it, and the folder. The keys go first, and are overwritten where the
// file system does that in place: from then on what may be left on the disk cannot be read. An entry of the keyring that secret names goes, too; other secrets are
// not needed. What a crash left undone a second call completes. No store is no error. Errors: ErrInUse, ErrReadOnly.
func Destroy(dir string, secret Secret) error {
	o := Options{Dir: dir}
	f := o.folder()
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		forget(secret)
		return nil
	}
	lock, err := f.take(false)
	if err != nil {
		return fmt.Errorf("delete the store in %s: %w", dir, err)
	}
	forget(secret)
	err = f.destroy()
	if closed := lock.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = diskError("remove folder", os.RemoveAll(dir))
	}
	if err == nil {
		err = diskError("sync folder", syncFolder(filepath.Dir(dir)))
	}
	if err != nil {
		return fmt.Errorf("delete the store in %s: %w", dir, err)
	}
	return nil
}

// destroy deletes all but the lock.
func (f folder) destroy() error {
	for _, name := range []string{fileKEK, fileKeys, fileSpare} {
		for _, name := range []string{name, name + unfinished} {
			if err := f.shred(name); err != nil {
				return err
			}
			f.at("shredded " + name)
		}
	}
	if err := f.sync(); err != nil {
		return err
	}
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return diskError("list folder", err)
	}
	for _, e := range entries {
		if e.Name() == fileLock {
			continue
		}
		if err := os.RemoveAll(f.path(e.Name())); err != nil {
			return diskError("remove "+e.Name(), err)
		}
		f.at("removed " + e.Name())
	}
	return f.sync()
}

// forget deletes the keyring's entry of a store. One that stays opens nothing any more.
func forget(secret Secret) {
	if secret.kind == KindKeyring {
		_ = keyring.Delete(secret.service, secret.user)
	}
}
