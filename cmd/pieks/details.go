package main

import (
	"context"
	"strconv"
	"strings"

	"pieks/node/control"
)

// DetailsCmd shows and changes what a practice tells about itself.
type DetailsCmd struct {
	Show DetailsShowCmd `cmd:"" default:"1" help:"Show them."`
	Set  DetailsSetCmd  `cmd:"" help:"Change some of them; the practice's card has to sign again."`
}

type DetailsShowCmd struct{}

func (c *DetailsShowCmd) Run(ctx context.Context, a *app) error {
	var out control.Details
	if err := a.ask(ctx, "Reading the details", control.MethodDetails, nil, &out, practiceRole); err != nil {
		return err
	}
	return a.report(out, func(p *page) { detailsPage(p, out) })
}

// DetailsSetCmd changes what is given and leaves the rest.
type DetailsSetCmd struct {
	Name       *string  `help:"Name of the practice." placeholder:"NAME" env:"-"`
	Street     *string  `help:"Street and number." placeholder:"STREET" env:"-"`
	PLZ        *string  `name:"plz" help:"Postcode." placeholder:"PLZ" env:"-"`
	Phone      *string  `help:"Phone number." placeholder:"NUMBER" env:"-"`
	Directions *string  `help:"How to find the way in." placeholder:"TEXT" env:"-"`
	Hours      []string `help:"Opening hours of a weekday, 1 is Monday: 1/08:00-12:00. Give it once for each span; 'none' for none." placeholder:"N/FROM-TO" env:"-"`
}

func (DetailsSetCmd) Help() string {
	return `In a TEST network a virtual card signs at once; else run 'pieks card enrol' afterwards. Opening hours are not signed: new appointments begin with them.

    pieks details set --name "Praxis Dr. Beispiel" --street "Domstr. 1" --plz 50667
    pieks details set --hours 1/08:00-12:00 --hours 1/14:00-18:00`
}

func (c *DetailsSetCmd) Run(ctx context.Context, a *app) error {
	var in, out control.Details
	hours, err := readHours(c.Hours)
	if err != nil {
		return err
	}
	if err := a.ask(ctx, "Reading the details", control.MethodDetails, nil, &in, practiceRole); err != nil {
		return err
	}
	for _, f := range []struct{ to, from *string }{
		{&in.Name, c.Name}, {&in.Street, c.Street}, {&in.PLZ, c.PLZ}, {&in.Phone, c.Phone}, {&in.Directions, c.Directions},
	} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	if len(c.Hours) > 0 {
		in.Hours = hours
	}
	if err := a.ask(ctx, "Changing the details", control.MethodDetailsSet, in, &out, practiceRole); err != nil {
		return err
	}
	return a.report(out, func(p *page) { detailsPage(p, out) })
}

// readHours reads spans like 1/08:00-12:00.
func readHours(spans []string) ([]control.Hours, error) {
	var all []control.Hours
	for _, text := range spans {
		if text == "none" && len(spans) == 1 {
			return nil, nil
		}
		weekday, times, _ := strings.Cut(text, "/")
		from, to, ok := strings.Cut(times, "-")
		n, err := strconv.Atoi(weekday)
		if err != nil || !ok {
			return nil, usagef("%q are no opening hours: write them like 1/08:00-12:00, where 1 is Monday", text)
		}
		all = append(all, control.Hours{Weekday: n, From: from, To: to})
	}
	return all, nil
}

var weekdayNames = [...]string{"", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}

func detailsPage(p *page, d control.Details) {
	if d.Name == "" {
		p.line("Nothing is known of this practice yet. See `pieks details set --help`.")
		return
	}
	rows := [][2]string{{"Name", p.a.bold(d.Name)}, {"Street", d.Street}, {"Place", strings.TrimSpace(d.PLZ + " " + d.Place)}, {"Phone", d.Phone}, {"Directions", d.Directions}}
	for _, h := range d.Hours {
		if h.Weekday > 0 && h.Weekday < len(weekdayNames) {
			rows = append(rows, [2]string{"Open", weekdayNames[h.Weekday] + " " + h.From + "-" + h.To})
		}
	}
	p.pairs(rows...)
}
