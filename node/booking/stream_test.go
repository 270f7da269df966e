package booking

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	p2pcrypto "github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"go.uber.org/goleak"

	"pieks/gossip/wire"
)

// loopback is a host with the production resource manager, under key when it is not nil.
func loopback(t testing.TB, key []byte) host.Host {
	t.Helper()
	opts := []libp2p.Option{libp2p.ListenAddrStrings("/ip4/127.0.0.1/udp/0/quic-v1"), libp2p.DisableMetrics(), libp2p.DisableRelay()}
	if key != nil {
		id, err := p2pcrypto.UnmarshalEd25519PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		opts = append(opts, libp2p.Identity(id))
	}
	h, err := libp2p.New(opts...)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// connected gives a patient's host that knows the practice's.
func connected(t testing.TB, to host.Host) host.Host {
	t.Helper()
	h := loopback(t, nil)
	if err := h.Connect(t.Context(), peer.AddrInfo{ID: to.ID(), Addrs: to.Addrs()}); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestOverRealStreams(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	k := newKit(t)
	defer k.close()
	k.offer(3)
	front, desk := loopback(t, k.p), loopback(t, k.practice.Device)
	defer front.Close()
	defer desk.Close()
	fs := k.front.Listen(front, nil)
	ds := k.desk.Listen(desk, func(c network.Conn) Origin { return Origin{Peer: c.RemotePeer().String()} })
	patient := connected(t, front)
	defer patient.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()

	taken := k.attempt(0)
	if err := k.book(k.attempt(0)); err != nil {
		t.Fatal(err)
	}
	a := k.attempt(0) // the next one
	talk := must[*Talk](t)(Dial(ctx, patient, front.ID()))
	if _, err := taken.Offer(must[[]byte](t)(talk.Ask(ctx, must[[]byte](t)(taken.Request()))), k.check(), k.clock.now()); !errors.Is(err, ErrTaken) {
		t.Fatalf("%v", err)
	}
	must[OfferView](t)(a.Offer(must[[]byte](t)(talk.Ask(ctx, must[[]byte](t)(a.Request()))), k.check(), k.clock.now()))
	must[Receipt](t)(a.Receipt(must[[]byte](t)(talk.Ask(ctx, must[[]byte](t)(a.Confirm(erika, k.clock.now())))), k.clock.now()))
	if err := talk.Close(); err != nil {
		t.Error(err)
	}

	if err := patient.Connect(ctx, peer.AddrInfo{ID: desk.ID(), Addrs: desk.Addrs()}); err != nil {
		t.Fatal(err)
	}
	talk = must[*Talk](t)(DialDesk(ctx, patient, desk.ID()))
	must[Receipt](t)(a.Receipt(must[[]byte](t)(talk.Ask(ctx, must[[]byte](t)(a.Order(ActionCancel, k.clock.now())))), k.clock.now()))
	if a.State() != Cancelled {
		t.Errorf("%v", a.State())
	}

	// Junk is answered once and the stream ends; a frame above the limit is not even read.
	talk = must[*Talk](t)(Dial(ctx, patient, front.ID()))
	if reply := must[[]byte](t)(talk.Ask(ctx, []byte("junk"))); RefusalIn(reply).Reason != ReasonMalformed {
		t.Errorf("%x", reply)
	}
	if _, err := talk.Ask(ctx, []byte("junk")); err == nil {
		t.Error("the stream goes on after junk")
	}
	talk = must[*Talk](t)(Dial(ctx, patient, front.ID()))
	if _, err := talk.Ask(ctx, make([]byte, MaxMessage+1)); err == nil {
		t.Error("a frame above the limit was read")
	}

	// Whoever waits for an answer is let go when the practice stops or the patient gives up.
	talk = must[*Talk](t)(Dial(ctx, patient, front.ID()))
	must[[]byte](t)(talk.Ask(ctx, must[[]byte](t)(k.attempt(0).Request())))
	if err := errors.Join(fs.Close(), ds.Close()); err != nil {
		t.Error(err)
	}
	if _, err := talk.Ask(ctx, must[[]byte](t)(k.attempt(0).Request())); err == nil {
		t.Error("a closed practice answers")
	}
	silent := func(s network.Stream) { _, _ = wire.ReadFrame(s, MaxMessage) }
	front.SetStreamHandler(ID, silent)
	talk = must[*Talk](t)(Dial(ctx, patient, front.ID()))
	short, stop := context.WithTimeout(ctx, 50*time.Millisecond)
	defer stop()
	if _, err := talk.Ask(short, []byte{1}); err == nil {
		t.Error("silence is an answer")
	}
}

// Twenty patients with a stream each want ten slots, one after the other on the same stream.
func TestContentionOverStreams(t *testing.T) {
	k := newKit(t)
	k.offer(10)
	front := loopback(t, k.p)
	defer front.Close()
	server := k.front.Listen(front, nil)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	sheet := k.sheet()
	var mu sync.Mutex
	booked := map[BookingID]bool{}
	var wg sync.WaitGroup
	for range 20 {
		patient := connected(t, front)
		wg.Go(func() {
			defer patient.Close()
			talk, err := Dial(ctx, patient, front.ID())
			if err != nil {
				t.Error(err)
				return
			}
			defer talk.Close()
			for _, slot := range sheet.Sheet.Slots {
				if r, ok := tryOne(ctx, t, k, talk, must[*Attempt](t)(NewAttempt(sheet, slotIDs(slot.ID), nil, k.clock.now()))); ok {
					mu.Lock()
					booked[r.Booking] = true
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if n := len(must[[]Booking](t)(k.ledger.Bookings())); n != 10 || len(booked) != 10 {
		t.Errorf("%d bookings, %d receipts for 10 slots", n, len(booked))
	}
}
