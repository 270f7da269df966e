package store

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Keys holds the one-time keys, grouped by epoch, in the key file. Safe for use by several goroutines.
type Keys struct {
	folder  folder
	durable func() uint64 // generation of store.db that is on the disk

	mu      sync.Mutex
	stretch stretch
	kek     [32]byte
	body    keyBody
	closed  bool
}

// Keys returns the store's one-time keys.
func (s *Store) Keys() *Keys { return s.keys }

// Put keeps a secret (1 to 1,024 bytes) under epoch and name (1 to 128 bytes) and returns after it is on the disk. It replaces one
// of the same name. Each call rewrites the key file: for several use PutAll.
func (k *Keys) Put(epoch uint64, name string, secret []byte) error {
	return k.PutAll(epoch, map[string][]byte{name: secret})
}

// PutAll keeps several secrets of one epoch with one write: all or none.
func (k *Keys) PutAll(epoch uint64, secrets map[string][]byte) error {
	return k.change(func(body *keyBody) error {
		for _, name := range slices.Sorted(maps.Keys(secrets)) {
			entry := epochEntry{Epoch: epoch, Name: name, Secret: bytes.Clone(secrets[name])}
			if name == "" || len(name) > maxSecretName || len(entry.Secret) == 0 || len(entry.Secret) > maxSecret {
				return fmt.Errorf("keep one-time key: %w", ErrLimit)
			}
			i, found := slices.BinarySearchFunc(body.Secrets, entry, compareEntries)
			if found {
				body.Secrets[i] = entry
				continue
			}
			body.Secrets = slices.Insert(body.Secrets, i, entry)
		}
		if len(body.Secrets) > maxSecrets {
			return fmt.Errorf("keep one-time key: %w: more than %d; erase epochs that are over", ErrLimit, maxSecrets)
		}
		return nil
	})
}

// Get returns a copy of a secret.
func (k *Keys) Get(epoch uint64, name string) ([]byte, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	i, found := slices.BinarySearchFunc(k.body.Secrets, epochEntry{Epoch: epoch, Name: name}, compareEntries)
	if !found {
		return nil, false
	}
	return bytes.Clone(k.body.Secrets[i].Secret), true
}

// Names returns the names of an epoch's secrets in ascending order.
func (k *Keys) Names(epoch uint64) []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var names []string
	for _, e := range k.body.Secrets {
		if e.Epoch == epoch {
			names = append(names, e.Name)
		}
	}
	return names
}

// Epochs returns the epochs that hold secrets, in ascending order.
func (k *Keys) Epochs() []uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	var epochs []uint64
	for _, e := range k.body.Secrets {
		if len(epochs) == 0 || epochs[len(epochs)-1] != e.Epoch {
			epochs = append(epochs, e.Epoch)
		}
	}
	return epochs
}

// Erase removes all secrets of an epoch from memory and disk and returns after that is done: no file of the folder holds them
// any more, sealed or not. Remnants that a copy-on-write file system or an SSD keeps are sealed under the KEK.
func (k *Keys) Erase(epoch uint64) error {
	var erased []epochEntry
	err := k.change(func(body *keyBody) error {
		body.Secrets = slices.DeleteFunc(body.Secrets, func(e epochEntry) bool {
			if e.Epoch == epoch {
				erased = append(erased, e)
			}
			return e.Epoch == epoch
		})
		return nil
	})
	if err != nil {
		return err
	}
	for _, e := range erased {
		clear(e.Secret)
	}
	return nil
}

// change writes the key file as fn makes it of a copy of the body. When that fails, memory and disk stay as they were.
func (k *Keys) change(fn func(*keyBody) error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return ErrClosed
	}
	body := k.body.clone()
	if err := fn(&body); err != nil {
		return err
	}
	return k.save(body)
}

// save writes body with the newest generation that is on the disk. The caller holds the mutex.
func (k *Keys) save(body keyBody) error {
	body.Generation = max(body.Generation, k.durable())
	data, err := encodeKeyFile(k.stretch, k.kek, body)
	if err != nil {
		return err
	}
	if len(data) > maxKeyFile {
		return fmt.Errorf("write key file: %w: more than %d bytes", ErrLimit, maxKeyFile)
	}
	if err := k.folder.replace(fileKeys, data); err != nil {
		return err
	}
	k.body = body
	return nil
}

// mirror brings the generation in the key file up to date.
func (k *Keys) mirror() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed || k.body.Generation >= k.durable() {
		return nil
	}
	return k.save(k.body)
}

// saveSpare writes the key file without its one-time keys beside it.
func (k *Keys) saveSpare() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.spare()
}

func (k *Keys) spare() error {
	body := k.body
	body.Secrets, body.Generation = nil, 0
	data, err := encodeKeyFile(k.stretch, k.kek, body)
	if err != nil {
		return err
	}
	return k.folder.replace(fileSpare, data)
}

// rewrap protects the key file with another secret. The key file is the moment of change; a spare that a crash leaves behind opens with the
// old secret and is renewed at the next Open.
func (k *Keys) rewrap(secret Secret, s stretch, kek [32]byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return ErrClosed
	}
	oldStretch, oldKEK := k.stretch, k.kek
	k.stretch, k.kek = s, kek
	if err := k.save(k.body); err != nil {
		k.stretch, k.kek = oldStretch, oldKEK
		return err
	}
	return k.spare()
}

// close forgets the keys.
func (k *Keys) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, e := range k.body.Secrets {
		clear(e.Secret)
	}
	clear(k.kek[:])
	clear(k.body.Data)
	clear(k.body.Index)
	k.body, k.closed = keyBody{}, true
}

func compareEntries(a, b epochEntry) int {
	return cmp.Or(cmp.Compare(a.Epoch, b.Epoch), strings.Compare(a.Name, b.Name))
}
