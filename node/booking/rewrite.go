package booking

import (
	"time"

	"pieks/node/records"
	"pieks/store"
)

// rewrite is a change of several bookings on its way to the disk: what becomes of each visit and of the appointments behind it. It is written in one
// transaction and then taken into memory.
type rewrite struct {
	now    time.Time
	tell   notice
	reason string
	moved  bool // visits get other times
	keep   time.Duration
	steps  []step

	bookings map[BookingID]bookingRecord
	items    []*item
}

// step is what becomes of one visit.
type step struct {
	ref     VisitRef
	to      spot
	state   State
	leave   AppointmentID // the appointment that it had; zero: none that changes
	leaveAs Status
	renew   bool  // leave is offered under a new token
	next    *item // the appointment that it has then, as it is to be; nil: none
}

func (w *rewrite) add(s step) { w.steps = append(w.steps, s) }

// write writes bookings, appointments, keys and notices. The revisions after it go into the journal's visits, in the order of the steps.
func (w *rewrite) write(tx *store.Tx, journal []journalVisit) error {
	w.bookings, w.items = map[BookingID]bookingRecord{}, nil
	var order []BookingID
	for _, s := range w.steps {
		record, begun := w.bookings[s.ref.Booking]
		if !begun {
			if err := getBooking(tx, s.ref.Booking, &record); err != nil {
				return err
			}
			record.Revision++
			record.Changed, record.Reason = uint64(w.now.Unix()), w.reason
			if w.moved {
				record.Moved = uint64(w.now.Unix())
			}
			order = append(order, s.ref.Booking)
		}
		v := &record.Visits[s.ref.Visit]
		v.Appointment, v.Start, v.End, v.State, v.Outcome = s.to.Appointment, s.to.Start, s.to.End, s.state, NoOutcome
		record.Until = max(record.Until, uint64(unix(v.End).Add(w.keep).Unix()))
		record.State = record.state()
		w.bookings[s.ref.Booking] = record
		if err := w.writeAppointments(tx, s); err != nil {
			return err
		}
	}
	for _, id := range order {
		record := w.bookings[id]
		if err := records.Put(tx, bucketBookings, id[:], record); err != nil {
			return err
		}
		if err := records.Put(tx, bucketKeys, record.Key[:], keyRecord{Booking: id, Until: record.Until}); err != nil {
			return err
		}
		if err := w.tell.put(tx, id, record, w.now); err != nil {
			return err
		}
	}
	for n := range journal {
		journal[n].Revision = w.bookings[journal[n].Booking].Revision
	}
	return nil
}

func (w *rewrite) writeAppointments(tx *store.Tx, s step) error {
	if s.leave != (AppointmentID{}) {
		i := &item{id: s.leave}
		found, err := records.Get(tx, bucketAppointments, i.id[:], &i.record)
		if err != nil {
			return err
		}
		if found {
			i.record.Status = s.leaveAs
			if s.renew {
				i.record.Generation++
			}
			if err := w.put(tx, i); err != nil {
				return err
			}
		}
	}
	if s.next != nil {
		return w.put(tx, s.next)
	}
	return nil
}

func (w *rewrite) put(tx *store.Tx, i *item) error {
	w.items = append(w.items, i)
	return records.Put(tx, bucketAppointments, i.id[:], i.record)
}

// takeIn brings what was written into memory. l.changes is held.
func (l *Ledger) takeIn(w *rewrite) {
	for id, record := range w.bookings {
		l.took(id, record)
	}
	l.takeUp(w.items)
}
