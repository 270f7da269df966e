package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"pieks/store/boltfile"
)

// inspection is a walk over a store file that opens every seal.
type inspection struct {
	ctx      context.Context
	keys     keyBody
	values   Sealer
	plain    []byte // room for opened values, used again
	hasID    bool
	identity identity
	found    bool // identity was found
	entries  int
}

// inspectFile checks a whole store file, by name, before bbolt may see it. Errors: ErrMissing, ErrEmpty, ErrForeign, ErrDamaged, those
// of the context.
func (f folder) inspectFile(ctx context.Context, name string, keys keyBody) (identity, error) {
	if !f.has(name) {
		return identity{}, ErrMissing
	}
	file, err := os.Open(f.path(name))
	if err != nil {
		return identity{}, diskError("open "+name, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return identity{}, diskError("read "+name, err)
	}
	if info.Size() == 0 {
		return identity{}, ErrEmpty
	}
	meta, err := boltfile.ReadMeta(file, info.Size())
	if err != nil {
		return identity{}, fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	return inspect(ctx, file, meta, keys)
}

// inspect checks the state of a store file that meta leads to.
func inspect(ctx context.Context, r io.ReaderAt, meta boltfile.Meta, keys keyBody) (identity, error) {
	i := &inspection{ctx: ctx, keys: keys, values: NewSealer([32]byte(keys.Data))}
	defer func() { clear(i.plain[:cap(i.plain)]) }()
	err := boltfile.Walk(r, meta, i.visit)
	switch {
	case errors.Is(err, boltfile.ErrInvalid):
		return identity{}, fmt.Errorf("%w: %v", ErrDamaged, err)
	case err != nil:
		return identity{}, err
	case i.entries == 0:
		return identity{}, ErrEmpty
	case !i.found && i.hasID:
		return identity{}, fmt.Errorf("%w: no identity", ErrDamaged)
	case !i.found:
		return identity{}, ErrForeign
	}
	return i.identity, nil
}

// visit sees the store's own bucket first, since its name begins with 0: a foreign file is told as such, not as damage.
func (i *inspection) visit(path [][]byte, key, value []byte) error {
	if i.entries++; i.entries%1024 == 0 && i.ctx.Err() != nil {
		return i.ctx.Err()
	}
	if len(path) != 1 {
		return ErrForeign
	}
	bucket := string(path[0])
	if bucket == ownBucket {
		return i.own(string(key), value)
	}
	if !i.found && i.hasID {
		return fmt.Errorf("%w: no identity", ErrDamaged)
	}
	if !i.found {
		return ErrForeign
	}
	plain, err := i.values.open(i.plain[:0], valueAAD(bucket, key), value)
	if err != nil {
		return fmt.Errorf("%w: a value of %q does not open", ErrDamaged, bucket)
	}
	i.plain = plain
	return nil
}

func (i *inspection) own(key string, value []byte) (err error) {
	switch key {
	case keyID:
		i.hasID = bytes.Equal(value, i.keys.ID)
	case keyIdentity:
		i.identity, err = openIdentity(i.values, value)
		switch {
		case err != nil && !i.hasID:
			return ErrForeign
		case err != nil || !i.hasID:
			return fmt.Errorf("%w: identity does not open", ErrDamaged)
		}
		i.found = true
	default:
		return fmt.Errorf("%w: unknown entry", ErrDamaged)
	}
	return nil
}
