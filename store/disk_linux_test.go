package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// smallDisk mounts a tmpfs of the given size and returns its folder. It needs root.
func smallDisk(t *testing.T, size int) string {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=700", size)); err != nil {
		text := fmt.Sprintf("no small disk to fill: mounting a tmpfs needs root (%v)", err)
		if os.Getenv("CI") == "true" {
			t.Fatal(text)
		}
		t.Skip(text)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill takes all the room that is left on a disk and returns how to give it back.
func fill(t *testing.T, dir string) (release func()) {
	path := filepath.Join(dir, "filler")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for chunk := 1 << 20; chunk > 0; {
		if _, err := file.Write(make([]byte, chunk)); err != nil {
			chunk /= 2
		}
	}
	if err := file.Close(); err != nil && !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFullDisk(t *testing.T) {
	for _, reserve := range []uint64{0, reserveBytes} { // with the system's own error, and with ours before it
		t.Run(fmt.Sprint("reserve ", reserve), func(t *testing.T) {
			disk := smallDisk(t, 32<<20)
			o := quiet(filepath.Join(disk, "store"))
			s := mustOpen(t, o)
			s.reserve = reserve
			written := 0
			write := func() error {
				return s.Update(t.Context(), func(tx *Tx) error {
					key := fmt.Append(nil, written)
					return errors.Join(tx.Put(things, key, bytes.Repeat(key, 3000)), tx.Put(others, key, []byte("second half")))
				})
			}
			check := func() {
				t.Helper()
				for i := range written {
					if got := get(t, s, things, fmt.Sprint(i)); got != strings.Repeat(fmt.Sprint(i), 3000) {
						t.Fatalf("acknowledged write %d is gone", i)
					}
				}
				if get(t, s, things, fmt.Sprint(written)) != "-" || get(t, s, others, fmt.Sprint(written)) != "-" {
					t.Fatal("a refused write is there")
				}
				if err := s.Check(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			for range 3 {
				for range 30 {
					if err := write(); err != nil {
						t.Fatal(err)
					}
					written++
				}
				if err := s.Keys().Put(1, "k", []byte("kept")); err != nil {
					t.Fatal(err)
				}
				release := fill(t, disk)
				for i := range 20 { // some may still find a free page
					err := write()
					if err == nil {
						written++
						continue
					}
					if !errors.Is(err, ErrFull) {
						t.Fatalf("write %d on the full disk: %v", i, err)
					}
					check()
				}
				if err := write(); !errors.Is(err, ErrFull) {
					t.Fatalf("the disk is not full: %v", err)
				}
				if err := s.Keys().PutAll(1, map[string][]byte{"k": bytes.Repeat([]byte("new"), 300), "l": make([]byte, maxSecret)}); !errors.Is(err, ErrFull) {
					t.Errorf("one-time key on the full disk: %v", err)
				}
				if secret, _ := s.Keys().Get(1, "k"); string(secret) != "kept" {
					t.Errorf("one-time key is %q", secret)
				}
				if err := s.HotCopy(t.Context(), filepath.Join(o.Dir, fileCopy)); !errors.Is(err, ErrFull) {
					t.Errorf("copy on the full disk: %v", err)
				}
				for name := range files(t, o.Dir) {
					if strings.HasSuffix(name, unfinished) {
						t.Errorf("%s was left", name)
					}
				}
				release()
				check()
			}
			if err := write(); err != nil {
				t.Fatalf("after space was freed: %v", err)
			}
			written++
			mustClose(t, s)
			s = mustOpen(t, o)
			check()
			if secret, _ := s.Keys().Get(1, "k"); string(secret) != "kept" {
				t.Errorf("one-time key is %q after reopen", secret)
			}
		})
	}
}

// TestFullDiskAtStart: making, opening and restoring a store on a full disk fails with a sentence and works when there is room.
func TestFullDiskAtStart(t *testing.T) {
	source := mustOpen(t, quiet(t.TempDir()))
	put(t, source, things, "a", strings.Repeat("x", 100000))
	backup := makeBackup(t, source, "p")

	disk := smallDisk(t, 8<<20)
	made, restored := quiet(filepath.Join(disk, "made")), quiet(filepath.Join(disk, "restored"))
	release := fill(t, disk)
	if _, err := Open(t.Context(), made); !errors.Is(err, ErrFull) {
		t.Errorf("new store: %v", err)
	}
	if err := Restore(t.Context(), bytes.NewReader(backup), restored.Dir, "p", KeyFile(), nil); !errors.Is(err, ErrFull) {
		t.Errorf("restore: %v", err)
	}
	out, err := os.Create(filepath.Join(disk, "backup"))
	if err == nil {
		_, err = source.Backup(t.Context(), out, "p", nil)
		out.Close()
	}
	if !errors.Is(err, ErrFull) && !errors.Is(err, unix.ENOSPC) {
		t.Errorf("backup: %v", err)
	}
	release()
	s := mustOpen(t, made)
	put(t, s, things, "a", "1")
	if err := Restore(t.Context(), bytes.NewReader(backup), restored.Dir, "p", KeyFile(), nil); err != nil {
		t.Errorf("restore with room: %v", err)
	}
	mustClose(t, s)

	release = fill(t, disk) // a store that needs nothing written opens and can be read
	s = mustOpen(t, made)
	if got := get(t, s, things, "a"); got != "1" {
		t.Error(got)
	}
	mustClose(t, s)
	// A damaged one is refused for that, and not for the copy that finds no room.
	db, err := os.OpenFile(filepath.Join(made.Dir, fileDB), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.WriteAt(make([]byte, 8192), 0); err != nil {
		t.Fatal(err)
	}
	db.Close()
	var refused *RefusedError
	if _, err := Open(t.Context(), made); !errors.Is(err, ErrDamaged) || !errors.As(err, &refused) || refused.Quarantine != "" {
		t.Errorf("damaged store on a full disk: %v", err)
	}
	release()
}

func TestReadOnlyFolder(t *testing.T) {
	disk := smallDisk(t, 8<<20)
	o := quiet(filepath.Join(disk, "store"))
	s := mustOpen(t, o)
	put(t, s, things, "a", "1")
	mustClose(t, s)
	if err := unix.Mount("", disk, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	before := files(t, disk)
	if _, err := Open(t.Context(), o); !errors.Is(err, ErrReadOnly) || !strings.Contains(err.Error(), o.Dir) {
		t.Errorf("read-only store: %v", err)
	}
	o.Dir = filepath.Join(disk, "new")
	if _, err := Open(t.Context(), o); !errors.Is(err, ErrReadOnly) {
		t.Errorf("new store in a read-only folder: %v", err)
	}
	if err := Restore(t.Context(), strings.NewReader("x"), o.Dir, "p", KeyFile(), nil); !errors.Is(err, ErrReadOnly) {
		t.Errorf("restore into a read-only folder: %v", err)
	}
	if fmt.Sprint(names(before)) != fmt.Sprint(names(files(t, disk))) {
		t.Error("something changed")
	}
}
