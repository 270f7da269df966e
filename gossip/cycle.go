package gossip

import (
	"crypto/ed25519"
	"errors"

	"github.com/libp2p/go-libp2p/core/peer"
)

// CycleType is the external AAD of a signed cycle message.
const CycleType = "pieks/cycle/1"

// CycleVersion is the only version this package reads and writes.
const CycleVersion = 1

// CycleMessage is one part of what a relay tells its patients of a region at a tick: the sheets that changed since the
// last tick, in random order over all parts, and the digest of the whole region.
type CycleMessage struct {
	Version uint8    `cbor:"1,keyasint"`
	Cycle   uint64   `cbor:"2,keyasint"` // it begins at Rules.TickOf(Cycle)
	Region  string   `cbor:"3,keyasint"`
	Part    uint16   `cbor:"4,keyasint"` // from 0
	Parts   uint16   `cbor:"5,keyasint"` // of this cycle and region, at least 1
	Digest  [32]byte `cbor:"6,keyasint"` // View.Digest of all that the relay has released, at the tick
	Sheets  [][]byte `cbor:"7,keyasint,omitempty"`
}

// ErrCycle says that bytes are not a message of the relay that it was expected from.
var ErrCycle = errors.New("not a cycle message of this relay")

// SignCycle makes the messages of one region and tick. Sheets are put in random order; those that do not fit into
// the largest number of parts are left out and reach the patients by a pool sync, since the digest counts them.
func SignCycle(key ed25519.PrivateKey, cycle uint64, region string, digest [32]byte, sheets []*Signed) ([][]byte, error) {
	return nil, ErrCycle
}

// OpenCycle checks form, limits and the signature by relay. The sheets inside are not checked.
func OpenCycle(data []byte, relay peer.ID) (*CycleMessage, error) { return nil, ErrCycle }
