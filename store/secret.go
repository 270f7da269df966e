package store

import "log/slog"

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

// String, GoString and LogValue name the kind only.
func (s Secret) String() string       { return "secret (" + s.kind.String() + ")" }
func (s Secret) GoString() string     { return s.String() }
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Protection says what kind of secret the store in dir needs, so that a program knows whether to ask for a passphrase.
// KindNone when there is no store. It needs no secret and changes nothing.
func Protection(dir string) (Kind, error) { return KindNone, ErrAbsent }
