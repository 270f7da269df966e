package ownlist

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"

	"pieks/card"
	"pieks/gossip/wire"
	"pieks/node/booking"
	nodehost "pieks/node/host"
)

// List is a list that was verified: what booking goes by, and what is shown of the practice.
type List struct {
	booking.OwnList
	Licence card.Licence
}

// Fetch asks the desk of a device for its list and verifies all of it as an offer is: signature, question, bounds, practice card, revocation. h must know
// an address of the desk, a circuit for example. An error that none of this package's and not booking.ErrLicence says that the desk was not reached.
func Fetch(ctx context.Context, h host.Host, device [32]byte, check booking.Check, now time.Time) (List, error) {
	id, err := nodehost.PeerID(device[:])
	if err != nil {
		return List{}, fmt.Errorf("%w: %w", ErrCode, err)
	}
	st, stop, err := nodehost.Stream(ctx, h, id, ProtocolID, ServiceName, streamTimeout)
	if err != nil {
		return List{}, fmt.Errorf("reach the practice: %w", err)
	}
	defer stop()
	return ask(st, device, check, now)
}

func ask(st network.Stream, device [32]byte, check booking.Check, now time.Time) (List, error) {
	r := request{Version: version}
	rand.Read(r.Nonce[:])
	if err := wire.WriteObject(st, r); err != nil {
		return List{}, fmt.Errorf("ask the practice: %w", err)
	}
	data, err := wire.ReadFrame(st, maxAnswerFrame)
	if errors.Is(err, wire.ErrFrameSize) {
		return List{}, fmt.Errorf("%w: %w", ErrList, err)
	}
	if err != nil {
		return List{}, fmt.Errorf("hear the practice: %w", err)
	}
	return read(data, device, r.Nonce, check, now)
}

// read verifies an answer.
func read(data []byte, device [32]byte, nonce [16]byte, check booking.Check, now time.Time) (List, error) {
	var a answer
	if err := wire.Unmarshal(data, &a); err != nil {
		return List{}, fmt.Errorf("%w: %w", ErrList, err)
	}
	if a.Version != version {
		return List{}, ErrVersion
	}
	if err := a.Status.err(); err != nil {
		return List{}, err
	}
	l, err := readList(a.List, device, nonce)
	if err != nil {
		return List{}, err
	}
	licence, err := check.Verify(l.Enrolment, device, now)
	if err != nil {
		return List{}, err
	}
	return List{Licence: *licence, OwnList: booking.OwnList{
		Device: device, Sealing: licence.Statement.Sealing, Relays: l.Relays, Expires: time.Unix(int64(l.Expires), 0), Slots: l.Slots,
	}}, nil
}
