package checkin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"pieks/card/egk"
	"pieks/gossip/wire"
	"pieks/node/checkin/popp"
	"pieks/node/records"
	"pieks/store"
)

// Errors of the list of arrivals.
var (
	ErrNoArrival = errors.New("there is no such arrival: `pieks arrivals` shows those of the last 30 days")
	ErrUsedToken = errors.New("this token was handed in before: a check-in counts once")
)

// ArrivalsConfig is what the list of arrivals needs.
type ArrivalsConfig struct {
	Store *store.Store
	Now   func() time.Time // nil = time.Now
	// OnChange is called after an arrival was written down. It must not block.
	OnChange func()
}

// Arrivals are those who checked in at a practice, in its store: what was told as a success is in here. All methods are safe for use by several
// goroutines. There is one a store.
type Arrivals struct {
	store    *store.Store
	now      func() time.Time
	onChange func()
}

// Arrival is somebody who checked in.
type Arrival struct {
	ID        ID
	Workplace string // "" is the practice as a whole
	Name      string // as the card has it, "" with the GesundheitsID
	KVNR, IK  string
	Proof     popp.ProofMethod
	Proved    time.Time
	Received  time.Time
	Late      bool     // proved while the practice was away
	Pair      egk.Pair // match or unknown; "" without a card
	Seen      time.Time
	Kind      popp.Kind
}

// OpenArrivals opens the list that is in a store, and sets how long it is kept there.
func OpenArrivals(cfg ArrivalsConfig) *Arrivals {
	a := &Arrivals{cfg.Store, cfg.Now, cfg.OnChange}
	if a.now == nil {
		a.now = time.Now
	}
	if a.onChange == nil {
		a.onChange = func() {}
	}
	a.store.Retain(bucketIDs, records.KeepUntil(func(r *idRecord) uint64 { return r.Until }))
	a.store.Retain(bucketArrivals, records.KeepUntil(func(r *arrivalRecord) uint64 { return r.Until }))
	a.store.Retain(bucketTokens, records.KeepUntil(func(r *tokenRecord) uint64 { return r.Until }))
	a.store.Retain(bucketWaiting, records.KeepUntil(func(r *waitingRecord) uint64 { return r.Until }))
	a.store.Retain(bucketPairs, records.KeepUntil(func(r *pairRecord) uint64 { return r.Until }))
	a.store.Retain(bucketCounts, records.KeepUntil(func(r *countRecord) uint64 { return r.Until }))
	return a
}

// Since lists the arrivals from a time on, newest first, of one workplace or with "" of all.
func (a *Arrivals) Since(from time.Time, workplace string) ([]Arrival, error) {
	var list []Arrival
	oldest := a.now().Add(-keepArrivals - 24*time.Hour)
	if from.Before(oldest) {
		from = oldest
	}
	err := a.store.View(func(tx *store.Tx) error {
		for day := dayOf(a.now().Add(24 * time.Hour)); day >= dayOf(from) && len(list) < maxListed; day-- {
			if err := eachOf(tx, day, func(id ID, r *arrivalRecord) {
				if shown := r.arrival(id); !shown.Received.Before(from) && (workplace == "" || workplace == r.Workplace) {
					list = append(list, shown)
				}
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list arrivals: %w", err)
	}
	slices.SortFunc(list, func(a, b Arrival) int {
		return cmp.Or(b.Received.Compare(a.Received), slices.Compare(a.ID[:], b.ID[:]))
	})
	return list[:min(len(list), maxListed)], nil
}

func eachOf(tx *store.Tx, day uint32, fn func(ID, *arrivalRecord)) error {
	return tx.EachPrefix(bucketArrivals, dayKey(day), func(key, value []byte) error {
		var r arrivalRecord
		if err := wire.Unmarshal(value, &r); err != nil || len(key) != 4+len(ID{}) {
			return fmt.Errorf("read an arrival: %w", store.ErrDamaged)
		}
		fn(ID(key[4:]), &r)
		return nil
	})
}

func (r *arrivalRecord) arrival(id ID) Arrival {
	out := Arrival{
		ID: id, Workplace: r.Workplace, Name: r.Name, KVNR: r.KVNR, IK: r.IK, Proof: r.Proof, Late: r.Late, Pair: r.Pair, Kind: r.Kind,
		Proved: time.Unix(int64(r.Proved), 0).UTC(), Received: time.Unix(int64(r.Received), 0).UTC(),
	}
	if r.Seen != 0 {
		out.Seen = time.Unix(int64(r.Seen), 0).UTC()
	}
	return out
}

// Token is the token of an arrival, a compact JWS.
func (a *Arrivals) Token(id ID) (kind popp.Kind, token string, err error) {
	err = a.store.View(func(tx *store.Tx) error {
		_, r, err := find(tx, id)
		kind, token = r.Kind, r.Token
		return err
	})
	return kind, token, err
}

// Of is the arrival that a token was used for: ErrNoArrival when it was not.
func (a *Arrivals) Of(compact string) (out Arrival, err error) {
	hash := popp.HashOf(compact)
	err = a.store.View(func(tx *store.Tx) error {
		var used tokenRecord
		if ok, err := records.Get(tx, bucketTokens, hash[:], &used); err != nil || !ok {
			return cmp.Or(err, ErrNoArrival)
		}
		_, r, err := find(tx, used.ID)
		out = r.arrival(used.ID)
		return err
	})
	return out, err
}

// See writes down that reception has called them; again changes nothing.
func (a *Arrivals) See(ctx context.Context, id ID) (Arrival, error) {
	return a.mark(ctx, id, func(seen uint64) uint64 {
		if seen != 0 {
			return seen
		}
		return uint64(a.now().Unix())
	})
}

// Unsee takes that back.
func (a *Arrivals) Unsee(ctx context.Context, id ID) (Arrival, error) {
	return a.mark(ctx, id, func(uint64) uint64 { return 0 })
}

func (a *Arrivals) mark(ctx context.Context, id ID, change func(seen uint64) uint64) (Arrival, error) {
	var out Arrival
	err := a.store.Update(ctx, func(tx *store.Tx) error {
		key, r, err := find(tx, id)
		if err != nil {
			return err
		}
		if seen := change(r.Seen); seen != r.Seen {
			r.Seen = seen
			if err := records.Put(tx, bucketArrivals, key, r); err != nil {
				return err
			}
		}
		out = r.arrival(id)
		return nil
	})
	if err == nil {
		a.onChange()
	}
	return out, err
}

func find(tx *store.Tx, id ID) (key []byte, r arrivalRecord, err error) {
	var used idRecord
	ok, err := records.Get(tx, bucketIDs, id[:], &used)
	if err != nil {
		return nil, r, err
	}
	key = arrivalKey(used.Day, id)
	if ok {
		ok, err = records.Get(tx, bucketArrivals, key, &r)
	}
	if err == nil && !ok {
		err = ErrNoArrival
	}
	return key, r, err
}
