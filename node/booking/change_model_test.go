package booking

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"pieks/node/records"
	"pieks/store"

	"pgregory.net/rapid"
)

// holdsTogether checks what must be so after any sequence of changes: an appointment has at most one visit that is booked or attended,
// each such visit has its appointment at its time, memory is what the disk says, each code leads to its visit, and every patient's node,
// once it has its mail, sees the practice's booking.
func (k *kit) holdsTogether(rt *rapid.T, patients []*Attempt) {
	if !k.remembers() {
		rt.Fatal("memory and disk do not agree")
	}
	has := map[AppointmentID]bool{}
	bookings := must[[]Booking](k.t)(k.ledger.Bookings())
	for _, b := range bookings {
		for n, v := range b.Visits {
			if v.Code != nil {
				k.leads(rt, *v.Code, codeVisit{b.ID, uint8(n)})
			}
			if v.State == Cancelled {
				continue
			}
			i := k.ledger.items[v.Appointment]
			switch {
			case has[v.Appointment]:
				rt.Fatalf("two visits of one appointment")
			case i == nil, i.record.Start != uint64(v.Start.Unix()), i.record.End != uint64(v.End.Unix()):
				rt.Fatalf("a visit without its appointment")
			case (v.State == Booked) != (i.record.Status == SlotBooked), (v.State == Attended) != (i.record.Status == SlotAttended):
				rt.Fatalf("the visit is %v, the appointment %v", v.State, i.record.Status)
			}
			has[v.Appointment] = true
		}
	}
	for id, i := range k.ledger.items {
		if (i.record.Status == SlotBooked || i.record.Status == SlotAttended) != has[id] {
			rt.Fatalf("an appointment is %v, and its visit %v", i.record.Status, has[id])
		}
		if i.hold == ownHold {
			rt.Fatal("an appointment is still occupied by the practice")
		}
	}
	for _, a := range patients {
		k.post(a)
		r, _ := a.Receipted()
		b := must[Booking](k.t)(k.ledger.Booking(r.Booking))
		for n, v := range a.Visits() {
			k.leads(rt, *v.Code, codeVisit{b.ID, uint8(n)})
			if want := b.Visits[n]; !v.Start.Equal(want.Start) || !v.End.Equal(want.End) || v.State != want.State {
				rt.Fatalf("the patient sees %v %v, the practice %v %v", v.Start, v.State, want.Start, want.State)
			}
		}
	}
}

// leads checks that a code is kept and stands for a visit.
func (k *kit) leads(rt *rapid.T, code Code, to codeVisit) {
	err := k.store.View(func(tx *store.Tx) error {
		for _, key := range code.lookupKeys() {
			var record codeRecord
			if _, err := records.Get(tx, bucketCodes, key, &record); err != nil {
				return err
			}
			if !slices.Contains(record.Visits, to) {
				rt.Fatal("a code does not lead to its visit")
			}
		}
		return nil
	})
	if err != nil {
		rt.Fatal(err)
	}
}

// TestChangesHoldTogether runs random bookings on both ways, moves, cancellations, undos, check-ins, restarts and passing time.
func TestChangesHoldTogether(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		k := newKit(t)
		defer k.close()
		ids := k.offer(6)
		var patients []*Attempt
		ctx := context.Background()
		slot := func() AppointmentID { return rapid.SampledFrom(ids).Draw(rt, "slot") }
		someDay := func() time.Time { return tomorrow.AddDate(0, 0, rapid.IntRange(-1, 2).Draw(rt, "day")) }
		pick := func() Booking {
			all := must[[]Booking](t)(k.ledger.Bookings())
			if len(all) == 0 {
				rt.Skip("nobody is booked")
			}
			return rapid.SampledFrom(all).Draw(rt, "booking")
		}
		again := func() { k.publish(k.clock.now().Add(-2 * k.rules.Cycle)) }
		rt.Repeat(map[string]func(*rapid.T){
			"": func(rt *rapid.T) { k.holdsTogether(rt, patients) },
			"book": func(rt *rapid.T) {
				n := len(k.sheet().Sheet.Slots)
				if n == 0 {
					rt.Skip("nothing is open")
				}
				if a := k.attempt(rapid.IntRange(0, n-1).Draw(rt, "n")); k.book(a) == nil {
					patients = append(patients, a)
				}
			},
			"hold": func(rt *rapid.T) {
				if n := len(k.sheet().Sheet.Slots); n > 0 {
					_ = k.ask(k.attempt(rapid.IntRange(0, n-1).Draw(rt, "n")))
				}
			},
			"phone": func(rt *rapid.T) {
				id := slot()
				open := k.status(id) == SlotOpen || k.status(id) == SlotBlocked
				open = open && k.clock.now().Before(unix(k.ledger.items[id].record.Start))
				if _, err := k.ledger.Phone(ctx, PhoneOrder{Appointments: []AppointmentID{id}, Patient: erika}); (err == nil) != open {
					rt.Fatalf("booked by phone: %v, open %v", err, open)
				}
			},
			"move a day": func(rt *rapid.T) {
				o := MoveOrder{Day: someDay(), ToDay: someDay(), Preview: rapid.Bool().Draw(rt, "preview")}
				if rapid.Bool().Draw(rt, "time") {
					o.ToTime = clockTime(rapid.IntRange(0, 23).Draw(rt, "hour"), 0)
				}
				if _, err := k.desk.Move(ctx, o); err != nil && !errors.Is(err, ErrNobody) {
					rt.Fatal(err)
				}
			},
			"move to a slot": func(rt *rapid.T) {
				id := slot()
				must[Change](t)(k.desk.Move(ctx, MoveOrder{Visits: refOf(pick(), 0), Appointment: &id}))
			},
			"cancel many": func(rt *rapid.T) {
				o := CancelOrder{Bookings: []BookingID{pick().ID, pick().ID}, Reopen: rapid.Bool().Draw(rt, "reopen"), Preview: rapid.Bool().Draw(rt, "preview")}
				must[Change](t)(k.desk.CancelMany(ctx, o))
				again()
			},
			"undo": func(rt *rapid.T) {
				all := must[[]Change](t)(k.ledger.Changes())
				if len(all) == 0 {
					rt.Skip("nothing to take back")
				}
				must[Change](t)(k.desk.Undo(ctx, rapid.SampledFrom(all).Draw(rt, "change").ID))
				again()
			},
			"patient cancels": func(rt *rapid.T) {
				if len(patients) == 0 {
					rt.Skip("nobody is booked")
				}
				_ = k.order(rapid.SampledFrom(patients).Draw(rt, "patient"), ActionCancel)
				again()
			},
			"attend": func(rt *rapid.T) { _, _ = k.desk.Attend(ctx, pick().ID, 0) },
			"outcome": func(rt *rapid.T) {
				_, _ = k.ledger.SetOutcome(ctx, pick().ID, 0, Outcome(rapid.IntRange(0, 2).Draw(rt, "outcome")), "")
			},
			"block":    func(rt *rapid.T) { must[[]AppointmentID](t)(k.ledger.Block(ctx, []AppointmentID{slot()})) },
			"unblock":  func(rt *rapid.T) { must[[]AppointmentID](t)(k.ledger.Unblock(ctx, []AppointmentID{slot()})); again() },
			"withdraw": func(rt *rapid.T) { must[[]AppointmentID](t)(k.ledger.Withdraw(ctx, []AppointmentID{slot()})) },
			"wait": func(rt *rapid.T) {
				k.clock.add(time.Duration(rapid.IntRange(1, 400).Draw(rt, "minutes")) * time.Minute)
			},
			"sweep": func(rt *rapid.T) {
				if err := k.ledger.Sweep(ctx); err != nil {
					rt.Fatal(err)
				}
				must[int](t)(k.store.Sweep(ctx, k.clock.now()))
			},
			"restart": func(rt *rapid.T) { k.reopen() },
		})
	})
}
