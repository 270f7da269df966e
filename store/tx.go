package store

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"

	"go.etcd.io/bbolt"
)

// Tx is a transaction handed to the function of View or Update. It ends when that function returns. Not for use by several goroutines.
type Tx struct {
	store *Store
	bolt  *bbolt.Tx

	// Update only: what fn wrote, bucket -> key on disk -> value. bbolt gets it when fn has succeeded, so an fn that fails
	// leaves no trace.
	writes map[string]map[string]write
	size   int    // bytes in writes
	schema uint32 // set by migrate
	over   bool
}

type write struct {
	value   []byte
	deleted bool
}

// Get returns a copy of the value of key, or nil when there is none. An empty value is not nil. ErrDamaged when it does not open.
func (tx *Tx) Get(b Bucket, key []byte) ([]byte, error) {
	disk, err := tx.disk(b, key)
	if err != nil {
		return nil, err
	}
	if w, ok := tx.writes[b.name][string(disk)]; ok {
		if w.deleted {
			return nil, nil
		}
		return append([]byte{}, w.value...), nil
	}
	sealed, err := tx.sealed(b, disk)
	if sealed == nil || err != nil {
		return nil, err
	}
	return tx.open(b, disk, sealed)
}

// Put sets the value of key: 1 to 1,024 bytes of key, at most 8 MiB of value, both copied.
func (tx *Tx) Put(b Bucket, key, value []byte) error {
	if len(value) > maxValue {
		return fmt.Errorf("put into %q: value of %d bytes: %w", b.name, len(value), ErrLimit)
	}
	disk, err := tx.disk(b, key)
	if err != nil {
		return err
	}
	return tx.note(b, disk, write{value: append([]byte{}, value...)})
}

// Delete removes key; a key that is not there is no error.
func (tx *Tx) Delete(b Bucket, key []byte) error {
	disk, err := tx.disk(b, key)
	if err != nil {
		return err
	}
	return tx.note(b, disk, write{deleted: true})
}

// Each calls fn for all keys of b in ascending order, as they were when Each was called: fn may Put and Delete. In a hidden bucket key is the
// HMAC. An error of fn ends it and is returned; Stop ends it without error.
func (tx *Tx) Each(b Bucket, fn func(key, value []byte) error) error {
	return tx.each(b, nil, fn)
}

// EachPrefix is Each for the keys that begin with prefix. ErrBucket in a hidden bucket.
func (tx *Tx) EachPrefix(b Bucket, prefix []byte, fn func(key, value []byte) error) error {
	if b.hidden {
		return fmt.Errorf("%w: keys of %q are hidden", ErrBucket, b.name)
	}
	return tx.each(b, prefix, fn)
}

// disk returns the key as it is on disk.
func (tx *Tx) disk(b Bucket, key []byte) ([]byte, error) {
	if tx.over {
		return nil, ErrTxDone
	}
	if err := b.check(); err != nil {
		return nil, err
	}
	if len(key) == 0 || len(key) > maxKey {
		return nil, fmt.Errorf("key of %d bytes in %q: %w", len(key), b.name, ErrLimit)
	}
	if b.hidden {
		return hiddenKey(tx.store.index, b.name, key), nil
	}
	return key, nil
}

func (tx *Tx) note(b Bucket, disk []byte, w write) error {
	if tx.writes == nil {
		return fmt.Errorf("write in View: %w", ErrTxDone)
	}
	if tx.size += len(disk) + len(w.value) + SealOverhead; tx.size > maxTxBytes {
		return fmt.Errorf("write more than %d bytes at once: %w", maxTxBytes, ErrLimit)
	}
	bucket := tx.writes[b.name]
	if bucket == nil {
		bucket = map[string]write{}
		tx.writes[b.name] = bucket
	}
	bucket[string(disk)] = w
	return nil
}

// sealed reads a copy from bbolt; nil when there is nothing.
func (tx *Tx) sealed(b Bucket, disk []byte) (value []byte, err error) {
	defer tx.store.engine.guard(debug.SetPanicOnFault(true), &err)
	bucket := tx.bolt.Bucket([]byte(b.name))
	if bucket == nil {
		return nil, nil
	}
	return bytes.Clone(bucket.Get(disk)), nil
}

func (tx *Tx) open(b Bucket, disk, sealed []byte) ([]byte, error) {
	plain, err := tx.store.values.Open(valueAAD(b.name, disk), sealed)
	if err != nil {
		return nil, fmt.Errorf("%w: a value of %q does not open", ErrDamaged, b.name)
	}
	return plain, nil
}

// each merges what is on disk with what fn of Update has written up to now.
func (tx *Tx) each(b Bucket, prefix []byte, fn func(key, value []byte) error) error {
	if tx.over {
		return ErrTxDone
	}
	if err := b.check(); err != nil {
		return err
	}
	written := maps.Clone(tx.writes[b.name])
	keys := slices.Sorted(maps.Keys(written))
	keys = slices.DeleteFunc(keys, func(k string) bool { return !bytes.HasPrefix([]byte(k), prefix) })
	w := walker{tx: tx, bucket: b, prefix: prefix}
	disk, sealed, err := w.next()
	for err == nil && (disk != nil || len(keys) > 0) {
		switch {
		case len(keys) > 0 && (disk == nil || keys[0] <= string(disk)):
			own := written[keys[0]]
			if !own.deleted {
				err = fn([]byte(keys[0]), append([]byte{}, own.value...))
			}
			if err == nil && disk != nil && keys[0] == string(disk) {
				disk, sealed, err = w.next()
			}
			keys = keys[1:]
		default:
			var plain []byte
			if plain, err = tx.open(b, disk, sealed); err == nil {
				err = fn(disk, plain)
			}
			if err == nil {
				disk, sealed, err = w.next()
			}
		}
		if tx.over && err == nil {
			err = ErrTxDone
		}
	}
	if errors.Is(err, Stop) {
		return nil
	}
	return err
}

// walker goes through a bucket on disk.
type walker struct {
	tx     *Tx
	bucket Bucket
	prefix []byte
	cursor *bbolt.Cursor
}

// next returns copies of the next key and sealed value, nil at the end.
func (w *walker) next() (key, sealed []byte, err error) {
	defer w.tx.store.engine.guard(debug.SetPanicOnFault(true), &err)
	if w.cursor == nil {
		bucket := w.tx.bolt.Bucket([]byte(w.bucket.name))
		if bucket == nil {
			return nil, nil, nil
		}
		w.cursor = bucket.Cursor()
		key, sealed = w.cursor.Seek(w.prefix)
	} else {
		key, sealed = w.cursor.Next()
	}
	if !bytes.HasPrefix(key, w.prefix) {
		return nil, nil, nil
	}
	return bytes.Clone(key), bytes.Clone(sealed), nil
}
