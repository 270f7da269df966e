package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func makeBackup(t testing.TB, s *Store, passphrase string) []byte {
	t.Helper()
	var out bytes.Buffer
	n, err := s.Backup(t.Context(), &out, passphrase, nil)
	if err != nil || n != int64(out.Len()) {
		t.Fatalf("%d of %d bytes, %v", n, out.Len(), err)
	}
	return out.Bytes()
}

func TestBackupAndRestore(t *testing.T) {
	for _, size := range []int{0, backupChunk, 9 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			o := quiet(t.TempDir())
			noop := func(*Tx) error { return nil }
			o.Migrations = []Migration{noop, noop}
			s := mustOpen(t, o)
			for i := 0; i*(2<<20) < size; i++ {
				put(t, s, things, fmt.Sprint("thing ", i), strings.Repeat("v", min(size-i*(2<<20), 2<<20)))
			}
			put(t, s, hidden, "X110411675", "insured")
			put(t, s, others, "empty", "")
			mark := s.Hide("quota", []byte("1-20140000"))
			if err := s.Keys().Put(3, "one-time", []byte("CANARY one-time key")); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			var done, total int64
			calls := 0
			_, err := s.Backup(t.Context(), &out, "backup phrase", func(d, n int64) {
				if d <= done || n < d {
					t.Errorf("progress %d of %d after %d", d, n, done)
				}
				done, total = d, n
				calls++
			})
			if err != nil || done != total || calls == 0 {
				t.Fatalf("progress %d of %d in %d calls: %v", done, total, calls, err)
			}

			dir := filepath.Join(t.TempDir(), "restored")
			read := int64(0)
			err = Restore(t.Context(), iotest.OneByteReader(bufReader(out.Bytes(), size)), dir, "backup phrase", KeyFile(), func(d, _ int64) { read = d })
			if err != nil || read == 0 {
				t.Fatalf("%v after %d bytes", err, read)
			}
			r := Options{Dir: dir, Role: "practice", Secret: KeyFile(), Migrations: o.Migrations, SweepEvery: -1, CopyEvery: -1}
			n := mustOpen(t, r)
			for i := 0; i*(2<<20) < size; i++ {
				if got := get(t, n, things, fmt.Sprint("thing ", i)); len(got) != min(size-i*(2<<20), 2<<20) {
					t.Errorf("thing %d has %d bytes", i, len(got))
				}
			}
			if get(t, n, hidden, "X110411675") != "insured" || get(t, n, others, "empty") != "" || n.Hide("quota", []byte("1-20140000")) != mark {
				t.Error("hidden keys do not fit after a restore")
			}
			if len(n.Keys().Epochs()) != 0 {
				t.Error("one-time keys came back")
			}
			if n.identity.Schema != 2 || bytes.Equal(n.identity.ID, s.identity.ID) || bytes.Equal(n.keys.body.Data, s.keys.body.Data) {
				t.Errorf("identity %+v", n.identity)
			}
			if err := n.Check(t.Context()); err != nil {
				t.Error(err)
			}
			// Never over a store, open or not.
			for _, dir := range []string{dir, o.Dir} {
				if err := Restore(t.Context(), bytes.NewReader(out.Bytes()), dir, "backup phrase", KeyFile(), nil); !errors.Is(err, ErrExists) {
					t.Errorf("restore over a store: %v", err)
				}
			}
		})
	}
}

// bufReader spares the large case from being read byte by byte.
func bufReader(data []byte, size int) io.Reader {
	if size < 100000 {
		return bytes.NewReader(data)
	}
	return io.MultiReader(bytes.NewReader(data[:1000]), bytes.NewReader(data[1000:]))
}

func TestRestoreRefuses(t *testing.T) {
	s := mustOpen(t, quiet(t.TempDir()))
	put(t, s, things, "big", strings.Repeat("x", 3*backupChunk))
	sound := makeBackup(t, s, "phrase")
	body := headLen(sound) + 500 // somewhere in the first chunk
	tests := []struct {
		name string
		data []byte
		want error
	}{
		{"empty", nil, ErrBackup},
		{"text", []byte(strings.Repeat("no backup ", 100)), ErrBackup},
		{"header only", sound[:100], ErrBackup},
		{"cut in the header", sound[:30], ErrBackup},
		{"cut in a chunk", sound[:len(sound)-10], ErrBackup},
		{"cut between chunks", sound[:len(sound)-(len(sound)-headLen(sound))%sealedChunk], ErrBackup},
		{"one byte more", append(bytes.Clone(sound), 0), ErrBackup},
		{"chunk twice", append(bytes.Clone(sound[:headLen(sound)+sealedChunk]), sound[headLen(sound):]...), ErrBackup},
		{"chunk left out", append(bytes.Clone(sound[:headLen(sound)]), sound[headLen(sound)+sealedChunk:]...), ErrBackup},
		{"flipped in a chunk", flip(sound, body), ErrBackup},
		{"flipped in the last byte", flip(sound, len(sound)-1), ErrBackup},
		{"later version", set(sound, 8, 2), ErrNewer},
		{"key file", files(t, s.o.Dir)[fileKeys], ErrBackup},
		{"store file", files(t, s.o.Dir)[fileDB], ErrBackup},
	}
	for i := 9; i < headLen(sound); i++ {
		tests = append(tests, struct {
			name string
			data []byte
			want error
		}{fmt.Sprintf("flipped header byte %d", i), flip(sound, i), ErrBackup})
	}
	dir := filepath.Join(t.TempDir(), "new")
	try := func(name string, data []byte, phrase string, secret Secret, want error) {
		t.Helper()
		err := Restore(t.Context(), bytes.NewReader(data), dir, phrase, secret, nil)
		if !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
		if left := names(files(t, dir)); len(left) != 1 || left[0] != fileLock {
			t.Fatalf("%s left %v", name, left)
		}
	}
	for _, tt := range tests {
		try(tt.name, tt.data, "phrase", KeyFile(), tt.want)
	}
	try("wrong passphrase", sound, "Phrase", KeyFile(), ErrSecret)
	try("no passphrase", sound, "", KeyFile(), ErrSecret)
	try("no new secret", sound, "phrase", Secret{}, ErrSecret)
	try("empty new passphrase", sound, "phrase", Passphrase(""), ErrSecret)
	mine := errors.New("mine")
	err := Restore(t.Context(), io.MultiReader(bytes.NewReader(sound[:body]), iotest.ErrReader(mine)), dir, "phrase", KeyFile(), nil)
	if !errors.Is(err, mine) {
		t.Errorf("read error: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Restore(ended, bytes.NewReader(sound), dir, "phrase", KeyFile(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
	if err := Restore(t.Context(), bytes.NewReader(sound), dir, "phrase", KeyFile(), nil); err != nil {
		t.Errorf("the folder is not usable after refusals: %v", err)
	}
}

// headLen returns where the chunks of a backup begin.
func headLen(data []byte) int {
	return len(backupMagic) + 3 + int(data[9])<<8 + int(data[10]) + prefixSize + checkSize + checksumLen
}

func flip(data []byte, i int) []byte { return set(data, i, data[i]^1) }

func set(data []byte, i int, v byte) []byte {
	out := bytes.Clone(data)
	out[i] = v
	return out
}

// TestStreamEnds: a stream that is cut between two chunks never reads as a shorter one.
func TestStreamEnds(t *testing.T) {
	for _, size := range []int{0, 1, backupChunk - 1, backupChunk, backupChunk + 1, 3 * backupChunk} {
		var out bytes.Buffer
		w, err := newStreamWriter(&out, "p")
		if err != nil {
			t.Fatal(err)
		}
		content := bytes.Repeat([]byte("x"), size)
		for part := range slices.Chunk(content, 1000) {
			if _, err := w.Write(part); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil || w.written != int64(out.Len()) {
			t.Fatal(err)
		}
		read := func(data []byte) ([]byte, error) {
			r, err := newStreamReader(bytes.NewReader(data), "p")
			if err != nil {
				return nil, err
			}
			return io.ReadAll(r)
		}
		if got, err := read(out.Bytes()); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes: %d, %v", size, len(got), err)
		}
		head, chunks := out.Bytes()[:headLen(out.Bytes())], slices.Collect(slices.Chunk(out.Bytes()[headLen(out.Bytes()):], sealedChunk))
		for i := 1; i < len(chunks); i++ {
			if len(chunks[i]) == sealedChunk && bytes.Equal(chunks[0], chunks[i]) {
				t.Error("two chunks are sealed with one nonce")
			}
			for name, order := range map[string][][]byte{
				"swapped":  {chunks[i], chunks[0]},
				"repeated": append([][]byte{chunks[0]}, chunks...),
				"left out": chunks[1:],
			} {
				if _, err := read(append(bytes.Clone(head), bytes.Join(order, nil)...)); !errors.Is(err, ErrBackup) {
					t.Errorf("%d bytes, chunk %d %s: %v", size, i, name, err)
				}
			}
		}
		for end := len(head); end < out.Len(); end += sealedChunk {
			if _, err := read(out.Bytes()[:end]); !errors.Is(err, ErrBackup) {
				t.Errorf("%d bytes, cut at %d: %v", size, end, err)
			}
		}
	}
}

// TestBackupContent: a stream that is sealed rightly but does not hold what Backup writes is refused, and leaves nothing.
func TestBackupContent(t *testing.T) {
	head := backupHeader{Role: "practice", Index: make([]byte, 32), Entries: 2, Bytes: 2 * (entryHead + 1 + 1 + 1)}
	entry := func(bucket, key, value string) string {
		return string([]byte{byte(len(bucket)), 0, byte(len(key)), 0, 0, 0, byte(len(value))}) + bucket + key + value
	}
	good := entry("b", "1", "x") + entry("b", "2", "x")
	other := func(fn func(*backupHeader)) backupHeader { h := head; fn(&h); return h }
	tests := []struct {
		name    string
		head    backupHeader
		entries string
		want    error
	}{
		{"good", head, good + "\x00", nil},
		{"no end", head, good, ErrBackup},
		{"something behind the end", head, good + "\x00\x00", ErrBackup},
		{"wrong order", head, entry("b", "2", "x") + entry("b", "1", "x") + "\x00", ErrBackup},
		{"twice", head, entry("b", "1", "x") + entry("b", "1", "x") + "\x00", ErrBackup},
		{"bucket order", head, entry("c", "1", "x") + entry("b", "2", "x") + "\x00", ErrBackup},
		{"own bucket", head, entry(ownBucket, "identity", "x") + "\x00", ErrBackup},
		{"empty key", head, entry("b", "", "x") + entry("b", "2", "x") + "\x00", ErrBackup},
		{"long name", head, entry(strings.Repeat("b", maxBucketName+1), "1", "x") + "\x00", ErrBackup},
		{"huge value", head, "\x01\x00\x01\xff\xff\xff\xffb1x", ErrBackup},
		{"too few", head, entry("b", "1", "x") + "\x00", ErrBackup},
		{"other size", other(func(h *backupHeader) { h.Bytes++ }), good + "\x00", ErrBackup},
		{"index key", other(func(h *backupHeader) { h.Index = h.Index[:16] }), good + "\x00", ErrBackup},
		{"long role", other(func(h *backupHeader) { h.Role = strings.Repeat("r", 200) }), good + "\x00", ErrBackup},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			plain, err := keyEncoder.Marshal(tt.head)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			w, err := newStreamWriter(&out, "p")
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(w, "%c%c%s%s", len(plain)>>8, len(plain), plain, tt.entries)
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(t.TempDir(), "new")
			if err := Restore(t.Context(), &out, dir, "p", KeyFile(), nil); !errors.Is(err, tt.want) {
				t.Errorf("got %v", err)
			}
			if left := names(files(t, dir)); tt.want != nil && len(left) != 1 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

func TestBackupEndsWithItsContextAndWriter(t *testing.T) {
	s := mustOpen(t, quiet(t.TempDir()))
	put(t, s, things, "a", strings.Repeat("x", 5*backupChunk))
	ctx, cancel := context.WithCancel(t.Context())
	_, err := s.Backup(ctx, io.Discard, "p", func(_, _ int64) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	r, w := io.Pipe()
	mine := errors.New("mine")
	r.CloseWithError(mine)
	if _, err := s.Backup(t.Context(), w, "p", nil); !errors.Is(err, mine) {
		t.Error(err)
	}
	if _, err := s.Backup(t.Context(), io.Discard, "", nil); !errors.Is(err, ErrSecret) {
		t.Error(err)
	}
}
