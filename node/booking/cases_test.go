package booking

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"pieks/card"
	"pieks/gossip/wire"
)

func TestFourMessages(t *testing.T) {
	k := newKit(t)
	k.offer(3)
	a := k.attempt(1)
	if a.State() != Pending || a.Deadline().IsZero() {
		t.Error("a new attempt is pending until its sheet ends")
	}
	view, err := a.Offer(k.say(must[[]byte](t)(a.Request())), k.check(), k.clock.now())
	if err != nil {
		t.Fatal(err)
	}
	if got := view.Visits[0].Start.Format("2006-01-02 15:04 MST"); got != "2026-10-06 09:10 CEST" {
		t.Errorf("offered for %s", got)
	}
	if view.Licence.Statement.Name != "Praxis Dr. Beispiel" || !view.Until.Equal(k.clock.now().Add(k.rules.Hold)) || a.State() != Offered {
		t.Errorf("%+v, %v", view, a.State())
	}
	confirm := must[[]byte](t)(a.Confirm(erika, k.clock.now()))
	r := must[Receipt](t)(a.Receipt(k.say(confirm), k.clock.now()))
	if a.State() != Booked || r.Revision != 1 || r.State != Booked {
		t.Errorf("%v %+v", a.State(), r)
	}
	bookings := must[[]Booking](t)(k.ledger.Bookings())
	if len(bookings) != 1 || bookings[0].Patient != erika || bookings[0].ID != r.Booking || bookings[0].Key != a.Key() {
		t.Fatalf("%+v", bookings)
	}
	code := a.Visits()[0].Code
	for _, text := range []string{code.Digits(), code.Words(), code.QR()} {
		v, err := k.ledger.Verify(t.Context(), text)
		if text == code.Digits() && (err != nil || v.Booking.ID != r.Booking) {
			t.Errorf("%v %+v", err, v)
		}
		if text != code.Digits() && (err != ErrUsed || !v.Used.Equal(k.clock.now())) {
			t.Errorf("second redemption: %v %+v", err, v)
		}
	}
	if got := k.ledger.Appointments()[1].Status; got != SlotAttended {
		t.Errorf("appointment is %v", got)
	}
}

func TestTwoDosesBothOrNone(t *testing.T) {
	k := newKit(t)
	k.offer(3)
	one := k.attempt(1)
	both := k.attempt(0, 1)
	other := k.attempt(2, 1)
	if err := k.book(both); err != nil {
		t.Fatal(err)
	}
	visits := both.Visits()
	if len(visits) != 2 || visits[0].Code.Digits() == visits[1].Code.Digits() {
		t.Fatalf("%+v", visits)
	}
	for _, a := range []*Attempt{one, other} {
		if err := k.ask(a); !errors.Is(err, ErrTaken) || a.State() != Taken {
			t.Errorf("%v %v", err, a.State())
		}
	}
	if got := k.ledger.Appointments()[2].Status; got != SlotOpen {
		t.Errorf("half of a refused pair is %v", got)
	}
	for i, v := range visits {
		got, err := k.ledger.Verify(t.Context(), v.Code.Words())
		if err != nil || got.Visit != i {
			t.Errorf("visit %d: %v %+v", i, err, got)
		}
	}
	if _, err := NewAttempt(k.sheet(), nil, nil, noon); err != ErrSlots {
		t.Error(err)
	}
}

// Case 18.
func TestHundredPatientsOneSlot(t *testing.T) {
	k := newKit(t)
	k.offer(1)
	attempts := make([]*Attempt, 100)
	for i := range attempts {
		attempts[i] = k.attempt(0)
	}
	var mu sync.Mutex
	results := map[State]int{}
	var wg sync.WaitGroup
	for _, a := range attempts {
		wg.Go(func() {
			err := k.book(a)
			mu.Lock()
			defer mu.Unlock()
			results[a.State()]++
			if err != nil && !errors.Is(err, ErrTaken) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if !reflect.DeepEqual(results, map[State]int{Booked: 1, Taken: 99}) {
		t.Errorf("%v", results)
	}
	if n := len(must[[]Booking](t)(k.ledger.Bookings())); n != 1 {
		t.Errorf("%d bookings", n)
	}
}

// Case 19.
func TestWrongNonceVoidsTheHold(t *testing.T) {
	k := newKit(t)
	k.offer(1)
	a := k.attempt(0)
	if err := k.ask(a); err != nil {
		t.Fatal(err)
	}
	a.d.Nonce[0] ^= 1
	_, err := a.Receipt(k.say(must[[]byte](t)(a.Confirm(erika, k.clock.now()))), k.clock.now())
	if !errors.Is(err, ErrCommit) || a.State() != Refused || !errors.Is(a.Err(), ErrCommit) {
		t.Errorf("%v %v", err, a.State())
	}
	a.d.Nonce[0] ^= 1
	a.d.State = Confirmed
	a.d.Confirm = nil
	a.d.State = Offered
	if _, err := a.Receipt(k.say(must[[]byte](t)(a.Confirm(erika, k.clock.now()))), k.clock.now()); !errors.Is(err, ErrExpired) {
		t.Errorf("the right nonce after a wrong one: %v", err)
	}
	k.reopen()
	if err := k.book(k.attempt(0)); err != nil {
		t.Errorf("the slot is not free again: %v", err)
	}
}

// Case 20: whoever sits between asks with an own key and hands the answer on.
func TestForgedRequestIsNoticed(t *testing.T) {
	k := newKit(t)
	k.offer(1)
	a := k.attempt(0)
	between := k.attempt(0)
	reply := k.say(must[[]byte](t)(between.Request()))
	if _, err := a.Offer(reply, k.check(), k.clock.now()); !errors.Is(err, ErrOffer) {
		t.Errorf("%v", err)
	}
	// Second line of defence: were the offer believed, the codes would differ.
	offer, _, err := readOffer(must[Message](t)(Decode(reply)).Body, public(k.p))
	if err != nil {
		t.Fatal(err)
	}
	token := a.Tokens()[0]
	mine := must[Code](t)(DeriveCode(token, a.d.Nonce, offer.Nonce, Transcript(token, a.Key(), Commit(a.Tokens(), a.Key(), a.d.Nonce), offer.Nonce)))
	theirs := must[Code](t)(DeriveCode(token, between.d.Nonce, offer.Nonce, offer.Visits[0].Transcript))
	if mine.Number == theirs.Number || mine.MAC == theirs.MAC {
		t.Error("the codes agree")
	}
}

// rewrap changes an offer and signs it again by the given keys.
func rewrap(t *testing.T, reply []byte, d, p ed25519.PrivateKey, change func(*Offer)) []byte {
	t.Helper()
	outer := must[*wire.Envelope](t)(wire.ParseSigned(must[Message](t)(Decode(reply)).Body))
	inner := must[*wire.Envelope](t)(wire.ParseSigned(outer.Payload))
	var o Offer
	if err := wire.Unmarshal(inner.Payload, &o); err != nil {
		t.Fatal(err)
	}
	change(&o)
	signed := must[[]byte](t)(wire.SignObject(TypeOffer, d, o))
	return must[[]byte](t)(Encode(KindOffer, must[[]byte](t)(wire.Sign(TypeOfferFront, p, signed))))
}

// Cases 21 and 22, and every other way in which an offer can be wrong: nothing personal leaves.
func TestWrongOffersAreRefused(t *testing.T) {
	k := newKit(t)
	k.offer(1)
	d, p, x := k.practice.Device, k.p, seeded("X")
	same := func(*Offer) {}
	for name, c := range map[string]struct {
		d, p   ed25519.PrivateKey
		change func(*Offer)
		check  func(*Check)
		want   error
	}{
		"other front":       {d, x, same, nil, ErrOffer},
		"other device":      {x, p, same, nil, ErrOffer},
		"device of X":       {x, p, func(o *Offer) { o.Device = public(x) }, nil, ErrLicence},
		"offer for front X": {d, p, func(o *Offer) { o.Front = public(x) }, nil, ErrOffer},
		"offer of X whole":  {x, x, func(o *Offer) { o.Device, o.Front = public(x), public(x) }, nil, ErrOffer},
		"other key":         {d, p, func(o *Offer) { o.Key[0] ^= 1 }, nil, ErrOffer},
		"other nonce":       {d, p, func(o *Offer) { o.Nonce[0] ^= 1 }, nil, ErrOffer},
		"other token":       {d, p, func(o *Offer) { o.Visits[0].Token[0] ^= 1 }, nil, ErrOffer},
		"two visits":        {d, p, func(o *Offer) { o.Visits = append(o.Visits, o.Visits[0]) }, nil, ErrOffer},
		"no visit":          {d, p, func(o *Offer) { o.Visits = nil }, nil, ErrOffer},
		"other day":         {d, p, func(o *Offer) { o.Visits[0].Start += 86400; o.Visits[0].End += 86400 }, nil, ErrOffer},
		"other vaccine":     {d, p, func(o *Offer) { o.Visits[0].Vaccine = "spikevax" }, nil, ErrOffer},
		"ends first":        {d, p, func(o *Offer) { o.Visits[0].End = o.Visits[0].Start }, nil, ErrOffer},
		"other zone":        {d, p, func(o *Offer) { o.Zone = "Europe/London" }, nil, ErrOffer},
		"version 2":         {d, p, func(o *Offer) { o.Version = 2 }, nil, ErrOffer},
		"bad card":          {d, p, func(o *Offer) { o.Enrolment = []byte("nothing") }, nil, ErrLicence},
		"expired card": {d, p, same, func(c *Check) {
			c.Licence = func([]byte, time.Time) (*card.Licence, error) { return nil, errNoLicence }
		}, ErrLicence},
		"revoked device": {d, p, same, func(c *Check) { c.Revoked = func([32]byte) bool { return true } }, ErrLicence},
		"other area":     {d, p, same, func(c *Check) { c.InArea = func(_, _ string) bool { return false } }, ErrArea},
	} {
		a := k.attempt(0)
		good := k.say(must[[]byte](t)(a.Request()))
		check := k.check()
		if c.check != nil {
			c.check(&check)
		}
		if _, err := a.Offer(rewrap(t, good, c.d, c.p, c.change), check, k.clock.now()); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if _, err := a.Confirm(erika, k.clock.now()); err == nil {
			t.Errorf("%s: personal data left", name)
		}
		if _, err := a.Offer(good, k.check(), k.clock.now()); err != nil {
			t.Errorf("%s: the good offer after it: %v", name, err)
		}
		k.clock.add(k.rules.Hold + time.Second) // the slot is free for the next one
	}
}

// Case 23.
func TestTooLate(t *testing.T) {
	k := newKit(t)
	k.offer(1)
	a := k.attempt(0)
	reply := k.say(must[[]byte](t)(a.Request()))
	if _, err := a.Offer(reply, k.check(), k.clock.now().Add(k.rules.Hold+maxSkew+time.Second)); !errors.Is(err, ErrExpired) || a.State() != Expired {
		t.Errorf("an offer after its end: %v %v", err, a.State())
	}
	k.clock.add(k.rules.Hold + time.Second)
	b := k.attempt(0)
	if err := k.ask(b); err != nil {
		t.Fatalf("the slot is not free again: %v", err)
	}
	k.clock.add(k.rules.Hold)
	confirm := must[[]byte](t)(b.Confirm(erika, k.clock.now())) // at the last second
	k.clock.add(time.Second)
	if _, err := b.Receipt(k.say(confirm), k.clock.now()); !errors.Is(err, ErrExpired) || b.State() != Expired {
		t.Errorf("one second late: %v %v", err, b.State())
	}
	c := k.attempt(0)
	if err := k.ask(c); err != nil {
		t.Fatal(err)
	}
	k.clock.add(k.rules.Hold)
	if _, err := c.Receipt(k.say(must[[]byte](t)(c.Confirm(erika, k.clock.now()))), k.clock.now()); err != nil {
		t.Errorf("at the last second: %v", err)
	}
}

// A clock that goes back does not bring back a hold whose slot another patient has.
func TestClockGoesBack(t *testing.T) {
	k := newKit(t)
	k.offer(1)
	a := k.attempt(0)
	if err := k.ask(a); err != nil {
		t.Fatal(err)
	}
	k.clock.add(k.rules.Hold + time.Second)
	b := k.attempt(0)
	if err := k.ask(b); err != nil {
		t.Fatal(err)
	}
	k.clock.add(-k.rules.Hold)
	confirm := must[[]byte](t)(a.Confirm(erika, k.clock.now()))
	if _, err := a.Receipt(k.say(confirm), k.clock.now()); !errors.Is(err, ErrExpired) {
		t.Errorf("%v", err)
	}
	if _, err := b.Receipt(k.say(must[[]byte](t)(b.Confirm(erika, k.clock.now()))), k.clock.now()); err != nil {
		t.Error(err)
	}
}

// Case 24, before and after the confirm, at once and after a restart.
func TestRepeatsGetTheSameAnswer(t *testing.T) {
	k := newKit(t)
	k.offer(2)
	a := k.attempt(0)
	request := must[[]byte](t)(a.Request())
	offer := k.say(request)
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if !bytes.Equal(k.say(request), offer) {
				t.Error("another offer")
			}
		})
	}
	wg.Wait()
	must[OfferView](t)(a.Offer(offer, k.check(), k.clock.now()))
	confirm := must[[]byte](t)(a.Confirm(erika, k.clock.now()))
	receipts := make([][]byte, 20)
	for i := range receipts {
		wg.Go(func() { receipts[i] = k.say(confirm) })
	}
	wg.Wait()
	k.reopen()
	k.clock.add(time.Hour)
	receipts = append(receipts, k.say(confirm))
	for _, r := range receipts {
		if !bytes.Equal(r, receipts[0]) || RefusalIn(r) != nil {
			t.Fatal("another receipt")
		}
	}
	if !bytes.Equal(k.say(request), offer) {
		t.Error("another offer after the restart")
	}
	if _, err := a.Receipt(receipts[0], k.clock.now()); err != nil {
		t.Error(err)
	}
	if n := len(must[[]Booking](t)(k.ledger.Bookings())); n != 1 {
		t.Errorf("%d bookings", n)
	}
	// The same key asks for something else.
	b := k.attempt(0) // the second appointment: the first is booked
	b.d.Seed, b.key = a.d.Seed, a.key
	if err := k.ask(b); !errors.Is(err, ErrReused) {
		t.Errorf("%v", err)
	}
}

// Case 26 and 27: one answer for unknown, expired, cancelled and used up; delays that grow; a dead reference.
func TestWrongCodes(t *testing.T) {
	k := newKit(t)
	k.offer(3)
	a, b, c := k.attempt(0), k.attempt(1), k.attempt(2)
	for _, x := range []*Attempt{a, b, c} {
		if err := k.book(x); err != nil {
			t.Fatal(err)
		}
	}
	verify := func(code string) error { _, err := k.ledger.Verify(t.Context(), code); return err }
	number := func(n uint64) string { return Code{Number: n}.Digits() }
	if err := verify("085911-0559-8"); err != ErrTypo {
		t.Errorf("a typing error: %v", err)
	}
	order := must[[]byte](t)(b.Order(ActionCancel, k.clock.now()))
	if _, err := b.Receipt(must[[]byte](t)(k.desk.Handle(t.Context(), Origin{}, order)), k.clock.now()); err != nil || b.State() != Cancelled {
		t.Fatalf("%v %v", err, b.State())
	}
	forged := *a.Visits()[0].Code
	forged.MAC[15] ^= 1
	for _, code := range []string{number(1), forged.QR(), b.Visits()[0].Code.QR(), b.Visits()[0].Code.Words()} {
		if err := verify(code); err != ErrNotValid {
			t.Errorf("%s: %v", code, err)
		}
	}
	var locked *LockedError
	if err := verify(a.Visits()[0].Code.Digits()); !errors.As(err, &locked) || !locked.Until.Equal(k.clock.now().Add(firstDelay)) {
		t.Errorf("the fourth wrong code brings no delay: %v", err)
	}
	k.reopen()
	if err := verify(a.Visits()[0].Code.Digits()); !errors.As(err, &locked) {
		t.Errorf("a restart forgives: %v", err)
	}
	tries := 4
	last := time.Duration(0)
	for ; tries < wrongPerDevice; tries++ {
		k.clock.add(locked.Until.Sub(k.clock.now()))
		if err := verify(number(uint64(tries) * 1_000_003)); err != ErrNotValid {
			t.Fatalf("%v", err)
		}
		if err := verify(number(2)); !errors.As(err, &locked) {
			t.Fatalf("no delay after %d: %v", tries, err)
		}
		if wait := locked.Until.Sub(k.clock.now()); wait <= last {
			t.Errorf("delay %v after %v", wait, last)
		} else {
			last = wait
		}
	}
	if last < 10*time.Minute {
		t.Errorf("after %d wrong codes the wait is %v", tries, last)
	}
	k.clock.add(wrongWindow)
	if err := verify(a.Visits()[0].Code.Digits()); err != nil {
		t.Errorf("the right code after the wait: %v", err)
	}
	// Five wrong endings kill the six digits; other forms stay good.
	n := c.Visits()[0].Code.Number
	for i := range uint64(wrongPerReference) {
		k.clock.add(wrongWindow)
		if err := verify(number(n/10000*10000 + (n+1+i)%10000)); err != ErrNotValid {
			t.Errorf("%v", err)
		}
	}
	k.clock.add(wrongWindow)
	if err := verify(c.Visits()[0].Code.Digits()); err != ErrNotValid {
		t.Errorf("a dead reference: %v", err)
	}
	k.clock.add(wrongWindow)
	if err := verify(c.Visits()[0].Code.Words()); err != nil {
		t.Errorf("words of a dead reference: %v", err)
	}
}

func TestCodeOfYesterday(t *testing.T) {
	k := newKit(t)
	k.offer(2)
	a, b := k.attempt(0), k.attempt(1)
	for _, x := range []*Attempt{a, b} {
		if err := k.book(x); err != nil {
			t.Fatal(err)
		}
	}
	end := endOfDay(a.Visits()[0].End)
	k.clock.add(end.Sub(k.clock.now()))
	if _, err := k.ledger.Verify(t.Context(), a.Visits()[0].Code.Digits()); err != nil {
		t.Errorf("in the evening of the day: %v", err)
	}
	k.clock.add(time.Second)
	for _, x := range []*Attempt{a, b} {
		if v, err := k.ledger.Verify(t.Context(), x.Visits()[0].Code.Digits()); err != ErrNotValid || !v.Used.IsZero() {
			t.Errorf("yesterday's code: %v", err)
		}
	}
}

// Case 30 and the limits of a source.
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

func TestPersonalDataOutOfBounds(t *testing.T) {
	k := newKit(t)
	k.offer(1)
	a := k.attempt(0)
	if err := k.ask(a); err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]Patient{
		"no name": {BirthDate: "1950-03-01"}, "blank": {Name: "  ", BirthDate: "1950-03-01"}, "no date": {Name: "E"},
		"31 February": {Name: "E", BirthDate: "1950-02-31"}, "future": {Name: "E", BirthDate: "2050-01-01"}, "too old": {Name: "E", BirthDate: "1850-01-01"},
		"control": {Name: "E\x1b[2J", BirthDate: "1950-03-01"}, "reordered": {Name: "E\u202eB", BirthDate: "1950-03-01"},
		"phone": {Name: "E", BirthDate: "1950-03-01", Phone: "call me"}, "long": {Name: string(bytes.Repeat([]byte("a"), maxName+1)), BirthDate: "1950-03-01"},
	} {
		if _, err := a.Confirm(p, k.clock.now()); !errors.Is(err, ErrDetails) || a.State() != Offered {
			t.Errorf("%s: %v", name, err)
		}
		// The practice does not rely on the patient's program.
		body := must[[]byte](t)(wire.SignObject(TypeConfirm, a.Box(), Confirm{Version: Version, Key: a.Key(), Offer: offerHash(a.d.Offer), Nonce: a.d.Nonce, Patient: p}))
		if got := RefusalIn(k.say(must[[]byte](t)(Encode(KindConfirm, body)))); got == nil || got.Reason != ReasonPatient {
			t.Errorf("%s at the practice: %v", name, got)
		}
	}
	if _, err := a.Receipt(k.say(must[[]byte](t)(a.Confirm(erika, k.clock.now()))), k.clock.now()); err != nil {
		t.Error(err)
	}
}

func TestForeignMessages(t *testing.T) {
	k := newKit(t)
	k.offer(1)
	a := k.attempt(0)
	request := must[[]byte](t)(a.Request())
	reason := func(msg []byte) Reason {
		reply, err := k.front.Handle(context.Background(), Origin{}, msg)
		if refused := RefusalIn(reply); refused != nil {
			if err == nil && refused.Reason != ReasonExpired {
				t.Errorf("no error with reason %d", refused.Reason)
			}
			return refused.Reason
		}
		return 0
	}
	if got := reason(nil); got != ReasonMalformed {
		t.Errorf("empty: %d", got)
	}
	if got := reason(append(bytes.Clone(request), 0)); got != ReasonMalformed {
		t.Errorf("trailing byte: %d", got)
	}
	later := must[[]byte](t)(wire.Marshal(Message{Version: 2, Kind: KindRequest, Body: []byte{0xa0}}))
	if got := reason(later); got != ReasonVersion {
		t.Errorf("version 2: %d", got)
	}
	if err := k.ask(a); err != nil {
		t.Fatal(err)
	}
	if got := reason(must[[]byte](t)(Encode(KindOffer, a.d.Offer))); got != ReasonMalformed {
		t.Errorf("an offer for the practice: %d", got)
	}
	confirm := Confirm{Version: Version, Key: a.Key(), Offer: offerHash(a.d.Offer), Nonce: a.d.Nonce, Patient: erika}
	forged := must[[]byte](t)(Encode(KindConfirm, must[[]byte](t)(wire.SignObject(TypeConfirm, seeded("X"), confirm))))
	if got := reason(forged); got != ReasonSignature {
		t.Errorf("signed by another: %d", got)
	}
	asOrder := must[[]byte](t)(Encode(KindConfirm, must[[]byte](t)(wire.SignObject(TypeOrder, a.Box(), confirm))))
	if got := reason(asOrder); got != ReasonSignature {
		t.Errorf("signed as another type: %d", got)
	}
	confirm.Offer[0] ^= 1
	other := must[[]byte](t)(Encode(KindConfirm, must[[]byte](t)(wire.SignObject(TypeConfirm, a.Box(), confirm))))
	if got := reason(other); got != ReasonExpired {
		t.Errorf("for another offer: %d", got)
	}
	if _, err := a.Receipt(k.say(must[[]byte](t)(a.Confirm(erika, k.clock.now()))), k.clock.now()); err != nil {
		t.Errorf("the good confirm after all that: %v", err)
	}
}

// Holds that lapse count also when nobody sweeps in between.
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

// Should memory and disk ever differ, the disk decides, at the hold and at the confirm.
func TestTheDiskDecides(t *testing.T) {
	k := newKit(t)
	ids := k.offer(2)
	set := func(id AppointmentID, s Status) {
		t.Helper()
		i := &item{id: id, record: k.ledger.items[id].record}
		i.record.Status = s
		if err := k.ledger.writeItems(t.Context(), []*item{i}); err != nil {
			t.Fatal(err)
		}
	}
	set(ids[0], SlotBooked)
	if err := k.ask(k.attempt(0)); !errors.Is(err, ErrTaken) {
		t.Errorf("a hold on what is booked: %v", err)
	}
	a := k.attempt(1)
	if err := k.ask(a); err != nil {
		t.Fatal(err)
	}
	set(ids[1], SlotBooked)
	if _, err := a.Receipt(k.say(must[[]byte](t)(a.Confirm(erika, noon))), noon); !errors.Is(err, ErrExpired) || a.State() != Expired {
		t.Errorf("a confirm of what is booked: %v %v", err, a.State())
	}
	if n := k.count(bucketBookings); n != 0 {
		t.Errorf("%d bookings", n)
	}
}
