package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
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
	// nil: for programs that do not read the content, such as a backup; any schema is accepted and left as it is.
	Migrations []Migration

	SweepEvery time.Duration // how often Retain rules are applied; 0 = each minute, negative = never
	CopyEvery  time.Duration // how often store.copy is renewed; 0 = hourly, negative = never

	step func(string) // tests: called between any two changes of the folder
}

// Migration changes the content of the store by one schema step. It must give the same result when it runs on an empty store.
type Migration func(tx *Tx) error

// folder gives the folder with defaults filled in.
func (o *Options) folder() folder {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.SweepEvery == 0 {
		o.SweepEvery = sweepEvery
	}
	if o.CopyEvery == 0 {
		o.CopyEvery = copyEvery
	}
	return folder{dir: o.Dir, log: o.Log, step: o.step}
}

// Store is an open store. All methods are safe for use by several goroutines.
type Store struct {
	o      Options
	folder folder
	lock   *os.File
	engine *engine
	keys   *Keys
	values Sealer
	index  [32]byte
	whose  keyBody // id, role and data key: what an inspection of a copy needs

	// Written by the writer only.
	identity identity
	reserve  uint64        // free bytes below which it refuses; tests set it to 0
	durable  atomic.Uint64 // generation that is on the disk

	queue    chan *call    // to the writer
	frees    chan *call    // to the writer: deletions, which may use the reserve
	stop     chan struct{} // closed by Close
	written  chan struct{} // closed when the writer has ended
	routines sync.WaitGroup
	cancel   context.CancelFunc
	closing  sync.Once
	closed   error

	copying sync.Mutex // one copy at a time
	rules   rules
}

// Open opens the store in o.Dir, after checking every page and every seal of it. It takes an exclusive lock: a
// second process gets ErrInUse at once. Errors: ErrInUse, ErrSecret, ErrKeyring, ErrAbsent, ErrMissing, ErrEmpty, ErrDamaged, ErrForeign, ErrRolledBack, ErrRole,
// ErrNewer, ErrFull, ErrReadOnly; those that refuse a file are a *RefusedError. The context ends the check; it is not kept.
func Open(ctx context.Context, o Options) (*Store, error) {
	f := o.folder()
	if !o.Create && f.vacant() {
		return nil, fmt.Errorf("open store in %s: %w", o.Dir, ErrAbsent)
	}
	lock, err := f.take(o.Create)
	if err != nil {
		return nil, fmt.Errorf("open store in %s: %w", o.Dir, err)
	}
	s, err := open(ctx, o, f)
	if err != nil {
		lock.Close()
		return nil, fmt.Errorf("open store in %s: %w", o.Dir, err)
	}
	s.lock = lock
	return s, nil
}

// take locks the folder, making it where that is asked for.
func (f folder) take(create bool) (*os.File, error) {
	if create {
		if err := os.MkdirAll(f.dir, folderMode); err != nil {
			return nil, diskError("make folder", err)
		}
	}
	return lockFolder(f.path(fileLock))
}

// open does what Open does within the lock.
func open(ctx context.Context, o Options, f folder) (*Store, error) {
	if o.Create && f.vacant() {
		if err := f.create(o.Role, o.Secret, o.Now()); err != nil {
			return nil, err
		}
	}
	keys, err := f.loadKeys(o.Secret)
	if err != nil {
		return nil, err
	}
	id, err := f.accept(ctx, keys.body)
	if err != nil {
		return nil, err
	}
	if err := id.fits(o.Role, o.Migrations); err != nil {
		return nil, err
	}
	f.private(fileDB)
	engine, err := openEngine(f.path(fileDB))
	if errors.Is(err, ErrDamaged) {
		err = f.refuse(fileDB, ErrDamaged, err)
	}
	if err != nil {
		return nil, err
	}
	s := &Store{
		o: o, folder: f, engine: engine, keys: keys, identity: id, reserve: reserveBytes,
		values: NewSealer([32]byte(keys.body.Data)), index: [32]byte(keys.body.Index),
		whose: keyBody{ID: bytes.Clone(keys.body.ID), Role: keys.body.Role, Data: bytes.Clone(keys.body.Data)},
		queue: make(chan *call, maxBatch), frees: make(chan *call), stop: make(chan struct{}), written: make(chan struct{}),
	}
	s.durable.Store(id.Generation)
	keys.durable = s.durable.Load
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// start brings the content and the key file up to date and starts the goroutines.
func (s *Store) start(ctx context.Context) error {
	background, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go s.write()
	if err := s.migrate(ctx); err != nil {
		return err
	}
	if err := s.keys.mirror(); err != nil {
		return err
	}
	if err := s.folder.renewSpare(s.keys); err != nil {
		s.o.Log.Warn("the spare key file could not be written", "error", err)
	}
	if s.o.Secret.kind == KindKeyFile {
		s.o.Log.Warn("the key of this store lies beside it: whoever can read the folder can read the store", "file", s.folder.path(fileKEK))
	}
	if s.keys.stretch.Kind != KindKeyFile { // left over where a crash came between the two steps of ChangeSecret
		if err := s.folder.shred(fileKEK); err != nil {
			s.o.Log.Warn("an old key could not be removed", "file", s.folder.path(fileKEK), "error", err)
		}
	}
	s.routines.Go(func() { s.sweepNowAndThen(background) })
	s.routines.Go(func() { s.copyNowAndThen(background) })
	return nil
}

// migrate runs the migrations that the content has not seen, all or none.
func (s *Store) migrate(ctx context.Context) error {
	from := int(s.identity.Schema)
	if from >= len(s.o.Migrations) {
		return nil
	}
	err := s.Update(ctx, func(tx *Tx) error {
		for i := from; i < len(s.o.Migrations); i++ {
			if err := s.o.Migrations[i](tx); err != nil {
				return fmt.Errorf("bring the store to schema %d: %w", i+1, err)
			}
		}
		tx.schema = uint32(len(s.o.Migrations))
		return nil
	})
	if err == nil {
		s.o.Log.Info("the store's content was brought up to date", "from", from, "to", len(s.o.Migrations))
	}
	return err
}

// Close ends the store's goroutines, waits for calls under way, and releases the folder. Calls that have not begun get ErrClosed.
// It must not be called from within View or Update. Further calls do nothing and return the same.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.cancel()
		close(s.stop)
		s.routines.Wait()
		<-s.written
		err := s.keys.mirror()
		err = errors.Join(err, s.engine.close())
		s.keys.close()
		if s.lock != nil {
			err = errors.Join(err, s.lock.Close())
		}
		s.closed = err
	})
	return s.closed
}

// View calls fn with a snapshot. Views do not wait for each other nor for Update. fn must not call Update: the
// writer may have to wait for the View to end.
func (s *Store) View(fn func(*Tx) error) error {
	bolt, err := s.engine.transaction(false)
	if err != nil {
		return err
	}
	defer s.engine.end(bolt)
	tx := &Tx{store: s, bolt: bolt}
	defer func() { tx.over = true }()
	return fn(tx)
}

// Hide returns the pseudonym of data under the store's index key, HMAC-SHA256(index key, "hide" 0 label 0 data): the same for
// the life of the store and its backups, and worth nothing without its keys. For parts of composite keys and counters.
// The label has no 0 byte.
func (s *Store) Hide(label string, data []byte) [32]byte {
	return [32]byte(pseudonym(s.index, "hide", label, data))
}
