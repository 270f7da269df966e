package main

import (
	"context"
	"fmt"
	"strings"

	"pieks/node/control"
)

// WatchCmd is about searches that go on.
type WatchCmd struct {
	Add  WatchAddCmd  `cmd:"" help:"Begin a search that goes on."`
	List WatchListCmd `cmd:"" default:"1" help:"List the searches that go on, and what they find."`
	Seen WatchSeenCmd `cmd:"" help:"Say that what a search found was looked at."`
	End  WatchEndCmd  `cmd:"" help:"End a search."`
}

func (WatchCmd) Help() string {
	return `A search goes on as long as the node runs, over this computer's own list: nobody learns of it. With days it ends after them.

    pieks watch add --vaccine comirnaty --radius 30
    pieks watch list`
}

// WatchAddCmd begins one.
type WatchAddCmd struct {
	Radius  float64  `help:"How far away, in kilometres; left out, as is usual for the node." placeholder:"KM"`
	Vaccine string   `help:"Only this vaccine." placeholder:"CODE"`
	Dose    int      `help:"Only for this dose; 0 is any." placeholder:"N"`
	Day     []string `help:"Only these days, separated by commas." placeholder:"DATE"`
	Part    []string `enum:"morning,noon,afternoon,evening" help:"Only these parts of the day: ${enum}." placeholder:"PART"`
}

func (c *WatchAddCmd) Run(ctx context.Context, a *app) error {
	if c.Radius < 0 || c.Dose < 0 {
		return usagef("--radius and --dose are not negative")
	}
	var w control.Watch
	in := control.SearchRequest{RadiusKM: c.Radius, Vaccine: c.Vaccine, Dose: c.Dose, Days: c.Day, Parts: c.Part}
	if err := a.ask(ctx, "Beginning the search", control.MethodWatch, in, &w, patientRole); err != nil {
		return err
	}
	return a.report(w, func(p *page) { p.linef("It goes on as %s, and finds %d now.", w.ID, w.Found) })
}

// WatchListCmd lists them.
type WatchListCmd struct{}

func (c *WatchListCmd) Run(ctx context.Context, a *app) error {
	list := []control.Watch{}
	if err := a.ask(ctx, "Looking", control.MethodWatches, nil, &list, patientRole); err != nil {
		return err
	}
	return a.report(list, func(p *page) {
		if len(list) == 0 {
			p.line("No search goes on. Begin one with: pieks watch add")
			return
		}
		var rows [][]string
		for _, w := range list {
			rows = append(rows, []string{what(w.Search), watchState(w), w.ID})
		}
		p.table([]string{"SEARCH", "FINDS", "WATCH"}, rows)
	})
}

func watchState(w control.Watch) string {
	switch {
	case w.Ended:
		return "over"
	case w.Found == 0:
		return "nothing yet"
	case w.Seen:
		return fmt.Sprint(w.Found)
	}
	return fmt.Sprintf("%d, new since %s", w.Found, instant(w.Since))
}

// what is a search in a few words.
func what(s control.SearchRequest) string {
	words := nonEmpty(or(s.Vaccine, "any vaccine"), strings.Join(s.Days, ","), strings.Join(s.Parts, ","))
	if s.Dose != 0 {
		words = append(words, "dose "+dose(s.Dose))
	}
	if s.RadiusKM != 0 {
		words = append(words, fmt.Sprintf("%g km", s.RadiusKM))
	}
	return strings.Join(words, " ")
}

// WatchSeenCmd marks one as looked at.
type WatchSeenCmd struct {
	ID string `arg:"" name:"watch" help:"From 'pieks watch list'."`
}

func (c *WatchSeenCmd) Run(ctx context.Context, a *app) error {
	var w control.Watch
	if err := a.ask(ctx, "Noting", control.MethodWatchSeen, control.WatchName{ID: c.ID}, &w, patientRole); err != nil {
		return err
	}
	return a.report(w, func(p *page) { p.line("Noted.") })
}

// WatchEndCmd ends one.
type WatchEndCmd struct {
	ID string `arg:"" name:"watch" help:"From 'pieks watch list'."`
}

func (c *WatchEndCmd) Run(ctx context.Context, a *app) error {
	if err := a.ask(ctx, "Ending the search", control.MethodWatchEnd, control.WatchName{ID: c.ID}, nil, patientRole); err != nil {
		return err
	}
	return a.report(control.WatchName{ID: c.ID}, func(p *page) { p.line("It is ended.") })
}
