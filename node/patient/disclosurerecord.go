package patient

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"pieks/gossip/wire"
	"pieks/node/disclosure"
	"pieks/store"
)

var (
	disclosureBucket = store.NewBucket("disclosures")     // disclosureID -> disclosureRecord
	disclosedBucket  = store.NewHiddenBucket("disclosed") // room key -> disclosedRecord: not to be remembered again
)

// disclosureID is this node's own name of a disclosure, random.
type disclosureID [8]byte

func (id disclosureID) String() string { return hex.EncodeToString(id[:]) }

type disclosureState uint8

const (
	disclosureWaiting   disclosureState = 1 // for a professional's signature
	disclosureSigned    disclosureState = 2 // checked, to be posted
	disclosurePosted    disclosureState = 3
	disclosureCancelled disclosureState = 4
	disclosureExpired   disclosureState = 5
	disclosureRefused   disclosureState = 6
)

var disclosureStates = [...]string{"", "waiting", "signed", "posted", "cancelled", "expired", "refused"}

func (s disclosureState) String() string {
	if int(s) < len(disclosureStates) {
		return disclosureStates[s]
	}
	return "unknown"
}

func (s disclosureState) ended() bool { return s > disclosureSigned }

// disclosureRecord is a disclosure on disk. What it is about is there only until it has ended.
type disclosureRecord struct {
	State     disclosureState     `cbor:"1,keyasint"`
	Consent   *disclosure.Consent `cbor:"2,keyasint,omitempty"`
	Relay     string              `cbor:"3,keyasint"` // peer ID
	Until     uint64              `cbor:"4,keyasint"` // unix seconds: the registration ends
	CMS       []byte              `cbor:"5,keyasint,omitempty"`
	By        string              `cbor:"6,keyasint,omitempty"`
	Message   string              `cbor:"7,keyasint,omitempty"`
	Rooms     [][32]byte          `cbor:"8,keyasint,omitempty"`
	RoomCount uint8               `cbor:"9,keyasint,omitempty"`
}

type disclosedRecord struct {
	Until uint64 `cbor:"1,keyasint"` // kept until then: longer than any room is remembered
}

// keepDisclosures is how long its user still sees what became of it.
const keepDisclosures = 14 * 24 * time.Hour

func loadDisclosures(st *store.Store) (map[disclosureID]disclosureRecord, error) {
	all := map[disclosureID]disclosureRecord{}
	err := st.View(func(tx *store.Tx) error {
		return tx.Each(disclosureBucket, func(key, value []byte) error {
			var r disclosureRecord
			if err := wire.Unmarshal(value, &r); err != nil || len(key) != len(disclosureID{}) {
				return fmt.Errorf("read disclosures: %w", store.ErrDamaged)
			}
			all[disclosureID(key)] = r
			return nil
		})
	})
	return all, err
}

func (e *disclosureEntry) save(ctx context.Context, st *store.Store) error {
	return st.Update(ctx, func(tx *store.Tx) error { return e.put(tx) })
}

func (e *disclosureEntry) put(tx *store.Tx) error {
	data, err := wire.Marshal(e.rec)
	if err != nil {
		return err
	}
	return tx.Put(disclosureBucket, e.id[:], data)
}

// end writes down an ended disclosure and forgets the waiting rooms that it told of, for good.
func (e *disclosureEntry) end(ctx context.Context, st *store.Store, spent [][32]byte, now time.Time) error {
	until, err := wire.Marshal(disclosedRecord{Until: uint64(now.Add(2 * keepRooms * 24 * time.Hour).Unix())})
	if err != nil {
		return err
	}
	return st.Update(ctx, func(tx *store.Tx) error {
		for _, key := range spent {
			if err := tx.Delete(roomBucket, key[:]); err != nil {
				return err
			}
			if err := tx.Put(disclosedBucket, key[:], until); err != nil {
				return err
			}
		}
		return e.put(tx)
	})
}

func retainDisclosure(_, value []byte, now time.Time) bool {
	var r disclosureRecord
	return wire.Unmarshal(value, &r) == nil && now.Before(time.Unix(int64(r.Until), 0).Add(keepDisclosures))
}

func retainDisclosed(_, value []byte, now time.Time) bool {
	var r disclosedRecord
	return wire.Unmarshal(value, &r) == nil && uint64(now.Unix()) < r.Until
}
