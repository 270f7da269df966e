package store

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoPlaintextOnDisk puts canaries wherever the store takes something and looks for them, and for the store's keys, in every file
// it ever makes and in its log.
func TestNoPlaintextOnDisk(t *testing.T) {
	var log bytes.Buffer
	o := quiet(t.TempDir())
	o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o.Secret = Passphrase("CANARY passphrase")
	s := mustOpen(t, o)
	err := s.Update(t.Context(), func(tx *Tx) error {
		for i := range 200 {
			v := fmt.Append(nil, "CANARY value ", i, strings.Repeat("Erika Beispiel 1950-03-01 ", i))
			if err := errors.Join(tx.Put(things, fmt.Append(nil, "plain ", i), v), tx.Put(hidden, fmt.Append(nil, "CANARY key ", i), v)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	epoch := bytes.Repeat([]byte("CANARY epoch key"), 2)
	if err := s.Keys().Put(1, "CANARY name", epoch); err != nil {
		t.Fatal(err)
	}
	hotCopy(t, s)
	if err := os.WriteFile(filepath.Join(o.Dir, "backup"), makeBackup(t, s, "CANARY backup phrase"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range 100 { // pages that are free again
		key := fmt.Append(nil, "plain ", i)
		if err := s.Update(t.Context(), func(tx *Tx) error { return tx.Delete(things, key) }); err != nil {
			t.Fatal(err)
		}
	}
	secrets := map[string][]byte{"data key": bytes.Clone(s.keys.body.Data), "index key": bytes.Clone(s.keys.body.Index), "KEK": bytes.Clone(s.keys.kek[:]), "epoch key": epoch}
	mustClose(t, s)
	change(t, o, fileDB, func(d []byte) []byte { // all copies of one key: which pages are in use differs from run to run
		return bytes.ReplaceAll(d, []byte("plain 151"), []byte("plain 15!"))
	})
	_, err = Open(t.Context(), o) // fills the quarantine and the log
	if err == nil {
		t.Fatal("the damage was not found")
	}
	all := files(t, o.Dir)
	all["the log"], all["the error"] = log.Bytes(), []byte(err.Error())
	if len(all) < 8 {
		t.Errorf("only %v", names(all))
	}
	for name, data := range all {
		for _, canary := range []string{"CANARY", "Erika", "1950-03"} {
			if bytes.Contains(data, []byte(canary)) {
				t.Errorf("%s holds %q", name, canary)
			}
		}
		for what, key := range secrets {
			if bytes.Contains(data, key) || bytes.Contains(data, []byte(hex.EncodeToString(key))) {
				t.Errorf("%s holds the %s", name, what)
			}
		}
	}
	if !bytes.Contains(all[fileDB], []byte("plain 150")) || !strings.Contains(log.String(), "refused") {
		t.Error("the test does not see what it should see")
	}
}
