package main

import (
	"context"
	"strings"

	"pieks/node/control"
)

// SlotsPlanCmd offers appointments of many days at once.
type SlotsPlanCmd struct {
	First   string   `required:"" help:"First day." placeholder:"DATE"`
	Last    string   `required:"" help:"Last day, at most 62 days in all." placeholder:"DATE"`
	Weekday []int    `help:"Only these weekdays, 1 is Monday: --weekday 1,3." placeholder:"N"`
	Hours   []string `required:"" help:"From when the first one starts until the last one ends, Berlin time: 08:00-12:00. Give it once for each span of a day, at most 4." placeholder:"FROM-TO" env:"-"`
	Every   string   `default:"10m" help:"How long each takes (${default})." placeholder:"DURATION"`
	Vaccine string   `required:"" help:"Code of the vaccine; 'pieks network show' lists the codes." placeholder:"CODE"`
	Dose    int      `default:"1" help:"Which dose they are for (${default})." placeholder:"N"`
	Vials   bool     `help:"Of each day only as many as fill whole vials."`
	Preview bool     `help:"Only show what would be offered."`
}

func (SlotsPlanCmd) Help() string {
	return `All days or none: when there would be too many open appointments, nothing is changed.

    pieks slots plan --first 2026-12-01 --last 2026-12-18 --weekday 1,3 --hours 08:00-12:00 --hours 15:00-18:00 --vaccine comirnaty --vials --preview`
}

func (c *SlotsPlanCmd) Run(ctx context.Context, a *app) error {
	spans, err := readSpans(c.Hours)
	if err != nil {
		return err
	}
	in := control.Plan{First: c.First, Last: c.Last, Weekdays: c.Weekday, Spans: spans, Every: c.Every, Vaccine: c.Vaccine,
		Dose: c.Dose, Vials: c.Vials, Preview: c.Preview}
	var out control.Planned
	if err := a.ask(ctx, "Planning", control.MethodPlan, in, &out, practiceRole); err != nil {
		return err
	}
	return a.report(out, func(p *page) {
		var rows [][]string
		for _, d := range out.Days {
			note := planProblems[d.Problem]
			if d.Problem == "" && d.Already > 0 {
				note = count(d.Already, "appointment is there already", "appointments are there already")
			}
			rows = append(rows, []string{d.Day, count(d.Count, "appointment", "appointments"), note})
		}
		p.table([]string{"DAY", "", ""}, rows)
		head := "Offered"
		if c.Preview {
			head = "Nothing was changed. This would offer"
		}
		p.linef("%s: %s. Open now: %d.", head, count(out.Changed, "appointment", "appointments"), out.Open)
	})
}

// readSpans reads spans like 08:00-12:00.
func readSpans(texts []string) (spans []control.Span, err error) {
	for _, text := range texts {
		from, to, ok := strings.Cut(text, "-")
		if !ok {
			return nil, usagef("%q is no part of a day: write it like 08:00-12:00", text)
		}
		spans = append(spans, control.Span{From: from, To: to})
	}
	return spans, nil
}

var planProblems = map[string]string{
	"clock": "the clocks are changed at that time", "past": "that time is past", "vial": "fewer than a vial gives",
}

// SlotsLeftoverCmd offers the doses of an open vial.
type SlotsLeftoverCmd struct {
	Vaccine string `required:"" help:"Code of the vaccine." placeholder:"CODE"`
	Count   int    `required:"" help:"How many doses are left." placeholder:"N"`
	At      string `help:"When to come today; left out, the first quarter of an hour that is 45 minutes away." placeholder:"HH:MM"`
}

func (SlotsLeftoverCmd) Help() string {
	return `Appointments of ten minutes at one time of today, for those who can come at once.

    pieks slots leftover --vaccine comirnaty --count 2`
}

func (c *SlotsLeftoverCmd) Run(ctx context.Context, a *app) error {
	return changeSlots(ctx, a, "Offered", control.MethodLeftOver, control.LeftOver{Vaccine: c.Vaccine, Count: c.Count, At: c.At})
}
