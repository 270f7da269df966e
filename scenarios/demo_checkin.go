package scenarios

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pieks/node/control"
)

// demoWorkplaces have a code at the first practice.
var demoWorkplaces = []string{"REZEPTION-1", "LABOR"}

// enterDirectory has the practices enter the directory before patients fetch it: a running patient's node looks again some minutes later.
func (d *demo) enterDirectory(ctx context.Context) error {
	for _, p := range demoPractices {
		node := d.net.nodes[p.name]
		if err := node.Call(ctx, control.MethodListingSet, control.Listing{Listed: true}, nil); err != nil {
			return err
		}
		err := until(ctx, time.Minute, func(ctx context.Context) (bool, string, error) {
			var l control.Listing
			err := node.Call(ctx, control.MethodListing, nil, &l)
			return l.Kept == d.result.Relays, fmt.Sprintf("%d relays have the listing of %s", l.Kept, p.name), err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// arrive has a patient check in at the reception with a virtual card.
func (d *demo) arrive(ctx context.Context) error {
	who, p := demoPatients[0], demoPractices[0]
	reception, node := d.net.nodes[p.name], d.net.nodes[who.name]
	var code control.CheckinCode
	for _, workplace := range demoWorkplaces { // the code of the last one is scanned
		if err := reception.Call(ctx, control.MethodCheckinCode, control.CheckinCodeOf{Workplace: workplace}, &code); err != nil {
			return err
		}
	}
	d.say("%s has hung up codes at %s and %s, and stands in the directory that travels with the relays.", p.details.Name, demoWorkplaces[0], demoWorkplaces[1])
	err := until(ctx, time.Minute, func(ctx context.Context) (bool, string, error) {
		var options control.CheckinOptions
		err := node.Call(ctx, control.MethodCheckinOptions, nil, &options)
		return options.Directory == len(demoPractices), fmt.Sprintf("%d institutions in the directory of %s", options.Directory, who.name), err
	})
	if err != nil {
		return err
	}
	var target control.CheckinTarget
	if err := node.Call(ctx, control.MethodCheckinScan, control.CheckinScan{Text: code.Text}, &target); err != nil {
		return err
	}
	var c control.Checkin
	for _, step := range []struct {
		method string
		in     func() any
	}{
		{control.MethodCheckinBegin, func() any { return control.CheckinBegin{TelematikID: target.TelematikID, Workplace: target.Workplace} }},
		{control.MethodCheckinConsent, func() any { return control.CheckinConsent{ID: c.ID, Agree: true, Favourite: "Hausarzt"} }},
		{control.MethodCheckinVirtual, func() any { return control.CheckinVirtual{ID: c.ID, Name: who.person} }},
	} {
		if err := node.Call(ctx, step.method, step.in(), &c); err != nil {
			return fmt.Errorf("check in: %w", err)
		}
	}
	if c.State != control.CheckinStateSuccess {
		return fmt.Errorf("the check-in is %s: %s %s", c.State, c.Why, c.Message)
	}
	var arrivals []control.Arrival
	if err := reception.Call(ctx, control.MethodArrivals, control.ArrivalsQuery{Workplace: target.Workplace}, &arrivals); err != nil {
		return err
	}
	if len(arrivals) != 1 {
		return errors.New("reception does not see who checked in")
	}
	d.result.Arrived++
	d.say("%s scans the code, looks at who asks, agrees, and proves with a virtual card to be there. Reception sees it at %s.", who.person, target.Workplace)
	return nil
}
