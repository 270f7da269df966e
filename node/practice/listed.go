package practice

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/node/checkin/directory"
)

const (
	// listEvery: a wish is followed at once, a renewal may be a second late.
	listEvery = time.Second
	// listAgain: how soon a relay that did not take a listing is asked again; it takes one a minute.
	listAgain = 30 * time.Second
	// listSettle: the relays of a desk come one after the other, and change together when the network does: a listing waits until they are all there.
	listSettle = time.Minute
	// listTimeout of one listing at one relay.
	listTimeout = 20 * time.Second
)

// keepListed keeps the practice's listing at its relays, or sees that it goes, until ctx ends.
func (n *Node) keepListed(ctx context.Context) {
	tick := time.NewTicker(listEvery)
	defer tick.Stop()
	for {
		if err := n.stepListing(ctx); err != nil && ctx.Err() == nil {
			n.log.Warn("the listing is not as it should be", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-n.listing.woken:
		}
	}
}

// stepListing signs what is due and brings it to the relays.
func (n *Node) stepListing(ctx context.Context) error {
	d := n.openedDesk()
	if d == nil {
		return nil
	}
	l, now := n.listing, n.home.Now()
	l.see(d.relays(), now)
	if err := n.signListing(ctx, now); err != nil {
		return err
	}
	l.mu.Lock()
	last, wish := l.last, l.wish
	l.mu.Unlock()
	if last == nil || !now.Before(last.ExpiresAt()) {
		return nil
	}
	to := l.relays
	if last.Withdrawn() {
		to = slices.Compact(slices.Sorted(slices.Values(slices.Concat(l.relays, wish.Relays))))
	}
	for _, info := range n.home.RelayInfos(to) {
		if ctx.Err() != nil || !l.due(info.ID, last, now) {
			continue
		}
		n.putListing(ctx, d, info, last)
	}
	return nil
}

// see notes where the desk is. A relay that it left may have lost what it had.
func (l *lister) see(relays []string, now time.Time) {
	if slices.Equal(l.relays, relays) {
		return
	}
	l.relays, l.changed = relays, now
	l.mu.Lock()
	defer l.mu.Unlock()
	for id := range l.kept {
		if l.last != nil && !l.last.Withdrawn() && !slices.Contains(relays, id.String()) {
			delete(l.kept, id)
		}
	}
}

// signListing makes the next listing when one is due, and writes it down before anybody gets it.
func (n *Node) signListing(ctx context.Context, now time.Time) error {
	l := n.listing
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.wish
	if !w.Listed && l.last == nil {
		return nil
	}
	draft, err := n.draft(w.Alias, l.relays)
	if err != nil {
		return err
	}
	stands := w.Listed && n.listable() == nil
	next := nextListing(l.last, stands, draft, now, now.Sub(l.changed) >= listSettle)
	if l.older {
		next = againListing(stands)
	}
	if next == leaveListing {
		return nil
	}
	var made directory.Listing
	number := nextNumber(l.last, now)
	if next == withdrawListing {
		made, err = directory.Withdraw(n.identity.device, number, now)
	} else {
		made, err = directory.Sign(n.identity.device, number, draft, now)
		w.Relays = draft.Relays
	}
	if err != nil {
		return err
	}
	w.Signed, w.Card = made.Bytes()
	if !l.older { // else the relay that has a newer one would be asked without a pause
		clear(l.try)
	}
	l.older = false
	return l.save(ctx, n.home.Store, w, &made)
}

// nextStep is what is due.
type nextStep uint8

const (
	leaveListing nextStep = iota
	signListing
	withdrawListing
)

// nextListing is the rule. stands is whether the practice is to stand in the directory, settled whether its relays have been the same for a while.
func nextListing(last *directory.Listing, stands bool, d directory.Draft, now time.Time, settled bool) nextStep {
	there := last != nil && !last.Withdrawn() && now.Before(last.ExpiresAt())
	switch {
	case !stands && there:
		return withdrawListing
	case !stands, len(d.Relays) == 0: // without a relay nobody would reach the practice, and nobody would hear of it
		return leaveListing
	case !there, !last.Says(d), now.Before(last.IssuedAt()), now.Sub(last.IssuedAt()) >= directory.RenewAfter:
		return signListing
	case last.At(d.Relays) == directory.Elsewhere, last.At(d.Relays) == directory.Partly && settled:
		return signListing
	}
	return leaveListing
}

// againListing is the rule when a relay has a newer listing than the last one here: this practice was restored from a backup.
func againListing(stands bool) nextStep {
	if stands {
		return signListing
	}
	return withdrawListing
}

// nextNumber is the time in milliseconds, so that a practice that was restored from a backup goes on with a higher one.
func nextNumber(last *directory.Listing, now time.Time) uint64 {
	number := uint64(max(now.UnixMilli(), 1))
	if last != nil {
		number = max(number, last.Number()+1)
	}
	return number
}

// due says whether a relay lacks a listing and may be asked.
func (l *lister) due(relay peer.ID, last *directory.Listing, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept[relay] != last.Number() && !now.Before(l.try[relay])
}

// putListing brings a listing to one relay.
func (n *Node) putListing(ctx context.Context, d *desk, relay peer.AddrInfo, last *directory.Listing) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	err := connect(ctx, d.host, relay)
	if err == nil {
		err = directory.Put(ctx, d.host, relay.ID, *last)
	}
	l := n.listing
	l.mu.Lock()
	defer l.mu.Unlock()
	l.try[relay.ID] = n.home.Now().Add(listAgain)
	switch {
	case err == nil:
		l.kept[relay.ID] = last.Number()
		n.changes.Changed()
	case errors.Is(err, directory.ErrOlder):
		l.older = true
	default:
		n.log.Info("the listing is not at a relay yet", "err", err)
	}
}
