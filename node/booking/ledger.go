package booking

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"pieks/gossip"
	"pieks/store"
)

// Errors of the ledger, each with what to do next.
var (
	ErrTooMany       = errors.New("at most 200 appointments can be open or blocked at once: withdraw some, or add these later")
	ErrOverlap       = errors.New("an appointment must end after it starts, at most 8 hours later")
	ErrPast          = errors.New("an appointment cannot begin in the past: choose a later time")
	ErrNoAppointment = errors.New("there is no such appointment: `pieks slots list` shows all")
	ErrNoBooking     = errors.New("there is no such booking: `pieks bookings` shows all")
	ErrEpoch         = errors.New("this epoch has no slots here: it has ended or has not begun")
	ErrHoldsLive     = errors.New("an offer of this epoch still stands: end the epoch after the last hold")
	ErrNotValid      = errors.New("not valid: ask the patient for another form of the code, or look the booking up by name")
	ErrUsed          = errors.New("this code was already redeemed")
)

// LedgerConfig is what a ledger needs.
type LedgerConfig struct {
	Store *store.Store
	Rules func() gossip.Rules // nil = gossip.DefaultRules
	Now   func() time.Time    // nil = time.Now
	// OnChange is called after what a sheet shows, or a booking, has changed. It must not block and not call the ledger.
	OnChange func()
	Keep     time.Duration // how long a booking is kept after its last visit; 0 = 30 days
	Log      *slog.Logger  // nil = discard
}

// Ledger is the only authority for a practice's appointments. What it answered it has written down before. All methods are
// safe for use by several goroutines. There is one Ledger a store.
type Ledger struct{ cfg LedgerConfig }

// OpenLedger reads appointments, live epochs and their holds.
func OpenLedger(ctx context.Context, cfg LedgerConfig) (*Ledger, error) {
	return nil, store.ErrClosed
}

// Add makes open appointments, all or none. Status and ID of the arguments are not read. It gives ErrTooMany, ErrOverlap, ErrPast.
func (l *Ledger) Add(ctx context.Context, add []Appointment) ([]AppointmentID, error) {
	return nil, store.ErrClosed
}

// Appointments lists all that are kept, by start.
func (l *Ledger) Appointments() []Appointment { return nil }

// Block takes open appointments out of the sheet. It returns those that changed; ids that are not open are left alone.
func (l *Ledger) Block(ctx context.Context, ids []AppointmentID) ([]AppointmentID, error) {
	return nil, store.ErrClosed
}

// Unblock offers blocked appointments again.
func (l *Ledger) Unblock(ctx context.Context, ids []AppointmentID) ([]AppointmentID, error) {
	return nil, store.ErrClosed
}

// Withdraw takes open and blocked appointments away for good.
func (l *Ledger) Withdraw(ctx context.Context, ids []AppointmentID) ([]AppointmentID, error) {
	return nil, store.ErrClosed
}

// BeginEpoch makes the slot ids of an epoch under the pseudonym front. The secret behind them lives in Store.Keys under
// the epoch. Beginning an epoch again with the same front changes nothing.
func (l *Ledger) BeginEpoch(ctx context.Context, epoch uint64, front [32]byte) error {
	return store.ErrClosed
}

// EndEpoch deletes the holds of an epoch and erases ALL keys under it in Store.Keys, the front's private keys
// included, so that nothing left here maps its tokens to appointments. It gives ErrHoldsLive while a hold stands.
func (l *Ledger) EndEpoch(ctx context.Context, epoch uint64) error { return store.ErrClosed }

// Epochs lists the epochs that have begun and not ended, ascending.
func (l *Ledger) Epochs() []uint64 { return nil }

// Slots is what the sheet of an epoch is to show: open and held appointments that have not begun, at most 200, the next ones
// first. Held ones stay in, so that a sheet does not tell who is just booking.
func (l *Ledger) Slots(epoch uint64) ([]gossip.Slot, error) { return nil, ErrEpoch }

// Published notes that these slots went out in a sheet at an instant. Only the first time counts: it opens their draw
// (gossip.Rules.DrawSpan). Call it before the sheet leaves; a slot that was never published is not given out.
func (l *Ledger) Published(ctx context.Context, epoch uint64, slots []gossip.Slot, at time.Time) error {
	return store.ErrClosed
}

// HoldsUntil is the end of the last hold of an epoch, zero when none stands: EndEpoch waits for it.
func (l *Ledger) HoldsUntil(epoch uint64) time.Time { return time.Time{} }

// Booking is one booking as the practice keeps it.
type Booking struct {
	ID       BookingID
	Key      [32]byte // B
	State    State    // Booked, Cancelled, Attended (all visits)
	Revision uint64
	Patient  Patient
	Visits   []Visit
	Created  time.Time
	Reason   string // of a cancellation by the practice
}

// Bookings lists all that are kept, by first visit.
func (l *Ledger) Bookings() ([]Booking, error) { return nil, store.ErrClosed }

// Booking finds one, or gives ErrNoBooking.
func (l *Ledger) Booking(id BookingID) (Booking, error) { return Booking{}, ErrNoBooking }

// Verified is a visit whose code was shown.
type Verified struct {
	Booking Booking
	Visit   int       // index into Booking.Visits
	Used    time.Time // zero, or when the code was redeemed before: then the error is ErrUsed
}

// LockedError says that too many wrong codes were entered here and when the next one is looked at.
type LockedError struct{ Until time.Time }

func (e *LockedError) Error() string {
	return "too many wrong codes: the next one is looked at from " + e.Until.In(berlin).Format("15:04:05")
}

// Verify redeems a code in any of its three forms, once. Errors: ErrTypo and ErrCodeForm (not looked up, no try counted),
// ErrNotValid (unknown, expired, wrong: the same), ErrUsed with Verified filled in, *LockedError.
func (l *Ledger) Verify(ctx context.Context, code string) (Verified, error) {
	return Verified{}, store.ErrClosed
}

// Outgoing is a message for a patient's mailbox that is not sent yet. It is written in the same transaction as what it tells.
type Outgoing struct {
	ID      [16]byte
	Box     [32]byte // B
	Sealing [32]byte // X25519 of B
	Relays  []string // peer IDs that keep the box
	Message []byte
	Expires time.Time // nothing is lost when it is dropped then
}

// Outbox lists what is to be sent, oldest first.
func (l *Ledger) Outbox() ([]Outgoing, error) { return nil, store.ErrClosed }

// Sent takes a message out of the outbox.
func (l *Ledger) Sent(ctx context.Context, id [16]byte) error { return store.ErrClosed }

// Sweep ends holds and draws whose time is over and forgets what is no longer needed. Call it each few seconds and after the clock jumped.
func (l *Ledger) Sweep(ctx context.Context) error { return store.ErrClosed }
