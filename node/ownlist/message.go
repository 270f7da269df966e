package ownlist

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"pieks/gossip"
	"pieks/gossip/wire"
	"pieks/node/booking"
)

// version is the only version of these messages.
const version = 1

// typeList is the external AAD of a list.
const typeList = "pieks/list/1"

// Status says whether there is a list in an answer.
type Status uint8

// The statuses of an answer. Only ok has a list.
const (
	statusOK        Status = 0
	statusMalformed Status = 1
	statusVersion   Status = 2
	statusBusy      Status = 3
	statusClosed    Status = 4
)

// Errors of a list, each with what to do next. A card that is none, or was revoked, is booking.ErrLicence.
var (
	ErrMalformed = errors.New("the practice does not understand the question: update this program")
	ErrVersion   = errors.New("the practice speaks another version: update this program or ask it to update")
	ErrBusy      = errors.New("the practice was asked too often: try again in a minute")
	ErrClosed    = errors.New("the practice gives no appointments away at the moment: call it")
	ErrList      = errors.New("the answer is not a list of this practice: try again")
)

func (s Status) err() error {
	switch s {
	case statusOK:
		return nil
	case statusMalformed:
		return ErrMalformed
	case statusVersion:
		return ErrVersion
	case statusBusy:
		return ErrBusy
	case statusClosed:
		return ErrClosed
	}
	return ErrList
}

type request struct {
	Version uint8    `cbor:"1,keyasint"`
	Nonce   [16]byte `cbor:"2,keyasint"`
}

type answer struct {
	Version uint8  `cbor:"1,keyasint"`
	Status  Status `cbor:"2,keyasint"`
	List    []byte `cbor:"3,keyasint"` // COSE_Sign1 by D of a list; empty without one
}

type list struct {
	Version   uint8            `cbor:"1,keyasint"`
	Nonce     [16]byte         `cbor:"2,keyasint"`
	Issued    uint64           `cbor:"3,keyasint"`
	Expires   uint64           `cbor:"4,keyasint"`
	Device    [32]byte         `cbor:"5,keyasint"`
	Relays    []string         `cbor:"6,keyasint"`
	Enrolment []byte           `cbor:"7,keyasint"`
	Slots     []booking.Listed `cbor:"8,keyasint"`
}

// readList reads a list that answers a question to a device, and checks its signature and its bounds.
func readList(data []byte, device [32]byte, nonce [16]byte) (list, error) {
	var l list
	if err := wire.VerifyObject(typeList, ed25519.PublicKey(device[:]), data, &l); err != nil {
		return l, fmt.Errorf("%w: %w", ErrList, err)
	}
	switch {
	case l.Version != version, l.Device != device:
		return l, fmt.Errorf("%w: of another version or device", ErrList)
	case l.Nonce != nonce:
		return l, fmt.Errorf("%w: an answer to another question", ErrList)
	}
	return l, l.check()
}

// check checks the bounds of the fields.
func (l list) check() error {
	if l.Expires > maxUnix || l.Expires <= l.Issued || l.Expires-l.Issued > uint64(maxGood/time.Second) ||
		len(l.Relays) > maxRelays || len(l.Enrolment) > maxEnrolment || len(l.Slots) > gossip.MaxSlots {
		return fmt.Errorf("%w: a field is out of its bounds", ErrList)
	}
	for _, r := range l.Relays {
		if r == "" || len(r) > maxRelayText {
			return fmt.Errorf("%w: a relay's name is out of its bounds", ErrList)
		}
	}
	seen := make(map[gossip.SlotID]bool, len(l.Slots))
	for _, s := range l.Slots {
		if s.Check() != nil || seen[s.ID] {
			return fmt.Errorf("%w: an appointment is out of its bounds", ErrList)
		}
		seen[s.ID] = true
	}
	return nil
}
