package gossip

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto/pb"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip/wire"
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

// ReleaseCycle is the cycle in which relays first show a sheet or slot that was issued at an instant: the next one, or,
// in the last seconds before a tick, the one after it. So all relays have a sheet by the time the first one shows it.
func (r Rules) ReleaseCycle(issued time.Time) uint64 {
	return r.CycleAt(issued.Add(min(releaseMargin, r.Cycle/10))) + 1
}

// cycleOverhead is more than a message without sheets takes: COSE frame 75, map 60 bytes.
const cycleOverhead = 256

// SignCycle makes the messages of one region and tick, at least one. Sheets are put in random order; those that do not
// fit into the largest number of parts are left out and reach the patients by a pool sync, since the digest counts them.
func SignCycle(key ed25519.PrivateKey, cycle uint64, region string, digest [32]byte, sheets []*Signed) ([][]byte, error) {
	parts := cycleParts(sheets)
	messages := make([][]byte, 0, len(parts))
	for i, part := range parts {
		m := CycleMessage{
			Version: CycleVersion, Cycle: cycle, Region: region,
			Part: uint16(i), Parts: uint16(len(parts)), Digest: digest, Sheets: part,
		}
		data, err := wire.SignObject(CycleType, key, m)
		if err != nil {
			return nil, fmt.Errorf("sign cycle %d of region %s: %w", cycle, region, err)
		}
		messages = append(messages, data)
	}
	return messages, nil
}

// cycleParts shuffles sheets and cuts them into at most maxCycleParts parts that each fit into one message.
func cycleParts(sheets []*Signed) [][][]byte {
	sheets = slices.Clone(sheets)
	rand.Shuffle(len(sheets), func(i, j int) { sheets[i], sheets[j] = sheets[j], sheets[i] })
	parts, size := [][][]byte{nil}, cycleOverhead
	for _, s := range sheets {
		last := len(parts) - 1
		need := len(s.Raw) + 5 // its CBOR head
		if size+need > maxCycleBytes || len(parts[last]) == maxCycleSheets {
			if len(parts) == maxCycleParts {
				break
			}
			parts, size = append(parts, nil), cycleOverhead
			last++
		}
		parts[last] = append(parts[last], s.Raw)
		size += need
	}
	return parts
}

// OpenCycle checks form, limits and the signature by relay. The sheets inside are not checked. The only error is
// ErrCycle.
func OpenCycle(data []byte, relay peer.ID) (*CycleMessage, error) {
	if len(data) > maxCycleBytes {
		return nil, fmt.Errorf("%w: %d bytes", ErrCycle, len(data))
	}
	key, err := identityKey(relay)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrCycle, err)
	}
	var m CycleMessage
	if err := wire.VerifyObject(CycleType, key, data, &m); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrCycle, err)
	}
	switch {
	case m.Version != CycleVersion:
		return nil, fmt.Errorf("%w: version %d", ErrCycle, m.Version)
	case !isRegionText(m.Region), m.Parts == 0, m.Parts > maxCycleParts, m.Part >= m.Parts, len(m.Sheets) > maxCycleSheets:
		return nil, fmt.Errorf("%w: part %d of %d", ErrCycle, m.Part, m.Parts)
	}
	for _, s := range m.Sheets {
		if len(s) > MaxSheetBytes {
			return nil, fmt.Errorf("%w: sheet of %d bytes", ErrCycle, len(s))
		}
	}
	return &m, nil
}

// identityKey is the Ed25519 key inside a peer ID. Relays have no other kind.
func identityKey(p peer.ID) (ed25519.PublicKey, error) {
	pub, err := p.ExtractPublicKey()
	if err != nil {
		return nil, fmt.Errorf("peer %s: %w", p, err)
	}
	if pub.Type() != pb.KeyType_Ed25519 {
		return nil, fmt.Errorf("peer %s has no Ed25519 key", p)
	}
	raw, err := pub.Raw()
	return raw, err
}
