package store

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/zalando/go-keyring"
)

func TestPassphrase(t *testing.T) {
	o := quiet(t.TempDir())
	o.Secret = Passphrase("größe") // composed
	s := mustOpen(t, o)
	put(t, s, things, "a", "1")
	mustClose(t, s)
	before := files(t, o.Dir)
	if kind, err := Protection(o.Dir); kind != KindPassphrase || err != nil {
		t.Errorf("%v, %v", kind, err)
	}
	for name, secret := range map[string]Secret{
		"wrong": Passphrase("größer"), "empty": Passphrase(""), "long": Passphrase(strings.Repeat("x", maxPassphrase+1)),
		"none": {}, "key file": KeyFile(), "keyring": Keyring("pieks", "test"),
	} {
		o.Secret = secret
		if _, err := Open(t.Context(), o); !errors.Is(err, ErrSecret) || !strings.Contains(err.Error(), "check it and try again") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Recover(t.Context(), o); !errors.Is(err, ErrSecret) {
			t.Errorf("recover with %s: %v", name, err)
		}
	}
	if !maps.EqualFunc(before, files(t, o.Dir), bytes.Equal) {
		t.Error("a wrong secret has changed something")
	}
	o.Secret = Passphrase("gro\u0308ße") // decomposed, as macOS types it
	s = mustOpen(t, o)
	if got := get(t, s, things, "a"); got != "1" {
		t.Error(got)
	}
}

// TestWrongPassphraseTime: Argon2id and one tag comparison are all the work, so right and wrong take the same time. What is left to
// measure is that a wrong one is not answered before the stretching.
func TestWrongPassphraseTime(t *testing.T) {
	if fullCost.passes != 3 || fullCost.kib != 64<<10 || fullCost.lanes != 4 {
		t.Errorf("cost %+v is not that of RFC 9106", fullCost)
	}
	cheap := argon
	argon = fullCost
	defer func() { argon = cheap }()
	o := quiet(t.TempDir())
	o.Secret = Passphrase("right")
	mustClose(t, mustOpen(t, o))
	f := o.folder()
	start := time.Now()
	if _, err := f.loadKeys(Passphrase("wrong")); !errors.Is(err, ErrSecret) {
		t.Fatal(err)
	}
	if took := time.Since(start); took < 20*time.Millisecond {
		t.Errorf("a wrong passphrase was refused after %v", took)
	}
}

func TestKeyring(t *testing.T) {
	keyring.MockInit()
	o := quiet(t.TempDir())
	o.Secret = Keyring("pieks", "home 1")
	s := mustOpen(t, o)
	put(t, s, things, "a", "1")
	mustClose(t, s)
	entry, err := keyring.Get("pieks", "home 1")
	if err != nil {
		t.Fatal(err)
	}
	// A second store under the same entry uses it and does not replace it.
	second := quiet(t.TempDir())
	second.Secret = o.Secret
	mustClose(t, mustOpen(t, second))
	if again, _ := keyring.Get("pieks", "home 1"); again != entry {
		t.Fatal("the entry was replaced")
	}
	s = mustOpen(t, o)
	if got := get(t, s, things, "a"); got != "1" {
		t.Error(got)
	}
	mustClose(t, s)
	for name, change := range map[string]func() error{
		"entry deleted": func() error { return keyring.Delete("pieks", "home 1") },
		"entry is text": func() error { return keyring.Set("pieks", "home 1", "hello") },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), o); !errors.Is(err, ErrKeyring) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := keyring.Set("pieks", "home 1", newRaw()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), o); !errors.Is(err, ErrSecret) {
		t.Errorf("another key: %v", err)
	}
	keyring.MockInitWithError(errors.New("no D-Bus"))
	third := quiet(t.TempDir())
	third.Secret = o.Secret
	if _, err := Open(t.Context(), third); !errors.Is(err, ErrKeyring) {
		t.Errorf("no keyring: %v", err)
	}
	// Nothing stands in the way of another kind of secret then.
	third.Secret = KeyFile()
	mustOpen(t, third)
}

func TestKeyFileIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has other permissions")
	}
	o := quiet(t.TempDir())
	mustClose(t, mustOpen(t, o))
	for _, name := range []string{fileKEK, fileKeys, fileDB} {
		if err := os.Chmod(filepath.Join(o.Dir, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var log bytes.Buffer
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	mustClose(t, mustOpen(t, o))
	for _, name := range []string{fileKEK, fileKeys, fileDB} {
		if info, err := os.Stat(filepath.Join(o.Dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if !strings.Contains(log.String(), "the key of this store lies beside it") {
		t.Error("no warning about the key file")
	}
	if kek := strings.TrimSpace(string(files(t, o.Dir)[fileKEK])); strings.Contains(log.String(), kek) {
		t.Error("the log holds the key")
	}
	if err := os.WriteFile(filepath.Join(o.Dir, fileKEK), []byte("not a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), o); !errors.Is(err, ErrDamaged) {
		t.Errorf("damaged KEK file: %v", err)
	}
	if err := os.Remove(filepath.Join(o.Dir, fileKEK)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), o); !errors.Is(err, ErrMissing) {
		t.Errorf("missing KEK file: %v", err)
	}
}

func TestChangeSecret(t *testing.T) {
	keyring.MockInit()
	o := quiet(t.TempDir())
	secrets := []Secret{KeyFile(), Passphrase("first"), Passphrase("second"), Keyring("pieks", "x"), KeyFile()}
	o.Secret = secrets[0]
	s := mustOpen(t, o)
	put(t, s, things, "a", "1")
	if err := s.Keys().Put(1, "k", []byte("secret")); err != nil {
		t.Fatal(err)
	}
	for _, next := range secrets[1:] {
		if err := s.ChangeSecret(next); err != nil {
			t.Fatal(err)
		}
		put(t, s, things, "b", next.String())
		spare, err := parseKeyFile(files(t, o.Dir)[fileSpare])
		if err != nil {
			t.Fatal(err)
		}
		if body, err := spare.open(s.keys.kek); err != nil || len(body.Secrets) != 0 {
			t.Errorf("the spare key file does not follow: %v", err)
		}
		mustClose(t, s)
		if _, err := Open(t.Context(), o); !errors.Is(err, ErrSecret) {
			t.Errorf("%v still opens: %v", o.Secret, err)
		}
		if has := (folder{dir: o.Dir}).has(fileKEK); has != (next.kind == KindKeyFile) {
			t.Errorf("key file with %v: %v", next, has)
		}
		o.Secret = next
		s = mustOpen(t, o)
		secret, _ := s.Keys().Get(1, "k")
		if get(t, s, things, "a") != "1" || get(t, s, things, "b") != next.String() || string(secret) != "secret" {
			t.Errorf("content after the change to %v", next)
		}
	}
	if err := s.ChangeSecret(Passphrase("")); !errors.Is(err, ErrSecret) {
		t.Error(err)
	}
	if err := s.ChangeSecret(Secret{}); !errors.Is(err, ErrSecret) {
		t.Error(err)
	}
}

func TestSecretIsNotPrinted(t *testing.T) {
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", Passphrase("CANARY"), "options", fmt.Sprintf("%+v", Options{Secret: Passphrase("CANARY")}))
	p := Passphrase("CANARY")
	all := log.String() + fmt.Sprintf("%v %+v %#v %s %q", p, p, p, p, p) + fmt.Sprintf("%v %+v %#v", &p, []Secret{p}, struct{ S Secret }{p})
	if strings.Contains(all, "CANARY") {
		t.Error(all)
	}
}

func TestProtection(t *testing.T) {
	dir := t.TempDir()
	if kind, err := Protection(dir); kind != KindNone || err != nil {
		t.Errorf("%v, %v", kind, err)
	}
	o := quiet(dir)
	mustClose(t, mustOpen(t, o))
	if kind, err := Protection(dir); kind != KindKeyFile || err != nil {
		t.Errorf("%v, %v", kind, err)
	}
	keys := filepath.Join(dir, fileKeys)
	if err := os.Remove(keys); err != nil {
		t.Fatal(err)
	}
	if kind, err := Protection(dir); kind != KindKeyFile || err != nil { // by the spare
		t.Errorf("%v, %v", kind, err)
	}
	if err := os.WriteFile(keys, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Protection(dir); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}
