package main

import (
	"context"

	"pieks/node/control"
)

// EraseCmd deletes a patient's node.
type EraseCmd struct {
	Yes    bool `short:"y" env:"-" help:"Do not ask first."`
	Anyway bool `env:"-" help:"Also while visits are booked: the practices go on waiting for them."`
}

func (EraseCmd) Help() string {
	return `Bookings with their codes, preferences, searches, waiting rooms and all keys are deleted from this computer, and the node stops. There is no way back but a backup. What a practice wrote down about a visit stays with the practice.

    pieks erase --home A1`
}

// erased is what is reported of a home that is gone.
type erased struct {
	Erased bool   `json:"erased"`
	Home   string `json:"home"`
}

func (c *EraseCmd) Run(ctx context.Context, a *app) error {
	dir, err := a.home(patientRole)
	if err != nil {
		return err
	}
	if !c.Yes {
		if !a.interactive() {
			return usagef("Nobody can be asked here. Add --yes to delete everything in %s.", dir)
		}
		if agreed, err := a.confirm("Delete everything in " + dir + "?"); err != nil || !agreed {
			return err
		}
	}
	if err := a.ask(ctx, "Deleting", control.MethodErase, control.EraseRequest{Anyway: c.Anyway}, nil, patientRole); err != nil {
		return err
	}
	return a.report(erased{true, dir}, func(p *page) { p.linef("Everything in %s is being deleted; the node stops.", dir) })
}

// RadiusCmd changes how far away is searched as a rule.
type RadiusCmd struct {
	KM int `arg:"" name:"km" help:"1 to 200."`
}

func (c *RadiusCmd) Run(ctx context.Context, a *app) error {
	var out control.Preferences
	if err := a.ask(ctx, "Changing the radius", control.MethodPreferencesSet, control.Preferences{RadiusKM: c.KM}, &out, patientRole); err != nil {
		return err
	}
	return a.report(out, func(p *page) { p.linef("Searched is within %d km.", out.RadiusKM) })
}
