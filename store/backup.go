package store

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"go.etcd.io/bbolt"
)

// The content of a backup, within its sealed stream (stream.go):
//
//	length of header (2, big endian) | header (CBOR) | entries | 0 (1)
//	header = {1: role, 2: schema, 3: index key, 4: generation, 5: time of the last commit, 6: entries, 7: bytes of entries}
//	entry  = length of bucket name (1) | length of key (2) | length of value (4) | bucket name | key on disk | value in clear
//
// Entries ascend by bucket, then key. One-time keys, the data key and the store id are not in it.
type backupHeader struct {
	Role       string `cbor:"1,keyasint"`
	Schema     uint32 `cbor:"2,keyasint"`
	Index      []byte `cbor:"3,keyasint"`
	Generation uint64 `cbor:"4,keyasint"`
	At         int64  `cbor:"5,keyasint"`
	Entries    uint64 `cbor:"6,keyasint"`
	Bytes      uint64 `cbor:"7,keyasint"`
}

const entryHead = 1 + 2 + 4

// Progress is told how many bytes of how many are done; total is 0 when it is not known. Called from the calling goroutine.
type Progress func(done, total int64)

// Backup writes all values, without one-time keys, to w under its own passphrase and returns the bytes written. It reads one snapshot:
// w should be a file, not a slow connection. progress may be nil; it counts the values' bytes.
func (s *Store) Backup(ctx context.Context, w io.Writer, passphrase string, progress Progress) (int64, error) {
	bolt, err := s.engine.transaction(false)
	if err != nil {
		return 0, err
	}
	defer s.engine.end(bolt)
	stream, err := newStreamWriter(contextWriter{ctx, w}, passphrase)
	if err != nil {
		return 0, fmt.Errorf("back up: %w", err)
	}
	out := bufio.NewWriterSize(stream, backupChunk)
	b := &backup{store: s, bolt: bolt, ctx: ctx, out: out, progress: progress}
	err = b.write()
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = stream.Close()
	}
	if err != nil {
		return stream.written, fmt.Errorf("back up: %w", err)
	}
	return stream.written, nil
}

type backup struct {
	store    *Store
	bolt     *bbolt.Tx
	ctx      context.Context
	out      *bufio.Writer
	progress Progress
	done     uint64
}

func (b *backup) write() error {
	head := backupHeader{Index: b.store.index[:]}
	err := b.each(func(bucket string, key, sealed []byte) error {
		if bucket == ownBucket {
			if string(key) != keyIdentity {
				return nil
			}
			id, err := openIdentity(b.store.values, sealed)
			head.Role, head.Schema, head.Generation, head.At = id.Role, id.Schema, id.Generation, id.At
			return err
		}
		head.Entries++
		head.Bytes += uint64(entryHead + len(bucket) + len(key) + len(sealed) - SealOverhead)
		return nil
	})
	if err != nil {
		return err
	}
	plain, err := keyEncoder.Marshal(head)
	if err != nil {
		return err
	}
	b.out.Write(binary.BigEndian.AppendUint16(nil, uint16(len(plain))))
	b.out.Write(plain)
	if err := b.each(func(bucket string, key, sealed []byte) error { return b.entry(bucket, key, sealed, head.Bytes) }); err != nil {
		return err
	}
	return b.out.WriteByte(0)
}

// entry writes one value. Errors of the buffered writer stay until the next write.
func (b *backup) entry(bucket string, key, sealed []byte, total uint64) error {
	if bucket == ownBucket {
		return nil
	}
	value, err := b.store.values.Open(valueAAD(bucket, key), sealed)
	if err != nil {
		return fmt.Errorf("%w: a value of %q does not open", ErrDamaged, bucket)
	}
	head := append(make([]byte, 0, entryHead+len(bucket)+len(key)), byte(len(bucket)))
	head = binary.BigEndian.AppendUint16(head, uint16(len(key)))
	head = binary.BigEndian.AppendUint32(head, uint32(len(value)))
	head = append(append(head, bucket...), key...)
	b.out.Write(head)
	_, err = b.out.Write(value)
	clear(value)
	b.done += uint64(len(head) + len(value))
	if b.progress != nil {
		b.progress(int64(b.done), int64(total))
	}
	return err
}

// each visits all entries of the snapshot in order.
func (b *backup) each(fn func(bucket string, key, sealed []byte) error) error {
	names, err := b.buckets()
	if err != nil {
		return err
	}
	for _, name := range names {
		w := walker{tx: &Tx{store: b.store, bolt: b.bolt}, bucket: Bucket{name: name}}
		for {
			key, sealed, err := w.next()
			if err == nil && key == nil {
				break
			}
			if err == nil {
				err = b.ctx.Err()
			}
			if err == nil && len(sealed) < SealOverhead && name != ownBucket {
				err = fmt.Errorf("%w: a value of %q is too short", ErrDamaged, name)
			}
			if err == nil {
				err = fn(name, key, sealed)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *backup) buckets() (names []string, err error) {
	defer b.store.engine.guard(debug.SetPanicOnFault(true), &err)
	err = b.bolt.ForEach(func(name []byte, _ *bbolt.Bucket) error {
		names = append(names, string(name))
		return nil
	})
	return names, err
}

// sizeOf returns how much r will give, or 0 when it is not known.
func sizeOf(r io.Reader) int64 {
	if f, ok := r.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			return info.Size()
		}
	}
	return 0
}
