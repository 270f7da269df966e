package booking

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"pieks/gossip/wire"
	"pieks/store"
)

// bucketJournal holds the changes that can be taken back. Each is written in the transaction that makes the change. It has no name and no time of day
// but those of the appointments, and is swept when it can be taken back no longer.
var bucketJournal = store.NewBucket("booking/journal") // ChangeID -> journalRecord

type journalRecord struct {
	Kind   ChangeKind     `cbor:"1,keyasint"`
	Made   uint64         `cbor:"2,keyasint"`
	Until  uint64         `cbor:"3,keyasint"` // kept until then
	Reason string         `cbor:"4,keyasint,omitempty"`
	Visits []journalVisit `cbor:"5,keyasint"`
}

// journalVisit is a visit before and after a change.
type journalVisit struct {
	Booking  BookingID `cbor:"1,keyasint"`
	Visit    uint8     `cbor:"2,keyasint"`
	Revision uint64    `cbor:"3,keyasint"` // of the booking after the change
	From     spot      `cbor:"4,keyasint"`
	To       spot      `cbor:"5,keyasint"` // zero: cancelled
	// Was is what the appointment To was before: SlotOpen or SlotBlocked, or 0 when it was made for the move.
	Was Status `cbor:"6,keyasint,omitempty"`
	// Generation is that of the appointment From after it was offered again; 0: it was withdrawn.
	Generation uint32 `cbor:"7,keyasint,omitempty"`
}

// spot is where a visit was.
type spot struct {
	Appointment AppointmentID `cbor:"1,keyasint"`
	Start       uint64        `cbor:"2,keyasint"`
	End         uint64        `cbor:"3,keyasint"`
}

func (v visitRecord) spot() spot { return spot{v.Appointment, v.Start, v.End} }

func newJournal(kind ChangeKind, reason string, now time.Time) (ChangeID, journalRecord) {
	var id ChangeID
	rand.Read(id[:])
	return id, journalRecord{Kind: kind, Made: uint64(now.Unix()), Until: uint64(now.Add(undoFor).Unix()), Reason: reason}
}

// Changes lists what can be taken back now, newest first. The patients' names are those of the bookings.
func (l *Ledger) Changes() ([]Change, error) {
	now := l.now()
	all := []Change{}
	err := l.store.View(func(tx *store.Tx) error {
		return tx.Each(bucketJournal, func(key, value []byte) error {
			var r journalRecord
			if err := wire.Unmarshal(value, &r); err != nil || len(key) != len(ChangeID{}) {
				return fmt.Errorf("read a change: %w", store.ErrDamaged)
			}
			if now.After(unix(r.Until)) {
				return nil
			}
			all = append(all, l.shown(ChangeID(key), r))
			return nil
		})
	})
	slices.SortFunc(all, func(a, b Change) int { return cmp.Or(b.Made.Compare(a.Made), slices.Compare(a.ID[:], b.ID[:])) })
	return all, err
}

// shown is a change of the journal with its patients.
func (l *Ledger) shown(id ChangeID, r journalRecord) Change {
	l.mu.RLock()
	defer l.mu.RUnlock()
	c := Change{ID: id, Kind: r.Kind, Made: unix(r.Made).In(berlin), Until: unix(r.Until).In(berlin), Reason: r.Reason}
	for _, j := range r.Visits {
		record, ok := l.known.bookings[j.Booking]
		if !ok || int(j.Visit) >= len(record.Visits) {
			continue
		}
		t := touched{VisitRef: VisitRef{j.Booking, int(j.Visit)}, record: record, visit: record.Visits[j.Visit]}
		v := t.changed(nil)
		if j.To != (spot{}) {
			v.To = j.To.of(v.From)
		}
		v.From = *j.From.of(v.From)
		v.From.State = Booked
		c.Visits = append(c.Visits, v)
	}
	return c
}

// of is the visit v at another place.
func (p spot) of(v Visit) *Visit {
	v.Appointment, v.Start, v.End = p.Appointment, unix(p.Start).In(berlin), unix(p.End).In(berlin)
	return &v
}
