package booking

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"pieks/gossip/wire"
	"pieks/store"
)

// known are the bookings in memory, as they are on the disk: reading 2,000 of them there takes longer than a page may. A booking comes in after
// the transaction that made or changed it. But for the first one these are done one after the other (Ledger.changes), so the last
// one to come in is the newest.
type known struct {
	bookings map[BookingID]bookingRecord
}

// loadBookings reads all bookings.
func (l *Ledger) loadBookings() error {
	l.known.bookings = map[BookingID]bookingRecord{}
	return l.store.View(func(tx *store.Tx) error {
		return tx.Each(bucketBookings, func(key, value []byte) error {
			var record bookingRecord
			if err := wire.Unmarshal(value, &record); err != nil || len(key) != len(BookingID{}) {
				return fmt.Errorf("read a booking: %w", store.ErrDamaged)
			}
			l.known.bookings[BookingID(key)] = record
			return nil
		})
	})
}

// made takes in a booking that was just written for the first time, unless a change of it was faster. l.mu is held.
func (k *known) made(id BookingID, record bookingRecord) {
	if _, changed := k.bookings[id]; !changed {
		k.bookings[id] = record
	}
}

// took takes in a booking as a change has left it. l.changes is held.
func (l *Ledger) took(id BookingID, record bookingRecord) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known.bookings[id] = record
}

// forget drops bookings that are not kept any longer. l.mu is held.
func (k *known) forget(now time.Time) {
	for id, record := range k.bookings {
		if uint64(max(0, now.Unix())) > record.Until {
			delete(k.bookings, id)
		}
	}
}

// keptBy says whether a booking is here that is kept at the time now.
func (l *Ledger) keptBy(id BookingID, now time.Time) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	record, ok := l.known.bookings[id]
	return ok && uint64(max(0, now.Unix())) <= record.Until
}

// Occupied is an appointment and, when it is booked or attended, by whom.
type Occupied struct {
	Appointment
	Listed  bool     // patients can see it
	Booking *Booking // nil when nobody has it
	Visit   int      // index into Booking.Visits
}

// Between lists the appointments that start from one instant until before another and were not withdrawn, by start.
func (l *Ledger) Between(from, to time.Time) []Occupied {
	now := l.now()
	l.mu.RLock()
	defer l.mu.RUnlock()
	all := []Occupied{}
	at := map[AppointmentID]int{}
	for _, i := range l.items {
		start := unix(i.record.Start)
		if i.record.Status == SlotWithdrawn || start.Before(from) || !start.Before(to) {
			continue
		}
		all = append(all, Occupied{Appointment: i.seen(now), Listed: l.listed(i, now)})
	}
	slices.SortFunc(all, func(a, b Occupied) int {
		return cmp.Or(a.Start.Compare(b.Start), slices.Compare(a.ID[:], b.ID[:]))
	})
	for n := range all {
		at[all[n].ID] = n
	}
	for id, record := range l.known.bookings {
		var shown *Booking
		for v, visit := range record.Visits {
			n, here := at[visit.Appointment]
			if !here || visit.State != Booked && visit.State != Attended {
				continue
			}
			if shown == nil {
				b := record.booking(id)
				shown = &b
			}
			all[n].Booking, all[n].Visit = shown, v
		}
	}
	return all
}

// Listed says whether patients can see an appointment now.
func (l *Ledger) Listed(id AppointmentID) bool {
	now := l.now()
	l.mu.RLock()
	defer l.mu.RUnlock()
	i := l.items[id]
	return i != nil && l.listed(i, now)
}

// seen is the appointment with its hold, if one stands.
func (i *item) seen(now time.Time) Appointment {
	a := i.appointment()
	if a.Status == SlotOpen && i.hold != nil && !i.hold.ended(now) {
		a.Status = SlotHeld
	}
	return a
}

// listed says whether patients can see the appointment: a sheet of some epoch has it, and that sheet's tick has come.
func (l *Ledger) listed(i *item, now time.Time) bool {
	if i.record.Status != SlotOpen || !now.Before(unix(i.record.Start)) {
		return false
	}
	for _, e := range l.epochs {
		if span, ok := e.visible[slotKey{i.id, i.record.Generation}]; ok && !now.Before(span.from) {
			return true
		}
	}
	return false
}
