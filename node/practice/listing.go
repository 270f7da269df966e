package practice

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip/wire"
	"pieks/node/checkin/directory"
	"pieks/node/control"
	"pieks/store"
)

// listingKey is where the practice's wish to stand in the directory is kept, and its last listing.
var listingKey = []byte("listing")

// wish is what the practice wants of the directory, and what it last said there. Nothing is said before it is asked for.
type wish struct {
	Listed bool     `cbor:"1,keyasint"`
	Alias  string   `cbor:"2,keyasint"`
	Signed []byte   `cbor:"3,keyasint"` // the last listing; empty: there was none
	Card   []byte   `cbor:"4,keyasint"` // practice card of it
	Relays []string `cbor:"5,keyasint"` // where the last listing that was none to withdraw has been put
}

// lister is the practice in the directory.
type lister struct {
	woken chan struct{}

	mu   sync.Mutex
	wish wish
	last *directory.Listing // of wish.Signed; nil: there was none
	kept map[peer.ID]uint64 // number of the listing that a relay has

	older bool // a relay has a newer listing than the last one here

	// The loop's own.
	try     map[peer.ID]time.Time // when a relay is asked again
	relays  []string              // where the desk is now
	changed time.Time             // since when
}

// loadLister reads what was wished. A listing that cannot be read any more is one that never was: the next one has a higher number all the same.
func loadLister(st *store.Store) (*lister, error) {
	l := &lister{woken: make(chan struct{}, 1), kept: map[peer.ID]uint64{}, try: map[peer.ID]time.Time{}}
	err := st.View(func(tx *store.Tx) error {
		data, err := tx.Get(practiceBucket, listingKey)
		if err != nil || data == nil {
			return err
		}
		return wire.Unmarshal(data, &l.wish)
	})
	if err != nil {
		return nil, fmt.Errorf("read the listing: %w", err)
	}
	if last, err := directory.Parse(l.wish.Signed, l.wish.Card); err == nil {
		l.last = &last
	}
	return l, nil
}

// save writes a wish down, and takes it over.
func (l *lister) save(ctx context.Context, st *store.Store, w wish, last *directory.Listing) error {
	data, err := wire.Marshal(w)
	if err != nil {
		return err
	}
	if err := st.Update(ctx, func(tx *store.Tx) error { return tx.Put(practiceBucket, listingKey, data) }); err != nil {
		return fmt.Errorf("write the listing down: %w", err)
	}
	l.wish, l.last = w, last
	return nil
}

// showListing says whether and how the practice stands in the directory.
func (n *Node) showListing(context.Context) (control.Listing, error) {
	l := n.listing
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.shown(), nil
}

func (l *lister) shown() control.Listing {
	out := control.Listing{Listed: l.wish.Listed, Alias: l.wish.Alias}
	if l.last == nil || l.last.Withdrawn() || !l.wish.Listed {
		return out
	}
	out.Until = l.last.ExpiresAt()
	for _, number := range l.kept {
		if number == l.last.Number() {
			out.Kept++
		}
	}
	return out
}

// setListing has the practice stand in the directory, or no longer. Standing there needs an enrolment with the card of an institution; going
// needs nothing.
func (n *Node) setListing(ctx context.Context, in control.Listing) (control.Listing, error) {
	alias := strings.TrimSpace(in.Alias)
	if err := directory.CheckAlias(alias); err != nil {
		return control.Listing{}, control.Coded(control.KindUsage, control.CodeListing, "%w", err)
	}
	if in.Listed {
		if err := n.listable(); err != nil {
			return control.Listing{}, control.Coded(control.KindConflict, control.CodeListing, "%w", err)
		}
	}
	l := n.listing
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.wish
	w.Listed, w.Alias = in.Listed, alias
	if err := l.save(ctx, n.home.Store, w, l.last); err != nil {
		return control.Listing{}, err
	}
	l.wake()
	n.changes.Changed()
	return l.shown(), nil
}

// wake has the loop look at once.
func (l *lister) wake() {
	select {
	case l.woken <- struct{}{}:
	default:
	}
}

// listable says why the practice cannot stand in the directory now; nil when it can.
func (n *Node) listable() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.identity.holds(n.home.Network.Get(), n.home.Now()); err != nil {
		return err
	}
	if !directory.IsInstitution(n.identity.licence.Profession) {
		return directory.ErrKind
	}
	return nil
}

// draft is what a listing would say now. Of what the card has signed nothing is repeated.
func (n *Node) draft(alias string, relays []string) (directory.Draft, error) {
	open, err := storedHours(n.home.Store)
	if err != nil {
		return directory.Draft{}, err
	}
	d := directory.Draft{Enrolment: n.enrolment(), Alias: alias, Relays: slices.Clone(relays)}
	for _, h := range open {
		d.Hours = append(d.Hours, directory.Hours{Weekday: h.Weekday, From: h.From, To: h.To})
	}
	return d, nil
}
