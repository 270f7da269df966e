package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"go.etcd.io/bbolt"
)

// Recover puts the newest usable state in place of a store that Open refuses: the hourly copy, or an older store.db that was put there, and
// where the key file is unreadable its spare. A person decides this: what was saved after that state is lost, bookings
// among it. A store that opens is left alone (ErrExists). Errors: also ErrInUse, ErrSecret, ErrKeyring, ErrNoCopy, ErrFull, ErrReadOnly.
func Recover(ctx context.Context, o Options) (Recovered, error) {
	f := o.folder()
	if f.vacant() {
		return Recovered{}, fmt.Errorf("recover store in %s: %w", o.Dir, ErrAbsent)
	}
	lock, err := f.take(false)
	if err != nil {
		return Recovered{}, fmt.Errorf("recover store in %s: %w", o.Dir, err)
	}
	defer lock.Close()
	done, err := f.recover(ctx, o)
	if err != nil {
		return Recovered{}, fmt.Errorf("recover store in %s: %w", o.Dir, err)
	}
	o.Log.Warn("an older state of the store was put in place", "of", done.CopyOf, "lost", done.Lost, "keysLost", done.KeysLost, "copy", done.Quarantine)
	return done, nil
}

func (f folder) recover(ctx context.Context, o Options) (Recovered, error) {
	var done Recovered
	keys, err := f.loadKeys(o.Secret)
	if errors.Is(err, ErrMissing) || errors.Is(err, ErrDamaged) {
		errKeys := err
		if !f.has(fileSpare) {
			return done, errKeys
		}
		if keys, err = f.loadKeyFile(fileSpare, o.Secret); err == nil {
			done.KeysLost = true
		}
	}
	if err != nil {
		return done, err
	}
	defer keys.close()
	if err := f.tidy(); err != nil {
		return done, err
	}
	best, id, whole, err := f.newest(ctx, keys.body)
	if err != nil {
		return done, err
	}
	if whole && !done.KeysLost {
		return done, ErrExists
	}
	done.CopyOf, done.Lost = id.time(), keys.body.Generation-min(id.Generation, keys.body.Generation)
	if !whole && f.has(fileDB) {
		if done.Quarantine, err = f.quarantine(fileDB); err != nil {
			return done, fmt.Errorf("keep the refused file: %w", err)
		}
	}
	if done.KeysLost {
		keys.body.Generation = id.Generation
		if err := keys.save(keys.body.clone()); err != nil {
			return done, err
		}
	}
	if whole {
		return done, nil
	}
	// More commits than any state before: every older copy is refused from now on. Without the key file it is not known how many
	// there were, so the step is one that no store takes.
	id.Generation = max(id.Generation, keys.body.Generation) + 1
	if done.KeysLost {
		id.Generation += 1 << 40
	}
	return done, f.reinstate(best, keys.body, id)
}

// newest returns the file with the most commits among those that are whole, and whether Open would accept it as it is.
func (f folder) newest(ctx context.Context, keys keyBody) (name string, best identity, whole bool, err error) {
	id, err := f.inspectFile(ctx, fileDB, keys)
	if err == nil {
		name, best, whole = fileDB, id, id.belongs(keys) == nil
	}
	if ctx.Err() != nil {
		return "", identity{}, false, ctx.Err()
	}
	if whole {
		return name, best, true, nil
	}
	id, err = f.inspectFile(ctx, fileCopy, keys)
	if err == nil && (name == "" || id.Generation > best.Generation) {
		name, best = fileCopy, id
	}
	if name == "" {
		return "", identity{}, false, fmt.Errorf("%w (%w)", ErrNoCopy, err)
	}
	return name, best, false, nil
}

// reinstate makes store.db of a whole file, with a new generation. The rename is the moment of change.
func (f folder) reinstate(name string, keys keyBody, id identity) error {
	source, err := os.Open(f.path(name))
	if err != nil {
		return diskError("open "+name, err)
	}
	defer source.Close()
	target, err := f.make(fileDB + unfinished)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	if err := f.finish(target, err); err != nil {
		return err
	}
	f.at("copied back")
	if err := stamp(f.path(fileDB+unfinished), keys, id); err != nil {
		return errors.Join(diskError("write identity", err), f.remove(fileDB+unfinished))
	}
	f.at("stamped")
	return f.install(fileDB)
}

// stamp writes an identity into a file that was inspected.
func stamp(path string, keys keyBody, id identity) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", ErrDamaged, r)
		}
	}()
	db, err := openBolt(path, 0, nil)
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error { return putIdentity(tx, NewSealer([32]byte(keys.Data)), id) })
	return errors.Join(err, db.Close())
}
