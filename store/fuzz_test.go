package store

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

func fuzzKeyFile(f *testing.F) (data []byte, kek [32]byte) {
	body := newKeys("practice", nil)
	body.Secrets = []epochEntry{{Epoch: 1, Name: "H", Secret: []byte("h")}, {Epoch: 1, Name: "P", Secret: []byte("p")}}
	data, err := encodeKeyFile(newStretch(KindKeyFile), kek, body)
	if err != nil {
		f.Fatal(err)
	}
	return data, kek
}

// FuzzKeyFile: any bytes give a key file or an error of the list, and never ask Argon2id for more than the limits.
func FuzzKeyFile(f *testing.F) {
	data, kek := fuzzKeyFile(f)
	f.Add(data)
	f.Add(data[:len(data)-9])
	f.Add([]byte(keyMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := parseKeyFile(data)
		if err == nil {
			if !file.stretch.valid() {
				t.Fatal("parameters out of bounds")
			}
			_, err = file.open(kek)
		}
		if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNewer) && !errors.Is(err, ErrSecret) {
			t.Fatal(err)
		}
	})
}

// FuzzKeyHeader: any header behind a right checksum.
func FuzzKeyHeader(f *testing.F) {
	head, err := keyEncoder.Marshal(newStretch(KindPassphrase))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(head)
	f.Fuzz(func(t *testing.T, head []byte) {
		var s stretch
		if decode(head, &s) != nil || !s.valid() {
			return
		}
		again, err := keyEncoder.Marshal(s)
		if err != nil || !bytes.Equal(again, head) {
			t.Fatal("more than one encoding")
		}
	})
}

// FuzzKeyBody: any body under the right key.
func FuzzKeyBody(f *testing.F) {
	body := newKeys("practice", nil)
	body.Secrets = []epochEntry{{Epoch: 1, Name: "H", Secret: []byte("h")}}
	data, err := keyEncoder.Marshal(body)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		var body keyBody
		if decode(data, &body) != nil || !body.valid() {
			return
		}
		if again, err := keyEncoder.Marshal(body); err != nil || !bytes.Equal(again, data) {
			t.Fatal("more than one encoding")
		}
	})
}

// FuzzSealed: what opens was sealed, and sealing what was opened opens again.
func FuzzSealed(f *testing.F) {
	s := NewSealer([32]byte{1})
	f.Add([]byte("aad"), s.Seal([]byte("aad"), []byte("value")))
	f.Add([]byte{}, []byte{sealVersion})
	f.Fuzz(func(t *testing.T, aad, data []byte) {
		if plain, err := s.Open(aad, data); err == nil {
			if !bytes.Equal(data, s.aead.Seal(data[:1+nonceSize:1+nonceSize], data[1:1+nonceSize], plain, sealAAD(aad))) {
				t.Fatal("opened what was not sealed")
			}
		} else if !errors.Is(err, ErrSealed) {
			t.Fatal(err)
		}
		plain, err := s.Open(aad, s.Seal(aad, data))
		if err != nil || !bytes.Equal(plain, data) || plain == nil {
			t.Fatalf("%x, %v", plain, err)
		}
	})
}

// FuzzIdentity: any identity record under the right key.
func FuzzIdentity(f *testing.F) {
	s := NewSealer([32]byte{1})
	data, err := keyEncoder.Marshal(identity{ID: make([]byte, 16), Role: "relay", Schema: 3, Generation: 7, At: 1_800_000_000})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		id, err := openIdentity(s, s.Seal(valueAAD(ownBucket, []byte(keyIdentity)), data))
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		_ = id.belongs(keyBody{ID: make([]byte, 16)})
		if again, err := keyEncoder.Marshal(id); err != nil || !bytes.Equal(again, data) {
			t.Fatal("more than one encoding")
		}
	})
}

// FuzzBackupStream: any bytes as a backup.
func FuzzBackupStream(f *testing.F) {
	var out bytes.Buffer
	w, err := newStreamWriter(&out, "p")
	if err != nil {
		f.Fatal(err)
	}
	if _, err := w.Write([]byte("content")); err != nil {
		f.Fatal(err)
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Add(out.Bytes()[:60])
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := newStreamReader(bytes.NewReader(data), "p")
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		if err != nil && !errors.Is(err, ErrBackup) && !errors.Is(err, ErrNewer) && !errors.Is(err, ErrSecret) {
			t.Fatal(err)
		}
	})
}

// FuzzBackupContent: any content of a backup, as one with the right passphrase can make it.
func FuzzBackupContent(f *testing.F) {
	head, err := keyEncoder.Marshal(backupHeader{Role: "patient", Index: make([]byte, 32), Entries: 1, Bytes: entryHead + 3})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(append([]byte{0, byte(len(head))}, head...), "\x01\x00\x01\x00\x00\x00\x01bkv\x00"...))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := newRestoring(bytes.NewReader(data))
		err := r.header()
		for err == nil {
			var bucket string
			var key, value []byte
			bucket, key, value, err = r.entry()
			if err == nil && bucket == "" {
				return
			}
			if err == nil && ((Bucket{name: bucket}).check() != nil || len(key) == 0 || len(key) > maxKey || len(value) > maxValue) {
				t.Fatalf("entry of bucket %q, %d, %d", bucket, len(key), len(value))
			}
		}
		if !errors.Is(err, ErrBackup) {
			t.Fatal(err)
		}
	})
}
