package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"go.etcd.io/bbolt"

	"pieks/store/boltfile"
)

// Check reads the whole store as it is now and returns ErrDamaged (a *RefusedError) when a page or a seal is not right.
// It does not keep others from reading and writing.
func (s *Store) Check(ctx context.Context) error {
	bolt, err := s.engine.transaction(false)
	if err != nil {
		return err
	}
	defer s.engine.end(bolt)
	meta, err := s.engine.snapshot(bolt)
	if err != nil {
		return err
	}
	// The pages that a snapshot leads to are not written again while it is held. The freelist is not among them; Open checks it.
	_, err = inspect(ctx, s.engine.file, meta, s.whose)
	if errors.Is(err, ErrDamaged) || errors.Is(err, ErrForeign) || errors.Is(err, ErrEmpty) {
		return s.folder.refuse(fileDB, ErrDamaged, err)
	}
	return err
}

// snapshot says where a transaction's pages are.
func (e *engine) snapshot(tx *bbolt.Tx) (meta boltfile.Meta, err error) {
	defer e.guard(debug.SetPanicOnFault(true), &err)
	size := tx.DB().Info().PageSize
	return boltfile.Meta{
		PageSize:  size,
		Root:      uint64(tx.Cursor().Bucket().Root()),
		Freelist:  boltfile.NoFreelist,
		HighWater: uint64(tx.Size()) / uint64(size),
		TxID:      uint64(tx.ID()),
	}, nil
}

// HotCopy writes a consistent copy of store.db to path (mode 0600, replaced only when the copy is complete and checked). It opens only with
// this store's key file. The store makes one as store.copy each hour by itself.
func (s *Store) HotCopy(ctx context.Context, path string) error {
	s.copying.Lock()
	defer s.copying.Unlock()
	target := folder{dir: filepath.Dir(path), log: s.folder.log, step: s.folder.step}
	name := filepath.Base(path)
	if name != fileCopy && (folder{dir: target.dir}).has(fileLock) {
		return fmt.Errorf("copy store to %s: %w", path, ErrExists) // it could be one of the store's own files
	}
	if err := s.copyTo(ctx, target, name+unfinished); err != nil {
		return fmt.Errorf("copy store: %w", err)
	}
	id, err := target.inspectFile(ctx, name+unfinished, s.whose)
	if err == nil {
		target.at("copied")
		err = target.install(name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("copy store: %w", err), target.remove(name+unfinished))
	}
	s.o.Log.Debug("the store was copied", "file", path, "generation", id.Generation)
	return s.keys.mirror()
}

// copyTo writes a snapshot to a new file. It leaves room on the disk for what is more important than a copy.
func (s *Store) copyTo(ctx context.Context, target folder, name string) error {
	bolt, err := s.engine.transaction(false)
	if err != nil {
		return err
	}
	defer s.engine.end(bolt)
	if free, err := freeBytes(target.dir); err == nil && free < uint64(bolt.Size())+s.reserve {
		return ErrFull
	}
	file, err := target.make(name)
	if err != nil {
		return err
	}
	err = s.engine.writeTo(bolt, contextWriter{ctx, file})
	if ctx.Err() != nil { // bbolt does not wrap what its writer says
		err = ctx.Err()
	}
	return target.finish(file, err)
}

func (e *engine) writeTo(tx *bbolt.Tx, w io.Writer) (err error) {
	defer e.guard(debug.SetPanicOnFault(true), &err)
	_, err = tx.WriteTo(w)
	return err
}

// contextWriter ends a long copy when the context does.
type contextWriter struct {
	ctx context.Context
	w   io.Writer
}

func (c contextWriter) Write(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(p)
}

// copyNowAndThen is the goroutine that renews store.copy. A copy that is not older than the interval is good enough at the start.
func (s *Store) copyNowAndThen(ctx context.Context) {
	renew := func() {
		if err := s.HotCopy(ctx, s.folder.path(fileCopy)); err != nil && ctx.Err() == nil {
			s.o.Log.Error("the hourly copy failed", "error", err)
		}
	}
	if s.o.CopyEvery > 0 {
		info, err := os.Stat(s.folder.path(fileCopy))
		if err != nil || s.o.Now().Sub(info.ModTime()) > s.o.CopyEvery {
			renew()
		}
	}
	s.nowAndThen(ctx, s.o.CopyEvery, renew)
}

// Recovered says what Recover did.
type Recovered struct {
	CopyOf     time.Time // the state that is in place now: everything acknowledged later is lost
	Lost       uint64    // commits that are known to be lost; more may have been
	KeysLost   bool      // the key file was unreadable: one-time keys are lost too
	Quarantine string    // copy of the file that was replaced; empty when there was none
}
