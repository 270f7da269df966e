package store

import (
	"errors"
	"fmt"
)

// Errors of the package. Each text says what to do next; compare with errors.Is.
var (
	// ErrInUse: another process, or this one, has the store open.
	ErrInUse = errors.New("the store is in use by another process: stop it, or choose another folder")
	// ErrSecret: wrong passphrase, or a secret of another kind than the store was made with. Nothing was changed.
	ErrSecret = errors.New("the store does not open with this passphrase or key: check it and try again")
	// ErrKeyring: the keyring of the operating system does not answer, or has lost the key.
	ErrKeyring = errors.New("the keyring of the operating system did not give the store's key: unlock it, or use a passphrase")
	// ErrAbsent: there is no store in the folder and Options.Create is not set.
	ErrAbsent = errors.New("there is no store in this folder: start a node here first, or restore a backup")
	// ErrMissing: one of the store's files is gone while others are there.
	ErrMissing = errors.New("a file of the store is missing: put it back, restore a backup, or bring back the hourly copy")
	// ErrEmpty: the store file is there but holds nothing, while the key file says that it did.
	ErrEmpty = errors.New("the store file is empty although it held data: restore a backup, or bring back the hourly copy")
	// ErrDamaged: a file of the store, or one value in it, is not what was written.
	ErrDamaged = errors.New("the store is damaged: restore a backup, or bring back the hourly copy, and check the disk")
	// ErrForeign: the store file belongs to another key file.
	ErrForeign = errors.New("the store file belongs to another store: put the right one back, or restore a backup")
	// ErrRolledBack: the store file is older than the one that was last in use.
	ErrRolledBack = errors.New("the store file is an older copy: put the newest one back, or restore a backup")
	// ErrRole: the store was made for another role.
	ErrRole = errors.New("the store belongs to a node of another role: choose another folder")
	// ErrNewer: the store was written by a newer version of Pieks.
	ErrNewer = errors.New("the store was written by a newer version of Pieks: install that version or a later one")
	// ErrFull: no room on the disk. Nothing of the call was written; it may be tried again.
	ErrFull = errors.New("the disk is full and nothing was saved: free some space and try again")
	// ErrReadOnly: the folder or a file in it cannot be written.
	ErrReadOnly = errors.New("the store's folder cannot be written: check its owner and permissions")
	// ErrFailed: the disk failed while saving. What was not yet acknowledged may or may not be saved; nothing more is
	// written until the store is opened again.
	ErrFailed = errors.New("the disk failed while saving: stop the node, check the disk, and start it again")
	// ErrExists: Restore never writes over a store.
	ErrExists = errors.New("there is a store in this folder already: choose an empty folder")
	// ErrNoCopy: Recover found no hourly copy that can be used.
	ErrNoCopy = errors.New("there is no hourly copy that can be used: restore a backup")
	// ErrBackup: not a backup of Pieks, cut short, or changed.
	ErrBackup = errors.New("the backup is damaged or incomplete: use another one")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("the store is closed")

	// ErrLimit: a key, value or secret is larger than limits.go allows, or empty where it may not be.
	ErrLimit = errors.New("too large or empty for the store")
	// ErrBucket: the name of a bucket is not one, or a hidden bucket was asked for its keys.
	ErrBucket = errors.New("the bucket cannot do this")
	// ErrTxDone: a Tx was used after its function had returned, or for writing in a View.
	ErrTxDone = errors.New("the transaction cannot do this: it is over or read-only")
	// ErrSealed: a sealed value does not open: other key, other place, or changed.
	ErrSealed = errors.New("the sealed value does not open with this key")

	// Stop, returned by their function, ends Each and EachPrefix early; they return nil then.
	//
	//lint:ignore ST1012 it is a signal, not an error, like fs.SkipAll
	Stop = errors.New("stop")
)

// RefusedError says that a file of the store was refused, why, and where a copy of it is.
// errors.Is sees through it to the reason (ErrDamaged, ErrEmpty, ErrForeign, ErrRolledBack, ErrMissing).
type RefusedError struct {
	Reason     error
	File       string // the refused file, with its folder
	Detail     string // what was found, for the report to the developers; no content of the store
	Quarantine string // the copy; empty when there was nothing to copy or it could not be made
}

func (e *RefusedError) Error() string {
	text := fmt.Sprintf("%s: %v", e.File, e.Reason)
	if e.Detail != "" {
		text += " (" + e.Detail + ")"
	}
	if e.Quarantine != "" {
		text += "; a copy was kept as " + e.Quarantine
	}
	return text
}

// Unwrap returns the reason.
func (e *RefusedError) Unwrap() error { return e.Reason }
