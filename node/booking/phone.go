package booking

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"pieks/gossip"
	"pieks/node/records"
	"pieks/store"
)

// Errors of bookings by phone. With each nothing was booked.
var (
	ErrNotFree = errors.New("this appointment is not free any more, or somebody is just booking it: choose another one")
	ErrDoses   = errors.New("two appointments are first and second dose of one vaccine, the first one first, as many days apart as the vaccine asks for")
)

// PhoneOrder is what reception books for somebody who has no node.
type PhoneOrder struct {
	Appointments []AppointmentID // one, or first and second dose; open or blocked
	Patient      Patient
	// Interval is how many days a vaccine asks for between two doses; nil or zeros: any.
	Interval func(vaccine string) (least, most int)
}

// Phone books for a caller, all in one transaction. Key, tokens and nonces are made here and thrown away: nobody can sign for the key, so
// there are no orders, and there is no mailbox, so there are no notices. The codes are derived as any others are, and kept in the booking,
// so that the slip can be printed again. Errors: ErrDetails, ErrNoAppointment, ErrNotFree, ErrPast, ErrDoses.
func (l *Ledger) Phone(ctx context.Context, o PhoneOrder) (Booking, error) {
	now := l.now()
	if err := checkPatient(o.Patient, now); err != nil {
		return Booking{}, err
	}
	if n := len(o.Appointments); n < 1 || n > maxTokens || n == 2 && o.Appointments[0] == o.Appointments[1] {
		return Booking{}, ErrDoses
	}
	l.changes.Lock()
	defer l.changes.Unlock()
	taken, err := l.seize(o.Appointments, now)
	if errors.Is(err, errClaimed) {
		err = ErrNotFree
	}
	if err != nil {
		return Booking{}, err
	}
	id, record, err := l.writePhone(ctx, o, taken, now)
	if err != nil {
		l.letGo(taken)
		return Booking{}, err
	}
	l.took(id, record)
	next := make([]*item, len(taken))
	for n, i := range taken {
		next[n] = &item{id: i.id, record: i.record}
		next[n].record.Status = SlotBooked
	}
	l.takeUp(next)
	l.cfg.OnChange()
	return record.booking(id), nil
}

func (l *Ledger) writePhone(ctx context.Context, o PhoneOrder, taken []*item, now time.Time) (id BookingID, record bookingRecord, err error) {
	if err := o.fits(taken, now); err != nil {
		return id, record, err
	}
	key, codes, err := newCodes(len(taken))
	if err != nil {
		return id, record, err
	}
	rand.Read(id[:])
	record = bookingRecord{Key: key, Relays: []string{}, State: Booked, Revision: 1, Patient: o.Patient,
		Created: uint64(now.Unix()), Changed: uint64(now.Unix()), ByPhone: true}
	for n, i := range taken {
		record.Visits = append(record.Visits, visitRecord{Appointment: i.id, Start: i.record.Start, End: i.record.End,
			Vaccine: i.record.Vaccine, Dose: i.record.Dose, State: Booked, Code: &codes[n]})
		record.Until = max(record.Until, uint64(unix(i.record.End).Add(l.cfg.Keep).Unix()))
	}
	err = l.update(ctx, func(tx *store.Tx) error {
		for _, i := range taken {
			appointment := i.record
			appointment.Status = SlotBooked
			if err := records.Put(tx, bucketAppointments, i.id[:], appointment); err != nil {
				return err
			}
		}
		return writeRecord(tx, id, record, codes)
	})
	if err != nil {
		return id, record, fmt.Errorf("book by phone: %w", err)
	}
	return id, record, nil
}

// fits says whether the appointments are to come and, when they are two, doses of one series.
func (o PhoneOrder) fits(taken []*item, now time.Time) error {
	for _, i := range taken {
		if !now.Before(unix(i.record.Start)) {
			return ErrPast
		}
	}
	if len(taken) == 1 {
		return nil
	}
	a, b := taken[0].appointment(), taken[1].appointment()
	least, most := 0, 0
	if o.Interval != nil {
		least, most = o.Interval(a.Vaccine)
	}
	if a.Vaccine != b.Vaccine || a.Dose > 1 || b.Dose != 0 && b.Dose != 2 || !a.Start.Before(b.Start) ||
		!apart(int(a.Day()), int(b.Day()), least, most) {
		return ErrDoses
	}
	return nil
}

// newCodes plays both sides of a booking: B, tokens that no sheet has, n_p and n_d are drawn, and only B and the codes are left of them.
func newCodes(visits int) (key [32]byte, codes []Code, err error) {
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return key, nil, fmt.Errorf("make the key of a booking: %w", err)
	}
	key = [32]byte(public)
	tokens := make([]gossip.TokenID, visits)
	for n := range tokens {
		rand.Read(tokens[n][:])
	}
	var np, nd [32]byte
	rand.Read(np[:])
	rand.Read(nd[:])
	commitment := Commit(tokens, key, np)
	for _, token := range tokens {
		c, err := DeriveCode(token, np, nd, Transcript(token, key, commitment, nd))
		if err != nil {
			return key, nil, err
		}
		codes = append(codes, c)
	}
	return key, codes, nil
}
