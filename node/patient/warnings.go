package patient

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip/wire"
	"pieks/node/disclosure"
	"pieks/node/host"
	"pieks/store"
)

var (
	listBucket    = store.NewBucket("disclosure/lists")    // relay, 0, number big-endian -> listRecord
	warningBucket = store.NewBucket("disclosure/warnings") // SHA-256 of the warning -> warningRecord
)

// listRecord is a published list that this node has gone through.
type listRecord struct {
	Relay  string `cbor:"1,keyasint"` // peer ID
	Number uint64 `cbor:"2,keyasint"`
	Issued uint64 `cbor:"3,keyasint"` // unix seconds
	Items  uint32 `cbor:"4,keyasint"`
}

// warningRecord is a warning, kept because the key of the room that it is about may come later.
type warningRecord struct {
	Data   []byte `cbor:"1,keyasint"`
	Issued uint64 `cbor:"2,keyasint"` // of its list
}

// askLists: relays are asked this many times in a cycle of publication.
const askLists = 3

// askListsLeast: a trial network publishes every second.
const askListsLeast = time.Second

// readLists fetches what was disclosed, now and then, and compares it with the waiting rooms of this node's people, here.
func (n *Node) readLists(ctx context.Context) {
	for ctx.Err() == nil {
		if relay := n.relay.Load(); relay != nil && n.reached() {
			if err := n.fetchLists(ctx, relay.ID); err != nil && ctx.Err() == nil {
				n.log.Debug("lists of disclosures not fetched", "err", err)
			}
		}
		pause := max(n.disclosureRules().Cycle/askLists, askListsLeast)
		changed := n.relayChange()
		timer := time.NewTimer(pause/2 + rand.N(pause)) // not all patients at once
		select {
		case <-ctx.Done():
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
	}
}

func (n *Node) disclosureRules() disclosure.Rules {
	return n.home.Network.Get().DisclosureRules()
}

func (n *Node) fetchLists(ctx context.Context, relay peer.ID) error {
	lists, err := loadLists(n.home.Store)
	if err != nil {
		return err
	}
	reading := disclosure.Reading{Now: n.home.Now}
	for _, l := range lists {
		if id, err := peer.Decode(l.Relay); err == nil {
			reading.Known = reading.Known.With(id, l.Number)
		}
	}
	reading.Relays = func(id peer.ID) bool { return len(n.home.RelayInfos([]string{id.String()})) > 0 }
	return disclosure.FetchLists(ctx, n.host, relay, reading, func(l disclosure.List) error {
		if err := n.keepList(ctx, l); err != nil {
			return err
		}
		return n.matchWarnings(ctx)
	})
}

// keepList notes a list and the warnings in it. Other data are for others: they are counted only.
func (n *Node) keepList(ctx context.Context, l disclosure.List) error {
	rec, err := wire.Marshal(listRecord{Relay: l.Relay.String(), Number: l.Number, Issued: uint64(l.Issued.Unix()), Items: uint32(len(l.Items))})
	if err != nil {
		return err
	}
	key := binary.BigEndian.AppendUint64(append([]byte(l.Relay.String()), 0), l.Number)
	return n.home.Store.Update(ctx, func(tx *store.Tx) error {
		for _, item := range l.Items {
			if len(item) != disclosure.WarningBytes {
				continue
			}
			data, err := wire.Marshal(warningRecord{Data: item, Issued: uint64(l.Issued.Unix())})
			if err != nil {
				return err
			}
			sum := sha256.Sum256(item)
			if err := tx.Put(warningBucket, sum[:], data); err != nil {
				return err
			}
		}
		return tx.Put(listBucket, key, rec)
	})
}

// matchWarnings marks the waiting rooms that some warning is about.
func (n *Node) matchWarnings(ctx context.Context) error {
	now := n.home.Now()
	rooms, err := loadRooms(n.home.Store, now)
	if err != nil || len(rooms) == 0 {
		return err
	}
	warnings, err := loadWarnings(n.home.Store)
	if err != nil {
		return err
	}
	for _, r := range rooms {
		if r.Warned != 0 || !slices.ContainsFunc(warnings, func(w warningRecord) bool { return disclosure.Match(w.Data, r.Key) }) {
			continue
		}
		r.Warned = uint64(now.Unix())
		if err := r.save(ctx, n.home.Store); err != nil {
			return err
		}
		n.changes.Changed()
		n.log.Info("a warning concerns a waiting room of this node's people")
	}
	return nil
}

func loadLists(st *store.Store) ([]listRecord, error) {
	var all []listRecord
	err := eachRecord(st, listBucket, func(r listRecord) { all = append(all, r) })
	return all, err
}

func loadWarnings(st *store.Store) ([]warningRecord, error) {
	var all []warningRecord
	err := eachRecord(st, warningBucket, func(r warningRecord) { all = append(all, r) })
	return all, err
}

func eachRecord[T any](st *store.Store, b store.Bucket, take func(T)) error {
	return st.View(func(tx *store.Tx) error {
		return tx.Each(b, func(_, value []byte) error {
			var r T
			if err := wire.Unmarshal(value, &r); err != nil {
				return fmt.Errorf("read %s: %w", b.Name(), err)
			}
			take(r)
			return nil
		})
	})
}

// retainIssued keeps what a list said as long as relays keep the list.
func retainIssued[T any](issued func(*T) uint64) func(_, value []byte, now time.Time) bool {
	return func(_, value []byte, now time.Time) bool {
		var r T
		return wire.Unmarshal(value, &r) == nil && now.Before(time.Unix(int64(issued(&r)), 0).Add(disclosure.Retention))
	}
}

// imitate runs a dummy disclosure now and then, so that who watches the line does not learn from one that its patient is infected.
func (n *Node) imitate(ctx context.Context) {
	source := disclosure.NewDummySource()
	for {
		if disclosure.Wait(ctx, disclosure.NextDummy(source)) != nil {
			return
		}
		relay := n.relay.Load()
		if relay == nil || !n.reached() || n.home.Network.Usable() != nil {
			continue
		}
		face, err := n.newFace(ctx, *relay)
		if err != nil {
			continue
		}
		if err := disclosure.Dummy(ctx, face, relay.ID, source, disclosure.Wait); err != nil && ctx.Err() == nil {
			n.log.Debug("dummy disclosure ended early", "err", err)
		}
		_ = host.Close(face)
	}
}
