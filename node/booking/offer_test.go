package booking

import (
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"pieks/card"
	"pieks/gossip/wire"
)

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
