package booking

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"pieks/gossip"
	"pieks/gossip/wire"

	"pieks/node/spoken"
)

// fixed gives one of each message, the same for the same program: also the examples of doc.go.
type fixed struct {
	key                                                       [32]byte
	request, confirm, order                                   []byte // bodies
	offer, receipt, notice                                    []byte // bodies
	requestMsg, offerMsg, confirmMsg, receiptMsg, takenRefuse []byte
	attempt                                                   *Attempt
}

func fixtures(t testing.TB) fixed {
	d, p := seeded("D"), seeded("P")
	slot := gossip.Slot{ID: gossip.SlotID(bytes.Repeat([]byte{0x77}, 16)), Day: 20732, Part: gossip.Morning, Vaccine: "comirnaty", Dose: 1}
	sheet := &gossip.Signed{Sheet: gossip.Sheet{Area: "5066", Relays: []string{"12D3KooWRelayOne"}, Slots: []gossip.Slot{slot}, Expires: uint64(noon.Unix()) + 72000}}
	sheet.Sheet.Pass.P = public(p)
	a := must[*Attempt](t)(NewAttempt(sheet, slotIDs(slot.ID), []string{"12D3KooWMailbox"}, noon))
	a.d.ID, a.d.Seed, a.d.Sealing, a.d.Nonce = BookingID{1}, filled(0x44), filled(0x45), filled(0x22)
	a = must[*Attempt](t)(withKeys(a.d))
	var f fixed
	f.attempt, f.key = a, a.Key()
	f.requestMsg = must[[]byte](t)(a.Request())
	f.request = must[Message](t)(Decode(f.requestMsg)).Body

	k := &kit{licence: testLicence()}
	front := &Front{cfg: FrontConfig{Key: p, Practice: Practice{Device: d, Enrolment: func() []byte { return []byte("practice card of D") },
		Relays: func() []string { return []string{"12D3KooWRelayOne"} }}}, p: public(p)}
	h := &hold{until: noon, record: holdRecord{Key: f.key, Tokens: a.Tokens(), Commitment: Commit(a.Tokens(), f.key, a.d.Nonce), Nonce: filled(0x33), Until: uint64(noon.Unix()) + 600}}
	h.items = []*item{{record: appointmentRecord{Start: 1791270600, End: 1791271200, Vaccine: "comirnaty", Dose: 1}}}
	f.offerMsg = must[[]byte](t)(front.offer(h))
	f.offer = must[Message](t)(Decode(f.offerMsg)).Body
	must[OfferView](t)(a.Offer(f.offerMsg, k.check(), noon))
	f.confirmMsg = must[[]byte](t)(a.Confirm(erika, noon))
	f.confirm = must[Message](t)(Decode(f.confirmMsg)).Body
	f.order = must[Message](t)(Decode(must[[]byte](t)(a.Order(ActionCancel, noon)))).Body

	record := newBooking(h, erika, noon, keepBookings)
	id := BookingID(bytes.Repeat([]byte{0x66}, 16))
	f.receiptMsg = must[[]byte](t)(front.cfg.Practice.receipt(id, record))
	f.receipt = must[Message](t)(Decode(f.receiptMsg)).Body
	f.notice = must[Message](t)(Decode(must[[]byte](t)(front.cfg.Practice.sign(TypeNotice, KindNotice, id, record)))).Body
	f.takenRefuse = refuseTaken
	return f
}

// payload is what is signed in a body.
func payload(t testing.TB, body []byte) []byte {
	return must[*wire.Envelope](t)(wire.ParseSigned(body)).Payload
}

func FuzzMessage(f *testing.F) {
	x := fixtures(f)
	f.Add(x.requestMsg)
	f.Add(x.takenRefuse)
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Decode(data)
		if err != nil {
			if !errors.Is(err, ErrMessage) && !errors.Is(err, ErrVersion) {
				t.Fatal(err)
			}
			return
		}
		if again := must[[]byte](t)(Encode(m.Kind, m.Body)); !bytes.Equal(again, data) {
			t.Fatal("two encodings")
		}
	})
}

func FuzzRequest(f *testing.F) {
	f.Add(fixtures(f).request)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := readRequest(data)
		if err != nil {
			return
		}
		if len(r.Tokens) < 1 || len(r.Tokens) > 2 || len(r.Relays) > maxRelays {
			t.Fatalf("%+v", r)
		}
		if again := must[[]byte](t)(wire.Marshal(r)); !bytes.Equal(again, data) {
			t.Fatal("two encodings")
		}
	})
}

func FuzzRefusal(f *testing.F) {
	f.Add(must[Message](f)(Decode(refuseTaken)).Body)
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := readRefusal(data); err == nil && (r.Error() == "" || r.Unwrap() == nil) {
			t.Fatal("a refusal without a sentence")
		}
	})
}

// FuzzOffer signs what the fuzzer makes, as a hostile practice would.
func FuzzOffer(f *testing.F) {
	x := fixtures(f)
	outer := payload(f, x.offer)
	f.Add(payload(f, outer))
	k := &kit{licence: testLicence()}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		inner := must[[]byte](t)(wire.Sign(TypeOffer, seeded("D"), data))
		msg, err := Encode(KindOffer, must[[]byte](t)(wire.Sign(TypeOfferFront, seeded("P"), inner)))
		if err != nil {
			return
		}
		a := must[*Attempt](t)(UnmarshalAttempt(must[[]byte](t)(x.attempt.Marshal())))
		a.d.State, a.d.Offer, a.d.Shown, a.d.Confirm = Pending, nil, nil, nil
		if _, err := a.Offer(msg, k.check(), noon); err != nil {
			return
		}
		if _, err := UnmarshalAttempt(must[[]byte](t)(a.Marshal())); err != nil {
			t.Fatalf("an accepted offer cannot be read back: %v", err)
		}
	})
}

// FuzzReceipt signs what the fuzzer makes, as a hostile practice would.
func FuzzReceipt(f *testing.F) {
	x := fixtures(f)
	f.Add(payload(f, x.receipt), true)
	f.Add(payload(f, x.notice), false)
	f.Fuzz(func(t *testing.T, data []byte, receipt bool) {
		typ, kind := TypeNotice, KindNotice
		if receipt {
			typ, kind = TypeReceipt, KindReceipt
		}
		if len(data) == 0 {
			return
		}
		msg, err := Encode(kind, must[[]byte](t)(wire.Sign(typ, seeded("D"), data)))
		if err != nil {
			return
		}
		a := must[*Attempt](t)(UnmarshalAttempt(must[[]byte](t)(x.attempt.Marshal())))
		if _, err := a.Receipt(msg, noon); err != nil {
			return
		}
		if b, err := UnmarshalAttempt(must[[]byte](t)(a.Marshal())); err != nil || len(b.Visits()) != 1 {
			t.Fatalf("an accepted receipt cannot be read back: %v", err)
		}
	})
}

func FuzzConfirm(f *testing.F) {
	f.Add(payload(f, fixtures(f).confirm))
	key := seeded("B")
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		if c, err := readConfirm(must[[]byte](t)(wire.Sign(TypeConfirm, key, data))); err == nil && c.Key != public(key) {
			t.Fatal("signed for another key")
		}
	})
}

func FuzzOrder(f *testing.F) {
	f.Add(payload(f, fixtures(f).order))
	key := seeded("B")
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		if o, err := readOrder(must[[]byte](t)(wire.Sign(TypeOrder, key, data))); err == nil && (o.Key != public(key) || o.Issued > maxUnix) {
			t.Fatal("out of bounds")
		}
	})
}

func FuzzAttempt(f *testing.F) {
	x := fixtures(f)
	f.Add(must[[]byte](f)(x.attempt.Marshal()))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := UnmarshalAttempt(data)
		if err != nil {
			return
		}
		a.View()
		a.Visits()
		a.Deadline()
		_, _ = a.Request()
		_, _ = a.Order(ActionStatus, noon)
		if again := must[[]byte](t)(a.Marshal()); !bytes.Equal(again, data) {
			t.Fatal("two encodings")
		}
	})
}

func FuzzCode(f *testing.F) {
	for _, seed := range []string{"085911-0559-9", "konflikt weisheit trinken station", "TM1:AEIRCEIRCEIRCEJPQSKLP2W3IJU2XDS7NCLNK7WN", "０８５９１１０５５９９", "u\u0308ber"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		typed, err := parseCode(text)
		if err != nil {
			if err != ErrTypo && err != ErrCodeForm {
				t.Fatal(err)
			}
			return
		}
		if want := map[spoken.Form]int{spoken.ByDigits: 11, spoken.ByWords: 9, spoken.ByQR: 25}[typed.form]; len(typed.key) != want || typed.key[0] != byte(typed.form) {
			t.Fatalf("%x", typed.key)
		}
	})
}

// FuzzHandle hands anything to a practice: it answers or refuses, and gives nothing away but the one slot that is asked for.
func FuzzHandle(f *testing.F) {
	x := fixtures(f)
	for _, seed := range [][]byte{x.requestMsg, x.confirmMsg, x.offerMsg, x.takenRefuse} {
		f.Add(seed)
	}
	f.Add(must[[]byte](f)(Encode(KindOrder, x.order)))
	k := newKit(f)
	k.offer(1)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, handle := range []handler{k.front.Handle, k.desk.Handle} {
			reply, err := handle(context.Background(), Origin{Peer: "fuzz"}, data)
			if reply == nil {
				t.Fatal("no answer")
			}
			if RefusalIn(reply) == nil && err == nil {
				t.Fatal("an offer or a booking for nothing")
			}
		}
		_, _ = k.front.HandleMail(context.Background(), data)
	})
}
