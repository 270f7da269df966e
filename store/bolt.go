package store

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// engine is bbolt behind a wall: what it panics with, and memory faults of its map, become errors, after which it is not
// touched any more.
type engine struct {
	db    *bbolt.DB
	file  *os.File // bbolt's own descriptor
	begin sync.Mutex
	fault atomic.Pointer[error] // why nothing works any more
	lost  atomic.Bool           // bbolt panicked: its locks may be held for ever
}

// openEngine opens an existing file that was inspected. It creates nothing.
func openEngine(path string) (e *engine, err error) {
	e = &engine{}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", ErrDamaged, r)
		}
		if err != nil && e.file != nil {
			e.file.Close() // also gives back bbolt's lock when it panicked
		}
	}()
	e.db, err = openBolt(path, initialMmap(), func(name string, flag int, mode os.FileMode) (*os.File, error) {
		file, err := os.OpenFile(name, flag&^os.O_CREATE, mode)
		e.file = file
		return file, err
	})
	return e, err
}

// openBolt opens bbolt with the store's settings. The freelist is kept on disk, since rebuilding it panics in a goroutine of bbolt where a page is
// damaged.
func openBolt(path string, mmap int, open func(string, int, os.FileMode) (*os.File, error)) (*bbolt.DB, error) {
	db, err := bbolt.Open(path, fileMode, &bbolt.Options{
		Timeout:         time.Millisecond, // our own lock is held: only a foreign tool can have the file
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: mmap,
		NoStatistics:    true,
		OpenFile:        open,
	})
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, ErrInUse
	}
	if err != nil {
		return nil, diskError("open "+fileDB, err)
	}
	db.AllocSize = allocBytes
	return db, nil
}

// failure returns why nothing works any more, or nil.
func (e *engine) failure() error {
	if p := e.fault.Load(); p != nil {
		return *p
	}
	return nil
}

// fail makes err the answer to every later call.
func (e *engine) fail(err error) error {
	e.fault.CompareAndSwap(nil, &err)
	return *e.fault.Load()
}

// guard is deferred around each use of bbolt, with debug.SetPanicOnFault(true) as its first argument: the setting is
// per goroutine, and bbolt's memory is not touched elsewhere.
func (e *engine) guard(was bool, err *error) {
	debug.SetPanicOnFault(was)
	if r := recover(); r != nil {
		e.lost.Store(true)
		*err = e.fail(fmt.Errorf("%w: %v", ErrDamaged, r))
	}
}

// transaction begins a transaction. The mutex keeps others out of bbolt's locks when it panics while it holds them.
func (e *engine) transaction(write bool) (tx *bbolt.Tx, err error) {
	e.begin.Lock()
	defer e.begin.Unlock()
	defer e.guard(debug.SetPanicOnFault(true), &err)
	if err := e.failure(); err != nil {
		return nil, err
	}
	tx, err = e.db.Begin(write)
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		err = ErrClosed
	}
	return tx, err
}

// end gives a transaction back without writing.
func (e *engine) end(tx *bbolt.Tx) {
	if e.lost.Load() {
		return
	}
	var err error
	defer e.guard(debug.SetPanicOnFault(true), &err)
	_ = tx.Rollback() // fails only for one that is over
}

// close waits for transactions under way and closes the file.
func (e *engine) close() (err error) {
	if e.lost.Load() {
		return e.file.Close()
	}
	defer e.guard(debug.SetPanicOnFault(true), &err)
	return e.db.Close()
}
