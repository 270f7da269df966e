package main

import (
	"context"
	"fmt"
	"time"

	"pieks/card"
	"pieks/node/control"
)

type CardEnrolCmd struct {
	Reader
	PIN
	Yes bool `help:"Do not ask whether the data of the practice are right."`
}

func (CardEnrolCmd) Help() string {
	return `The running node of the practice says what is to be signed: its name, address and device key, good for 90 days. The card signs it, and the node shows it to relays and patients from then on. The data of the practice are those that 'pieks practice' was started with.

    pieks card enrol --home P1
    pieks card enrol --home P1 --reader 2 --pin-file pin.txt --yes`
}

func (c *CardEnrolCmd) Run(ctx context.Context, a *app) error {
	return enrol(ctx, a, c.Reader, c.PIN, c.Yes, "")
}

type CardRenewCmd struct {
	Reader
	PIN
	Now bool `help:"Also when the enrolment does not end soon."`
}

func (CardRenewCmd) Help() string {
	return `An enrolment is good for 90 days, and its practice is asked for the card in the last two weeks of them. Renewing takes the card that enrolled; another one enrols anew.

    pieks card renew --home P1`
}

func (c *CardRenewCmd) Run(ctx context.Context, a *app) error {
	var now control.Enrolment
	if err := a.ask(ctx, "Asking the node", control.MethodEnrolment, nil, &now, practiceRole); err != nil {
		return err
	}
	if now.TelematikID == "" {
		return control.Errorf(control.KindConflict, "There is no enrolment to renew: run pieks card enrol.")
	}
	if now.State == "enrolled" && !c.Now {
		return a.report(now, func(p *page) {
			p.linef("Nothing to do: enrolled until %s, and the card is wanted from %s on.", day(now.NotAfter), day(now.Due))
		})
	}
	return enrol(ctx, a, c.Reader, c.PIN, true, now.TelematikID)
}

// enrol has the card sign what the practice's node asks for. With a Telematik-ID no other card will do.
func enrol(ctx context.Context, a *app, reader Reader, pin PIN, yes bool, telematikID string) error {
	client, err := a.dial(practiceRole)
	if err != nil {
		return err
	}
	var done control.Enrolment
	err = reader.withCard(ctx, a, func(c card.Card) error {
		der, err := c.Certificate(ctx)
		if err != nil {
			return err
		}
		var begun control.EnrolmentContent
		if err := a.call(ctx, client, "Asking the node", control.MethodEnrolmentBegin, control.EnrolmentBegin{Certificate: der}, &begun); err != nil {
			return err
		}
		s, err := card.ParseContent(begun.Content)
		if err != nil {
			return fmt.Errorf("read what the node wants signed: %w", err)
		}
		if telematikID != "" && s.TelematikID != telematikID {
			return control.Errorf(control.KindConflict, "This is not the card that enrolled this practice: insert that one, or enrol anew with pieks card enrol.")
		}
		if err := a.agreeTo(s, yes); err != nil {
			return err
		}
		digits, err := pin.pin(ctx, a, c)
		if err != nil {
			return err
		}
		cms, err := card.Enrol(ctx, c, digits, s, time.Now())
		if err != nil {
			return err
		}
		return a.call(ctx, client, "Handing the enrolment to the node", control.MethodEnrolmentFinish, control.EnrolmentFinish{CMS: cms}, &done)
	})
	if err != nil {
		return err
	}
	return a.report(done, func(p *page) { enrolmentPage(p, done) })
}

// agreeTo shows what the card is about to sign.
func (a *app) agreeTo(s card.Statement, yes bool) error {
	if yes || !a.interactive() {
		return nil
	}
	p := &page{a: a}
	p.line("The card signs for 90 days:")
	p.pairs(
		[2]string{"Practice", s.Name}, [2]string{"Address", fmt.Sprintf("%s, %s %s", s.Street, s.PLZ, s.Place)},
		[2]string{"Phone", s.Phone}, [2]string{"Directions", s.Directions}, [2]string{"Telematik-ID", s.TelematikID},
		[2]string{"This computer", fmt.Sprintf("%x", s.Device)},
	)
	fmt.Fprint(a.errs, p.String())
	agreed, err := a.confirm("Is that right?")
	if err == nil && !agreed {
		err = usagef("Nothing was signed. Start the practice with other data, for instance `pieks practice --street \"Ringstr. 2\"`, and enrol again.")
	}
	return err
}

type CardStatusCmd struct{}

func (CardStatusCmd) Help() string {
	return `Asks the running node of a practice; no card is needed.

    pieks card status --home P1`
}

func (*CardStatusCmd) Run(ctx context.Context, a *app) error {
	var e control.Enrolment
	if err := a.ask(ctx, "Asking the node", control.MethodEnrolment, nil, &e, practiceRole); err != nil {
		return err
	}
	return a.report(e, func(p *page) { enrolmentPage(p, e) })
}

func enrolmentPage(p *page, e control.Enrolment) {
	a := p.a
	switch e.State {
	case "enrolled":
		p.linef("%s until %s", a.green("Enrolled"), day(e.NotAfter))
	case "due":
		p.linef("%s until %s: run pieks card renew with the card.", a.yellow("Enrolled"), day(e.NotAfter))
	default:
		p.line(a.red("Not enrolled. ") + sentence(e.Reason))
	}
	due := ""
	if e.State == "enrolled" {
		due = day(e.Due)
	}
	p.pairs(
		[2]string{"Card asked for from", due},
		[2]string{"Card", e.Holder},
		[2]string{"Telematik-ID", e.TelematikID},
		[2]string{"Profession", e.Profession},
		[2]string{"This computer", e.Device},
	)
}
