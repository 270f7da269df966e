package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"pieks/node/control"
)

// SearchCmd looks at the patient's own copy of its regions.
type SearchCmd struct {
	Radius  float64  `help:"How far away, in kilometres; left out, as the node was started (20)." placeholder:"KM"`
	Vaccine string   `help:"Only this vaccine." placeholder:"CODE"`
	Dose    int      `help:"Only for this dose; 0 is any." placeholder:"N"`
	Day     []string `help:"Only these days, separated by commas." placeholder:"DATE"`
	Part    []string `enum:"morning,noon,afternoon,evening" help:"Only these parts of the day: ${enum}." placeholder:"PART"`
	Limit   int      `help:"Show at most so many; 0 is all." placeholder:"N"`
	After   string   `help:"Only second doses that go with this first one: same practice, as many days later as the vaccine asks for." placeholder:"TOKEN"`

	Practice string `help:"Ask one practice for its own list: the text of the QR code on its poster or slip." placeholder:"CODE" env:"-"`
}

func (SearchCmd) Help() string {
	return `The search runs on this computer: nobody learns what is looked for. Each line is an open appointment; who offers it and when exactly comes with the offer.

    pieks search --radius 20
    pieks search --radius 30 --vaccine comirnaty --part morning,noon --day 2026-12-01,2026-12-02
    pieks search --after TOKEN                    then: pieks book TOKEN TOKEN, for both doses
    pieks search --practice PIEKS:...        one practice, with exact times; it is asked for them`
}

func (c *SearchCmd) Run(ctx context.Context, a *app) error {
	if c.Radius < 0 || c.Limit < 0 || c.Dose < 0 {
		return usagef("--radius, --limit and --dose are not negative")
	}
	if c.Practice != "" {
		return searchPractice(ctx, a, c)
	}
	tokens := []control.Token{}
	in := control.SearchRequest{RadiusKM: c.Radius, Vaccine: c.Vaccine, Dose: c.Dose, Days: c.Day, Parts: c.Part, Limit: c.Limit, After: c.After}
	if err := a.ask(ctx, "Searching", control.MethodSearch, in, &tokens, patientRole); err != nil {
		return err
	}
	return a.report(tokens, func(p *page) {
		if len(tokens) == 0 {
			p.line("Nothing open within the radius at the moment. New appointments appear with the next tick; try again then, or a larger --radius.")
			return
		}
		var rows [][]string
		for _, t := range tokens {
			rows = append(rows, []string{t.Day, t.Part, fmt.Sprintf("%.1f km", t.DistanceKM), strings.TrimSpace(t.Area + " " + t.Place), t.Vaccine, dose(t.Dose), t.ID})
		}
		p.table([]string{"DAY", "PART", "DISTANCE", "AREA", "VACCINE", "DOSE", "TOKEN"}, rows)
		p.line("")
		p.line(a.faint("Book one with: pieks book TOKEN"))
	})
}

// RequestCmd holds an appointment and shows its offer. No personal data leaves the patient.
type RequestCmd struct {
	Tokens  []string `arg:"" name:"token" help:"Token from 'pieks search'; two of one practice for the first and the second dose."`
	Instead string   `help:"Booking that is cancelled once this one is booked." placeholder:"BOOKING"`
}

func (RequestCmd) Help() string {
	return `The practice holds the appointment for some minutes and answers with the exact time and with who it is, proven by its card. Nothing about the patient is sent. Confirm with: pieks book --offer ID`
}

func (c *RequestCmd) Run(ctx context.Context, a *app) error {
	offer, err := requestOffer(ctx, a, c.Tokens, c.Instead)
	if err != nil {
		return err
	}
	err = a.report(offer, func(p *page) {
		offerPage(p, offer)
		if offer.State == "offered" {
			p.line("")
			p.line(a.faint("Confirm it with: pieks book --offer " + offer.Booking))
		}
	})
	if err == nil && lost(offer.State) {
		return &reportedError{}
	}
	return err
}

func requestOffer(ctx context.Context, a *app, tokens []string, instead string) (control.Offer, error) {
	var offer control.Offer
	if err := checkTokens(tokens); err != nil {
		return offer, err
	}
	err := a.ask(ctx, "Asking the practice", control.MethodRequest, control.RequestRequest{Tokens: tokens, Instead: instead}, &offer, patientRole)
	return offer, err
}

func checkTokens(tokens []string) error {
	if len(tokens) == 0 || len(tokens) > 2 {
		return usagef("Name one token of `pieks search`, or two of the same practice for the first and the second dose.")
	}
	return nil
}

// lost says that there is nothing left to hope for.
func lost(state string) bool {
	return slices.Contains([]string{"taken", "expired", "cancelled", "refused"}, state)
}

func offerPage(p *page, o control.Offer) {
	a := p.a
	switch o.State {
	case "taken":
		p.line(a.red("Taken. ") + sentence(or(o.Message, "Someone else was faster. Search again with `pieks search`.")))
		return
	case "pending":
		p.line(a.paint("33", "Pending ") + "until " + instant(o.Until) + ". " + sentence(o.Message))
		p.line("Nothing is booked yet. `pieks bookings` shows how it goes on.")
		return
	case "offered":
		p.linef("%s, held until %s", a.green("Offer"), precise(o.Until))
	default:
		p.line(a.red(o.State+". ") + sentence(o.Message))
		return
	}
	p.line("")
	practicePage(p, o.Practice)
	rows := [][2]string{}
	if o.Licence != "" {
		rows = append(rows, [2]string{"Card", strings.Join(nonEmpty(o.Licence, o.Telematik), ", ")})
	}
	for _, v := range o.Visits {
		rows = append(rows, [2]string{"Visit", a.bold(span(v.Start, v.End))}, [2]string{"Vaccine", fmt.Sprintf("%s, dose %s", v.Vaccine, dose(v.Dose))})
	}
	p.pairs(rows...)
}

func practicePage(p *page, practice control.Practice) {
	p.line(p.a.bold(practice.Name))
	address := strings.Join(nonEmpty(practice.Street, strings.TrimSpace(practice.PLZ+" "+practice.Place)), ", ")
	for _, line := range nonEmpty(address, practice.Phone, practice.Directions) {
		p.line(line)
	}
}

func nonEmpty(list ...string) []string {
	var full []string
	for _, s := range list {
		if s != "" {
			full = append(full, s)
		}
	}
	return full
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// PLZCmd changes where the patient looks from.
type PLZCmd struct {
	PLZ []string `arg:"" optional:"" name:"plz" help:"The new postcode. Left out or '-': it is read from standard input, so that it is in no process list."`
}

func (PLZCmd) Help() string {
	return `The change takes effect with the next cycle. Each further change waits longer, twice as long each time: this keeps anyone from reading the whole country.`
}

func (c *PLZCmd) Run(ctx context.Context, a *app) error {
	plz, err := a.argumentOrLine(c.PLZ, "Postcode:")
	if err != nil {
		return err
	}
	if err := checkPLZ(plz); err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, relayPatience)
	defer cancel()
	var out control.PLZResult
	err = a.ask(wait, "Changing the postcode", control.MethodPLZ, control.PLZRequest{PLZ: plz}, &out, patientRole)
	if errors.Is(err, context.DeadlineExceeded) {
		return control.Errorf(control.KindUnavailable, "No relay has answered within %s. The node asks for the change as soon as it reaches one; `pieks status` shows its relay.", relayPatience)
	}
	if err != nil {
		return err
	}
	return a.report(out, func(p *page) { p.linef("The change takes effect at %s.", precise(out.Effective)) })
}

// relayPatience is longer than a node takes to reach another relay when its own is gone.
const relayPatience = 30 * time.Second

// argumentOrLine is what stands on the command line, or the line that is asked for or piped in.
func (a *app) argumentOrLine(words []string, question string) (string, error) {
	given := strings.TrimSpace(strings.Join(words, " "))
	if given != "" && given != "-" {
		return given, nil
	}
	if a.interactive() {
		return a.prompt(question)
	}
	return readLine(a.in)
}
