package store

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.etcd.io/bbolt"
)

// restoreBatch: bytes of entries in one bbolt transaction of a restore, so that it needs little memory.
const restoreBatch = 4 << 20

// Restore makes a new store in dir, which must have none (ErrExists), from a backup. The new store has a new
// identity and new keys, protected by newSecret; it exists only when the whole backup was read and checked. Errors: ErrSecret for
// the backup's passphrase, ErrBackup, ErrNewer, ErrExists, ErrInUse, ErrFull, ErrReadOnly, ErrKeyring. progress may be nil; it counts bytes read.
func Restore(ctx context.Context, r io.Reader, dir, passphrase string, newSecret Secret, progress Progress) error {
	o := Options{Dir: dir}
	f := o.folder()
	if err := f.restore(ctx, r, passphrase, newSecret, progress); err != nil {
		return fmt.Errorf("restore to %s: %w", dir, err)
	}
	return nil
}

func (f folder) restore(ctx context.Context, r io.Reader, passphrase string, newSecret Secret, progress Progress) error {
	if !f.vacant() {
		return ErrExists
	}
	lock, err := f.take(true)
	if err != nil {
		return err
	}
	defer lock.Close()
	if !f.vacant() {
		return ErrExists
	}
	if err := newSecret.check(); err != nil {
		return err
	}
	stream, err := newStreamReader(contextReader{ctx, r}, passphrase)
	if err != nil {
		return err
	}
	in := newRestoring(stream)
	if progress != nil {
		total := sizeOf(r)
		in.progress = func() { progress(stream.read, total) }
	}
	if err := in.header(); err != nil {
		return err
	}
	body := newKeys(in.head.Role, in.head.Index)
	in.values = NewSealer([32]byte(body.Data))
	id := identity{ID: body.ID, Role: body.Role, Schema: in.head.Schema, Generation: body.Generation, At: in.head.At}
	if err := f.build(body, id, in.fill); err != nil {
		return err
	}
	return f.found(body, newSecret)
}

// restoring reads the content of a backup.
type restoring struct {
	in       *bufio.Reader
	head     backupHeader
	values   Sealer
	progress func()
	last     [2]string // bucket and key of the last entry
	entries  uint64
	bytes    uint64
}

func newRestoring(r io.Reader) *restoring {
	return &restoring{in: bufio.NewReaderSize(r, backupChunk), progress: func() {}}
}

func (r *restoring) header() error {
	var size [2]byte
	if err := readWhole(r.in, size[:]); err != nil {
		return err
	}
	plain := make([]byte, binary.BigEndian.Uint16(size[:]))
	if err := readWhole(r.in, plain); err != nil {
		return err
	}
	if err := decode(plain, &r.head); err != nil || len(r.head.Index) != 32 || len(r.head.Role) > maxBucketName {
		return fmt.Errorf("%w: its header is not valid", ErrBackup)
	}
	return nil
}

// fill writes all entries, some MiB at a time.
func (r *restoring) fill(db *bbolt.DB) error {
	for more := true; more; {
		err := db.Update(func(tx *bbolt.Tx) error {
			for size := 0; more && size < restoreBatch; {
				bucket, key, value, err := r.entry()
				if err != nil {
					return err
				}
				if more = bucket != ""; !more {
					return nil
				}
				b, err := tx.CreateBucketIfNotExists([]byte(bucket))
				if err != nil {
					return err
				}
				if err := b.Put(key, r.values.Seal(valueAAD(bucket, key), value)); err != nil {
					return err
				}
				clear(value)
				size += len(key) + len(value)
			}
			return nil
		})
		if err != nil {
			return err
		}
		r.progress()
	}
	return nil
}

// entry returns the next entry, or an empty bucket at the end, which must be the end of all.
func (r *restoring) entry() (bucket string, key, value []byte, err error) {
	head := make([]byte, entryHead)
	if err := readWhole(r.in, head[:1]); err != nil {
		return "", nil, nil, err
	}
	if head[0] == 0 {
		return "", nil, nil, r.end()
	}
	if err := readWhole(r.in, head[1:]); err != nil {
		return "", nil, nil, err
	}
	name := make([]byte, head[0])
	key = make([]byte, binary.BigEndian.Uint16(head[1:]))
	size := binary.BigEndian.Uint32(head[3:])
	if len(name) > maxBucketName || len(key) == 0 || len(key) > maxKey || size > maxValue {
		return "", nil, nil, fmt.Errorf("%w: an entry is larger than any store has", ErrBackup)
	}
	value = make([]byte, size)
	for _, part := range [][]byte{name, key, value} {
		if err := readWhole(r.in, part); err != nil {
			return "", nil, nil, err
		}
	}
	this := [2]string{string(name), string(key)}
	if bytes.IndexByte(name, 0) >= 0 || !ascends(r.last, this) {
		return "", nil, nil, fmt.Errorf("%w: entries are out of order", ErrBackup)
	}
	r.last = this
	r.entries++
	r.bytes += uint64(entryHead + len(name) + len(key) + len(value))
	return this[0], key, value, nil
}

func (r *restoring) end() error {
	if _, err := r.in.ReadByte(); !errors.Is(err, io.EOF) {
		return errors.Join(fmt.Errorf("%w: something follows its end", ErrBackup), err)
	}
	if r.entries != r.head.Entries || r.bytes != r.head.Bytes {
		return fmt.Errorf("%w: it has %d entries, not %d", ErrBackup, r.entries, r.head.Entries)
	}
	return nil
}

func ascends(a, b [2]string) bool {
	c := strings.Compare(a[0], b[0])
	return c < 0 || (c == 0 && a[1] < b[1])
}

// contextReader ends a long restore when the context does.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
