package patient

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"pieks/gossip"
	"pieks/gossip/wire"
	"pieks/node/control"
	"pieks/store"
)

// watchBucket holds the searches that go on, by watchID.
var watchBucket = store.NewBucket("watches")

const (
	// maxWatches: a family with two vaccines each and one to spare. Each is looked through whenever the list changes.
	maxWatches = 5
	// keepWatch is how many days its user still sees one whose days are over.
	keepWatch = 7
	// lookAtWatches: days end and postcodes come into force without a change of the list.
	lookAtWatches = time.Minute
)

var errNoWatch = errors.New("there is no such search here: see pieks watch list")

// watchID is this node's own name of a watch, random.
type watchID [8]byte

func (id watchID) String() string { return hex.EncodeToString(id[:]) }

func parseWatchID(text string) (watchID, error) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(watchID{}) {
		return watchID{}, errNoWatch
	}
	return watchID(raw), nil
}

// watchRecord is a search that goes on, on disk. How much it finds is not written down, only that it does.
type watchRecord struct {
	Search  []byte `cbor:"1,keyasint"`           // control.SearchRequest, JSON
	Made    uint64 `cbor:"2,keyasint"`           // unix seconds
	LastDay uint32 `cbor:"3,keyasint,omitempty"` // days since 1970; 0: it goes on until it is ended
	Finding bool   `cbor:"4,keyasint,omitempty"`
	Since   uint64 `cbor:"5,keyasint,omitempty"` // unix seconds: when it last began to find something
	Seen    bool   `cbor:"6,keyasint,omitempty"`
}

func (r *watchRecord) ended(now time.Time) bool {
	return r.LastDay != 0 && gossip.DayOf(now) > r.LastDay
}

func (r *watchRecord) forgotten(now time.Time) bool {
	return r.LastDay != 0 && gossip.DayOf(now) > r.LastDay+keepWatch
}

// finds is the rule what a count changes: a search that begins to find something is news. As long as a node has not heard from a relay since it
// started, its list is empty, and that is none.
func (r *watchRecord) finds(found int, listed bool, now time.Time) {
	switch {
	case found > 0 && !r.Finding:
		r.Finding, r.Since, r.Seen = true, uint64(now.Unix()), false
	case found == 0 && r.Finding && listed:
		r.Finding = false
	}
}

func retainWatch(_, value []byte, now time.Time) bool {
	var r watchRecord
	return wire.Unmarshal(value, &r) == nil && !r.forgotten(now)
}

// watchEntry is a watch in memory.
type watchEntry struct {
	id     watchID
	rec    watchRecord
	search control.SearchRequest
	found  int
}

func (e *watchEntry) put(tx *store.Tx) error {
	data, err := wire.Marshal(e.rec)
	if err != nil {
		return err
	}
	return tx.Put(watchBucket, e.id[:], data)
}

func loadWatches(st *store.Store) (map[watchID]*watchEntry, error) {
	all := map[watchID]*watchEntry{}
	err := st.View(func(tx *store.Tx) error {
		return tx.Each(watchBucket, func(key, value []byte) error {
			e := &watchEntry{}
			if len(key) != len(e.id) || wire.Unmarshal(value, &e.rec) != nil || json.Unmarshal(e.rec.Search, &e.search) != nil {
				return fmt.Errorf("read watches: %w", store.ErrDamaged)
			}
			e.id = watchID(key)
			all[e.id] = e
			return nil
		})
	})
	return all, err
}
