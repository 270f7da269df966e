package store

// Tx is a transaction handed to the function of View or Update. It ends when that function returns. Not for use by several goroutines.
type Tx struct{}

// Get returns a copy of the value of key, or nil when there is none. An empty value is not nil. ErrDamaged when it does not open.
func (tx *Tx) Get(b Bucket, key []byte) ([]byte, error) { return nil, ErrTxDone }

// Put sets the value of key: 1 to 1,024 bytes of key, at most 8 MiB of value, both copied.
func (tx *Tx) Put(b Bucket, key, value []byte) error { return ErrTxDone }

// Delete removes key; a key that is not there is no error.
func (tx *Tx) Delete(b Bucket, key []byte) error { return ErrTxDone }

// Each calls fn for all keys of b in ascending order, as they were when Each was called: fn may Put and Delete. In a hidden bucket key is the
// HMAC. An error of fn ends it and is returned; Stop ends it without error.
func (tx *Tx) Each(b Bucket, fn func(key, value []byte) error) error { return ErrTxDone }

// EachPrefix is Each for the keys that begin with prefix. ErrBucket in a hidden bucket.
func (tx *Tx) EachPrefix(b Bucket, prefix []byte, fn func(key, value []byte) error) error {
	return ErrTxDone
}
