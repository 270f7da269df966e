package store

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"

	"github.com/zalando/go-keyring"
	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Kind says how a store's keys are protected.
type Kind uint8

const (
	KindNone       Kind = iota // no store in the folder
	KindPassphrase             // a person types it
	KindKeyring                // the keyring of the operating system holds a random key
	KindKeyFile                // a file of mode 0600 in the same folder holds a random key
)

func (k Kind) String() string {
	switch k {
	case KindPassphrase:
		return "passphrase"
	case KindKeyring:
		return "keyring"
	case KindKeyFile:
		return "key file"
	}
	return "none"
}

// Secret is what opens a store. Its printed form never shows it.
type Secret struct {
	kind          Kind
	passphrase    string
	service, user string
}

// Passphrase opens the store with what a person types. It is brought into Unicode NFC first, since keyboards differ in how they write
// an umlaut. At most 1,024 bytes, not empty.
func Passphrase(p string) Secret { return Secret{kind: KindPassphrase, passphrase: p} }

// Keyring opens the store with a random key that the keyring of the operating system keeps under this service and user.
// An existing entry is used, never replaced.
func Keyring(service, user string) Secret {
	return Secret{kind: KindKeyring, service: service, user: user}
}

// KeyFile opens the store with a random key in the file store.kek beside it, mode 0600: for relays and where there is neither
// person nor keyring. Whoever copies the folder has the key too; Open logs a warning.
func KeyFile() Secret { return Secret{kind: KindKeyFile} }

// Kind returns which of the three it is; KindNone for the zero Secret.
func (s Secret) Kind() Kind { return s.kind }

// check refuses a secret that can protect nothing.
func (s Secret) check() error {
	switch {
	case s.kind == KindNone:
		return fmt.Errorf("%w: none was given", ErrSecret)
	case s.kind == KindPassphrase && (s.passphrase == "" || len(s.passphrase) > maxPassphrase):
		return fmt.Errorf("%w: a passphrase has 1 to %d bytes", ErrSecret, maxPassphrase)
	case s.kind == KindKeyring && (s.service == "" || s.user == ""):
		return fmt.Errorf("%w: a keyring entry has a service and a user", ErrSecret)
	}
	return nil
}

// String, GoString and LogValue name the kind only.
func (s Secret) String() string       { return "secret (" + s.kind.String() + ")" }
func (s Secret) GoString() string     { return s.String() }
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// stretch is how a secret becomes a key; it is written in clear before what that key seals.
type stretch struct {
	Kind   Kind   `cbor:"1,keyasint"`
	Passes uint32 `cbor:"2,keyasint"` // Argon2id; 0 for random keys
	KiB    uint32 `cbor:"3,keyasint"`
	Lanes  uint8  `cbor:"4,keyasint"`
	Salt   []byte `cbor:"5,keyasint"`
}

const saltSize = 16

// newStretch chooses a fresh salt and the parameters of today.
func newStretch(kind Kind) stretch {
	s := stretch{Kind: kind, Salt: make([]byte, saltSize)}
	rand.Read(s.Salt)
	if kind == KindPassphrase {
		s.Passes, s.KiB, s.Lanes = argon.passes, argon.kib, argon.lanes
	}
	return s
}

// valid bounds what a foreign file may ask of us.
func (s stretch) valid() bool {
	if len(s.Salt) != saltSize {
		return false
	}
	switch s.Kind {
	case KindPassphrase:
		return s.Passes >= 1 && s.Passes <= maxArgonPasses && s.Lanes >= 1 && s.Lanes <= maxArgonLanes &&
			s.KiB >= 8*uint32(s.Lanes) && s.KiB <= maxArgonKiB
	case KindKeyring, KindKeyFile:
		return s.Passes == 0 && s.KiB == 0 && s.Lanes == 0
	}
	return false
}

// key returns the key-encryption key of secret. raw is the random key of a keyring or key file; nil for a passphrase.
func (s stretch) key(secret Secret, raw []byte) ([32]byte, error) {
	var key [32]byte
	if secret.kind != s.Kind {
		return key, fmt.Errorf("%w: it is protected by a %s", ErrSecret, s.Kind)
	}
	if err := secret.check(); err != nil {
		return key, err
	}
	if s.Kind == KindPassphrase {
		phrase := norm.NFC.String(secret.passphrase)
		copy(key[:], argon2.IDKey([]byte(phrase), s.Salt, s.Passes, s.KiB, s.Lanes, 32))
		debug.FreeOSMemory() // 64 MiB that would otherwise count for minutes against a node's budget of 40
		return key, nil
	}
	out, err := hkdf.Key(sha256.New, raw, s.Salt, "pieks/store/kek", 32)
	if err != nil {
		return key, err
	}
	copy(key[:], out)
	return key, nil
}

// raw returns the random key that a keyring or the folder holds for secret. With create it makes one where there is none.
// An existing one is never replaced: another store may hang on it.
func (f folder) raw(secret Secret, create bool) ([]byte, error) {
	switch secret.kind {
	case KindPassphrase:
		return nil, nil
	case KindKeyring:
		return f.rawKeyring(secret, create)
	case KindKeyFile:
		return f.rawFile(create)
	}
	return nil, fmt.Errorf("%w: none was given", ErrSecret)
}

func (f folder) rawKeyring(secret Secret, create bool) ([]byte, error) {
	text, err := keyring.Get(secret.service, secret.user)
	if errors.Is(err, keyring.ErrNotFound) && create {
		text = newRaw()
		if err := keyring.Set(secret.service, secret.user, text); err != nil {
			return nil, fmt.Errorf("%w (%w)", ErrKeyring, err)
		}
		// What counts is what the keyring kept.
		text, err = keyring.Get(secret.service, secret.user)
	}
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrKeyring, err)
	}
	raw, err := parseRaw(text)
	if err != nil {
		return nil, fmt.Errorf("%w: the entry is not a key", ErrKeyring)
	}
	return raw, nil
}

func (f folder) rawFile(create bool) ([]byte, error) {
	if !f.has(fileKEK) {
		if !create {
			return nil, f.refuse(fileKEK, ErrMissing, nil)
		}
		if err := f.replace(fileKEK, []byte(newRaw()+"\n")); err != nil {
			return nil, err
		}
	}
	f.private(fileKEK)
	text, err := f.read(fileKEK, 1024)
	if err != nil {
		return nil, err
	}
	raw, err := parseRaw(string(text))
	if err != nil {
		return nil, f.refuse(fileKEK, ErrDamaged, err)
	}
	return raw, nil
}

func newRaw() string {
	var raw [32]byte
	rand.Read(raw[:])
	return hex.EncodeToString(raw[:])
}

func parseRaw(text string) ([]byte, error) {
	raw, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(raw) != 32 {
		return nil, errors.New("not 64 hexadecimal digits")
	}
	return raw, nil
}
