package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/zalando/go-keyring"

	"pieks/node/home"
	"pieks/store"
)

// Lock says how a home's store is locked. A store that exists says it itself.
type Lock struct {
	Lock           string `enum:"auto,passphrase,keyring,file" default:"auto" help:"How a new home is locked: with a passphrase, by the keyring of the system, or by a key file; auto takes the passphrase file if given, else the keyring if there is one." placeholder:"HOW"`
	PassphraseFile string `type:"path" help:"File with the passphrase of the home, instead of being asked." placeholder:"FILE"`
}

// keyringService names our entries in the keyring of the system; the user of an entry is the folder of the home.
const keyringService = "pieks"

// secret is what opens the store of a home. For a new home it decides how that will be locked.
func (l Lock) secret(a *app, dir, role string) (store.Secret, error) {
	var none store.Secret
	kind, err := store.Protection(home.StoreDir(dir))
	if err != nil && !errors.Is(err, store.ErrAbsent) {
		return none, err
	}
	isNew := kind == store.KindNone
	if isNew {
		kind = l.choose(role)
	}
	switch kind {
	case store.KindPassphrase:
		p, err := a.passphrase(l.PassphraseFile, "Passphrase of "+dir+":", isNew)
		return store.Passphrase(p), err
	case store.KindKeyring:
		account, err := filepath.Abs(dir)
		return store.Keyring(keyringService, account), err
	}
	if isNew && l.Lock == "auto" && role != relayRole {
		a.note("This home is locked by a key file only, since there is neither a passphrase nor a keyring. To lock a new home with a passphrase, use --lock passphrase.")
	}
	return store.KeyFile(), nil
}

// choose decides for a new home. Relays have to come up again without anyone at the keyboard.
func (l Lock) choose(role string) store.Kind {
	switch {
	case l.Lock == "passphrase":
		return store.KindPassphrase
	case l.Lock == "keyring":
		return store.KindKeyring
	case l.Lock == "file":
		return store.KindKeyFile
	case l.PassphraseFile != "":
		return store.KindPassphrase
	case role != relayRole && keyringAnswers():
		return store.KindKeyring
	default:
		return store.KindKeyFile
	}
}

// keyringAnswers asks for an entry that nobody makes: a keyring that works says that it does not exist.
func keyringAnswers() bool {
	_, err := keyring.Get(keyringService, "probe")
	return err == nil || errors.Is(err, keyring.ErrNotFound)
}

// passphrase reads the first line of a file, or asks; for something new it asks twice.
func (a *app) passphrase(file, question string, isNew bool) (string, error) {
	if file != "" {
		f, err := os.Open(file)
		if err != nil {
			return "", fmt.Errorf("read the passphrase: %w", err)
		}
		defer f.Close()
		line, err := readLine(f)
		if err != nil || line == "" {
			return "", usagef("The first line of %s is the passphrase, and it is empty.", file)
		}
		return line, nil
	}
	if !a.interactive() {
		return "", usagef("A passphrase is needed and nobody can be asked here: put it into a file and name that with --passphrase-file or PIEKS_PASSPHRASE_FILE.")
	}
	first, err := a.promptSecret(question)
	if err != nil || !isNew {
		return first, err
	}
	again, err := a.promptSecret("Once more:")
	if err == nil && first != again {
		err = usagef("The two passphrases differ. Nothing was made; try again.")
	}
	return first, err
}
