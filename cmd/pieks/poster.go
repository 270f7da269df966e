package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/mdp/qrterminal/v3"

	"pieks/node/control"
)

// PosterCmd shows the code of the practice.
type PosterCmd struct{}

func (PosterCmd) Help() string {
	return `Print it as a QR code on a poster or a slip: who has it sees this practice's own open appointments with their exact times, and books as always. It is no secret, and it stays the same for this practice; when the relays change for good, make a new one.

    pieks poster
    pieks search --practice CODE     what a patient does with it`
}

func (c *PosterCmd) Run(ctx context.Context, a *app) error {
	var out control.Poster
	if err := a.ask(ctx, "Making the code", control.MethodPoster, nil, &out, practiceRole); err != nil {
		return err
	}
	return a.report(out, func(p *page) {
		d := out.Details
		practicePage(p, control.Practice{Name: d.Name, Street: d.Street, PLZ: d.PLZ, Place: d.Place, Phone: d.Phone, Directions: d.Directions})
		p.line("")
		p.line("  " + a.bold(out.QR))
		if a.terminal {
			p.line("")
			qrterminal.GenerateHalfBlock(out.QR, qrterminal.M, p)
		}
	})
}

// searchPractice shows one practice's own list.
func searchPractice(ctx context.Context, a *app, c *SearchCmd) error {
	if c.Radius != 0 || len(c.Part) > 0 {
		return usagef("--radius and --part are for the search around the postcode: leave them out with --practice.")
	}
	var list control.PracticeList
	if err := a.ask(ctx, "Asking the practice", control.MethodPracticeList, control.PracticeCode{Code: c.Practice}, &list, patientRole); err != nil {
		return err
	}
	list.Slots = c.narrow(list.Slots)
	err := a.report(list, func(p *page) { practiceListPage(p, list) })
	if err == nil && list.State != "listed" {
		return &reportedError{}
	}
	return err
}

// narrow keeps what was asked for.
func (c *SearchCmd) narrow(all []control.Listed) []control.Listed {
	kept := []control.Listed{}
	for _, s := range all {
		switch {
		case c.Vaccine != "" && s.Vaccine != c.Vaccine, c.Dose != 0 && s.Dose != 0 && s.Dose != c.Dose,
			len(c.Day) > 0 && !slices.Contains(c.Day, s.Start.In(berlin).Format(time.DateOnly)),
			c.Limit > 0 && len(kept) == c.Limit:
		default:
			kept = append(kept, s)
		}
	}
	return kept
}

func practiceListPage(p *page, list control.PracticeList) {
	a := p.a
	if list.State != "listed" {
		p.line(a.red("No list: ") + sentence(list.Message))
		return
	}
	practicePage(p, list.Practice)
	if card := strings.Join(nonEmpty(list.Licence, list.Telematik), ", "); card != "" {
		p.line("Card: " + card)
	}
	p.line("")
	if len(list.Slots) == 0 {
		p.line("Nothing open here at the moment. `pieks search` shows what others around you have.")
		return
	}
	var rows [][]string
	for _, s := range list.Slots {
		rows = append(rows, []string{day(s.Start), clock(s.Start) + "-" + clock(s.End), s.Vaccine, dose(s.Dose), s.ID})
	}
	p.table([]string{"DAY", "TIME", "VACCINE", "DOSE", "TOKEN"}, rows)
	p.line("")
	p.line(a.faint("Book one with: pieks book TOKEN"))
}
