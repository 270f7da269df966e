package gossip

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip/wire"
)

// SheetType is the external AAD of a signed sheet.
const SheetType = "pieks/sheet/1"

// SheetVersion is the only version this package reads and writes.
const SheetVersion = 1

// Sheet lists all open appointments of one practice pseudonym. It replaces the one of the same pseudonym with a
// lower Seq. Expires must never fall from one Seq to the next: withdraw appointments by a sheet without them, not by a
// shorter life, else a node that forgot the newer sheet could take up the older one again.
type Sheet struct {
	Version uint8    `cbor:"1,keyasint"`
	Pass    Pass     `cbor:"2,keyasint"`
	Area    string   `cbor:"3,keyasint"` // an area of the network's map
	Seq     uint64   `cbor:"4,keyasint"` // from 1
	Issued  uint64   `cbor:"5,keyasint"` // unix seconds
	Expires uint64   `cbor:"6,keyasint"` // unix seconds, by Rules.SheetExpiry
	Relays  []string `cbor:"7,keyasint"` // peer IDs in text form, where the practice keeps a circuit; at most 3
	Slots   []Slot   `cbor:"8,keyasint"` // ascending by id; at most 200
}

// IssuedAt is Issued as a time.
func (s *Sheet) IssuedAt() time.Time { return time.Unix(int64(s.Issued), 0).UTC() }

// ExpiresAt is Expires as a time.
func (s *Sheet) ExpiresAt() time.Time { return time.Unix(int64(s.Expires), 0).UTC() }

// Slot finds a slot by its id.
func (s *Sheet) Slot(id SlotID) (Slot, bool) {
	i, ok := slices.BinarySearchFunc(s.Slots, id, func(a Slot, id SlotID) int { return bytes.Compare(a.ID[:], id[:]) })
	if !ok {
		return Slot{}, false
	}
	return s.Slots[i], true
}

// Signed is a sheet with the bytes that were signed. It is shared between pools and must not be changed.
type Signed struct {
	Raw    []byte   // COSE_Sign1 as on the wire
	Sheet  Sheet    // what it says
	Hash   [32]byte // SHA-256 of Raw
	Region string   // of the area, by the map it was checked against; empty when it was not
}

// SignSheet signs s with the private key of its pseudonym, s.Pass.P. Version may be 0. The slots are put in order of
// their random ids, so their order tells nothing. It refuses what ParseSheet refuses, with the same errors.
func SignSheet(s Sheet, key ed25519.PrivateKey) (*Signed, error) {
	s.Version = SheetVersion
	s.Relays = append([]string{}, s.Relays...)
	s.Slots = append([]Slot{}, s.Slots...)
	slices.SortFunc(s.Slots, func(a, b Slot) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("sign a sheet: %w", err)
	}
	if len(key) != ed25519.PrivateKeySize || !bytes.Equal(key[32:], s.Pass.P[:]) {
		return nil, fmt.Errorf("sign a sheet with another key than its pass names: %w", ErrSignature)
	}
	raw, err := wire.SignObject(SheetType, key, &s)
	if err != nil {
		return nil, fmt.Errorf("sign a sheet: %w", err)
	}
	return &Signed{Raw: raw, Sheet: s, Hash: sha256.Sum256(raw)}, nil
}

// ParseSheet reads a signed sheet and checks all that needs no clock, map or issuer key: size, form, version, counts,
// the order of its times, and the signature by its pseudonym. It does not check the pass: a Validator does. The result
// keeps raw, which must not change afterwards.
func ParseSheet(raw []byte) (*Signed, error) {
	s, envelope, err := readSheet(raw)
	if err != nil {
		return nil, err
	}
	if envelope.Verify(SheetType, s.Sheet.Pass.Public()) != nil {
		return nil, ErrSignature
	}
	return s, nil
}

// readSheet does the cheap part of ParseSheet: all but the signature.
func readSheet(raw []byte) (*Signed, *wire.Envelope, error) {
	if len(raw) > MaxSheetBytes {
		return nil, nil, fmt.Errorf("%d bytes: %w", len(raw), ErrSize)
	}
	envelope, err := wire.ParseSigned(raw)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %v", ErrForm, err)
	}
	if v, ok := versionOf(envelope.Payload); ok && v != SheetVersion {
		return nil, nil, fmt.Errorf("version %d: %w", v, ErrVersion)
	}
	s := &Signed{Raw: raw}
	if s.Sheet, err = decodeSheet(envelope.Payload); err != nil {
		return nil, nil, err
	}
	if err := s.Sheet.check(); err != nil {
		return nil, nil, err
	}
	s.Hash = sha256.Sum256(raw)
	return s, envelope, nil
}

// versionOf reads the version, key 1 and so the first entry of the map, before the rest, of which another version may
// have more. It knows versions 0 to 23, which are one byte.
func versionOf(payload []byte) (uint8, bool) {
	const smallMap, version, largestByte = 0xa0, 0x01, 0x17
	if len(payload) < 3 || payload[0]&^0x1f != smallMap || payload[1] != version || payload[2] > largestByte {
		return 0, false
	}
	return payload[2], true
}

// check is what every honest node at any time finds the same about a sheet.
func (s *Sheet) check() error {
	switch {
	case s.Version != SheetVersion:
		return fmt.Errorf("version %d: %w", s.Version, ErrVersion)
	case len(s.Slots) > MaxSlots:
		return fmt.Errorf("%d slots: %w", len(s.Slots), ErrSize)
	case len(s.Relays) > MaxRelays:
		return fmt.Errorf("%d relays: %w", len(s.Relays), ErrSize)
	case len(s.Pass.Signature) != passSignatureBytes:
		return fmt.Errorf("%w: pass signature of %d bytes", ErrForm, len(s.Pass.Signature))
	case len(s.Area) == 0 || len(s.Area) > maxAreaText:
		return fmt.Errorf("%w: area", ErrForm)
	case s.Seq == 0, s.Issued >= s.Expires, s.Expires > maxInstant:
		return fmt.Errorf("number %d, issued %d, expires %d: %w", s.Seq, s.Issued, s.Expires, ErrTimes)
	}
	if err := checkRelays(s.Relays); err != nil {
		return err
	}
	return checkSlots(s.Slots)
}

func checkRelays(relays []string) error {
	for i, text := range relays {
		if len(text) > maxRelayText || slices.Contains(relays[:i], text) {
			return fmt.Errorf("%w: relays", ErrForm)
		}
		// In base58 a peer ID has one text. peer.Decode reads CIDs too, which have several and begin otherwise.
		if _, err := peer.Decode(text); err != nil || !strings.HasPrefix(text, "1") && !strings.HasPrefix(text, "Qm") {
			return fmt.Errorf("%w: relay is not a peer ID", ErrForm)
		}
	}
	return nil
}

func checkSlots(slots []Slot) error {
	for i := range slots {
		slot := &slots[i]
		if i > 0 && bytes.Compare(slots[i-1].ID[:], slot.ID[:]) >= 0 {
			return fmt.Errorf("%w: slots are not in ascending order of their ids", ErrForm)
		}
		if slot.Part > Evening || len(slot.Vaccine) == 0 || len(slot.Vaccine) > maxVaccineText {
			return fmt.Errorf("%w: slot %d", ErrForm, i)
		}
	}
	return nil
}
