package main

import (
	"context"
	"time"

	"pieks/node/control"
)

// PracticeListingCmd is about the directory in which patients find the practice.
type PracticeListingCmd struct {
	What  string  `arg:"" optional:"" enum:"show,on,off" default:"show" help:"show it, or enter the directory (on), or leave it (off)."`
	Alias *string `help:"Another name that patients know the practice by." placeholder:"NAME" env:"-"`
}

func (PracticeListingCmd) Help() string {
	return `Patients check in only at a practice that stands in the directory. With 'on' its name, address and profession, as its card says them, and its opening hours are kept by all relays and by every patient's node; 'off' takes it back within minutes, and where a node is off within a week.

    pieks practice listing on --alias "Hausarzt am Dom"
    pieks practice listing`
}

func (c *PracticeListingCmd) Run(ctx context.Context, a *app) error {
	var l control.Listing
	if err := a.ask(ctx, "Looking", control.MethodListing, nil, &l, practiceRole); err != nil {
		return err
	}
	if c.What != "show" {
		in := control.Listing{Listed: c.What == "on", Alias: l.Alias}
		if c.Alias != nil {
			in.Alias = *c.Alias
		}
		if err := a.ask(ctx, "Changing the directory", control.MethodListingSet, in, &l, practiceRole); err != nil {
			return err
		}
	} else if c.Alias != nil {
		return usagef("--alias goes with 'on'.")
	}
	return a.report(l, func(p *page) {
		if !l.Listed {
			p.line("The practice does not stand in the directory. Patients cannot check in.")
			return
		}
		if l.Kept == 0 {
			p.line("The practice enters the directory: no relay has it yet. Within a minute 'pieks practice listing' shows how many do.")
		} else {
			p.linef("The practice stands in the directory, at %s, until %s; it is renewed before.", count(l.Kept, "relay", "relays"), instant(l.Until))
		}
		p.pairs([2]string{"Also known as", l.Alias})
	})
}

// PracticeArrivalsCmd lists who has checked in.
type PracticeArrivalsCmd struct {
	Workplace string `help:"Only at this workplace." placeholder:"ID" env:"-"`
	Fetch     bool   `help:"Ask the PoPP service first, which is asked every 30 seconds anyway." env:"-"`
	Since     string `help:"From this day on, such as 2026-12-01; left out, today." placeholder:"DATE" env:"-"`
}

func (PracticeArrivalsCmd) Help() string {
	return `Those who checked in through a PoPP service have a token of kind popp, all others one of this practice (presence).

    pieks practice arrivals --workplace REZEPTION-1
    pieks practice arrivals --fetch --json`
}

func (c *PracticeArrivalsCmd) Run(ctx context.Context, a *app) error {
	in := control.ArrivalsQuery{Workplace: c.Workplace}
	if c.Since != "" {
		day, err := time.ParseInLocation(time.DateOnly, c.Since, berlin)
		if err != nil {
			return usagef("--since is a day such as 2026-12-01.")
		}
		in.Since = day
	}
	if c.Fetch {
		if err := a.ask(ctx, "Asking the PoPP service", control.MethodArrivalFetch, nil, nil, practiceRole); err != nil {
			return err
		}
	}
	list := []control.Arrival{}
	if err := a.ask(ctx, "Looking", control.MethodArrivals, in, &list, practiceRole); err != nil {
		return err
	}
	return a.report(list, func(p *page) {
		if len(list) == 0 {
			p.line("Nobody has checked in.")
			return
		}
		var rows [][]string
		for _, one := range list {
			late := ""
			if one.Late {
				late = "while the practice was away"
			}
			rows = append(rows, []string{instant(one.Received), or(one.Workplace, "-"), or(one.Name, one.KVNR), one.Kind, late, one.ID})
		}
		p.table([]string{"RECEIVED", "WORKPLACE", "WHO", "TOKEN", "", "ARRIVAL"}, rows)
	})
}
