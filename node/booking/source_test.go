package booking

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestHoldsOfOneSourceAreBounded(t *testing.T) {
	k := newKit(t)
	k.offer(40)
	ask := func(from Origin, slot int) error {
		a := k.attempt(slot)
		_, err := a.Offer(k.sayAs(from, must[[]byte](t)(a.Request())), k.check(), k.clock.now())
		return err
	}
	bot := Origin{Peer: "bot"}
	var refused *RefusedError
	for i := range holdsPerPeer + 1 {
		err := ask(bot, i)
		if i < holdsPerPeer && err != nil {
			t.Fatal(err)
		}
		if i == holdsPerPeer && (!errors.As(err, &refused) || refused.Reason != ReasonLimit || refused.Until.IsZero()) {
			t.Errorf("hold %d: %v", i+1, err)
		}
	}
	if err := ask(Origin{Peer: "somebody"}, holdsPerPeer+1); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	for i := 6; i < 6+holdsPerSubnet; i++ {
		if err := ask(Origin{Peer: fmt.Sprint("peer ", i), Subnet: "net"}, i); err != nil {
			t.Fatal(err)
		}
	}
	if err := ask(Origin{Peer: "one more", Subnet: "net"}, 30); !errors.Is(err, ErrLimit) {
		t.Errorf("%v", err)
	}
	// Letting holds lapse again and again.
	for round := 1; ; round++ {
		k.clock.add(k.rules.Hold + time.Second)
		if err := k.ledger.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		err := ask(bot, 0)
		if errors.Is(err, ErrLimit) {
			break
		}
		if err != nil || round > 2*abandonedPerPeer {
			t.Fatalf("round %d: %v", round, err)
		}
		for i := 1; i < holdsPerPeer; i++ {
			_ = ask(bot, i)
		}
	}
	k.clock.add(abandonedWindow)
	if err := ask(bot, 0); err != nil {
		t.Errorf("an hour later: %v", err)
	}
	k.clock.add(k.rules.Hold + time.Second)
	for i := range 3 * holdsPerPeer { // whoever books is not limited
		a := k.attempt(0)
		from := Origin{Peer: "family"}
		must[OfferView](t)(a.Offer(k.sayAs(from, must[[]byte](t)(a.Request())), k.check(), k.clock.now()))
		if _, err := a.Receipt(k.sayAs(from, must[[]byte](t)(a.Confirm(erika, k.clock.now()))), k.clock.now()); err != nil {
			t.Fatalf("booking %d: %v", i, err)
		}
	}
}

func TestLapsesCountWithoutSweep(t *testing.T) {
	k := newKit(t)
	k.offer(1)
	k.rules.Hold = time.Minute
	for i := range abandonedPerPeer + 1 {
		k.clock.add(k.rules.Hold + time.Second)
		if err := k.askAs("bot", k.attempt(0)); err != nil {
			t.Fatalf("hold %d: %v", i, err)
		}
	}
	k.clock.add(2 * time.Minute)
	if err := k.askAs("bot", k.attempt(0)); !errors.Is(err, ErrLimit) {
		t.Errorf("%v", err)
	}
}
