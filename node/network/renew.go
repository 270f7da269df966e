package network

import (
	"context"
	"slices"
	"time"

	"pieks/gossip"
)

// Renew makes the next bundle of a network from prev, good for weeks more (0 = 30 days) from now, with issuer keys for the weeks that have
// none yet and without the keys whose passes have all ended. The result is unsigned until two operators Sign it. Made.Relays holds only the new
// issuer keys, without identities, in the order of Bundle.Relays: RelayHome.Add puts them to the old ones.
func Renew(ctx context.Context, prev *Bundle, weeks int, now time.Time, progress func(done, total int)) (*Made, error) {
	validity, err := validityOf(weeks)
	if err != nil {
		return nil, err
	}
	if _, err := prev.check(); err != nil {
		return nil, err
	}
	b := prev.Next()
	issued := now.UTC().Truncate(time.Second)
	b.Issued, b.Expires = uint64(issued.Unix()), uint64(issued.Add(validity).Unix())
	ended := uint64(issued.Add(-2 * b.Rules.Epoch).Unix())
	b.Issuers = slices.DeleteFunc(b.Issuers, func(k gossip.IssuerKey) bool { return k.To <= ended })
	made := &Made{Bundle: b}
	for _, r := range b.Relays {
		made.Relays = append(made.Relays, RelayHome{Peer: r.Peer})
	}
	if err := made.issue(ctx, weeksOf(b), progress); err != nil {
		return nil, err
	}
	_, err = b.check()
	return made, err
}
