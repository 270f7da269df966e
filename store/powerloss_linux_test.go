package store

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestPowerLoss shows that an acknowledged write is on the disk, not only in the kernel's memory, which a kill -9 cannot show. The store
// lies on an ext4 in a file; what that file holds right after an acknowledgement is what a disk would hold if the power
// went then. It is mounted again and opened.
func TestPowerLoss(t *testing.T) {
	work := t.TempDir()
	disk, image := filepath.Join(work, "disk"), filepath.Join(work, "disk.img")
	run := func(name string, args ...string) {
		t.Helper()
		if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
			t.Skipf("no disk to cut the power of: %s needs root, loop devices and e2fsprogs: %v: %s", name, err, strings.TrimSpace(string(out)))
		}
	}
	mount := func(image, at string) (unmount func()) {
		t.Helper()
		if err := os.MkdirAll(at, 0o700); err != nil {
			t.Fatal(err)
		}
		run("mount", "-o", "loop,commit=300", image, at)
		unmount = sync.OnceFunc(func() {
			if out, err := exec.Command("umount", at).CombinedOutput(); err != nil {
				t.Errorf("umount: %v: %s", err, out)
			}
		})
		t.Cleanup(unmount)
		return unmount
	}
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(image, 16<<20); err != nil {
		t.Fatal(err)
	}
	run("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", image)
	mount(image, disk)

	// cut opens the store as it would be after a power cut now.
	cuts := 0
	cut := func(check func(s *Store)) {
		t.Helper()
		cuts++
		after := filepath.Join(work, fmt.Sprint("after ", cuts))
		if err := os.WriteFile(after+".img", still(t, image), 0o600); err != nil {
			t.Fatal(err)
		}
		unmount := mount(after+".img", after)
		defer unmount()
		o := quiet(filepath.Join(after, "store"))
		o.Create = false
		s, err := Open(t.Context(), o)
		if err != nil {
			t.Fatalf("cut %d: %v", cuts, err)
		}
		check(s)
		mustClose(t, s)
	}

	s := mustOpen(t, quiet(filepath.Join(disk, "store")))
	cut(func(*Store) {}) // a new store
	for round := 1; round <= 5; round++ {
		key, value := fmt.Sprint("key ", round), strings.Repeat(fmt.Sprint(round), 2000)
		put(t, s, things, key, value)
		cut(func(after *Store) {
			if get(t, after, things, key) != value {
				t.Errorf("round %d: the acknowledged write is lost", round)
			}
		})
		if err := s.Keys().Put(uint64(round), "k", []byte(value[:100])); err != nil {
			t.Fatal(err)
		}
		cut(func(after *Store) {
			if secret, ok := after.Keys().Get(uint64(round), "k"); !ok || string(secret) != value[:100] {
				t.Errorf("round %d: the one-time key is lost", round)
			}
		})
	}
	held := files(t, s.o.Dir)[fileKeys]
	if !bytes.Contains(still(t, image), held) {
		t.Error("the test does not find the key file on the disk")
	}
	if err := s.Keys().Erase(3); err != nil {
		t.Fatal(err)
	}
	cut(func(after *Store) {
		if _, ok := after.Keys().Get(3, "k"); ok {
			t.Error("the erased key is back")
		}
	})
	// Not in a file and not in a free block either: the whole disk is searched for the sealed bytes.
	raw := still(t, image)
	for at := 64; at+16 <= len(held); at += 16 {
		if bytes.Contains(raw, held[at:at+16]) {
			t.Fatalf("the disk still holds byte %d.. of the key file as it was before", at)
		}
	}
}

// still reads the image at a moment at which the file system does not write.
func still(t *testing.T, image string) []byte {
	t.Helper()
	for range 50 {
		first, err := os.ReadFile(image)
		if err != nil {
			t.Fatal(err)
		}
		second, err := os.ReadFile(image)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(first, second) {
			return first
		}
	}
	t.Fatal("the disk does not come to rest")
	return nil
}
