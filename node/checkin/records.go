package checkin

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"pieks/card/egk"
	"pieks/node/checkin/popp"
	"pieks/store"
)

// What a practice keeps of check-ins. Values are sealed; keys that say something are hidden.
var (
	bucketIDs      = store.NewBucket("checkin/ids")           // ID -> idRecord
	bucketArrivals = store.NewBucket("checkin/arrivals")      // day, ID -> arrivalRecord
	bucketTokens   = store.NewHiddenBucket("checkin/tokens")  // Hash of a token -> tokenRecord
	bucketWaiting  = store.NewHiddenBucket("checkin/waiting") // Hash of a token -> waitingRecord
	bucketPairs    = store.NewHiddenBucket("checkin/pairs")   // which, hash of a certificate -> pairRecord
	bucketCounts   = store.NewHiddenBucket("checkin/counts")  // day, insurance number or nothing -> countRecord
)

// idRecord remembers that an id was used, what for, and what was said then.
type idRecord struct {
	Day       uint32            `cbor:"1,keyasint"`
	Statement [sha256.Size]byte `cbor:"2,keyasint"` // zero: none, the token came from a PoPP service
	Key       [32]byte          `cbor:"3,keyasint"` // C
	Outcome   []byte            `cbor:"4,keyasint"` // message
	Until     uint64            `cbor:"5,keyasint"`
}

type arrivalRecord struct {
	Workplace string           `cbor:"1,keyasint,omitempty"`
	Name      string           `cbor:"2,keyasint,omitempty"`
	KVNR      string           `cbor:"3,keyasint"`
	IK        string           `cbor:"4,keyasint"`
	Proof     popp.ProofMethod `cbor:"5,keyasint"`
	Proved    uint64           `cbor:"6,keyasint"`
	Received  uint64           `cbor:"7,keyasint"`
	Late      bool             `cbor:"8,keyasint,omitempty"`
	Pair      egk.Pair         `cbor:"9,keyasint,omitempty"`
	Seen      uint64           `cbor:"10,keyasint,omitempty"`
	Kind      popp.Kind        `cbor:"11,keyasint"`
	Token     string           `cbor:"12,keyasint"`
	Until     uint64           `cbor:"13,keyasint"`
}

type tokenRecord struct {
	ID    ID     `cbor:"1,keyasint"`
	Until uint64 `cbor:"2,keyasint"`
}

// waitingRecord is a token that was not verified yet.
type waitingRecord struct {
	Workplace string `cbor:"1,keyasint,omitempty"`
	Token     string `cbor:"2,keyasint"`
	Until     uint64 `cbor:"3,keyasint"`
}

type countRecord struct {
	Count uint32 `cbor:"1,keyasint"`
	Until uint64 `cbor:"2,keyasint"`
}

// dayOf counts days of UTC: only where a record lies depends on it.
func dayOf(t time.Time) uint32 { return uint32(max(0, t.Unix()) / (24 * 60 * 60)) }

func dayKey(day uint32) []byte { return binary.BigEndian.AppendUint32(nil, day) }

func arrivalKey(day uint32, id ID) []byte { return append(dayKey(day), id[:]...) }
