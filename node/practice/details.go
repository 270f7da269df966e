package practice

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"pieks/card"
	"pieks/gossip/place"
	"pieks/gossip/wire"
	"pieks/node/control"
	"pieks/store"
)

// hoursKey is where the hours are kept: apart from the details, which the card signs.
var hoursKey = []byte("hours")

// spansPerDay: morning, afternoon and two more for whoever divides its day otherwise.
const spansPerDay = 4

// ErrHours says that opening hours cannot be so; the error that wraps it says why.
var ErrHours = errors.New("the opening hours were not taken")

// hours are one span of a weekday on the disk, in minutes since midnight.
type hours struct {
	Weekday uint8  `cbor:"1,keyasint"`
	From    uint16 `cbor:"2,keyasint"`
	To      uint16 `cbor:"3,keyasint"`
}

// whyNot is the code of the reason for which nothing can be offered.
func (n *Node) whyNot(err error) string {
	switch {
	case n.home.Network.Usable() != nil:
		return "network"
	case errors.Is(err, ErrNoDetails):
		return "details"
	}
	return "enrolment"
}

func (n *Node) showDetails(context.Context) (control.Details, error) {
	kept, err := storedHours(n.home.Store)
	if err != nil {
		return control.Details{}, err
	}
	return n.told().shown(kept), nil
}

func (d Details) shown(kept []hours) control.Details {
	out := control.Details{Name: d.Name, Street: d.Street, PLZ: d.PLZ, Place: d.Place, Phone: d.Phone, Directions: d.Directions}
	for _, h := range kept {
		out.Hours = append(out.Hours, control.Hours{Weekday: int(h.Weekday), From: clockOf(h.From), To: clockOf(h.To)})
	}
	return out
}

// setDetails writes down what a practice tells about itself. When that is other than before, its card has to sign it; in a test network a virtual
// one does at once.
func (n *Node) setDetails(ctx context.Context, in control.Details) (control.Details, error) {
	var none control.Details
	wanted, err := Details{
		Name: strings.TrimSpace(in.Name), Street: strings.TrimSpace(in.Street), PLZ: strings.TrimSpace(in.PLZ),
		Phone: strings.TrimSpace(in.Phone), Directions: strings.TrimSpace(in.Directions),
	}.complete()
	if err != nil {
		return none, control.Coded(control.KindUsage, detailCode(err), "%w", err)
	}
	kept, err := readHours(in.Hours)
	if err != nil {
		return none, control.Coded(control.KindUsage, control.CodeHours, "%w", err)
	}
	n.enrolling.Lock()
	defer n.enrolling.Unlock()
	if err := writeDetails(ctx, n.home.Store, wanted, kept); err != nil {
		return none, err
	}
	n.mu.Lock()
	same := n.identity.details == wanted
	n.identity.details = wanted
	fresh := *n.identity
	n.mu.Unlock()
	n.changes.Changed()
	if same {
		return wanted.shown(kept), nil
	}
	if err := fresh.renew(ctx, n.home); err != nil {
		return none, err
	}
	n.takeEnrolment(fresh.enrolment, nil)
	return wanted.shown(kept), nil
}

// detailCode names the field that is wrong.
func detailCode(err error) string {
	field, ok := errors.AsType[*card.FieldError](err)
	switch {
	case errors.Is(err, ErrDetails):
		return control.CodeDetails
	case errors.Is(err, place.ErrPLZForm):
		return control.CodePLZForm
	case errors.Is(err, place.ErrPLZUnknown):
		return control.CodePLZUnknown
	case ok:
		return "detail_" + field.Field
	}
	return ""
}

func writeDetails(ctx context.Context, st *store.Store, d Details, kept []hours) error {
	details, err := wire.Marshal(d)
	if err != nil {
		return err
	}
	open, err := wire.Marshal(kept)
	if err != nil {
		return err
	}
	return st.Update(ctx, func(tx *store.Tx) error {
		if err := tx.Put(practiceBucket, detailsKey, details); err != nil {
			return err
		}
		return tx.Put(practiceBucket, hoursKey, open)
	})
}

func storedHours(st *store.Store) (kept []hours, err error) {
	err = st.View(func(tx *store.Tx) error {
		data, err := tx.Get(practiceBucket, hoursKey)
		if err != nil || data == nil {
			return err
		}
		return wire.Unmarshal(data, &kept)
	})
	return kept, err
}

// readHours checks opening hours and puts them into the order of the week.
func readHours(in []control.Hours) ([]hours, error) {
	kept := []hours{}
	for _, h := range in {
		if h.Weekday < 1 || h.Weekday > 7 {
			return nil, fmt.Errorf("%w: a weekday is 1 (Monday) to 7 (Sunday)", ErrHours)
		}
		from, err := minutes(h.From)
		if err != nil {
			return nil, err
		}
		to, err := minutes(h.To)
		if err != nil {
			return nil, err
		}
		if from >= to {
			return nil, fmt.Errorf("%w: they end before they begin, or at once", ErrHours)
		}
		kept = append(kept, hours{uint8(h.Weekday), from, to})
	}
	slices.SortFunc(kept, func(a, b hours) int {
		return cmp.Or(cmp.Compare(a.Weekday, b.Weekday), cmp.Compare(a.From, b.From))
	})
	for i, h := range kept {
		if i > 0 && kept[i-1].Weekday == h.Weekday && h.From < kept[i-1].To {
			return nil, fmt.Errorf("%w: two spans of one day overlap", ErrHours)
		}
		if i >= spansPerDay && kept[i-spansPerDay].Weekday == h.Weekday {
			return nil, fmt.Errorf("%w: a day has at most %d spans", ErrHours, spansPerDay)
		}
	}
	return kept, nil
}

// minutes reads 08:00, and 24:00 as the end of a day.
func minutes(clock string) (uint16, error) {
	if clock == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", clock)
	if err != nil || len(clock) != len("15:04") {
		return 0, fmt.Errorf("%w: %q is no time of day, write it like 08:00", ErrHours, clock)
	}
	return uint16(60*t.Hour() + t.Minute()), nil
}

func clockOf(minutes uint16) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }
