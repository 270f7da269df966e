package booking

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"pieks/gossip/wire"
	"pieks/node/records"
	"pieks/store"
)

// confirm turns the standing hold of a B into a booking, in one transaction, or repeats the booking that came of it.
// The signature was checked. A refusal is a *refusal.
func (l *Ledger) confirm(ctx context.Context, epoch uint64, c Confirm) (BookingID, bookingRecord, error) {
	for {
		h, wait, err := l.beginConfirm(ctx, epoch, c)
		if err != nil {
			return BookingID{}, bookingRecord{}, err
		}
		if wait == nil && h.record.Booking != (BookingID{}) {
			record, err := l.booking(h.record.Booking)
			return h.record.Booking, record, err
		}
		if wait == nil {
			return l.book(ctx, h, c.Patient)
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return BookingID{}, bookingRecord{}, ctx.Err()
		}
	}
}

// beginConfirm finds the hold and takes it into the phase booking, or says what stands against it, or what to wait for. A hold that was
// booked before comes back with its Booking set.
func (l *Ledger) beginConfirm(ctx context.Context, epoch uint64, c Confirm) (*hold, <-chan struct{}, error) {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.holds[c.Key]
	if h == nil || h.epoch.number != epoch {
		return nil, nil, no(ReasonExpired)
	}
	switch h.phase {
	case placing, booking:
		return nil, h.ready, nil
	case booked:
		return h, nil, nil
	case void:
		return nil, nil, no(ReasonExpired)
	case unknown:
		return nil, nil, no(ReasonBusy)
	}
	if h.ended(now) || !h.occupies() || offerHashOf(h.record.Offer) != c.Offer {
		return nil, nil, no(ReasonExpired)
	}
	if Commit(h.record.Tokens, c.Key, c.Nonce) != h.record.Commitment {
		l.release(h)
		h.phase, h.record.Void = void, true
		return nil, nil, &voided{h}
	}
	if checkPatient(c.Patient, now) != nil {
		return nil, nil, no(ReasonPatient)
	}
	h.phase, h.ready = booking, make(chan struct{})
	h.opened = c.Nonce
	return h, nil, nil
}

// voided carries a hold out of the lock that has to be written down as given up.
type voided struct{ hold *hold }

func (v *voided) Error() string { return ErrCommit.Error() }

// occupies says whether all appointments are still this hold's: a clock that went back does not bring a hold back.
func (h *hold) occupies() bool {
	return len(h.items) == len(h.record.Appointments) &&
		!slices.ContainsFunc(h.items, func(i *item) bool { return i.hold != h || i.record.Status != SlotOpen })
}

// offerHashOf is the hash of the body in an offer's message.
func offerHashOf(msg []byte) [32]byte {
	m, err := Decode(msg)
	if err != nil {
		return [32]byte{}
	}
	return offerHash(m.Body)
}

// writeVoid writes down that a hold was given up.
func (l *Ledger) writeVoid(ctx context.Context, h *hold) error {
	sealed, err := h.seal()
	if err != nil {
		return err
	}
	return l.update(ctx, func(tx *store.Tx) error { return tx.Put(bucketHolds, h.key, sealed) })
}

// book writes the booking: appointments, booking, its keys and codes, and the hold's record, all or nothing.
func (l *Ledger) book(ctx context.Context, h *hold, patient Patient) (BookingID, bookingRecord, error) {
	now := l.now()
	var id BookingID
	rand.Read(id[:])
	record := newBooking(h, patient, now, l.cfg.Keep)
	codes, err := h.codes()
	if err == nil {
		kept := h.record
		kept.Booking = id
		err = l.update(ctx, func(tx *store.Tx) error { return h.writeBooking(tx, id, record, kept, codes) })
	}
	l.mu.Lock()
	close(h.ready)
	switch {
	case err == nil:
		h.phase, h.record.Booking = booked, id
		l.known.made(id, record)
		for _, i := range h.items {
			if i.hold == h { // else a cancellation has overtaken us in memory, as it did on disk
				i.record.Status = SlotBooked
			}
		}
		l.release(h)
	case errors.Is(err, store.ErrFailed):
		h.phase = unknown
	case errors.As(err, new(*refusal)): // the disk knows better than memory: the hold is worth nothing
		h.phase = void
		l.release(h)
		err = no(ReasonExpired)
	default:
		h.phase = standing
	}
	h.opened = [32]byte{}
	l.mu.Unlock()
	if err != nil {
		return BookingID{}, bookingRecord{}, err
	}
	l.cfg.OnChange()
	return id, record, nil
}

func newBooking(h *hold, patient Patient, now time.Time, keep time.Duration) bookingRecord {
	record := bookingRecord{Key: h.record.Key, Sealing: h.record.Sealing, Relays: h.record.Relays, State: Booked, Revision: 1,
		Patient: patient, Created: uint64(now.Unix()), Changed: uint64(now.Unix())}
	for _, i := range h.items {
		record.Visits = append(record.Visits, visitRecord{Appointment: i.id, Start: i.record.Start, End: i.record.End,
			Vaccine: i.record.Vaccine, Dose: i.record.Dose, State: Booked})
		record.Until = max(record.Until, uint64(unix(i.record.End).Add(keep).Unix()))
	}
	return record
}

// codes are the verification tokens of the visits, in their order.
func (h *hold) codes() ([]Code, error) {
	var codes []Code
	for _, token := range h.record.Tokens {
		th := Transcript(token, h.record.Key, h.record.Commitment, h.record.Nonce)
		c, err := DeriveCode(token, h.opened, h.record.Nonce, th)
		if err != nil {
			return nil, err
		}
		codes = append(codes, c)
	}
	return codes, nil
}

func (h *hold) writeBooking(tx *store.Tx, id BookingID, record bookingRecord, kept holdRecord, codes []Code) error {
	if err := h.stillOpen(tx); err != nil {
		return err
	}
	for _, i := range h.items {
		appointment := i.record
		appointment.Status = SlotBooked
		if err := records.Put(tx, bucketAppointments, i.id[:], appointment); err != nil {
			return err
		}
	}
	if err := writeRecord(tx, id, record, codes); err != nil {
		return err
	}
	plain, err := wire.Marshal(kept)
	if err != nil {
		return err
	}
	return tx.Put(bucketHolds, h.key, h.epoch.sealer.Seal(h.key, plain))
}

// keepCode keeps a code as long as a booking that it leads to: a visit may be moved to a time far behind the one that the code was written with.
func (l *Ledger) keepCode(_, value []byte, now time.Time) bool {
	var record codeRecord
	if wire.Unmarshal(value, &record) != nil {
		return true // not ours to throw away: a check will name it
	}
	return uint64(max(0, now.Unix())) <= record.Until ||
		slices.ContainsFunc(record.Visits, func(v codeVisit) bool { return l.keptBy(v.Booking, now) })
}

// writeRecord writes a new booking with what leads to it: its key and its codes.
func writeRecord(tx *store.Tx, id BookingID, record bookingRecord, codes []Code) error {
	if err := records.Put(tx, bucketBookings, id[:], record); err != nil {
		return err
	}
	if err := records.Put(tx, bucketKeys, record.Key[:], keyRecord{Booking: id, Until: record.Until}); err != nil {
		return err
	}
	for n, c := range codes {
		for _, key := range c.lookupKeys() {
			if err := addCode(tx, key, codeVisit{Booking: id, Visit: uint8(n)}, record.Until); err != nil {
				return err
			}
		}
	}
	return nil
}

func addCode(tx *store.Tx, key []byte, visit codeVisit, until uint64) error {
	var record codeRecord
	if _, err := records.Get(tx, bucketCodes, key, &record); err != nil {
		return err
	}
	record.Visits = append(record.Visits, visit)
	record.Until = max(record.Until, until)
	return records.Put(tx, bucketCodes, key, record)
}
