package store

// Keys holds the one-time keys, grouped by epoch, in the key file. Safe for use by several goroutines.
type Keys struct{}

// Keys returns the store's one-time keys.
func (s *Store) Keys() *Keys { return &Keys{} }

// Put keeps a secret (at most 1,024 bytes) under epoch and name (at most 128 bytes) and returns after it is on the disk. It replaces one
// of the same name. Each call rewrites the key file: for several use PutAll.
func (k *Keys) Put(epoch uint64, name string, secret []byte) error { return ErrClosed }

// PutAll keeps several secrets of one epoch with one write: all or none.
func (k *Keys) PutAll(epoch uint64, secrets map[string][]byte) error { return ErrClosed }

// Get returns a copy of a secret.
func (k *Keys) Get(epoch uint64, name string) ([]byte, bool) { return nil, false }

// Names returns the names of an epoch's secrets in ascending order.
func (k *Keys) Names(epoch uint64) []string { return nil }

// Epochs returns the epochs that hold secrets, in ascending order.
func (k *Keys) Epochs() []uint64 { return nil }

// Erase removes all secrets of an epoch from memory and disk and returns after that is done: no file of the folder holds them
// any more, sealed or not. Remnants that a copy-on-write file system or an SSD keeps are sealed under the KEK.
func (k *Keys) Erase(epoch uint64) error { return ErrClosed }
