package booking

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"pieks/gossip"
)

// The practice's own list (node/ownlist) shows the same appointments under its device key D, with exact times, to patients who hold its
// poster. Their tokens come from epochs of their own: other secrets, and D in the place of P, so that nobody but the practice can tell that
// a token of a sheet and one of this list are the same appointment. Holds and bookings are the appointment's, whatever the token.

// ownEpochs is where the numbers of these epochs begin: far above those of pseudonyms, with which they share the key file.
const ownEpochs uint64 = 1 << 63

func isOwn(number uint64) bool { return number >= ownEpochs }

// Listed is an open appointment in the practice's own list. Its token is gossip.TokenOf(D, ID).
type Listed struct {
	ID      gossip.SlotID `cbor:"1,keyasint"`
	Start   uint64        `cbor:"2,keyasint"` // unix seconds
	End     uint64        `cbor:"3,keyasint"`
	Vaccine string        `cbor:"4,keyasint"`
	Dose    uint8         `cbor:"5,keyasint"` // 0 is any
}

// Check says whether the fields are in their bounds.
func (s Listed) Check() error { return checkVisit(s.Start, s.End, s.Vaccine) }

// Visit is the appointment with its times in Europe/Berlin.
func (s Listed) Visit() Visit {
	return Visit{Start: unix(s.Start).In(berlin), End: unix(s.End).In(berlin), Vaccine: s.Vaccine, Dose: s.Dose}
}

// Slot is the appointment as a sheet would show it.
func (s Listed) Slot() gossip.Slot {
	return Appointment{Start: unix(s.Start), End: unix(s.End), Vaccine: s.Vaccine, Dose: s.Dose}.slot(s.ID)
}

// KeepOwn keeps the own list of a practice: it begins the epoch of now under device, ends those before the last one whose holds are over, and
// lists what may be listed. Call it each few seconds.
//
// An appointment is listed once everybody could have asked for it: when its draw in a sheet is over. With unreached, which says that no relay
// has been reached for longer than a cycle, also when it stands in no sheet. What was listed stays so until it is given away.
func (l *Ledger) KeepOwn(ctx context.Context, device [32]byte, unreached bool) error {
	current := ownEpochs + l.cfg.Rules().EpochAt(l.now())
	if err := l.BeginEpoch(ctx, current, device); err != nil {
		return fmt.Errorf("keep the own list: %w", err)
	}
	errs := l.listOwn(ctx, current, unreached)
	for _, number := range l.own() {
		if number == current || number == current-1 {
			continue
		}
		if err := l.EndEpoch(ctx, number); err != nil && !errors.Is(err, ErrHoldsLive) {
			errs = errors.Join(errs, err)
		}
	}
	if errs != nil {
		return fmt.Errorf("keep the own list: %w", errs)
	}
	return nil
}

// own are the numbers of the own list's epochs, ascending.
func (l *Ledger) own() []uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.ownLocked()
}

func (l *Ledger) ownLocked() []uint64 {
	var numbers []uint64
	for n := range l.epochs {
		if isOwn(n) {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers
}

// listOwn lists in an own epoch what the public could have asked for.
func (l *Ledger) listOwn(ctx context.Context, number uint64, unreached bool) error {
	now := l.now()
	l.mu.RLock()
	e := l.epochs[number]
	var fresh []slotKey
	for _, i := range l.items {
		key := slotKey{i.id, i.record.Generation}
		if _, listed := e.visible[key]; listed || i.record.Status != SlotOpen || !now.Before(unix(i.record.Start)) {
			continue
		}
		if published, drawn := l.published(key, now); drawn || unreached && !published {
			fresh = append(fresh, key)
		}
	}
	l.mu.RUnlock()
	return l.noteVisible(ctx, e, fresh, span{now, now})
}

// published says whether an appointment stands in any sheet or list, and whether a draw for it is over.
func (l *Ledger) published(key slotKey, now time.Time) (published, drawn bool) {
	for _, e := range l.epochs {
		if visible, ok := e.visible[key]; ok {
			published, drawn = true, drawn || !now.Before(visible.to)
		}
	}
	return published, drawn
}

// OwnList is what the own list shows now, at most 200 appointments, the next ones first, and until when its tokens are good. Held ones stay in, as in
// a sheet.
func (l *Ledger) OwnList() (slots []Listed, until time.Time, err error) {
	now, rules := l.now(), l.cfg.Rules()
	last := gossip.DayOf(now.In(berlin)) + rules.DaysAhead
	l.mu.RLock()
	defer l.mu.RUnlock()
	own := l.ownLocked()
	if len(own) == 0 {
		return nil, until, ErrEpoch
	}
	number := own[len(own)-1]
	e := l.epochs[number]
	for _, i := range l.offered(now, last) {
		if _, listed := e.visible[slotKey{i.id, i.record.Generation}]; listed && len(slots) < gossip.MaxSlots {
			slots = append(slots, Listed{ID: e.slotID(i), Start: i.record.Start, End: i.record.End, Vaccine: i.record.Vaccine, Dose: i.record.Dose})
		}
	}
	return slots, rules.EpochStart(number - ownEpochs + 2), nil
}

// ownEpochOf is the epoch that a message of B is about: that of its hold, else that of its token, else the newest.
func (l *Ledger) ownEpochOf(from sender) uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if h := l.holds[from.key]; h != nil && isOwn(h.epoch.number) {
		return h.epoch.number
	}
	own := l.ownLocked()
	if len(own) == 0 {
		return ownEpochs
	}
	if from.request != nil {
		for _, number := range own {
			if l.epochs[number].tokens[from.request.Tokens[0]] != nil {
				return number
			}
		}
	}
	return own[len(own)-1]
}
