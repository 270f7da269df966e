package store

import (
	"context"
	"io"
	"log/slog"
	"time"
)

// Options say which store to open and how.
type Options struct {
	Dir    string           // folder of the store; made with mode 0700 when Create is set
	Role   string           // practice, patient, relay: a store opens only for the role it was made for; empty = any
	Secret Secret           // how the keys are protected
	Create bool             // make a new store where there is none
	Now    func() time.Time // nil = time.Now
	Log    *slog.Logger     // nil = discard

	// Migrations bring the content from schema i to i+1, i being the index. They run in order in one transaction at Open, on a new store
	// from the first on. The list only ever grows: a store whose schema is larger than the list is refused with ErrNewer.
	Migrations []Migration

	SweepEvery time.Duration // how often Retain rules are applied; 0 = each minute, negative = never
	CopyEvery  time.Duration // how often store.copy is renewed; 0 = hourly, negative = never
}

// Migration changes the content of the store by one schema step. It must give the same result when it runs on an empty store.
type Migration func(tx *Tx) error

// Store is an open store. All methods are safe for use by several goroutines.
type Store struct{}

// Open opens the store in o.Dir, after checking every page and every seal of it. It takes an exclusive lock: a
// second process gets ErrInUse at once. Errors: ErrInUse, ErrSecret, ErrKeyring, ErrAbsent, ErrMissing, ErrEmpty, ErrDamaged, ErrForeign, ErrRolledBack, ErrRole,
// ErrNewer, ErrFull, ErrReadOnly; those that refuse a file are a *RefusedError. The context ends the check; it is not kept.
func Open(ctx context.Context, o Options) (*Store, error) { return nil, ErrAbsent }

// Close ends the store's goroutines, waits for calls under way, and releases the folder. Calls that have not begun get ErrClosed.
// It must not be called from within View or Update. Further calls do nothing.
func (s *Store) Close() error { return nil }

// View calls fn with a snapshot. Views do not wait for each other nor for Update. fn must not call Update: the
// writer may have to wait for the View to end.
func (s *Store) View(fn func(*Tx) error) error { return ErrClosed }

// Update calls fn in turn with all other calls and returns nil after what fn wrote is forced to the disk. Calls that wait share a
// transaction: each fn sees the writes of those before it; an fn that returns an error (or panics) leaves no trace, and its
// error is returned as it is. fn runs once, in the caller's goroutine, may not block, and may not call View or Update.
// A context that ends takes the call back as long as fn has not begun; later the outcome is waited for.
// ErrFull: nothing was saved. ErrFailed: it is not known whether it was; see there.
func (s *Store) Update(ctx context.Context, fn func(*Tx) error) error { return ErrClosed }

// Hide returns the pseudonym of data under the store's index key, HMAC-SHA256(index key, "hide" 0 label 0 data): the same for
// the life of the store and its backups, and worth nothing without its keys. For parts of composite keys and counters.
func (s *Store) Hide(label string, data []byte) [32]byte { return [32]byte{} }

// Check reads the whole store as it is now and returns ErrDamaged (a *RefusedError) when a page or a seal is not right.
func (s *Store) Check(ctx context.Context) error { return ErrClosed }

// HotCopy writes a consistent copy of store.db to path (mode 0600, replaced only when the copy is complete and checked). It opens only with
// this store's key file. The store makes one as store.copy each hour by itself.
func (s *Store) HotCopy(ctx context.Context, path string) error { return ErrClosed }

// ChangeSecret protects the store with another secret from now on. Backups keep their passphrase. Copies of the old
// key file still open with the old secret.
func (s *Store) ChangeSecret(secret Secret) error { return ErrClosed }

// Progress is told how many bytes of how many are done; total is 0 when it is not known. Called from the calling goroutine.
type Progress func(done, total int64)

// Backup writes all values, without one-time keys, to w under its own passphrase and returns the bytes written. It reads one snapshot:
// w should be a file, not a slow connection. progress may be nil.
func (s *Store) Backup(ctx context.Context, w io.Writer, passphrase string, progress Progress) (int64, error) {
	return 0, ErrClosed
}

// Restore makes a new store in dir, which must have none (ErrExists), from a backup. The new store has a new
// identity and new keys, protected by newSecret; it exists only when the whole backup was read and checked. Errors: ErrSecret for
// the backup's passphrase, ErrBackup, ErrExists, ErrInUse, ErrFull, ErrReadOnly, ErrKeyring. progress may be nil; its done counts bytes read.
func Restore(ctx context.Context, r io.Reader, dir, passphrase string, newSecret Secret, progress Progress) error {
	return ErrBackup
}

// Recovered says what Recover did.
type Recovered struct {
	CopyOf     time.Time // the state that is in place now: everything acknowledged later is lost
	Lost       uint64    // commits that are known to be lost; more may have been
	KeysLost   bool      // the key file was unreadable: one-time keys are lost too
	Quarantine string    // copy of the file that was replaced; empty when there was none
}

// Recover puts the hourly copy (and, where the key file is unreadable, its spare) in place of a store that Open refuses.
// A person decides this: what was saved after the copy is lost, bookings among it. A store that opens is left alone (ErrExists).
func Recover(ctx context.Context, o Options) (Recovered, error) { return Recovered{}, ErrNoCopy }
