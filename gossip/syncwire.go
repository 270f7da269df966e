package gossip

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"pieks/gossip/wire"
)

// syncVersion is the only version this package reads and writes.
const syncVersion = 1

// syncRequest asks for one region, or, with no region, for the digests of those that the peer shows.
type syncRequest struct {
	Version uint8      `cbor:"1,keyasint"`
	Region  string     `cbor:"2,keyasint,omitempty"`
	Have    []Have     `cbor:"3,keyasint,omitempty"` // what the asker has of the region
	Marks   []byte     `cbor:"4,keyasint,omitempty"` // of each Have the first 4 bytes of the sheet's hash
	At      uint64     `cbor:"5,keyasint"`           // unix seconds, instant of the asker's digests and roots
	Zones   []zoneRoot `cbor:"6,keyasint,omitempty"` // only regions of these zones, and only where the root differs
}

// zoneRoot stands for all sheets of a zone.
type zoneRoot struct {
	Zone string          `cbor:"1,keyasint"`
	Root [rootBytes]byte `cbor:"2,keyasint"`
}

// syncFrame is one frame of an answer: sheets, or digests, or the end.
type syncFrame struct {
	Sheets  [][]byte       `cbor:"1,keyasint,omitempty"`
	Digests []regionDigest `cbor:"2,keyasint,omitempty"`
	End     *syncEnd       `cbor:"3,keyasint,omitempty"`
}

type regionDigest struct {
	Region string            `cbor:"1,keyasint"`
	Digest [digestBytes]byte `cbor:"2,keyasint"`
}

// syncEnd ends the answer to one request.
type syncEnd struct {
	Code   syncCode `cbor:"1,keyasint"`
	Digest [32]byte `cbor:"2,keyasint"` // of the asked region, at At; zero without one
	Cycle  uint64   `cbor:"3,keyasint"` // in which the answer was released; 0 when it is the pool as it is
	At     uint64   `cbor:"4,keyasint"` // unix seconds
	More   bool     `cbor:"5,keyasint"` // the answer was too long: ask again
}

type syncCode uint8

const (
	syncDone    syncCode = 0
	syncRefused syncCode = 1 // region not shown to this peer: unknown, foreign and not yet effective look the same
	syncBusy    syncCode = 2
	syncVersed  syncCode = 3 // unknown version
)

var errSyncForm = errors.New("not a pool sync message")

func decodeSyncRequest(data []byte) (*syncRequest, error) {
	var q syncRequest
	if err := wire.Unmarshal(data, &q); err != nil {
		return nil, err
	}
	switch {
	case q.Version != syncVersion:
		return &q, nil // answered with syncVersed
	case len(q.Have) > MaxRegionSheets, len(q.Marks) != markBytes*len(q.Have), len(q.Zones) > maxZones, q.At > maxInstant,
		q.Region != "" && len(q.Zones) > 0, q.Region == "" && len(q.Have) > 0:
		return nil, errSyncForm
	}
	for _, z := range q.Zones {
		if !isZone(z.Zone) {
			return nil, errSyncForm
		}
	}
	return &q, nil
}

func decodeSyncFrame(data []byte) (*syncFrame, error) {
	var f syncFrame
	if err := wire.Unmarshal(data, &f); err != nil {
		return nil, err
	}
	kinds := 0
	for _, is := range []bool{len(f.Sheets) > 0, len(f.Digests) > 0, f.End != nil} {
		if is {
			kinds++
		}
	}
	if kinds != 1 || f.End != nil && f.End.At > maxInstant {
		return nil, errSyncForm
	}
	for _, s := range f.Sheets {
		if len(s) > MaxSheetBytes {
			return nil, errSyncForm
		}
	}
	for _, d := range f.Digests {
		if !isRegionText(d.Region) {
			return nil, errSyncForm
		}
	}
	return &f, nil
}

// askFor makes the request for one region out of what a view has of it.
func askFor(v *View, region string, at time.Time) syncRequest {
	q := syncRequest{Version: syncVersion, Region: region, Have: v.Have(region), At: unixOf(at)}
	for _, s := range v.Region(region) {
		q.Marks = append(q.Marks, s.Hash[:markBytes]...)
	}
	return q
}

// lacking lists what the asker of q lacks of v at an instant: what Missing says, and sheets that it has with other
// content.
func lacking(v *View, q *syncRequest, at time.Time) []*Signed {
	missing := v.Missing(q.Region, q.Have, at)
	mark := make(map[Have][]byte, len(q.Have))
	for i, h := range q.Have {
		mark[h] = q.Marks[i*markBytes : (i+1)*markBytes]
	}
	for _, s := range v.Region(q.Region) {
		m, has := mark[haveOf(s)]
		if has && !slices.Equal(m, s.Hash[:markBytes]) && at.Before(s.Sheet.ExpiresAt()) {
			missing = append(missing, s)
		}
	}
	return missing
}

func zoneOf(region string) string { return region[:min(2, len(region))] }

// rootsOf works out the roots of zones: SHA-256 over region (2 bytes big-endian length, text) and digest of each of its
// regions in order.
func rootsOf(v *View, allowed func(string) bool, at time.Time) map[string][rootBytes]byte {
	over := make(map[string][]byte)
	for _, region := range v.Regions() {
		if allowed(region) {
			b := binary.BigEndian.AppendUint16(over[zoneOf(region)], uint16(len(region)))
			digest := v.Digest(region, at)
			over[zoneOf(region)] = append(append(b, region...), digest[:]...)
		}
	}
	roots := make(map[string][rootBytes]byte, len(over))
	for zone, b := range over {
		sum := sha256.Sum256(b)
		roots[zone] = [rootBytes]byte(sum[:rootBytes])
	}
	return roots
}

// digestsFor lists the regions whose digests answer an overview.
func digestsFor(v *View, q *syncRequest, allowed func(string) bool, at time.Time) []regionDigest {
	asked := make(map[string][rootBytes]byte, len(q.Zones))
	for _, z := range q.Zones {
		asked[z.Zone] = z.Root
	}
	own := rootsOf(v, allowed, at)
	var list []regionDigest
	for _, region := range v.Regions() {
		root, named := asked[zoneOf(region)]
		if !allowed(region) || len(q.Zones) > 0 && (!named || root == own[zoneOf(region)]) {
			continue
		}
		digest := v.Digest(region, at)
		list = append(list, regionDigest{region, [digestBytes]byte(digest[:digestBytes])})
	}
	return list
}

func unixOf(t time.Time) uint64 { return uint64(max(t.Unix(), 0)) }

func timeOf(seconds uint64) time.Time { return time.Unix(int64(min(seconds, maxInstant)), 0).UTC() }
