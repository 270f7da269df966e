package booking

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"pieks/gossip"

	"pgregory.net/rapid"
)

// model is what a ledger must do, for slots whose draw is over, without stores, keys or time zones.
type model struct {
	slots map[AppointmentID]*modelSlot
	tries map[int]*modelTry
}

type modelSlot struct {
	status     Status
	generation int
}

type modelTry struct {
	attempt  *Attempt
	request  []byte
	slots    []AppointmentID
	gens     []int
	state    State
	until    time.Time
	was      State // what the confirm was answered with, once it was
	swept    bool
	spoilt   bool
	attended bool
}

// holder is the try that holds a slot at a time.
func (m *model) holder(id AppointmentID, now time.Time) *modelTry {
	for _, t := range m.tries {
		if t.state == Offered && !now.After(t.until) {
			for i, s := range t.slots {
				if s == id && t.gens[i] == m.slots[id].generation {
					return t
				}
			}
		}
	}
	return nil
}

func (m *model) free(t *modelTry, now time.Time) bool {
	for i, id := range t.slots {
		s := m.slots[id]
		if s.status != SlotOpen || s.generation != t.gens[i] || m.holder(id, now) != nil {
			return false
		}
	}
	return true
}

// TestLedgerAgainstModel runs random requests, confirms, repeats, cancellations, blocks, sweeps, restarts and passing
// time, and compares each answer and the state of every slot with the model.
func TestLedgerAgainstModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		k := newKit(t)
		defer k.close()
		m := &model{slots: map[AppointmentID]*modelSlot{}, tries: map[int]*modelTry{}}
		ids := k.offer(4)
		for _, id := range ids {
			m.slots[id] = &modelSlot{status: SlotOpen}
		}
		slotOf := func(id AppointmentID) (gossip.Slot, bool) {
			sid := k.ledger.epochs[k.epoch].slotID(k.ledger.items[id])
			for _, s := range must[[]gossip.Slot](t)(k.ledger.Slots(k.epoch)) {
				if s.ID == sid {
					return s, true
				}
			}
			return gossip.Slot{}, false
		}
		pickTry := func(rt *rapid.T) *modelTry {
			if len(m.tries) == 0 {
				rt.Skip("nobody asked yet")
			}
			return m.tries[rapid.IntRange(0, len(m.tries)-1).Draw(rt, "try")]
		}
		request := func(rt *rapid.T, try *modelTry) {
			now := k.clock.now()
			reply := k.say(try.request)
			err := error(nil)
			if refused := RefusalIn(reply); refused != nil {
				err = refused
			}
			want := func() error {
				switch {
				case try.state == Offered && now.After(try.until) && !try.swept, try.spoilt && !try.swept:
					return ErrExpired
				case try.state == Offered && !now.After(try.until), try.was != 0:
					return nil
				case m.free(try, now):
					try.state, try.until, try.swept, try.spoilt = Offered, now.Add(k.rules.Hold), false, false
					return nil
				}
				return ErrTaken
			}()
			if s := try.attempt.State(); s == Pending || s == Offered {
				_, _ = try.attempt.Offer(reply, k.check(), now)
			}
			if want == nil && err != nil || want != nil && !errors.Is(err, want) {
				rt.Fatalf("request: %v, want %v", err, want)
			}
		}
		check := func(rt *rapid.T) {
			now := k.clock.now()
			for _, a := range k.ledger.Appointments() {
				want := m.slots[a.ID].status
				if want == SlotOpen && m.holder(a.ID, now) != nil {
					want = SlotHeld
				}
				if a.Status != want {
					rt.Fatalf("slot is %v, want %v", a.Status, want)
				}
			}
			if !k.remembers() {
				rt.Fatal("memory and disk do not agree")
			}
			booked := map[string]bool{}
			n := 0
			for _, b := range must[[]Booking](t)(k.ledger.Bookings()) {
				for _, v := range b.Visits {
					key := fmt.Sprint(v.Appointment)
					if v.State != Cancelled && booked[key] {
						rt.Fatalf("two bookings of one slot")
					}
					booked[key] = booked[key] || v.State != Cancelled
				}
				n++
			}
			for _, try := range m.tries {
				if try.was != 0 {
					n--
				}
			}
			if n != 0 {
				rt.Fatalf("%d bookings more than receipts", n)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"": check,
			"ask": func(rt *rapid.T) {
				want := rapid.Permutation(ids).Draw(rt, "slots")[:rapid.IntRange(1, 2).Draw(rt, "number")]
				try := &modelTry{}
				var sids []gossip.SlotID
				for _, id := range want {
					s, ok := slotOf(id)
					if !ok {
						rt.Skip("not in the sheet")
					}
					sids = append(sids, s.ID)
					try.slots, try.gens = append(try.slots, id), append(try.gens, m.slots[id].generation)
				}
				try.attempt = must[*Attempt](t)(NewAttempt(k.sheet(), sids, nil, k.clock.now()))
				try.request = must[[]byte](t)(try.attempt.Request())
				m.tries[len(m.tries)] = try
				request(rt, try)
			},
			"ask again": func(rt *rapid.T) { request(rt, pickTry(rt)) },
			"confirm": func(rt *rapid.T) {
				try := pickTry(rt)
				if s := try.attempt.State(); s != Offered && s != Confirmed {
					rt.Skip("no offer")
				}
				spoil := try.attempt.State() == Offered && rapid.IntRange(0, 9).Draw(rt, "spoil") == 0
				if spoil {
					try.attempt.d.Nonce[0] ^= 1
				}
				now := k.clock.now()
				msg, err := try.attempt.Confirm(erika, now)
				if err != nil {
					rt.Skip("the patient gave up")
				}
				_, err = try.attempt.Receipt(k.say(msg), now)
				switch live := try.state == Offered && !now.After(try.until); {
				case try.was != 0:
					if err != nil {
						rt.Fatalf("repeated confirm: %v", err)
					}
				case live && spoil:
					try.state, try.spoilt = Refused, true
					if !errors.Is(err, ErrCommit) {
						rt.Fatalf("spoilt confirm: %v", err)
					}
				case live:
					if err != nil {
						rt.Fatalf("confirm: %v", err)
					}
					try.state, try.was = Booked, Booked
					for _, id := range try.slots {
						m.slots[id].status = SlotBooked
					}
				default:
					if !errors.Is(err, ErrExpired) {
						rt.Fatalf("late confirm: %v", err)
					}
				}
			},
			"repeat confirm": func(rt *rapid.T) {
				try := pickTry(rt)
				if try.was == 0 {
					rt.Skip("not booked")
				}
				r, _ := try.attempt.Receipted()
				if b := must[Booking](t)(k.ledger.Booking(r.Booking)); b.Key != try.attempt.Key() {
					rt.Fatal("the booking is lost")
				}
			},
			"cancel": func(rt *rapid.T) {
				try := pickTry(rt)
				if try.was == 0 || try.attended {
					rt.Skip("not booked")
				}
				reopen := rapid.Bool().Draw(rt, "patient")
				if reopen {
					if err := k.order(try.attempt, ActionCancel); err != nil {
						rt.Fatal(err)
					}
				} else {
					r, _ := try.attempt.Receipted()
					must[Booking](t)(k.desk.Cancel(context.Background(), r.Booking, "ill", false))
				}
				if try.state == Booked {
					for _, id := range try.slots {
						m.slots[id].status = SlotWithdrawn
						if reopen {
							m.slots[id].status = SlotOpen
							m.slots[id].generation++
						}
					}
				}
				try.state = Cancelled
				k.publish(k.clock.now().Add(-2 * k.rules.Cycle))
			},
			"verify": func(rt *rapid.T) {
				try := pickTry(rt)
				if try.was == 0 {
					rt.Skip("not booked")
				}
				code := try.attempt.Visits()[0].Code.QR()
				_, err := k.ledger.Verify(context.Background(), code)
				want := map[bool]error{true: ErrNotValid, false: nil}[try.state == Cancelled]
				if try.attended {
					want = ErrUsed
				}
				var locked *LockedError
				if errors.As(err, &locked) {
					return
				}
				if err != want {
					rt.Fatalf("%v, want %v", err, want)
				}
				if want == nil {
					try.attended = true
					m.slots[try.slots[0]].status = SlotAttended
				}
			},
			"block": func(rt *rapid.T) {
				id := rapid.SampledFrom(ids).Draw(rt, "slot")
				held := m.holder(id, k.clock.now()) != nil
				if got := must[[]AppointmentID](t)(k.ledger.Block(context.Background(), []AppointmentID{id})); (len(got) == 1) != (m.slots[id].status == SlotOpen && !held) {
					rt.Fatalf("blocked %v", got)
				} else if len(got) == 1 {
					m.slots[id].status = SlotBlocked
				}
			},
			"unblock": func(rt *rapid.T) {
				id := rapid.SampledFrom(ids).Draw(rt, "slot")
				if got := must[[]AppointmentID](t)(k.ledger.Unblock(context.Background(), []AppointmentID{id})); len(got) == 1 {
					m.slots[id].status = SlotOpen
				}
			},
			"wait": func(rt *rapid.T) {
				k.clock.add(time.Duration(rapid.IntRange(1, 700).Draw(rt, "seconds")) * time.Second)
			},
			"sweep": func(rt *rapid.T) {
				if err := k.ledger.Sweep(context.Background()); err != nil {
					rt.Fatal(err)
				}
				for _, try := range m.tries {
					if (try.state == Offered || try.spoilt) && k.clock.now().After(try.until.Add(holdGrace)) {
						try.swept = true
					}
				}
			},
			"restart": func(rt *rapid.T) { k.reopen() },
		})
	})
}

// The same with many at once: whatever they do, a slot has one booking, and every receipt its booking.
func TestManyAtOnce(t *testing.T) {
	k := newKit(t)
	k.offer(8)
	const patients = 24
	var mu sync.Mutex
	receipts := map[BookingID][]int{}
	var wg sync.WaitGroup
	for p := range patients {
		wg.Go(func() {
			for i := range 8 {
				slot := (p + i) % 8
				n := []int{slot}
				if p%3 == 0 && slot > 0 {
					n = []int{slot, slot - 1}
				}
				a, ok := k.quietAttempt(n...)
				if !ok || k.ask(a) != nil {
					continue
				}
				if p%5 == 0 {
					continue // lets the hold lapse
				}
				confirm := must[[]byte](t)(a.Confirm(erika, k.clock.now()))
				for range 2 {
					wg.Go(func() { k.say(confirm) })
				}
				if r, err := a.Receipt(k.say(confirm), k.clock.now()); err == nil {
					mu.Lock()
					receipts[r.Booking] = n
					mu.Unlock()
					if p%4 == 1 {
						_ = k.order(a, ActionCancel)
						k.publish(k.clock.now().Add(-2 * k.rules.Cycle))
					}
				}
			}
		})
	}
	wg.Wait()
	k.reopen()
	taken := map[AppointmentID]bool{}
	for _, b := range must[[]Booking](t)(k.ledger.Bookings()) {
		if receipts[b.ID] == nil {
			t.Error("a booking without a receipt")
		}
		delete(receipts, b.ID)
		for _, v := range b.Visits {
			if v.State == Cancelled {
				continue
			}
			if taken[v.Appointment] {
				t.Error("two bookings of one slot")
			}
			taken[v.Appointment] = true
		}
	}
	if len(receipts) != 0 {
		t.Errorf("%d receipts without a booking", len(receipts))
	}
	for _, a := range k.ledger.Appointments() {
		if (a.Status == SlotBooked) != taken[a.ID] {
			t.Errorf("slot %v is %v", a.ID, a.Status)
		}
	}
}

// quietAttempt is attempt for when the sheet may have shrunk.
func (k *kit) quietAttempt(n ...int) (*Attempt, bool) {
	sheet := k.sheet()
	var ids []gossip.SlotID
	for _, i := range n {
		if i >= len(sheet.Sheet.Slots) {
			return nil, false
		}
		ids = append(ids, sheet.Sheet.Slots[i].ID)
	}
	a, err := NewAttempt(sheet, ids, nil, k.clock.now())
	return a, err == nil
}
