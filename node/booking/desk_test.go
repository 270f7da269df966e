package booking

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"pieks/gossip"
	"pieks/gossip/wire"
)

// order sends an order of a to the desk.
func (k *kit) order(a *Attempt, action Action) error {
	k.t.Helper()
	reply, err := k.desk.Handle(k.t.Context(), Origin{}, must[[]byte](k.t)(a.Order(action, k.clock.now())))
	if err != nil {
		k.t.Fatal(err)
	}
	_, err = a.Receipt(reply, k.clock.now())
	return err
}

func TestPatientCancels(t *testing.T) {
	k := newKit(t)
	k.offer(1)
	a, stale := k.attempt(0), k.attempt(0)
	if err := k.book(a); err != nil {
		t.Fatal(err)
	}
	before := must[[]gossip.Slot](t)(k.ledger.Slots(k.epoch))
	for range 2 {
		if err := k.order(a, ActionCancel); err != nil || a.State() != Cancelled {
			t.Fatalf("%v %v", err, a.State())
		}
	}
	slots := must[[]gossip.Slot](t)(k.ledger.Slots(k.epoch))
	if len(before) != 0 || len(slots) != 1 {
		t.Fatalf("%d slots before, %d after", len(before), len(slots))
	}
	if err := k.ask(stale); !errors.Is(err, ErrTaken) {
		t.Errorf("the old token: %v", err)
	}
	k.publish(k.clock.now().Add(-time.Hour))
	if err := k.askAs("stale", k.attemptOn(stale)); !errors.Is(err, ErrTaken) {
		t.Errorf("the old token while the appointment is free: %v", err)
	}
	b := k.attempt(0)
	if err := k.book(b); err != nil {
		t.Errorf("the free slot: %v", err)
	}
	k.reopen()
	if err := k.ask(stale); !errors.Is(err, ErrTaken) {
		t.Errorf("the old token after a restart: %v", err)
	}
	if n := len(must[[]Outgoing](t)(k.ledger.Outbox())); n != 0 {
		t.Errorf("%d notices about the patient's own cancellation", n)
	}
	// A confirm that is repeated late says how things stand now.
	if err := k.order(a, ActionStatus); err != nil || a.State() != Cancelled {
		t.Errorf("%v %v", err, a.State())
	}
}

// attemptOn asks with a new key for the tokens of an older attempt.
func (k *kit) attemptOn(old *Attempt) *Attempt {
	k.t.Helper()
	d := old.d
	d.ID, d.Seed, d.State, d.Reason = BookingID{7}, filled(0x46), Pending, 0
	return must[*Attempt](k.t)(withKeys(d))
}

func TestPracticeCancels(t *testing.T) {
	for _, reopen := range []bool{true, false} {
		k := newKit(t)
		k.offer(1)
		a := k.attempt(0)
		if err := k.book(a); err != nil {
			t.Fatal(err)
		}
		r, _ := a.Receipted()
		for range 2 {
			b, err := k.desk.Cancel(t.Context(), r.Booking, "Die Ärztin ist krank.", reopen)
			if err != nil || b.State != Cancelled || b.Revision != 2 {
				t.Fatalf("%v %+v", err, b)
			}
		}
		want := map[bool]Status{true: SlotOpen, false: SlotWithdrawn}[reopen]
		if got := k.ledger.Appointments()[0].Status; got != want {
			t.Errorf("the appointment is %v", got)
		}
		k.reopen()
		out := must[[]Outgoing](t)(k.ledger.Outbox())
		if len(out) != 1 || out[0].Box != a.Key() || out[0].Relays[0] != "12D3KooWMailbox" {
			t.Fatalf("%+v", out)
		}
		if kind, err := a.Take(out[0].Message, k.check(), k.clock.now()); err != nil || kind != KindNotice || a.State() != Cancelled {
			t.Errorf("%v %v %v", kind, err, a.State())
		}
		if r, _ := a.Receipted(); r.Reason != "Die Ärztin ist krank." {
			t.Errorf("%+v", r)
		}
		if err := k.ledger.Sent(t.Context(), out[0].ID); err != nil || len(must[[]Outgoing](t)(k.ledger.Outbox())) != 0 {
			t.Errorf("the notice is still to be sent: %v", err)
		}
		if _, err := k.desk.Cancel(t.Context(), r.Booking, strings.Repeat("a", maxReason+1), true); !errors.Is(err, ErrMessage) {
			t.Error(err)
		}
		if _, err := k.desk.Cancel(t.Context(), BookingID{1}, "", true); !errors.Is(err, ErrNoBooking) {
			t.Error(err)
		}
		k.close()
	}
}

func TestTooLateToCancel(t *testing.T) {
	k := newKit(t)
	k.offer(2)
	a := k.attempt(0, 1)
	if err := k.book(a); err != nil {
		t.Fatal(err)
	}
	k.until(a.Visits()[0].Start)
	for range 2 {
		if err := k.order(a, ActionCancel); err != nil || a.State() != Booked {
			t.Fatalf("one visit is to come: %v %v", err, a.State())
		}
	}
	if v := a.Visits(); v[0].State != Booked || v[1].State != Cancelled {
		t.Errorf("%+v", v)
	}
	k2 := newKit(t)
	k2.offer(1)
	b := k2.attempt(0)
	if err := k2.book(b); err != nil {
		t.Fatal(err)
	}
	k2.until(b.Visits()[0].Start)
	if err := k2.order(b, ActionCancel); !errors.Is(err, ErrLate) || b.State() != Booked {
		t.Errorf("the visit has begun: %v %v", err, b.State())
	}
	if _, err := k2.desk.Cancel(t.Context(), must[[]Booking](t)(k2.ledger.Bookings())[0].ID, "", true); !errors.Is(err, ErrLate) {
		t.Errorf("the practice, too: %v", err)
	}
}

func TestOrders(t *testing.T) {
	k := newKit(t)
	k.offer(2)
	a, b := k.attempt(0), k.attempt(1)
	if err := k.book(a); err != nil {
		t.Fatal(err)
	}
	if err := k.order(a, ActionMove); !errors.Is(err, ErrAction) || a.State() != Booked {
		t.Errorf("move: %v %v", err, a.State())
	}
	if err := k.order(a, ActionCheckIn); !errors.Is(err, ErrAction) {
		t.Errorf("check-in: %v", err)
	}
	if err := k.ask(b); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Order(ActionStatus, noon); err != ErrStep {
		t.Errorf("an order before a confirm: %v", err)
	}
	// The confirm never arrived: the desk says wait while the hold stands, then that nothing came of it.
	must[[]byte](t)(b.Confirm(erika, k.clock.now()))
	if err := k.order(b, ActionStatus); !errors.Is(err, ErrWait) || b.State() != Confirmed {
		t.Errorf("%v %v", err, b.State())
	}
	if b.Expire(k.clock.now().Add(24 * time.Hour)) {
		t.Error("a sent confirm was given up")
	}
	k.clock.add(k.rules.Hold + time.Second)
	if err := k.order(b, ActionStatus); !errors.Is(err, ErrUnknown) || b.State() != Expired {
		t.Errorf("%v %v", err, b.State())
	}
	forged := must[[]byte](t)(Encode(KindOrder, must[[]byte](t)(wire.SignObject(TypeOrder, seeded("X"), Order{Version: 1, Key: a.Key(), Action: ActionCancel}))))
	if reply, err := k.desk.Handle(t.Context(), Origin{}, forged); err == nil || RefusalIn(reply).Reason != ReasonSignature {
		t.Errorf("an order by another: %v", err)
	}
}

func TestReceiptsOfOthers(t *testing.T) {
	k := newKit(t)
	k.offer(2)
	a, b := k.attempt(0), k.attempt(1)
	if err := k.ask(a); err != nil {
		t.Fatal(err)
	}
	replyA := k.say(must[[]byte](t)(a.Confirm(erika, k.clock.now())))
	if err := k.ask(b); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Receipt(replyA, k.clock.now()); !errors.Is(err, ErrReceipt) || b.State() != Offered {
		t.Errorf("before a confirm: %v %v", err, b.State())
	}
	// A receipt for the right visits, before a confirm and for another key.
	offer, _ := b.offer()
	forge := func(key [32]byte) []byte {
		r := Receipt{Version: 1, Key: key, Booking: BookingID{1}, State: Booked, Revision: 1, Device: public(k.practice.Device), Relays: []string{},
			Visits: []ReceiptVisit{{Start: offer.Visits[0].Start, End: offer.Visits[0].End, Vaccine: offer.Visits[0].Vaccine, Dose: offer.Visits[0].Dose, State: Booked}}}
		return must[[]byte](t)(Encode(KindReceipt, must[[]byte](t)(wire.SignObject(TypeReceipt, k.practice.Device, r))))
	}
	if _, err := b.Receipt(forge(b.Key()), k.clock.now()); !errors.Is(err, ErrReceipt) || b.State() != Offered {
		t.Errorf("a receipt for nothing: %v %v", err, b.State())
	}
	replyB := k.say(must[[]byte](t)(b.Confirm(erika, k.clock.now())))
	if _, err := b.Receipt(forge(a.Key()), k.clock.now()); !errors.Is(err, ErrReceipt) || b.State() != Confirmed {
		t.Errorf("a receipt for another key: %v %v", err, b.State())
	}
	if _, err := b.Receipt(replyA, k.clock.now()); !errors.Is(err, ErrReceipt) || b.State() != Confirmed {
		t.Errorf("another's receipt: %v %v", err, b.State())
	}
	body := must[Message](t)(Decode(replyB)).Body
	asNotice := must[[]byte](t)(Encode(KindNotice, body))
	if _, err := b.Receipt(asNotice, k.clock.now()); !errors.Is(err, ErrReceipt) {
		t.Errorf("a receipt as a notice: %v", err)
	}
	for i := 0; i < len(replyB); i++ {
		bad := bytes.Clone(replyB)
		bad[i] ^= 4
		if _, err := b.Receipt(bad, k.clock.now()); err == nil {
			t.Fatalf("byte %d changed and accepted", i)
		}
	}
	if _, err := b.Receipt(replyB, k.clock.now()); err != nil || b.State() != Booked {
		t.Fatal(err)
	}
	// An older state that comes late changes nothing.
	cancelled := must[Booking](t)(k.desk.Cancel(t.Context(), must[[]Booking](t)(k.ledger.Bookings())[1].ID, "", false))
	if cancelled.Key != b.Key() {
		t.Fatal("wrong booking")
	}
	must[Kind](t)(b.Take(must[[]Outgoing](t)(k.ledger.Outbox())[0].Message, k.check(), k.clock.now()))
	if _, err := b.Receipt(replyB, k.clock.now()); err != nil || b.State() != Cancelled {
		t.Errorf("%v %v", err, b.State())
	}
}

// The whole booking through mailboxes, with the attempt written down and read again before each step.
func TestThroughTheMailbox(t *testing.T) {
	k := newKit(t)
	closes := k.inDraw(1)
	a := k.attempt(0)
	again := func() {
		t.Helper()
		a = must[*Attempt](t)(UnmarshalAttempt(must[[]byte](t)(a.Marshal())))
	}
	request := must[[]byte](t)(a.Request())
	again()
	if !bytes.Equal(request, must[[]byte](t)(a.Request())) {
		t.Error("another request after a restart")
	}
	m := must[Mailed](t)(k.front.HandleMail(t.Context(), request))
	if m.Message != nil || !m.RetryAt.Equal(closes) {
		t.Fatalf("in the draw: %+v", m)
	}
	k.until(m.RetryAt)
	m = must[Mailed](t)(k.front.HandleMail(t.Context(), request))
	sealing := must[[]byte](t)(wire.Seal(m.Sealing, "test", nil, m.Message))
	key := a.Sealing()
	if m.Box != a.Key() || m.Relays[0] != a.Relays()[0] {
		t.Errorf("the offer goes elsewhere: %+v", m)
	}
	again()
	must[Kind](t)(a.Take(must[[]byte](t)(wire.Open(key, "test", nil, sealing)), k.check(), k.clock.now()))
	again()
	confirm := must[[]byte](t)(a.Confirm(erika, k.clock.now()))
	again()
	if !bytes.Equal(confirm, must[[]byte](t)(a.Confirm(Patient{}, k.clock.now()))) {
		t.Error("another confirm after a restart")
	}
	m = must[Mailed](t)(k.front.HandleMail(t.Context(), confirm))
	if m.Box != a.Key() || m.Sealing == ([32]byte{}) {
		t.Errorf("the receipt goes elsewhere: %+v", m)
	}
	must[Kind](t)(a.Take(m.Message, k.check(), k.clock.now()))
	again()
	if a.State() != Booked || a.d.Nonce != ([32]byte{}) || a.d.Confirm != nil {
		t.Errorf("%v; what made the codes is kept", a.State())
	}
	if _, err := k.ledger.Verify(t.Context(), a.Visits()[0].Code.QR()); err != nil {
		t.Error(err)
	}
	k.clock.add(time.Hour)
	m = must[Mailed](t)(k.desk.HandleMail(t.Context(), must[[]byte](t)(a.Order(ActionStatus, k.clock.now()))))
	if m.Box != a.Key() {
		t.Errorf("%+v", m)
	}
	must[Kind](t)(a.Take(m.Message, k.check(), k.clock.now()))
	if a.State() != Attended {
		t.Errorf("%v", a.State())
	}
	if m, err := k.front.HandleMail(t.Context(), []byte("junk")); err == nil || m.Message != nil {
		t.Errorf("junk is answered: %+v %v", m, err)
	}
	if m := must[Mailed](t)(k.desk.HandleMail(t.Context(), must[[]byte](t)(strange(t)))); m.Message != nil {
		t.Errorf("a stranger is answered: %+v", m)
	}
}

// strange is an order by a key that has no booking.
func strange(t *testing.T) ([]byte, error) {
	x := seeded("X")
	return Encode(KindOrder, must[[]byte](t)(wire.SignObject(TypeOrder, x, Order{Version: 1, Key: public(x), Action: ActionStatus})))
}
