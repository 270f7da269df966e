package booking

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pieks/gossip"
	"pieks/store"
)

// After the end of an epoch no value that the practice keeps, even with its store open, names a token, slot id, pseudonym,
// commitment or nonce of it: the appointment behind an old token cannot be found.
func TestNothingTiesOldTokens(t *testing.T) {
	k := newKit(t)
	k.offer(4)
	sheet := k.sheet().Sheet
	booked, held, cancelled := k.attempt(0), k.attempt(1), k.attempt(2)
	var secrets [][]byte
	note := func(b ...byte) { secrets = append(secrets, b) }
	for _, s := range sheet.Slots {
		token := gossip.TokenOf(sheet.Pass.P, s.ID)
		note(s.ID[:]...)
		note(token[:8]...)
	}
	note(sheet.Pass.P[:]...)
	for _, a := range []*Attempt{booked, held, cancelled} {
		np, c := a.d.Nonce, Commit(a.Tokens(), a.Key(), a.d.Nonce)
		note(np[:]...)
		note(c[:]...)
		if err := k.ask(a); err != nil {
			t.Fatal(err)
		}
		offer, _ := a.offer()
		note(offer.Nonce[:]...)
		note(offer.Visits[0].Transcript[:]...)
	}
	for _, a := range []*Attempt{booked, cancelled} {
		must[Receipt](t)(a.Receipt(k.say(must[[]byte](t)(a.Confirm(erika, k.clock.now()))), k.clock.now()))
	}
	if err := k.order(cancelled, ActionCancel); err != nil {
		t.Fatal(err)
	}
	visible := func() (found int) {
		for _, b := range []store.Bucket{bucketAppointments, bucketBookings, bucketKeys, bucketCodes, bucketTries, bucketHolds, bucketVisible, bucketOutbox} {
			err := k.store.View(func(tx *store.Tx) error {
				return tx.Each(b, func(key, value []byte) error {
					for _, s := range secrets {
						if bytes.Contains(value, s) || bytes.Contains(key, s) {
							found++
						}
					}
					return nil
				})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		return found
	}
	if n := visible(); n != 0 {
		t.Errorf("%d secrets of the epoch are kept outside of its seal, before its end", n)
	}
	var sealedHold []byte
	_ = k.store.View(func(tx *store.Tx) error {
		return tx.Each(bucketHolds, func(_, value []byte) error { sealedHold = value; return nil })
	})
	k.clock.add(k.rules.Hold + time.Second)
	if err := k.ledger.EndEpoch(t.Context(), k.epoch); err != nil {
		t.Fatal(err)
	}
	if n := visible(); n != 0 {
		t.Errorf("%d secrets of the epoch are left", n)
	}
	if len(k.store.Keys().Epochs()) != 0 || len(sealedHold) == 0 {
		t.Error("the key of a recorded hold is left")
	}
}

// The largest offer fits into an envelope, with a practice card at its bound.
func TestLargestOfferFits(t *testing.T) {
	k := newKit(t)
	relay := strings.Repeat("1", 52)
	k.practice.Enrolment = func() []byte { return bytes.Repeat([]byte{1}, maxEnrolment) }
	k.practice.Relays = func() []string { return []string{relay, relay, relay, relay} }
	k.begin(k.epoch, k.p)
	y, m, d := noon.Date()
	start := time.Date(y, m, d+1, 9, 0, 0, 0, berlin)
	a := Appointment{Start: start, End: start.Add(time.Hour), Vaccine: strings.Repeat("v", maxVaccine), Dose: 200}
	must[[]AppointmentID](t)(k.ledger.Add(t.Context(), slices.Repeat([]Appointment{a}, 2)))
	k.publish(noon.Add(-time.Hour))
	reply := k.say(must[[]byte](t)(k.attempt(0, 1).Request()))
	if RefusalIn(reply) != nil || len(reply) > MaxMessage {
		t.Errorf("%d bytes, %v", len(reply), RefusalIn(reply))
	}
	t.Logf("the largest offer has %d of %d bytes", len(reply), MaxMessage)
	k.practice.Enrolment = func() []byte { return make([]byte, maxEnrolment+1) }
	if _, err := NewFront(FrontConfig{Ledger: k.ledger, Practice: k.practice, Epoch: k.epoch, Key: k.p}); !errors.Is(err, ErrEnrolmentSize) {
		t.Error(err)
	}
	// The largest confirm.
	p := Patient{Name: strings.Repeat("n", maxName), BirthDate: "1950-03-01", Phone: strings.Repeat("1", maxPhone)}
	if err := checkPatient(p, noon); err != nil {
		t.Error(err)
	}
}

func TestMailHold(t *testing.T) {
	k := newKit(t)
	k.ledger.cfg.MailHold = time.Hour
	k.offer(2)
	a, b := k.attempt(0), k.attempt(1)
	must[Kind](t)(a.Take(must[Mailed](t)(k.front.HandleMail(t.Context(), must[[]byte](t)(a.Request()))).Message, k.check(), k.clock.now()))
	if err := k.ask(b); err != nil {
		t.Fatal(err)
	}
	if !a.Deadline().Equal(noon.Add(time.Hour)) || !b.Deadline().Equal(noon.Add(k.rules.Hold)) {
		t.Errorf("%v %v", a.Deadline(), b.Deadline())
	}
}

// What the user was shown does not change before the confirm, whatever else the practice sends.
func TestOfferIsNotSwapped(t *testing.T) {
	k := newKit(t)
	k.offer(1)
	a := k.attempt(0)
	good := k.say(must[[]byte](t)(a.Request()))
	view := must[OfferView](t)(a.Offer(good, k.check(), k.clock.now()))
	swapped := rewrap(t, good, k.practice.Device, k.p, func(o *Offer) { o.Visits[0].Start += 600; o.Visits[0].End += 600 })
	again := must[OfferView](t)(a.Offer(swapped, k.check(), k.clock.now()))
	if !again.Visits[0].Start.Equal(view.Visits[0].Start) {
		t.Error("the time changed under the user's eyes")
	}
	if _, err := a.Receipt(k.say(must[[]byte](t)(a.Confirm(erika, k.clock.now()))), k.clock.now()); err != nil {
		t.Error(err)
	}
}
