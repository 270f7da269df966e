package booking

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// inDraw adds n slots and publishes them so that patients see them from noon on; it gives when their draw closes.
func (k *kit) inDraw(n int) time.Time {
	k.t.Helper()
	k.add(n)
	k.publish(noon.Add(-time.Minute))
	from, to := k.rules.DrawSpan(noon.Add(-time.Minute))
	if !from.Equal(noon) || !to.Equal(noon.Add(30*time.Second)) {
		k.t.Fatalf("draw from %v to %v", from, to)
	}
	return to
}

func (k *kit) askAs(peer string, a *Attempt) error {
	k.t.Helper()
	_, err := a.Offer(k.sayAs(Origin{Peer: peer}, must[[]byte](k.t)(a.Request())), k.check(), k.clock.now())
	return err
}

func (k *kit) until(t time.Time) { k.clock.add(t.Sub(k.clock.now())) }

func TestDrawIsFair(t *testing.T) {
	const rounds, patients = 60, 4
	var wins [patients]int
	for range rounds {
		k := newKit(t)
		closes := k.inDraw(1)
		var attempts [patients]*Attempt
		for i := range attempts {
			attempts[i] = k.attempt(0)
			err := k.askAs(fmt.Sprint("peer ", i), attempts[i])
			if !errors.Is(err, ErrWait) || !attempts[i].Retry().Equal(closes) || attempts[i].State() != Pending {
				t.Fatalf("%v, retry %v", err, attempts[i].Retry())
			}
		}
		k.until(closes)
		won := 0
		for i, a := range attempts {
			switch err := k.ask(a); {
			case err == nil:
				won++
				wins[i]++
			case !errors.Is(err, ErrTaken):
				t.Fatalf("patient %d: %v", i, err)
			}
		}
		if won != 1 {
			t.Fatalf("%d winners", won)
		}
		k.close()
	}
	for i, n := range wins {
		if n < 3 { // 15 expected; below 3 is one in 20,000
			t.Errorf("patient %d won %d of %d draws", i, n, rounds)
		}
	}
}

func TestDrawCollectsEarlyAndEndsOnTime(t *testing.T) {
	k := newKit(t)
	k.clock.add(-30 * time.Second) // published, and not yet shown
	closes := k.inDraw(2)
	early := k.attempt(0)
	if err := k.askAs("early", early); !errors.Is(err, ErrWait) {
		t.Fatalf("before the tick: %v", err)
	}
	if err := k.askAs("early", early); !errors.Is(err, ErrWait) {
		t.Fatalf("the same request again: %v", err)
	}
	k.until(closes.Add(-time.Millisecond))
	if err := k.askAs("late", k.attempt(0)); !errors.Is(err, ErrWait) {
		t.Fatalf("at the last moment: %v", err)
	}
	k.until(closes)
	first := k.attempt(1)
	if err := k.askAs("first", first); err != nil {
		t.Errorf("first come, first served after the draw: %v", err)
	}
	if err := k.askAs("third", k.attempt(0)); !errors.Is(err, ErrTaken) {
		t.Errorf("the drawn slot: %v", err)
	}
}

// The winner need not be there: Sweep draws, the hold is on disk, and it is the winner's until it ends.
func TestWinnerComesLater(t *testing.T) {
	k := newKit(t)
	closes := k.inDraw(1)
	a := k.attempt(0)
	if err := k.ask(a); !errors.Is(err, ErrWait) {
		t.Fatal(err)
	}
	k.until(closes)
	if err := k.ledger.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	k.reopen()
	k.clock.add(time.Minute)
	if err := k.ask(k.attempt(0)); !errors.Is(err, ErrTaken) {
		t.Errorf("somebody else: %v", err)
	}
	if err := k.book(a); err != nil {
		t.Errorf("the winner: %v", err)
	}
}

// A restart within the window forgets the candidates, who ask again, and keeps the window.
func TestRestartWithinADraw(t *testing.T) {
	k := newKit(t)
	closes := k.inDraw(1)
	a := k.attempt(0)
	if err := k.ask(a); !errors.Is(err, ErrWait) {
		t.Fatal(err)
	}
	k.reopen()
	b := k.attempt(0)
	if err := k.ask(b); !errors.Is(err, ErrWait) {
		t.Fatalf("the window is gone: %v", err)
	}
	k.until(closes)
	if err := k.ask(b); err != nil {
		t.Error(err)
	}
	if err := k.ask(a); !errors.Is(err, ErrTaken) {
		t.Error(err)
	}
}

func TestDrawGivesNoEdgeToMany(t *testing.T) {
	k := newKit(t)
	k.inDraw(2)
	if err := k.askAs("bot", k.attempt(0)); !errors.Is(err, ErrWait) {
		t.Fatal(err)
	}
	if err := k.askAs("bot", k.attempt(0)); !errors.Is(err, ErrLimit) {
		t.Errorf("a second key of one peer: %v", err)
	}
	if err := k.askAs("bot", k.attempt(1)); !errors.Is(err, ErrWait) {
		t.Errorf("another slot: %v", err)
	}
	for i := range drawsPerSubnet + 1 {
		a := k.attempt(0)
		_, err := a.Offer(k.sayAs(Origin{Peer: fmt.Sprint(i), Subnet: "net"}, must[[]byte](t)(a.Request())), k.check(), k.clock.now())
		if want := map[bool]error{true: ErrWait, false: ErrLimit}[i < drawsPerSubnet]; !errors.Is(err, want) {
			t.Errorf("peer %d of one net: %v", i, err)
		}
	}
}

func TestPairsInADraw(t *testing.T) {
	for range 8 {
		k := newKit(t)
		closes := k.inDraw(2)
		pair, single := k.attempt(0, 1), k.attempt(1)
		for _, a := range []*Attempt{pair, single} {
			if err := k.ask(a); !errors.Is(err, ErrWait) {
				t.Fatal(err)
			}
		}
		k.until(closes)
		errPair, errSingle := k.ask(pair), k.ask(single)
		if (errPair == nil) == (errSingle == nil) {
			t.Fatalf("pair %v, single %v", errPair, errSingle)
		}
		if free := k.ask(k.attempt(0)); (free == nil) != (errSingle == nil) {
			t.Errorf("the other half of the pair: %v", free)
		}
		k.close()
	}
}

func TestUnpublishedSlotIsNotGivenOut(t *testing.T) {
	k := newKit(t)
	k.add(1)
	if err := k.ask(k.attempt(0)); !errors.Is(err, ErrTaken) {
		t.Errorf("%v", err)
	}
	k.publish(noon.Add(-time.Hour))
	k.publish(noon) // a second sheet opens no second draw
	if err := k.ask(k.attempt(0)); err != nil {
		t.Errorf("%v", err)
	}
}

// A request that is being handled while the draw closes does not slip in before those who were collected.
func TestNobodyOvertakesADraw(t *testing.T) {
	k := newKit(t)
	closes := k.inDraw(1)
	a, b := k.attempt(0), k.attempt(0)
	if err := k.ask(a); !errors.Is(err, ErrWait) {
		t.Fatal(err)
	}
	msg := must[[]byte](t)(b.Request())
	before := closes.Add(-time.Millisecond)
	k.clock.next = []time.Time{before, before, closes}
	if got := RefusalIn(k.say(msg)); got == nil || got.Reason != ReasonTaken {
		t.Errorf("the late one: %v", got)
	}
	if err := k.ask(a); err != nil {
		t.Errorf("the collected one: %v", err)
	}
}
