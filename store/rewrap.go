package store

import "fmt"

// ChangeSecret protects the store with another secret from now on. Backups keep their passphrase. Copies of the old
// key file still open with the old secret. Between two keyrings or key files nothing changes but the entry that is used.
func (s *Store) ChangeSecret(secret Secret) error {
	if err := secret.check(); err != nil {
		return fmt.Errorf("change secret: %w", err)
	}
	raw, err := s.folder.raw(secret, true)
	if err != nil {
		return fmt.Errorf("change secret: %w", err)
	}
	stretch := newStretch(secret.kind)
	kek, err := stretch.key(secret, raw)
	if err != nil {
		return fmt.Errorf("change secret: %w", err)
	}
	if err := s.keys.rewrap(secret, stretch, kek); err != nil {
		return fmt.Errorf("change secret: %w", err)
	}
	if secret.kind != KindKeyFile {
		return s.folder.shred(fileKEK)
	}
	return nil
}
