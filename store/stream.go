package store

import (
	"bytes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/chacha20poly1305"
)

// A sealed stream is what a backup is wrapped in:
//
//	"PIEKSBAK" | version (1) | length of header (2, big endian) | header (CBOR, as in the key file, kind 1) | nonce prefix (19) |
//	key check (16) | checksum (8) | chunks
//
// The key comes from the passphrase by Argon2id. Key check: HMAC-SHA256(key, "pieks/backup/check" | all before it), cut to 16 bytes, tells a
// wrong passphrase at once; the checksum, SHA-256 over all before it cut to 8, a damaged header. Chunks are STREAM (Hoang, Reyhanitabar, Rogaway, Vizar
// 2015) as in age: 64 KiB of plaintext each, the last one 0 to 64 KiB, each sealed with XChaCha20-Poly1305 under HKDF-SHA256(key, salt = SHA-256 of
// all before the chunks, info = "pieks/backup/chunk") and nonce = prefix | number (4, big endian) | 1 for the last, else 0.
// So chunks cannot be cut off, swapped, left out or taken from another backup.
const (
	backupMagic   = "PIEKSBAK"
	backupVersion = 1
	prefixSize    = nonceSize - 5
	checkSize     = 16
	sealedChunk   = backupChunk + chacha20poly1305.Overhead
)

// chunks is the state of both directions.
type chunks struct {
	aead   cipher.AEAD
	prefix []byte
	number uint32
}

func newChunks(key [32]byte, head, prefix []byte) (chunks, error) {
	salt := sha256.Sum256(head)
	chunkKey, err := hkdf.Key(sha256.New, key[:], salt[:], "pieks/backup/chunk", 32)
	if err != nil {
		return chunks{}, err
	}
	return chunks{aead: NewSealer([32]byte(chunkKey)).aead, prefix: prefix}, nil
}

// next returns the nonce of the next chunk.
func (c *chunks) next(last bool) ([]byte, error) {
	if c.number == ^uint32(0) {
		return nil, errors.New("more than 2^32 chunks")
	}
	nonce := binary.BigEndian.AppendUint32(bytes.Clone(c.prefix), c.number)
	c.number++
	if last {
		return append(nonce, 1), nil
	}
	return append(nonce, 0), nil
}

func keyCheck(key [32]byte, head []byte) []byte {
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte("pieks/backup/check"))
	mac.Write(head)
	return mac.Sum(nil)[:checkSize]
}

// streamWriter seals what is written to it. Close writes the last chunk; without it the stream is not valid.
type streamWriter struct {
	chunks
	w       io.Writer
	buf     []byte
	written int64
}

func newStreamWriter(w io.Writer, passphrase string) (*streamWriter, error) {
	s := newStretch(KindPassphrase)
	key, err := s.key(Passphrase(passphrase), nil)
	if err != nil {
		return nil, err
	}
	header, err := keyEncoder.Marshal(s)
	if err != nil {
		return nil, err
	}
	head := append([]byte(backupMagic), backupVersion)
	head = binary.BigEndian.AppendUint16(head, uint16(len(header)))
	head = append(head, header...)
	prefix := make([]byte, prefixSize)
	rand.Read(prefix)
	head = append(head, prefix...)
	head = append(head, keyCheck(key, head)...)
	sum := sha256.Sum256(head)
	head = append(head, sum[:checksumLen]...)
	c, err := newChunks(key, head, prefix)
	if err != nil {
		return nil, err
	}
	sw := &streamWriter{chunks: c, w: w, buf: make([]byte, 0, sealedChunk)}
	return sw, sw.emit(head)
}

func (s *streamWriter) emit(data []byte) error {
	n, err := s.w.Write(data)
	s.written += int64(n)
	return diskError("write backup", err)
}

func (s *streamWriter) Write(p []byte) (int, error) {
	total := len(p)
	for len(p) > 0 {
		if len(s.buf) == backupChunk { // more follows, so this one is not the last
			if err := s.flush(false); err != nil {
				return total - len(p), err
			}
		}
		n := min(len(p), backupChunk-len(s.buf))
		s.buf = append(s.buf, p[:n]...)
		p = p[n:]
	}
	return total, nil
}

func (s *streamWriter) flush(last bool) error {
	nonce, err := s.next(last)
	if err != nil {
		return err
	}
	sealed := s.aead.Seal(s.buf[:0], nonce, s.buf, nil)
	s.buf = s.buf[:0]
	return s.emit(sealed)
}

func (s *streamWriter) Close() error { return s.flush(true) }

// streamReader opens a sealed stream. It returns io.EOF only after the last chunk and nothing behind it.
type streamReader struct {
	chunks
	r    io.Reader
	buf  []byte // sealedChunk and one byte more: whether there is another chunk
	have int
	rest []byte // opened and not yet read
	done bool
	read int64
}

func newStreamReader(r io.Reader, passphrase string) (*streamReader, error) {
	const fixed = len(backupMagic) + 1 + 2
	head := make([]byte, fixed)
	if err := readWhole(r, head); err != nil {
		return nil, err
	}
	if string(head[:len(backupMagic)]) != backupMagic {
		return nil, fmt.Errorf("%w: it does not begin like one", ErrBackup)
	}
	if v := head[len(backupMagic)]; v != backupVersion {
		return nil, fmt.Errorf("%w: backup of version %d", ErrNewer, v)
	}
	size := int(binary.BigEndian.Uint16(head[fixed-2:]))
	head = append(head, make([]byte, size+prefixSize+checkSize+checksumLen)...)
	if err := readWhole(r, head[fixed:]); err != nil {
		return nil, err
	}
	checked := head[:len(head)-checksumLen]
	if sum := sha256.Sum256(checked); !bytes.Equal(sum[:checksumLen], head[len(checked):]) {
		return nil, fmt.Errorf("%w: wrong checksum", ErrBackup)
	}
	var s stretch
	if err := decode(head[fixed:fixed+size], &s); err != nil || !s.valid() || s.Kind != KindPassphrase {
		return nil, fmt.Errorf("%w: header is not valid", ErrBackup)
	}
	key, err := s.key(Passphrase(passphrase), nil)
	if err != nil {
		return nil, err
	}
	named := checked[:len(checked)-checkSize]
	if !hmac.Equal(keyCheck(key, named), checked[len(named):]) {
		return nil, ErrSecret
	}
	c, err := newChunks(key, head, named[len(named)-prefixSize:])
	if err != nil {
		return nil, err
	}
	return &streamReader{chunks: c, r: r, buf: make([]byte, sealedChunk+1), read: int64(len(head))}, nil
}

// readWhole fills p. An end within it means that the backup is cut short; other errors are those of the disk or the context.
func readWhole(r io.Reader, p []byte) error {
	_, err := io.ReadFull(r, p)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it ends too early", ErrBackup)
	}
	if err != nil {
		return fmt.Errorf("read backup: %w", err)
	}
	return nil
}

func (s *streamReader) Read(p []byte) (int, error) {
	for len(s.rest) == 0 {
		if s.done {
			return 0, io.EOF
		}
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// fill opens the next chunk. It is the last one when not a byte follows it.
func (s *streamReader) fill() error {
	n, err := io.ReadFull(s.r, s.buf[s.have:])
	s.read += int64(n)
	s.have += n
	last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if err != nil && !last {
		return fmt.Errorf("read backup: %w", err)
	}
	size := min(s.have, sealedChunk)
	nonce, err := s.next(last)
	if err != nil {
		return fmt.Errorf("%w: %v", ErrBackup, err)
	}
	s.rest, err = s.aead.Open(nil, nonce, s.buf[:size], nil)
	if err != nil {
		return fmt.Errorf("%w: part %d does not open", ErrBackup, s.number)
	}
	s.have = copy(s.buf, s.buf[size:s.have])
	s.done = last
	return nil
}
