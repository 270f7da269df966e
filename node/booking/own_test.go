package booking

import (
	"errors"
	"sync"
	"testing"
	"time"

	"pieks/gossip"
)

// keep brings the own list up to date.
func (k *kit) keep(unreached bool) {
	k.t.Helper()
	if err := k.ledger.KeepOwn(k.t.Context(), public(k.practice.Device), unreached); err != nil {
		k.t.Fatal(err)
	}
}

func (k *kit) ownFront() *OwnFront {
	k.t.Helper()
	return must[*OwnFront](k.t)(NewOwnFront(DeskConfig{Ledger: k.ledger, Practice: k.practice}))
}

// ownList is what a patient has of the own list now.
func (k *kit) ownList() OwnList {
	k.t.Helper()
	slots, until, err := k.ledger.OwnList()
	if err != nil {
		k.t.Fatal(err)
	}
	return OwnList{Device: public(k.practice.Device), Sealing: [32]byte{9}, Relays: []string{"12D3KooWRelayOne"}, Expires: until, Slots: slots}
}

func (k *kit) ownAttempt(n ...int) *Attempt {
	k.t.Helper()
	list := k.ownList()
	var ids []gossip.SlotID
	for _, i := range n {
		ids = append(ids, list.Slots[i].ID)
	}
	return must[*Attempt](k.t)(NewOwnAttempt(list, ids, []string{"12D3KooWMailbox"}, k.clock.now()))
}

// sayOwn hands a message to the desk's front.
func (k *kit) sayOwn(msg []byte) []byte {
	k.t.Helper()
	return must[[]byte](k.t)(k.ownFront().Handle(k.t.Context(), Origin{}, msg))
}

func (k *kit) askOwn(a *Attempt) error {
	k.t.Helper()
	_, err := a.Offer(k.sayOwn(must[[]byte](k.t)(a.Request())), k.check(), k.clock.now())
	return err
}

// An appointment is in the own list only once everybody could have asked for it, or when nobody can be told of it.
func TestOwnListWaitsForThePublic(t *testing.T) {
	k := newKit(t)
	ids := k.add(2)
	listed := func() int { k.keep(false); return len(k.ownList().Slots) }
	if n := listed(); n != 0 {
		t.Fatalf("%d listed that stand in no sheet", n)
	}
	k.publish(k.clock.now())
	_, closes := k.rules.DrawSpan(k.clock.now())
	if n := listed(); n != 0 {
		t.Fatalf("%d listed before the draw", n)
	}
	k.keep(true)
	if n := len(k.ownList().Slots); n != 0 {
		t.Fatalf("%d listed before the draw, since no relay is reached", n)
	}
	k.clock.add(closes.Sub(k.clock.now()) - time.Second)
	if n := listed(); n != 0 {
		t.Fatalf("%d listed during the draw", n)
	}
	k.clock.add(time.Second)
	if n := listed(); n != 2 {
		t.Fatalf("%d listed after the draw", n)
	}
	if _, err := k.ledger.Block(t.Context(), ids[:1]); err != nil || listed() != 1 {
		t.Fatalf("a blocked one is listed: %v", err)
	}
	k.add(1)
	if n := listed(); n != 1 {
		t.Fatalf("%d listed, a new one among them", n)
	}
	k.keep(true)
	if n := len(k.ownList().Slots); n != 2 {
		t.Fatalf("%d listed without a relay", n)
	}
	k.keep(false)
	k.reopen()
	if n := len(k.ownList().Slots); n != 2 {
		t.Errorf("%d listed after a restart", n)
	}
}

// A visit that is cancelled and offered again goes to the public first.
func TestOwnListOfWhatIsOfferedAgain(t *testing.T) {
	k := newKit(t)
	k.offer(1)
	k.keep(false)
	a := k.attempt(0)
	if err := k.book(a); err != nil {
		t.Fatal(err)
	}
	k.keep(false)
	if n := len(k.ownList().Slots); n != 0 {
		t.Fatalf("a booked one is listed")
	}
	all := must[[]Booking](t)(k.ledger.Bookings())
	if _, err := k.desk.Cancel(t.Context(), all[0].ID, "", true); err != nil {
		t.Fatal(err)
	}
	k.keep(false)
	if n := len(k.ownList().Slots); n != 0 {
		t.Fatal("listed before the public could ask for it again")
	}
}

// Booked in one is taken in the other, whoever is first; and of many at both at once one gets it.
func TestOneAppointmentInBothLists(t *testing.T) {
	k := newKit(t)
	k.offer(3)
	k.keep(false)
	own, public := k.ownAttempt(0), k.attempt(0)
	if err := k.askOwn(own); err != nil {
		t.Fatal(err)
	}
	if err := k.ask(public); !errors.Is(err, ErrTaken) {
		t.Errorf("the sheet's after the list's: %v", err)
	}
	if _, err := own.Receipt(k.sayOwn(must[[]byte](t)(own.Confirm(erika, k.clock.now()))), k.clock.now()); err != nil {
		t.Fatal(err)
	}
	if len(k.ownList().Slots) != 2 || len(k.sheet().Sheet.Slots) != 2 {
		t.Error("what was booked is still listed")
	}
	own, public = k.ownAttempt(0), k.attempt(0)
	if err := k.ask(public); err != nil {
		t.Fatal(err)
	}
	if err := k.askOwn(own); !errors.Is(err, ErrTaken) {
		t.Errorf("the list's after the sheet's: %v", err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for n := range 32 {
		ask, a := k.ask, k.attempt(1)
		if n%2 == 0 {
			ask, a = k.askOwn, k.ownAttempt(1)
		}
		wg.Go(func() {
			if err := ask(a); err == nil {
				mu.Lock()
				won++
				mu.Unlock()
			} else if !errors.Is(err, ErrTaken) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d hold one appointment", won)
	}
}

// A token of one list says nothing in the other, and the ids of the two have nothing in common.
func TestTokensOfOneListAreUselessInTheOther(t *testing.T) {
	k := newKit(t)
	k.offer(2)
	k.keep(false)
	for _, a := range k.sheet().Sheet.Slots {
		for _, b := range k.ownList().Slots {
			if a.ID == b.ID {
				t.Error("one id in both lists")
			}
		}
	}
	own, public := k.ownAttempt(0), k.attempt(0)
	if _, err := own.Offer(k.say(must[[]byte](t)(own.Request())), k.check(), k.clock.now()); !errors.Is(err, ErrTaken) {
		t.Errorf("the list's token at the front: %v", err)
	}
	if _, err := public.Offer(k.sayOwn(must[[]byte](t)(public.Request())), k.check(), k.clock.now()); !errors.Is(err, ErrTaken) {
		t.Errorf("the sheet's token at the desk: %v", err)
	}
	again := k.attempt(0)
	if err := k.ask(again); err != nil {
		t.Fatal(err)
	}
	if reply := k.sayOwn(must[[]byte](t)(again.Request())); RefusalIn(reply) == nil || RefusalIn(reply).Reason != ReasonReused {
		t.Error("a key of the front was answered at the desk")
	}
	if reply := k.sayOwn(must[[]byte](t)(again.Confirm(erika, k.clock.now()))); RefusalIn(reply) == nil || RefusalIn(reply).Reason != ReasonExpired {
		t.Error("an offer of the front was booked at the desk")
	}
}

// Tokens live for one to two epochs, and longer while a hold stands; then their secret is erased. The practice's pseudonyms are not concerned.
func TestOwnListRotates(t *testing.T) {
	k := newKit(t)
	k.offer(2)
	k.keep(false)
	first := k.ownList()
	late, until := k.rules.EpochStart(k.rules.EpochAt(k.clock.now())+1), first.Expires
	if until.Sub(late) != k.rules.Epoch {
		t.Fatalf("tokens are good until %s", until)
	}
	k.clock.add(late.Sub(k.clock.now()))
	k.keep(false)
	numbers := k.ledger.own()
	if len(numbers) != 2 {
		t.Fatalf("epochs %v", numbers)
	}
	second := k.ownList()
	if len(second.Slots) != 2 || second.Slots[0].ID == first.Slots[0].ID || !second.Expires.After(until) {
		t.Fatalf("%+v after %+v", second, first)
	}
	held := must[*Attempt](t)(NewOwnAttempt(first, slotIDs(first.Slots[0].ID), nil, k.clock.now()))
	k.reopen()
	if err := k.askOwn(held); err != nil {
		t.Fatalf("a token of the last epoch: %v", err)
	}
	confirm := must[[]byte](t)(held.Confirm(erika, k.clock.now()))
	if _, err := held.Receipt(k.sayOwn(confirm), k.clock.now()); err != nil {
		t.Fatal(err)
	}
	if got := k.ledger.Epochs(); len(got) != 1 || got[0] != k.epoch {
		t.Errorf("pseudonyms' epochs %v", got)
	}
	k.clock.add(until.Sub(k.clock.now()))
	k.keep(false)
	if now := k.ledger.own(); len(now) != 2 || now[0] != numbers[1] {
		t.Errorf("epochs %v: the secrets of old ones are kept", now)
	}
	if _, kept := k.store.Keys().Get(numbers[0], nameSecret); kept {
		t.Error("an old secret is in the key file")
	}
	// A confirm that is said again when its hold and its secret are gone still gets its booking.
	if m := must[Message](t)(Decode(k.sayOwn(confirm))); m.Kind != KindReceipt {
		t.Errorf("a repeated confirm got kind %d", m.Kind)
	}
}

// An epoch of the list outlives its time while an offer of it stands.
func TestOwnHoldsOutliveTheirEpoch(t *testing.T) {
	k := newKit(t)
	k.rules.Epoch = time.Hour
	k.offer(1)
	k.keep(false)
	list := k.ownList()
	k.clock.add(list.Expires.Add(-time.Minute).Sub(k.clock.now()))
	k.keep(false)
	held := must[*Attempt](t)(NewOwnAttempt(list, slotIDs(list.Slots[0].ID), nil, k.clock.now()))
	if err := k.askOwn(held); err != nil {
		t.Fatal(err)
	}
	k.clock.add(2 * time.Minute)
	k.keep(false)
	if got := k.ledger.own(); len(got) != 3 {
		t.Fatalf("%v: the epoch ended under an offer", got)
	}
	if _, err := held.Receipt(k.sayOwn(must[[]byte](t)(held.Confirm(erika, k.clock.now()))), k.clock.now()); err != nil {
		t.Error(err)
	}
	k.keep(false)
	if got := k.ledger.own(); len(got) != 2 {
		t.Errorf("%v after the hold", got)
	}
}

// An offer for the own list is refused by anybody but D, at another time, with other goods; the area is not asked for.
func TestWrongOffersOfTheOwnList(t *testing.T) {
	k := newKit(t)
	k.offer(1)
	k.keep(false)
	d, x := k.practice.Device, seeded("X")
	check := k.check()
	check.InArea = func(string, string) bool { return false }
	for name, c := range map[string]struct {
		want error
		make func(reply []byte) []byte
	}{
		"as it came":     {want: nil, make: func(reply []byte) []byte { return reply }},
		"other front":    {want: ErrOffer, make: func(r []byte) []byte { return rewrap(t, r, d, x, func(*Offer) {}) }},
		"other device":   {want: ErrOffer, make: func(r []byte) []byte { return rewrap(t, r, x, d, func(*Offer) {}) }},
		"another's card": {want: ErrLicence, make: func(r []byte) []byte { return rewrap(t, r, x, d, func(o *Offer) { o.Device = public(x) }) }},
		"minute later":   {want: ErrOffer, make: func(r []byte) []byte { return rewrap(t, r, d, d, func(o *Offer) { o.Visits[0].Start += 60 }) }},
		"shorter":        {want: ErrOffer, make: func(r []byte) []byte { return rewrap(t, r, d, d, func(o *Offer) { o.Visits[0].End -= 60 }) }},
		"other vaccine":  {want: ErrOffer, make: func(r []byte) []byte { return rewrap(t, r, d, d, func(o *Offer) { o.Visits[0].Vaccine = "mmr" }) }},
		"other dose":     {want: ErrOffer, make: func(r []byte) []byte { return rewrap(t, r, d, d, func(o *Offer) { o.Visits[0].Dose = 2 }) }},
	} {
		a := k.ownAttempt(0)
		reply := c.make(k.sayOwn(must[[]byte](t)(a.Request())))
		kept := must[*Attempt](t)(UnmarshalAttempt(must[[]byte](t)(a.Marshal())))
		for _, a := range []*Attempt{a, kept} {
			if _, err := a.Offer(reply, check, k.clock.now()); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
		}
		k.clock.add(k.rules.Hold + time.Minute)
	}
	// Another practice with a card of its own, whose offer D has signed.
	k.licence.Statement.Device = public(x)
	a := k.ownAttempt(0)
	theirs := rewrap(t, k.sayOwn(must[[]byte](t)(a.Request())), x, d, func(o *Offer) { o.Device = public(x) })
	if _, err := a.Offer(theirs, check, k.clock.now()); !errors.Is(err, ErrOffer) {
		t.Errorf("another practice: %v", err)
	}
}
