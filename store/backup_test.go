package store

import (
	"bytes"
	"testing"
)

func makeBackup(t testing.TB, s *Store, passphrase string) []byte {
	t.Helper()
	var out bytes.Buffer
	n, err := s.Backup(t.Context(), &out, passphrase, nil)
	if err != nil || n != int64(out.Len()) {
		t.Fatalf("%d of %d bytes, %v", n, out.Len(), err)
	}
	return out.Bytes()
}
