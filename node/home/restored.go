package home

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// restoredFile says that the store was put back to an earlier state and nobody has looked at what may be missing since.
const restoredFile = "restored"

// MarkRestored notes in a home that its store was put back to an earlier state.
func MarkRestored(dir string) error {
	if err := os.WriteFile(filepath.Join(dir, restoredFile), nil, 0o600); err != nil {
		return fmt.Errorf("mark the home as restored: %w", err)
	}
	return nil
}

// Restored says whether the home was put back, and Looked that what this asks for was done.
func (h *Home) Restored() bool {
	_, err := os.Stat(filepath.Join(h.Dir, restoredFile))
	return err == nil
}

// Looked ends what MarkRestored began.
func (h *Home) Looked() error {
	if err := os.Remove(filepath.Join(h.Dir, restoredFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
