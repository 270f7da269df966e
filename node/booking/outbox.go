package booking

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"pieks/gossip/wire"
	"pieks/store"
)

// Outgoing is a message for a patient's mailbox that is not sent yet. It was written in the same transaction as what it tells.
type Outgoing struct {
	ID      [16]byte
	Created time.Time
	Box     [32]byte // B
	Sealing [32]byte // X25519 of B
	Relays  []string // peer IDs that keep the box
	Message []byte
	Expires time.Time // nothing is lost when it is dropped then
}

// Outbox lists what is to be sent, oldest first.
func (l *Ledger) Outbox() ([]Outgoing, error) {
	var all []Outgoing
	err := l.store.View(func(tx *store.Tx) error {
		return tx.Each(bucketOutbox, func(key, value []byte) error {
			var r outgoingRecord
			if err := wire.Unmarshal(value, &r); err != nil || len(key) != 16 {
				return fmt.Errorf("read the outbox: %w", store.ErrDamaged)
			}
			all = append(all, Outgoing{ID: [16]byte(key), Created: unix(r.Created), Box: r.Box, Sealing: r.Sealing, Relays: r.Relays,
				Message: r.Message, Expires: unix(r.Expires)})
			return nil
		})
	})
	slices.SortFunc(all, func(a, b Outgoing) int {
		return cmp.Or(a.Created.Compare(b.Created), slices.Compare(a.ID[:], b.ID[:]))
	})
	return all, err
}

// Sent takes a message out of the outbox. One that is not there is no error.
func (l *Ledger) Sent(ctx context.Context, id [16]byte) error {
	return l.update(ctx, func(tx *store.Tx) error { return tx.Delete(bucketOutbox, id[:]) })
}
