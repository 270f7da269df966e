package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestKeys(t *testing.T) {
	o := quiet(t.TempDir())
	s := mustOpen(t, o)
	k := s.Keys()
	if err := errors.Join(k.Put(7, "P", []byte("p7")), k.PutAll(8, map[string][]byte{"P": []byte("p8"), "H": []byte("h8")}), k.Put(7, "P", []byte("p7 again"))); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		secret []byte
	}{{"", []byte("s")}, {strings.Repeat("n", maxSecretName+1), []byte("s")}, {"n", nil}, {"n", make([]byte, maxSecret+1)}} {
		if err := k.Put(9, tt.name, tt.secret); !errors.Is(err, ErrLimit) {
			t.Errorf("%q: %v", tt.name, err)
		}
	}
	if err := k.PutAll(9, map[string][]byte{"good": []byte("s"), "": []byte("s")}); !errors.Is(err, ErrLimit) {
		t.Error(err)
	}
	check := func() {
		t.Helper()
		p7, ok7 := k.Get(7, "P")
		h8, ok8 := k.Get(8, "H")
		_, none := k.Get(7, "H")
		if !ok7 || !ok8 || none || string(p7) != "p7 again" || string(h8) != "h8" {
			t.Errorf("%q %v, %q %v, %v", p7, ok7, h8, ok8, none)
		}
		p7[0] = 'X' // a copy
		if !slices.Equal(k.Epochs(), []uint64{7, 8}) || !slices.Equal(k.Names(8), []string{"H", "P"}) {
			t.Errorf("%v, %v", k.Epochs(), k.Names(8))
		}
	}
	check()
	check()
	mustClose(t, s)
	s = mustOpen(t, o)
	k = s.Keys()
	check()
	if err := k.Erase(7); err != nil {
		t.Fatal(err)
	}
	if err := k.Erase(3); err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	s = mustOpen(t, o)
	if _, ok := s.Keys().Get(7, "P"); ok || !slices.Equal(s.Keys().Epochs(), []uint64{8}) {
		t.Error("an erased epoch came back")
	}
}

func TestKeysAreBounded(t *testing.T) {
	s := mustOpen(t, quiet(t.TempDir()))
	many := map[string][]byte{}
	for i := range maxSecrets {
		many[fmt.Sprint(i)] = make([]byte, 32)
	}
	if err := s.Keys().PutAll(1, many); err != nil {
		t.Fatal(err)
	}
	if err := s.Keys().Put(2, "one more", []byte("s")); !errors.Is(err, ErrLimit) {
		t.Error(err)
	}
	if n := len(s.Keys().Names(1)); n != maxSecrets || len(s.Keys().Epochs()) != 1 {
		t.Error(n)
	}
}

// TestErasedEpochIsGone seals a value under an epoch secret, erases the epoch, and then looks with all keys of the store for
// the secret: in every file that is left, in the sealed key files opened, and in the blocks of the replaced key file.
func TestErasedEpochIsGone(t *testing.T) {
	o := quiet(t.TempDir())
	s := mustOpen(t, o)
	var secret [32]byte
	copy(secret[:], "an epoch secret, 32 bytes long!!")
	sealed := NewSealer(secret).Seal([]byte("slot 1"), []byte("practice of Dr. Beispiel"))
	put(t, s, things, "slot 1", string(sealed))
	if err := s.Keys().Put(5, "seal", secret[:]); err != nil {
		t.Fatal(err)
	}
	if err := s.Keys().Put(6, "seal", bytes.Repeat([]byte{6}, 32)); err != nil {
		t.Fatal(err)
	}
	if err := s.HotCopy(t.Context(), filepath.Join(o.Dir, fileCopy)); err != nil {
		t.Fatal(err)
	}
	before := files(t, o.Dir)[fileKeys]
	if !holdsSecret(t, s, before, secret[:]) {
		t.Fatal("the test does not find the secret where it is")
	}
	blocks, err := os.Open(filepath.Join(o.Dir, fileKeys)) // the file whose name is taken away
	if err != nil {
		t.Fatal(err)
	}
	defer blocks.Close()
	kek := files(t, o.Dir)[fileKEK]

	if err := s.Keys().Erase(5); err != nil {
		t.Fatal(err)
	}
	left, err := io.ReadAll(blocks)
	if err != nil || len(left) != len(before) || len(bytes.Trim(left, "\x00")) != 0 {
		t.Errorf("the replaced key file was not overwritten: %d bytes, %v", len(left), err)
	}
	for name, data := range files(t, o.Dir) {
		for at := 0; at+16 <= len(before)-checksumLen; at += 16 {
			// The header (salt) is the same in every version; what it leads to must not be.
			if at >= 64 && bytes.Contains(data, before[at:at+16]) {
				t.Fatalf("%s still holds bytes %d.. of the old key file", name, at)
			}
		}
		if bytes.Contains(data, secret[:]) || holdsSecret(t, s, data, secret[:]) {
			t.Errorf("%s still holds the secret", name)
		}
	}
	if !bytes.Equal(kek, files(t, o.Dir)[fileKEK]) {
		t.Error("the KEK changed, so this test proves nothing")
	}
	mustClose(t, s)
	s = mustOpen(t, o)
	if _, ok := s.Keys().Get(5, "seal"); ok {
		t.Error("the secret came back")
	}
	if _, ok := s.Keys().Get(6, "seal"); !ok {
		t.Error("the other epoch is gone too")
	}
}

// holdsSecret says whether data is a key file that opens with the store's KEK and holds secret.
func holdsSecret(t *testing.T, s *Store, data, secret []byte) bool {
	file, err := parseKeyFile(data)
	if err != nil {
		return false
	}
	body, err := file.open(s.keys.kek)
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(body.Secrets, func(e epochEntry) bool { return bytes.Equal(e.Secret, secret) })
}
