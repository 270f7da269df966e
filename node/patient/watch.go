package patient

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"pieks/node/control"
	"pieks/store"
)

// watches are the searches that go on. Nobody outside hears of them: they run over this node's own list.
type watches struct {
	node *Node

	mu      sync.Mutex // held also while one is written down
	entries map[watchID]*watchEntry
}

func openWatches(n *Node) (*watches, error) {
	entries, err := loadWatches(n.home.Store)
	if err != nil {
		return nil, err
	}
	n.home.Store.Retain(watchBucket, retainWatch)
	return &watches{node: n, entries: entries}, nil
}

// look runs all searches over the list as it is, and tells when one begins to find something or finds another number.
func (w *watches) look(ctx context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.node.home.Now()
	for id, e := range w.entries {
		if e.rec.forgotten(now) {
			delete(w.entries, id) // the store's sweeper deletes it there
			continue
		}
		if err := w.lookAt(ctx, e, now); err != nil && ctx.Err() == nil {
			w.node.log.Error("watch not written down", "err", err)
		}
	}
}

func (w *watches) lookAt(ctx context.Context, e *watchEntry, now time.Time) error {
	found := 0
	if !e.rec.ended(now) {
		if asked, err := w.node.inquire(e.search); err == nil {
			found = len(asked.hits(w.node.home.Network.Policy().Map, w.node.pool.View()))
		}
	}
	before, counted := e.rec, e.found
	e.rec.finds(found, !w.node.listing.at().IsZero(), now)
	begins := e.rec.Finding != before.Finding
	if begins {
		if err := w.node.home.Store.Update(ctx, e.put); err != nil {
			e.rec = before
			return err
		}
	}
	e.found = found
	if begins || counted != found {
		w.node.changes.Changed()
	}
	return nil
}

// watch begins a search that goes on. The same search again is the one that goes on already.
func (n *Node) watch(ctx context.Context, in control.SearchRequest) (control.Watch, error) {
	var none control.Watch
	in.Limit = 0
	if in.After != "" {
		return none, control.Errorf(control.KindUsage, "A second dose is searched for when the first one is chosen: nothing can be watched for it.")
	}
	asked, err := n.inquire(in)
	if err != nil {
		return none, err
	}
	now := n.home.Now()
	e := &watchEntry{search: in, rec: watchRecord{Made: uint64(now.Unix())}}
	for day := range asked.days {
		e.rec.LastDay = max(e.rec.LastDay, day)
	}
	if e.rec.ended(now) {
		return none, control.Coded(control.KindUsage, control.CodeDaysOver, "These days are past: name later ones.")
	}
	if e.rec.Search, err = json.Marshal(in); err != nil {
		return none, err
	}
	_, _ = rand.Read(e.id[:]) // never fails
	w := n.watches
	w.mu.Lock()
	defer w.mu.Unlock()
	live := 0
	for _, other := range w.entries {
		if other.rec.ended(now) {
			continue
		}
		if bytes.Equal(other.rec.Search, e.rec.Search) {
			return other.shown(now), nil
		}
		live++
	}
	if live >= maxWatches {
		return none, control.Coded(control.KindConflict, control.CodeWatches, "At most %d searches go on at a time: end one first.", maxWatches)
	}
	if err := n.home.Store.Update(ctx, e.put); err != nil {
		return none, err
	}
	w.entries[e.id] = e
	n.changes.Changed()
	err = w.lookAt(ctx, e, now)
	return e.shown(now), err
}

func (n *Node) listWatches(context.Context) ([]control.Watch, error) {
	w, now := n.watches, n.home.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	list := []control.Watch{}
	for _, e := range w.entries {
		list = append(list, e.shown(now))
	}
	slices.SortFunc(list, func(a, b control.Watch) int { return cmp.Or(a.Made.Compare(b.Made), cmp.Compare(a.ID, b.ID)) })
	return list, nil
}

// seeWatch notes that the user has looked at what a search found.
func (n *Node) seeWatch(ctx context.Context, in control.WatchName) (control.Watch, error) {
	w := n.watches
	w.mu.Lock()
	defer w.mu.Unlock()
	e, err := w.find(in.ID)
	if err != nil {
		return control.Watch{}, err
	}
	if e.rec.Finding && !e.rec.Seen {
		e.rec.Seen = true
		if err := n.home.Store.Update(ctx, e.put); err != nil {
			e.rec.Seen = false
			return control.Watch{}, err
		}
		n.changes.Changed()
	}
	return e.shown(n.home.Now()), nil
}

func (n *Node) endWatch(ctx context.Context, in control.WatchName) (any, error) {
	w := n.watches
	w.mu.Lock()
	defer w.mu.Unlock()
	e, err := w.find(in.ID)
	if err != nil {
		return nil, err
	}
	if err := n.home.Store.Update(ctx, func(tx *store.Tx) error { return tx.Delete(watchBucket, e.id[:]) }); err != nil {
		return nil, err
	}
	delete(w.entries, e.id)
	n.changes.Changed()
	return nil, nil
}

// find is called with the lock held.
func (w *watches) find(text string) (*watchEntry, error) {
	id, err := parseWatchID(text)
	if err == nil && w.entries[id] == nil {
		err = errNoWatch
	}
	if errors.Is(err, errNoWatch) {
		return nil, control.Errorf(control.KindNotFound, "%w", err)
	}
	return w.entries[id], err
}

func (e *watchEntry) shown(now time.Time) control.Watch {
	out := control.Watch{
		ID: e.id.String(), Search: e.search, Made: time.Unix(int64(e.rec.Made), 0).UTC(), Found: e.found, Seen: e.rec.Seen, Ended: e.rec.ended(now),
	}
	if e.rec.Since != 0 {
		out.Since = time.Unix(int64(e.rec.Since), 0).UTC()
	}
	return out
}
