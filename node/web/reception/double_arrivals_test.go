package reception

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"pieks/node/checkin/popp"
	"pieks/node/control"
)

// arrivals are the part of the double that people check in at.
type arrivals struct {
	all        []*control.Arrival
	workplaces []string
	listing    control.Listing
	listable   bool
	id         string // Telematik-ID on the card; "" has none
}

func (p *practice) checkinMethods() control.Handlers {
	return control.Handlers{
		control.MethodArrivals: control.Handle(p.listArrivals), control.MethodArrivalSeen: control.Handle(p.seeArrival), control.MethodArrivalToken: control.Handle(p.arrivalToken),
		control.MethodCheckinCode: control.Handle(p.checkinCode),
		control.MethodWorkplaces:  control.HandleNone(func(context.Context) ([]string, error) { return slices.Clone(p.came.workplaces), nil }),
		control.MethodListing:     control.HandleNone(func(context.Context) (control.Listing, error) { return p.came.listing, nil }), control.MethodListingSet: control.Handle(p.setListing),
	}
}

// arrive has somebody check in.
func (p *practice) arrive(a control.Arrival) *control.Arrival {
	a.ID = fmt.Sprintf("%08x-0000-4000-8000-000000000000", len(p.came.all)+1)
	if a.Received.IsZero() {
		a.Received = p.now()
	}
	if a.Proved.IsZero() {
		a.Proved = a.Received.Add(-time.Second)
	}
	if a.Kind == "" {
		a.Kind = "presence"
	}
	p.came.all = append(p.came.all, &a)
	p.changes.Changed()
	return &a
}

func (p *practice) listArrivals(_ context.Context, in control.ArrivalsQuery) (list []control.Arrival, _ error) {
	for _, a := range p.came.all {
		if isoDay(a.Received) == isoDay(p.now()) && (in.Workplace == "" || in.Workplace == a.Workplace) {
			list = append(list, *a)
		}
	}
	slices.SortStableFunc(list, func(a, b control.Arrival) int { return b.Received.Compare(a.Received) })
	return list, nil
}

func (p *practice) arrival(id string) (*control.Arrival, error) {
	i := slices.IndexFunc(p.came.all, func(a *control.Arrival) bool { return a.ID == id })
	if i < 0 {
		return nil, control.Coded(control.KindNotFound, control.CodeNoCheckin, "no such arrival")
	}
	return p.came.all[i], nil
}

func (p *practice) seeArrival(_ context.Context, in control.ArrivalName) (none control.Arrival, _ error) {
	a, err := p.arrival(in.ID)
	if err != nil {
		return none, err
	}
	switch {
	case in.Undo:
		a.Seen = time.Time{}
	case a.Seen.IsZero():
		a.Seen = p.now()
	}
	p.changes.Changed()
	return *a, nil
}

func (p *practice) arrivalToken(_ context.Context, in control.ArrivalName) (none control.ArrivalToken, _ error) {
	a, err := p.arrival(in.ID)
	if err != nil {
		return none, err
	}
	return control.ArrivalToken{Kind: a.Kind, Token: "eyJhbGciOiJFZERTQSJ9." + strings.Repeat("QUJDREVGR0g", 40) + "." + a.KVNR}, nil
}

func (p *practice) checkinCode(_ context.Context, in control.CheckinCodeOf) (out control.CheckinCode, _ error) {
	if p.came.id == "" {
		return out, control.Errorf(control.KindConflict, "no card")
	}
	q := popp.QR{TelematikID: popp.TelematikID(p.came.id)}
	if in.Workplace != "" {
		w, err := popp.ParseWorkplaceID(in.Workplace)
		if err != nil {
			return out, control.Coded(control.KindUsage, control.CodeWorkplace, "%w", err)
		}
		q.Workplace = w
		if !slices.Contains(p.came.workplaces, in.Workplace) {
			p.came.workplaces = append(p.came.workplaces, in.Workplace)
		}
	}
	return control.CheckinCode{Text: q.Text(), Workplace: in.Workplace, Details: p.details, Listed: p.came.listing.Listed, Test: p.test}, nil
}

func (p *practice) setListing(_ context.Context, in control.Listing) (none control.Listing, _ error) {
	if len(in.Alias) > 96 || strings.ContainsRune(in.Alias, '\u202e') {
		return none, control.Coded(control.KindUsage, control.CodeListing, "alias")
	}
	if in.Listed && !p.came.listable {
		return none, control.Coded(control.KindConflict, control.CodeListing, "no card of an institution")
	}
	p.came.listing = control.Listing{Listed: in.Listed, Alias: in.Alias}
	if in.Listed {
		p.came.listing.Kept, p.came.listing.Until = 3, p.now().AddDate(0, 0, 7)
	}
	return p.came.listing, nil
}
