package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/zalando/go-keyring"
)

// Nothing is left of a store, whichever of its files a crash has left over; one in use is not touched.
func TestDestroy(t *testing.T) {
	for _, left := range []string{"", fileKeys, fileDB, fileCopy, fileKEK, fileSpare} {
		dir := filepath.Join(t.TempDir(), "store")
		s, err := Open(t.Context(), Options{Dir: dir, Role: "patient", Secret: KeyFile(), Create: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.HotCopy(t.Context(), filepath.Join(dir, fileCopy)); err != nil {
			t.Fatal(err)
		}
		if err := Destroy(dir, KeyFile()); !errors.Is(err, ErrInUse) {
			t.Fatalf("in use: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(dir, quarantine), folderMode); err != nil {
			t.Fatal(err)
		}
		if left != "" {
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if e.Name() != left {
					if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		for range 2 {
			if err := Destroy(dir, Secret{}); err != nil {
				t.Errorf("with %q: %v", left, err)
			}
		}
		if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("with %q the folder is still there", left)
		}
	}
}

// The keys are overwritten in place before their names go, so that what an open file or a disk still has opens nothing.
func TestDestroyOverwritesKeys(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	s, err := Open(t.Context(), Options{Dir: dir, Role: "patient", Secret: KeyFile(), Create: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	kek, err := os.Open(filepath.Join(dir, fileKEK))
	if err != nil {
		t.Fatal(err)
	}
	defer kek.Close()
	if err := Destroy(dir, KeyFile()); err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 64)
	n, _ := kek.ReadAt(data, 0)
	for _, b := range data[:n] {
		if b != 0 {
			t.Fatal("the key is still in the file")
		}
	}
}

func TestDestroyForgetsTheKeyring(t *testing.T) {
	keyring.MockInit()
	dir := filepath.Join(t.TempDir(), "store")
	secret := Keyring("pieks", "home to go")
	s, err := Open(t.Context(), Options{Dir: dir, Role: "patient", Secret: secret, Create: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Destroy(dir, secret); err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.Get("pieks", "home to go"); !errors.Is(err, keyring.ErrNotFound) {
		t.Errorf("its entry: %v", err)
	}
}
