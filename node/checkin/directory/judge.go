package directory

import (
	"context"
	"fmt"
	"slices"

	"pieks/card"
	"pieks/store"
)

// judgeAgain drops what the network does not stand behind any longer: devices that were revoked, and after a change of card roots, professions or
// revoked cards each listing whose card is not good by them. anew has all cards verified although nothing of that changed: revocation lists beside
// the network file may have. It says whether something was dropped.
func (s *shelf) judgeAgain(ctx context.Context, anew bool) (bool, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	roots := s.roots()
	now := trustOf(roots)
	s.mu.Lock()
	changed := now != s.trust
	over := s.revoked(roots)
	var look [][32]byte
	if changed || anew {
		s.index.all(func(i *item) {
			if !i.withdrawn() {
				look = append(look, i.device)
			}
		})
	}
	s.mu.Unlock()
	for _, device := range look {
		good, err := s.stillGood(device, roots)
		if err != nil {
			return false, err
		}
		if !good {
			over = append(over, device)
		}
	}
	if !changed && len(over) == 0 {
		return false, nil
	}
	if err := s.drop(ctx, over, now); err != nil {
		return false, fmt.Errorf("drop listings that are no longer good: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, device := range over {
		s.index.remove(device)
	}
	s.trust = now
	clear(s.refused) // what was not good may be now
	return len(over) > 0, nil
}

// revoked are the devices of the index that were shut out. The lock is held.
func (s *shelf) revoked(roots card.Roots) (out [][32]byte) {
	for _, device := range roots.Revoked {
		if i := s.index.get(device); i != nil && !i.withdrawn() {
			out = append(out, device)
		}
	}
	return out
}

// stillGood verifies the card of a listing again.
func (s *shelf) stillGood(device [32]byte, roots card.Roots) (bool, error) {
	k, err := s.signed(device)
	if err != nil || k == nil {
		return false, err
	}
	by, err := card.VerifyEnrolment(k.Card, roots, s.now())
	return err == nil && checkLicence(by, device) == nil, nil
}

// drop deletes listings and writes down against what the others were verified, in one transaction.
func (s *shelf) drop(ctx context.Context, devices [][32]byte, by trust) error {
	slices.SortFunc(devices, func(a, b [32]byte) int { return slices.Compare(a[:], b[:]) })
	return s.store.Update(ctx, func(tx *store.Tx) error {
		for _, device := range slices.Compact(devices) {
			if err := tx.Delete(listingBucket, device[:]); err != nil {
				return err
			}
		}
		return tx.Put(trustBucket, trustKey, by[:])
	})
}
