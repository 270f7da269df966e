package disclosure

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip/wire"
	nodehost "pieks/node/host"
)

// Register tells relay the reference and the commitment, and returns when the registration ends. ErrTaken: draw a new code (Consent.Code
// = NewCode()) and try again. It may be repeated, and has to be when Collect says ErrUnknown: relays forget registrations when they are
// restarted.
func Register(ctx context.Context, h host.Host, relay peer.ID, c Consent) (until time.Time, err error) {
	return register(ctx, h, relay, c.Code.Reference(), c.Commitment(), false)
}

func register(ctx context.Context, h host.Host, relay peer.ID, reference string, c Commitment, dummy bool) (time.Time, error) {
	a, err := ask(ctx, h, relay, head{Kind: kindRegister, Reference: reference, Commitment: c[:], Dummy: dummy}, 0, nil)
	if err != nil {
		return time.Time{}, fmt.Errorf("register a disclosure: %w", err)
	}
	return time.Unix(int64(a.Until), 0), nil
}

// Lookup is the professional's question of what stands under the code. ErrUnknown from one relay leaves the others: a spoken code does
// not say which one the patient has.
func Lookup(ctx context.Context, h host.Host, relay peer.ID, code Code) (Registered, error) {
	a, err := ask(ctx, h, relay, head{Kind: kindLookup, Reference: code.Reference()}, 0, nil)
	if err != nil {
		return Registered{}, fmt.Errorf("look up a disclosure: %w", err)
	}
	return Registered{Relay: relay, Reference: code.Reference(), Commitment: Commitment(a.Commitment), Until: time.Unix(int64(a.Until), 0)}, nil
}

// Deliver hands the signed authorisation to the relay on which it was looked up.
func Deliver(ctx context.Context, h host.Host, r Registered, cms []byte) error {
	if _, err := ask(ctx, h, r.Relay, head{Kind: kindDeliver, Reference: r.Reference}, authorisationBytes, signature{CMS: cms}); err != nil {
		return fmt.Errorf("deliver a signature: %w", err)
	}
	return nil
}

// Collect asks for the authorisation. ErrPending: ask again after CollectEvery. ErrUnknown: Register again. What it gives
// is unchecked: Consent.Check.
func Collect(ctx context.Context, h host.Host, relay peer.ID, c Consent) ([]byte, error) {
	return collect(ctx, h, relay, c.Code.Reference(), c.Commitment(), false)
}

func collect(ctx context.Context, h host.Host, relay peer.ID, reference string, c Commitment, dummy bool) ([]byte, error) {
	a, err := ask(ctx, h, relay, head{Kind: kindCollect, Reference: reference, Commitment: c[:], Dummy: dummy}, 0, nil)
	if err != nil {
		return nil, fmt.Errorf("collect a signature: %w", err)
	}
	return a.CMS, nil
}

// Post hands over data, secret and authorisation, which was checked, and returns when the relay has them on its disk. ErrSpent after a
// lost answer means that they are. Destroy the consent then.
func Post(ctx context.Context, h host.Host, relay peer.ID, c Consent, cms []byte) error {
	return post(ctx, h, relay, parcel{Data: c.Data, Secret: c.Secret, CMS: cms}, false)
}

func post(ctx context.Context, h host.Host, relay peer.ID, p parcel, dummy bool) error {
	if _, err := ask(ctx, h, relay, head{Kind: kindPost, Dummy: dummy}, packageBytes, p); err != nil {
		return fmt.Errorf("post a disclosure: %w", err)
	}
	return nil
}

// ask sends a head, and a second frame of size bytes where there is one, and reads the answer.
func ask(ctx context.Context, h host.Host, relay peer.ID, first head, size int, second any) (answer, error) {
	var a answer
	first.Version = version
	st, stop, err := nodehost.Stream(ctx, h, relay, ProtocolID, ServiceName, streamTimeout)
	if err != nil {
		return a, err
	}
	defer stop()
	if err := send(st, first, size, second); err != nil {
		return a, err
	}
	return readAnswer(st, first.Kind)
}

func send(st network.Stream, first head, size int, second any) error {
	if err := writePadded(st, headBytes, first); err != nil || second == nil {
		return err
	}
	return writePadded(st, size, second)
}

func readAnswer(st network.Stream, k kind) (answer, error) {
	var a answer
	if err := readPadded(st, answerSize(k), &a); err != nil {
		if errors.Is(err, wire.ErrEncoding) || errors.Is(err, wire.ErrFrameSize) {
			return a, fmt.Errorf("%w (%w)", ErrAnswer, err)
		}
		return a, err
	}
	return a, checkAnswer(k, a)
}
