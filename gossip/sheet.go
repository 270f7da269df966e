package gossip

import (
	"crypto/ed25519"
	"time"
)

// SheetType is the external AAD of a signed sheet.
const SheetType = "pieks/sheet/1"

// SheetVersion is the only version this package reads and writes.
const SheetVersion = 1

// Sheet lists all open appointments of one practice pseudonym. A sheet replaces the one of the same pseudonym with a
// lower Seq. Expires must never fall from one Seq to the next: withdraw appointments by a sheet without them, not by a
// shorter life, else a node that forgot the newer sheet could take up the older one again.
type Sheet struct {
	Version uint8    `cbor:"1,keyasint"`
	Pass    Pass     `cbor:"2,keyasint"`
	Area    string   `cbor:"3,keyasint"` // an area of the network's map
	Seq     uint64   `cbor:"4,keyasint"` // from 1
	Issued  uint64   `cbor:"5,keyasint"` // unix seconds
	Expires uint64   `cbor:"6,keyasint"` // unix seconds, on a tick
	Relays  []string `cbor:"7,keyasint"` // peer IDs in text form, where the practice keeps a circuit
	Slots   []Slot   `cbor:"8,keyasint"`
}

// ExpiresAt is Expires as a time.
func (s *Sheet) ExpiresAt() time.Time { return time.Unix(int64(s.Expires), 0) }

// Signed is a sheet with the bytes that were signed. It is shared between pools and must not be changed.
type Signed struct {
	Raw    []byte   // COSE_Sign1 as on the wire
	Sheet  Sheet    // what it says
	Hash   [32]byte // SHA-256 of Raw
	Region string   // of the area, by the map it was checked against; empty when it was not
}

// SignSheet signs s with the private key of its pseudonym (s.Pass.P). The slots are put in order of their ids, so that
// their order tells nothing. It refuses what every node would refuse, with the same errors as Validator.Check.
func SignSheet(s Sheet, key ed25519.PrivateKey) (*Signed, error) { return nil, ErrForm }

// ParseSheet reads a signed sheet and checks all that needs no clock, map or keys: size, form, version, counts,
// the order of its times and the signature by its pseudonym. It does not check the pass.
func ParseSheet(raw []byte) (*Signed, error) { return nil, ErrForm }
