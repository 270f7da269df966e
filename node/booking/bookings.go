package booking

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"pieks/gossip/wire"
	"pieks/node/records"
	"pieks/store"
)

// Booking is one booking as the practice keeps it.
type Booking struct {
	ID       BookingID
	Key      [32]byte // B
	State    State    // Booked, Cancelled, Attended
	Revision uint64   // grows with each change
	Patient  Patient
	Visits   []Visit
	Created  time.Time
	Moved    time.Time // when the practice last moved a visit; zero: never
	ByPhone  bool      // reception booked it for a caller, who has no node
	Reason   string    // why the practice cancelled or moved
}

func (r bookingRecord) booking(id BookingID) Booking {
	b := Booking{ID: id, Key: r.Key, State: r.State, Revision: r.Revision, Patient: r.Patient, Created: unix(r.Created), Reason: r.Reason, ByPhone: r.ByPhone}
	if r.Moved != 0 {
		b.Moved = unix(r.Moved).In(berlin)
	}
	for _, v := range r.Visits {
		visit := Visit{Appointment: v.Appointment, Start: unix(v.Start).In(berlin), End: unix(v.End).In(berlin), Vaccine: v.Vaccine, Dose: v.Dose, State: v.State,
			Outcome: v.Outcome, Lot: v.Lot, Code: v.Code}
		if v.Attended != 0 {
			visit.Attended = unix(v.Attended).In(berlin)
		}
		b.Visits = append(b.Visits, visit)
	}
	return b
}

// receipt is what the patient is told of a booking. It depends on nothing but the booking, so a repeated question gets the same answer.
func (r bookingRecord) receipt(id BookingID) Receipt {
	out := Receipt{Version: Version, Key: r.Key, Booking: id, State: r.State, Revision: r.Revision, Issued: r.Changed, Reason: r.Reason}
	for _, v := range r.Visits {
		out.Visits = append(out.Visits, ReceiptVisit{Start: v.Start, End: v.End, Vaccine: v.Vaccine, Dose: v.Dose, State: v.State, Room: v.Room})
	}
	return out
}

// state of a booking follows from its visits: booked while one is to come, else attended if one was, else cancelled.
func (r bookingRecord) state() State {
	state := Cancelled
	for _, v := range r.Visits {
		if v.State == Booked {
			return Booked
		}
		if v.State == Attended {
			state = Attended
		}
	}
	return state
}

// Bookings lists all that are kept, by first visit.
func (l *Ledger) Bookings() ([]Booking, error) {
	var all []Booking
	err := l.store.View(func(tx *store.Tx) error {
		return tx.Each(bucketBookings, func(key, value []byte) error {
			var record bookingRecord
			if err := wire.Unmarshal(value, &record); err != nil || len(key) != len(BookingID{}) {
				return fmt.Errorf("read a booking: %w", store.ErrDamaged)
			}
			all = append(all, record.booking(BookingID(key)))
			return nil
		})
	})
	slices.SortFunc(all, func(a, b Booking) int {
		return cmp.Or(a.Visits[0].Start.Compare(b.Visits[0].Start), slices.Compare(a.ID[:], b.ID[:]))
	})
	return all, err
}

// Booking finds one, or gives ErrNoBooking.
func (l *Ledger) Booking(id BookingID) (Booking, error) {
	record, err := l.booking(id)
	return record.booking(id), err
}

func (l *Ledger) booking(id BookingID) (record bookingRecord, err error) {
	err = l.store.View(func(tx *store.Tx) error { return getBooking(tx, id, &record) })
	return record, err
}

func getBooking(tx *store.Tx, id BookingID, record *bookingRecord) error {
	found, err := records.Get(tx, bucketBookings, id[:], record)
	if err == nil && !found {
		err = ErrNoBooking
	}
	return err
}

// byKey finds the booking of a B, or gives ErrNoBooking.
func (l *Ledger) byKey(key [32]byte) (id BookingID, record bookingRecord, err error) {
	err = l.store.View(func(tx *store.Tx) error {
		var k keyRecord
		found, err := records.Get(tx, bucketKeys, key[:], &k)
		if err != nil {
			return err
		}
		if !found {
			return ErrNoBooking
		}
		id = k.Booking
		return getBooking(tx, id, &record)
	})
	return id, record, err
}

// notice makes the message that tells the patient what the practice changed, within the transaction; nil when the patient need not be told.
type notice func(BookingID, bookingRecord) ([]byte, error)

// cancellation is what ends a booking.
type cancellation struct {
	reason string
	reopen bool
	notice notice // nil when the patient asked for it
}

// cancel ends the visits to come of a booking, in one transaction. Cancelling again changes nothing. The refusal ReasonLate says that no visit is to come.
func (l *Ledger) cancel(ctx context.Context, id BookingID, c cancellation) (bookingRecord, error) {
	now := l.now()
	l.changes.Lock()
	defer l.changes.Unlock()
	var record bookingRecord
	var moved []*item
	err := l.update(ctx, func(tx *store.Tx) error {
		if err := getBooking(tx, id, &record); err != nil {
			return err
		}
		if !record.toCome(now) {
			if slices.ContainsFunc(record.Visits, func(v visitRecord) bool { return v.State == Cancelled }) {
				return nil // what could be cancelled was
			}
			return no(ReasonLate)
		}
		var err error
		if moved, err = cancelVisits(tx, &record, c.reopen, now); err != nil {
			return err
		}
		record.State, record.Reason = record.state(), c.reason
		record.Revision++
		record.Changed = uint64(now.Unix())
		if err := records.Put(tx, bucketBookings, id[:], record); err != nil {
			return err
		}
		return c.notice.put(tx, id, record, now)
	})
	if err != nil {
		return bookingRecord{}, err
	}
	l.took(id, record)
	if len(moved) > 0 {
		l.takeUp(moved)
		l.cfg.OnChange()
	}
	return record, nil
}

// toCome says whether a visit can still be cancelled.
func (r bookingRecord) toCome(now time.Time) bool {
	return slices.ContainsFunc(r.Visits, func(v visitRecord) bool { return v.State == Booked && now.Before(unix(v.Start)) })
}

// cancelVisits cancels the visits to come and says what becomes of their appointments.
func cancelVisits(tx *store.Tx, record *bookingRecord, reopen bool, now time.Time) ([]*item, error) {
	var moved []*item
	for n := range record.Visits {
		v := &record.Visits[n]
		if v.State != Booked || !now.Before(unix(v.Start)) {
			continue
		}
		v.State = Cancelled
		i := &item{id: v.Appointment}
		found, err := records.Get(tx, bucketAppointments, i.id[:], &i.record)
		if err != nil {
			return nil, err
		}
		if !found || i.record.Status != SlotBooked {
			continue
		}
		i.record.Status = SlotWithdrawn
		if reopen {
			i.record.Status = SlotOpen
			i.record.Generation++
		}
		if err := records.Put(tx, bucketAppointments, i.id[:], i.record); err != nil {
			return nil, err
		}
		moved = append(moved, i)
	}
	return moved, nil
}

// takeUp brings appointments that were written into memory: under a new token when they are open again.
func (l *Ledger) takeUp(moved []*item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range moved {
		i := l.items[m.id]
		if i == nil {
			i = &item{id: m.id, record: m.record}
			l.items[m.id] = i
		}
		for _, e := range l.epochs {
			e.hide(i)
		}
		i.record, i.hold = m.record, nil
		for _, e := range l.epochs {
			e.show(i)
		}
	}
}

// put puts the notice into the outbox.
func (n notice) put(tx *store.Tx, id BookingID, record bookingRecord, now time.Time) error {
	if n == nil || record.ByPhone {
		return nil // the patient knows, or has no mailbox
	}
	msg, err := n(id, record)
	if err != nil {
		return err
	}
	var key [16]byte
	rand.Read(key[:])
	out := outgoingRecord{Created: uint64(now.Unix()), Box: record.Key, Sealing: record.Sealing, Relays: record.Relays, Message: msg}
	for _, v := range record.Visits {
		out.Expires = max(out.Expires, uint64(endOfDay(unix(v.End)).Unix()))
	}
	if record.State == Attended {
		out.Expires = max(out.Expires, uint64(now.Add(keepNotice).Unix()))
	}
	return records.Put(tx, bucketOutbox, key[:], out)
}
