package store

// Audit calls fn with every value that the store holds, opened, by bucket and key as they are on disk: what an owner or a test looks
// through to see what a node keeps. The store's own records are left out.
func (s *Store) Audit(fn func(bucket string, key, value []byte) error) error {
	return s.View(func(tx *Tx) error {
		names, err := (&backup{store: s, bolt: tx.bolt}).buckets()
		if err != nil {
			return err
		}
		for _, name := range names {
			if name == ownBucket {
				continue
			}
			err := tx.Each(Bucket{name: name}, func(key, value []byte) error { return fn(name, key, value) })
			if err != nil {
				return err
			}
		}
		return nil
	})
}
