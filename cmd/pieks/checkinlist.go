package main

import (
	"context"
	"slices"
	"time"

	"pieks/node/control"
)

// CheckinStatusCmd asks how check-ins stand.
type CheckinStatusCmd struct {
	ID   string        `arg:"" optional:"" name:"check-in" help:"Show only this one; left out, those that are not over."`
	Wait time.Duration `env:"-" help:"Wait at most so long until none waits for its practice any more." placeholder:"DURATION"`
}

func (CheckinStatusCmd) Help() string {
	return `A check-in that waits goes on by itself, also after the node was restarted, and is given up after some days.

    pieks checkin status
    pieks checkin status CHECK-IN --wait 10m`
}

func (c *CheckinStatusCmd) Run(ctx context.Context, a *app) error {
	deadline := time.Now().Add(c.Wait)
	for {
		list, err := c.look(ctx, a)
		if err != nil {
			return err
		}
		waits := slices.ContainsFunc(list, func(s control.Checkin) bool { return s.State == control.CheckinStatePending })
		if waits && time.Now().Before(deadline) && pause(ctx) {
			continue
		}
		if c.ID != "" {
			return a.report(list[0], func(p *page) { checkinPage(p, list[0]) })
		}
		return a.report(list, func(p *page) {
			checkinsPage(p, list, "No check-in is under way. `pieks checkin history` lists the last ones.")
		})
	}
}

// pause is between two looks; false says that the command is to end.
func pause(ctx context.Context) bool {
	timer := time.NewTimer(lookAgain)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

const lookAgain = time.Second

// look asks for one, or for all that are not over.
func (c *CheckinStatusCmd) look(ctx context.Context, a *app) ([]control.Checkin, error) {
	if c.ID != "" {
		s, err := a.checkin(ctx, c.ID)
		return []control.Checkin{s}, err
	}
	var all []control.Checkin
	if err := a.ask(ctx, "Looking", control.MethodCheckins, nil, &all, patientRole); err != nil {
		return nil, err
	}
	list := []control.Checkin{}
	for _, s := range all {
		if !s.Ended.IsZero() {
			continue
		}
		s, err := a.checkin(ctx, s.ID)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

func (a *app) checkin(ctx context.Context, id string) (s control.Checkin, err error) {
	err = a.ask(ctx, "Asking the practice", control.MethodCheckin, control.CheckinName{ID: id}, &s, patientRole)
	return s, err
}

// CheckinHistoryCmd lists the last check-ins.
type CheckinHistoryCmd struct{}

func (CheckinHistoryCmd) Help() string {
	return `The last ten check-ins with the name and address of the institution, newest first. They are kept on this computer only.`
}

func (c *CheckinHistoryCmd) Run(ctx context.Context, a *app) error {
	list := []control.Checkin{}
	if err := a.ask(ctx, "Looking", control.MethodCheckins, nil, &list, patientRole); err != nil {
		return err
	}
	return a.report(list, func(p *page) { checkinsPage(p, list, "No check-in yet. Begin one with: pieks checkin start CODE") })
}

func checkinsPage(p *page, list []control.Checkin, none string) {
	if len(list) == 0 {
		p.line(none)
		return
	}
	var rows [][]string
	for _, s := range list {
		rows = append(rows, []string{instant(s.Began), s.Institution.Name, address(s.Institution), p.a.state(s.State), s.ID})
	}
	p.table([]string{"BEGAN", "INSTITUTION", "ADDRESS", "STATE", "CHECK-IN"}, rows)
}

// CheckinEndCmd gives one up.
type CheckinEndCmd struct {
	ID string `arg:"" name:"check-in" help:"The check-in to give up."`
}

func (CheckinEndCmd) Help() string {
	return `What was not proved leaves nothing. What waits for its practice may reach it all the same, since its relays may have handed it over.`
}

func (c *CheckinEndCmd) Run(ctx context.Context, a *app) error {
	var s control.Checkin
	if err := a.ask(ctx, "Ending", control.MethodCheckinEnd, control.CheckinName{ID: c.ID}, &s, patientRole); err != nil {
		return err
	}
	return a.report(s, func(p *page) { checkinPage(p, s) })
}

// CheckinFavouritesCmd is about institutions that are kept.
type CheckinFavouritesCmd struct {
	List   FavouriteListCmd   `cmd:"" default:"1" help:"List the favourites."`
	Add    FavouriteSetCmd    `cmd:"" help:"Keep an institution that was looked at."`
	Rename FavouriteSetCmd    `cmd:"" help:"Give a favourite another name of your own; without one it has that of its directory."`
	Remove FavouriteRemoveCmd `cmd:"" help:"Forget a favourite."`
}

func (CheckinFavouritesCmd) Help() string {
	return `A favourite is kept with its name, its Telematik-ID and your own name for it. No directory is asked when one checks in there.

    pieks checkin favourites
    pieks checkin favourites add 1-234567890 Hausarzt
    pieks checkin start 1-234567890`
}

type FavouriteListCmd struct{}

func (c *FavouriteListCmd) Run(ctx context.Context, a *app) error {
	list := []control.Favourite{}
	if err := a.ask(ctx, "Looking", control.MethodFavourites, nil, &list, patientRole); err != nil {
		return err
	}
	return a.report(list, func(p *page) {
		if len(list) == 0 {
			p.line("No favourites. Keep one with: pieks checkin favourites add TELEMATIK-ID NAME")
			return
		}
		var rows [][]string
		for _, f := range list {
			rows = append(rows, []string{or(f.Alias, f.Name), f.Name, f.TelematikID})
		}
		p.table([]string{"FAVOURITE", "NAME", "TELEMATIK-ID"}, rows)
	})
}

type FavouriteSetCmd struct {
	TelematikID string `arg:"" name:"telematik-id" help:"The institution."`
	Alias       string `arg:"" optional:"" name:"name" help:"Your own name for it."`
}

func (c *FavouriteSetCmd) Run(ctx context.Context, a *app) error {
	var f control.Favourite
	in := control.Favourite{TelematikID: c.TelematikID, Alias: c.Alias}
	if err := a.ask(ctx, "Noting", control.MethodFavouriteSet, in, &f, patientRole); err != nil {
		return err
	}
	return a.report(f, func(p *page) { p.linef("Kept: %s", or(f.Alias, f.Name)) })
}

type FavouriteRemoveCmd struct {
	TelematikID string `arg:"" name:"telematik-id" help:"The institution."`
}

func (c *FavouriteRemoveCmd) Run(ctx context.Context, a *app) error {
	if err := a.ask(ctx, "Forgetting", control.MethodFavouriteEnd, control.Favourite{TelematikID: c.TelematikID}, nil, patientRole); err != nil {
		return err
	}
	removed := struct {
		Removed string `json:"removed"`
	}{c.TelematikID}
	return a.report(removed, func(p *page) { p.line("It is no longer kept.") })
}
