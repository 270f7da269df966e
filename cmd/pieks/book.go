package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"pieks/node/control"
)

// BookCmd confirms an offer, or asks for one and confirms it.
type BookCmd struct {
	Tokens  []string `arg:"" optional:"" name:"token" help:"Token from 'pieks search'; two of one practice for the first and the second dose."`
	Offer   string   `help:"Confirm this offer, which 'pieks request' got." placeholder:"ID"`
	Instead string   `help:"Booking to move: it is cancelled once this one is booked, and stays as it is when nothing comes of it." placeholder:"BOOKING"`
	Yes     bool     `short:"y" env:"-" help:"Book at once, without showing the offer and asking first."`
	Data    string   `help:"Read name and birth date from a JSON file, '-' is standard input." placeholder:"FILE" env:"PIEKS_PATIENT_DATA" type:"path"`

	Name      string `help:"Name of the patient." placeholder:"NAME" env:"PIEKS_PATIENT_NAME"`
	BirthDate string `help:"Birth date of the patient." placeholder:"1950-03-01" env:"PIEKS_PATIENT_BIRTH_DATE"`
	Phone     string `help:"Phone number, in case the practice has to call." placeholder:"NUMBER" env:"PIEKS_PATIENT_PHONE"`
}

func (BookCmd) Help() string {
	return `On a terminal it shows the offer first and asks for what is missing. The data of the patient go to the practice only after its card was verified, and nobody in between can read them.

Command lines can be seen by other users of this computer. So name and birth date need not be on it: leave them out and be asked, or use --data:

    pieks book TOKEN
    echo '{"name": "Erika Beispiel", "birth_date": "1950-03-01"}' | pieks book TOKEN --yes --data -
    pieks book TOKEN TOKEN --name "Erika Beispiel" --birth-date 1950-03-01 --yes --json`
}

// person is what --data holds.
type person struct {
	Name      string `json:"name"`
	BirthDate string `json:"birth_date"`
	Phone     string `json:"phone"`
}

func (c *BookCmd) Run(ctx context.Context, a *app) error {
	if c.Offer == "" {
		if err := checkTokens(c.Tokens); err != nil {
			return err
		}
	} else if len(c.Tokens) > 0 {
		return usagef("Name either a token or --offer, not both")
	} else if c.Instead != "" {
		return usagef("--instead is said when the offer is asked for: pieks request TOKEN --instead BOOKING")
	}
	if !c.Yes && !a.interactive() {
		return usagef("Nobody can be asked here. Add --yes to book at once, or look at the offer first with `pieks request`.")
	}
	who, err := c.person(a)
	if err != nil {
		return err
	}
	in := control.BookRequest{Booking: c.Offer, Tokens: c.Tokens, Instead: c.Instead, Name: who.Name, BirthDate: who.BirthDate, Phone: who.Phone}
	if !c.Yes {
		agreed, err := c.agree(ctx, a, &in)
		if err != nil || !agreed {
			return err
		}
	}
	var booking control.Booking
	if err := a.ask(ctx, "Booking", control.MethodBook, in, &booking, patientRole); err != nil {
		return err
	}
	err = a.report(booking, func(p *page) { bookingPage(p, booking) })
	if err == nil && lost(booking.State) {
		return &reportedError{}
	}
	return err
}

// person gathers the data from --data and flags; flags win.
func (c *BookCmd) person(a *app) (person, error) {
	var who person
	if c.Data != "" {
		file, err := a.openOrStdin(c.Data)
		if err != nil {
			return who, fmt.Errorf("read the patient's data: %w", err)
		}
		defer file.Close()
		d := json.NewDecoder(io.LimitReader(file, 64<<10))
		d.DisallowUnknownFields()
		if err := d.Decode(&who); err != nil {
			return who, usagef(`--data is a JSON object such as {"name": "Erika Beispiel", "birth_date": "1950-03-01"}, with phone if wanted`)
		}
	}
	who = person{or(c.Name, who.Name), or(c.BirthDate, who.BirthDate), or(c.Phone, who.Phone)}
	if (who.Name == "" || who.BirthDate == "") && c.Yes && !a.interactive() {
		return who, usagef("The name and the birth date are missing: give them with --data FILE, or with --name and --birth-date.")
	}
	if c.Yes {
		return who, a.askPerson(&who)
	}
	return who, nil
}

// askPerson asks for what is missing.
func (a *app) askPerson(who *person) (err error) {
	if who.Name == "" {
		if who.Name, err = a.prompt("Name of the patient:"); err != nil {
			return err
		}
	}
	if who.BirthDate == "" {
		who.BirthDate, err = a.prompt("Birth date (1950-03-01):")
	}
	return err
}

// agree shows the offer, then asks for the patient's data and for consent. Without consent the hold is given back.
func (c *BookCmd) agree(ctx context.Context, a *app, in *control.BookRequest) (bool, error) {
	if c.Offer == "" {
		offer, err := requestOffer(ctx, a, c.Tokens, c.Instead)
		if err != nil {
			return false, err
		}
		if err := a.report(offer, func(p *page) { offerPage(p, offer); p.line("") }); err != nil {
			return false, err
		}
		if lost(offer.State) {
			return false, &reportedError{}
		}
		if offer.State != "offered" {
			return false, nil // pending: the offer is still to come
		}
		in.Booking, in.Tokens, in.Instead = offer.Booking, nil, ""
	}
	who := person{in.Name, in.BirthDate, in.Phone}
	err := a.askPerson(&who)
	in.Name, in.BirthDate = who.Name, who.BirthDate
	agreed := false
	if err == nil {
		agreed, err = a.confirm("Send these data to the practice and book?")
	}
	if agreed || c.Offer != "" {
		return agreed, err
	}
	// The context may be the reason for the refusal, and the practice should have its appointment back all the same.
	_ = a.ask(context.WithoutCancel(ctx), "Giving the appointment back", control.MethodCancel, control.CancelRequest{Booking: in.Booking}, nil, patientRole)
	a.note("Nothing was booked.")
	return false, err
}
