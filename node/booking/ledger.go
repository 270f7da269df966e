package booking

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"pieks/gossip"
	"pieks/gossip/wire"
	"pieks/node/records"
	"pieks/store"
)

// Errors of the ledger, each with what to do next.
var (
	ErrTooMany       = errors.New("at most 200 appointments can be open or blocked at once: withdraw some, or add these later")
	ErrBounds        = errors.New("an appointment needs a vaccine and must end after it starts, 1 minute to 8 hours later")
	ErrPast          = errors.New("an appointment cannot begin in the past: choose a later time")
	ErrNoAppointment = errors.New("there is no such appointment: `pieks slots list` shows all")
	ErrNoBooking     = errors.New("there is no such booking: `pieks bookings` shows all")
	ErrEpoch         = errors.New("this epoch has no slots here: it has ended or has not begun")
	ErrHoldsLive     = errors.New("an offer of this epoch still stands: end the epoch after the last hold")
)

// LedgerConfig is what a ledger needs.
type LedgerConfig struct {
	Store *store.Store
	Rules func() gossip.Rules // nil = gossip.DefaultRules
	Now   func() time.Time    // nil = time.Now
	// OnChange is called after what a sheet shows, or a booking, has changed. It must not block and not call the ledger.
	OnChange func()
	Keep     time.Duration // how long a booking is kept after its last visit; 0 = 30 days
	MailHold time.Duration // how long an offer stands that goes through a mailbox; 0 = the rules' Hold
	Log      *slog.Logger  // nil = discard
}

// Ledger is the only authority for a practice's appointments. What it answered it has written down before. All methods are
// safe for use by several goroutines. There is one Ledger a store.
//
// It keeps the state of every appointment in memory, under mu, so that "taken" costs no read and no write. Who wants an
// appointment first reserves it there and then writes: nobody else can reserve it meanwhile, and the transaction looks again.
type Ledger struct {
	cfg   LedgerConfig
	store *store.Store

	changes sync.Mutex // one change of slots or epochs by the practice at a time
	mu      sync.RWMutex
	items   map[AppointmentID]*item
	epochs  map[uint64]*epoch
	holds   map[[32]byte]*hold // by B, all epochs
	live    map[*hold]struct{} // those that occupy appointments
	draws   map[int64]*draw    // by the unix millisecond at which they close
	sources sources
	known   known
	nextRun time.Time // the earliest close of a draw; zero when there is none
}

// item is an appointment in memory.
type item struct {
	id     AppointmentID
	record appointmentRecord
	hold   *hold // who occupies it, if its hold has not ended
}

func (i *item) appointment() Appointment {
	a := Appointment{ID: i.id, Start: unix(i.record.Start).In(berlin), End: unix(i.record.End).In(berlin),
		Vaccine: i.record.Vaccine, Dose: i.record.Dose, Status: i.record.Status}
	return a
}

// free says whether the appointment may be held now.
func (i *item) free(now time.Time) bool {
	return i.record.Status == SlotOpen && now.Before(unix(i.record.Start)) && (i.hold == nil || i.hold.ended(now))
}

// OpenLedger reads appointments, live epochs and their holds.
func OpenLedger(ctx context.Context, cfg LedgerConfig) (*Ledger, error) {
	if cfg.Rules == nil {
		cfg.Rules = gossip.DefaultRules
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.OnChange == nil {
		cfg.OnChange = func() {}
	}
	if cfg.Keep <= 0 {
		cfg.Keep = keepBookings
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	l := &Ledger{cfg: cfg, store: cfg.Store, items: map[AppointmentID]*item{}, epochs: map[uint64]*epoch{},
		holds: map[[32]byte]*hold{}, live: map[*hold]struct{}{}, draws: map[int64]*draw{}, sources: sources{}}
	if err := l.load(ctx); err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	cfg.Store.Retain(bucketBookings, records.KeepUntil(func(r *bookingRecord) uint64 { return r.Until }))
	cfg.Store.Retain(bucketKeys, records.KeepUntil(func(r *keyRecord) uint64 { return r.Until }))
	cfg.Store.Retain(bucketCodes, l.keepCode)
	cfg.Store.Retain(bucketTries, records.KeepUntil(func(r *triesRecord) uint64 { return r.Until }))
	cfg.Store.Retain(bucketRooms, records.KeepUntil(func(r *roomRecord) uint64 { return r.Until }))
	cfg.Store.Retain(bucketJournal, records.KeepUntil(func(r *journalRecord) uint64 { return r.Until }))
	cfg.Store.Retain(bucketOutbox, records.KeepUntil(func(r *outgoingRecord) uint64 { return r.Expires }))
	return l, nil
}

func (l *Ledger) load(ctx context.Context) error {
	err := l.store.View(func(tx *store.Tx) error {
		return tx.Each(bucketAppointments, func(key, value []byte) error {
			var record appointmentRecord
			if err := wire.Unmarshal(value, &record); err != nil || len(key) != len(AppointmentID{}) {
				return fmt.Errorf("read an appointment: %w", store.ErrDamaged)
			}
			id := AppointmentID(key)
			l.items[id] = &item{id: id, record: record}
			return nil
		})
	})
	if err != nil {
		return err
	}
	if err := l.loadBookings(); err != nil {
		return err
	}
	for _, number := range l.store.Keys().Epochs() {
		if err := l.loadEpoch(number); err != nil {
			return err
		}
	}
	return l.dropOrphans(ctx)
}

func (l *Ledger) now() time.Time { return l.cfg.Now() }

// update writes, and says ErrBusy for whatever kept the store from it.
func (l *Ledger) update(ctx context.Context, fn func(*store.Tx) error) error {
	err := l.store.Update(ctx, fn)
	if err != nil {
		l.cfg.Log.Warn("the ledger could not write", "err", err)
	}
	return err
}
