package booking

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"pieks/gossip/wire"
)

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
