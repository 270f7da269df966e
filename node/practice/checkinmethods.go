package practice

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"pieks/node/booking"
	"pieks/node/checkin"
	"pieks/node/checkin/popp"
	"pieks/node/control"
	"pieks/node/spoken"
)

// listArrivals lists who checked in, newest first.
func (n *Node) listArrivals(_ context.Context, in control.ArrivalsQuery) ([]control.Arrival, error) {
	from := in.Since
	if from.IsZero() {
		from = booking.StartOfDay(booking.InZone(n.home.Now()))
	}
	all, err := n.arrivals.Since(from, in.Workplace)
	if err != nil {
		return nil, err
	}
	today := n.today()
	list := []control.Arrival{}
	for _, a := range all {
		list = append(list, n.shownArrival(a, today))
	}
	return list, nil
}

// today are the bookings of today by the folded name of their patient.
func (n *Node) today() map[string][]control.Booking {
	start := booking.StartOfDay(booking.InZone(n.home.Now()))
	named, seen := map[string][]control.Booking{}, map[booking.BookingID]bool{}
	for _, o := range n.ledger.Between(start, start.AddDate(0, 0, 1)) {
		if o.Booking == nil || seen[o.Booking.ID] {
			continue
		}
		seen[o.Booking.ID] = true
		name := foldName(o.Booking.Patient.Name)
		named[name] = append(named[name], n.shown(*o.Booking))
	}
	return named
}

// foldName brings a name as people type it and as a card has it together: words in any order, umlauts in either spelling. Test cards say behind the
// name that they are.
func foldName(name string) string {
	words := spoken.Words(strings.TrimSuffix(name, "TEST-ONLY"))
	slices.Sort(words)
	return strings.Join(words, " ")
}

func (n *Node) shownArrival(a checkin.Arrival, today map[string][]control.Booking) control.Arrival {
	out := control.Arrival{
		ID: a.ID.String(), Workplace: a.Workplace, Name: a.Name, KVNR: a.KVNR, IK: a.IK, Proof: string(a.Proof), Proved: a.Proved,
		Received: a.Received, Late: a.Late, Pair: string(a.Pair), Seen: a.Seen, Kind: string(a.Kind),
	}
	if a.Name != "" {
		out.Bookings = today[foldName(a.Name)]
	}
	return out
}

func (n *Node) seeArrival(ctx context.Context, in control.ArrivalName) (control.Arrival, error) {
	id, err := checkin.ParseID(in.ID)
	if err != nil {
		return control.Arrival{}, usageCheckin(err)
	}
	mark := n.arrivals.See
	if in.Undo {
		mark = n.arrivals.Unsee
	}
	a, err := mark(ctx, id)
	if err != nil {
		return control.Arrival{}, usageCheckin(err)
	}
	return n.shownArrival(a, n.today()), nil
}

func (n *Node) arrivalToken(_ context.Context, in control.ArrivalName) (control.ArrivalToken, error) {
	id, err := checkin.ParseID(in.ID)
	if err != nil {
		return control.ArrivalToken{}, usageCheckin(err)
	}
	kind, token, err := n.arrivals.Token(id)
	if err != nil {
		return control.ArrivalToken{}, usageCheckin(err)
	}
	return control.ArrivalToken{Kind: string(kind), Token: token}, nil
}

// usageCheckin marks the errors that a person can mend by asking otherwise.
func usageCheckin(err error) error {
	switch {
	case errors.Is(err, checkin.ErrID):
		return control.Coded(control.KindUsage, control.CodeNoCheckin, "%w", err)
	case errors.Is(err, checkin.ErrNoArrival):
		return control.Coded(control.KindNotFound, control.CodeNoCheckin, "%w", err)
	}
	return err
}

// checkinCode is the text of the QR code for a workplace, which is remembered.
func (n *Node) checkinCode(ctx context.Context, in control.CheckinCodeOf) (control.CheckinCode, error) {
	var out control.CheckinCode
	licence := n.licence()
	if licence == nil {
		return out, control.Errorf(control.KindConflict, "%w", cmp.Or(n.usable(), ErrLicence))
	}
	q, err := codeOf(licence.TelematikID, in.Workplace)
	if err != nil {
		return out, err
	}
	if q.Workplace != "" {
		if err := n.rememberWorkplace(ctx, string(q.Workplace)); err != nil {
			return out, err
		}
	}
	listing, err := n.showListing(ctx)
	if err != nil {
		return out, err
	}
	d := n.told()
	return control.CheckinCode{
		Text: q.Text(), Workplace: string(q.Workplace), Listed: listing.Listed, Test: n.home.Network.Get().IsTest(),
		Details: control.Details{
			Name: d.Name, Street: d.Street, PLZ: d.PLZ, Place: d.Place, Phone: d.Phone, Directions: d.Directions,
		},
	}, nil
}

func codeOf(telematikID, workplace string) (q popp.QR, err error) {
	if workplace != "" {
		if q.Workplace, err = popp.ParseWorkplaceID(workplace); err != nil {
			return q, control.Coded(control.KindUsage, control.CodeWorkplace, "%w", err)
		}
	}
	// The card's own number, which need not keep the rules for those that people type: then no patient's program would take the code.
	if q.TelematikID, err = popp.ParseTelematikID(telematikID); err != nil {
		return q, control.Coded(control.KindConflict, control.CodeTelematikID, "%w", err)
	}
	return q, nil
}

// presenceKeys is what verifies this practice's presence tokens, and whose they are.
func (n *Node) presenceKeys(context.Context) (json.RawMessage, error) {
	return popp.PresenceKeys(popp.PracticeKey{Device: n.identity.publicDevice(), Enrolment: n.enrolment()})
}
