package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"pieks/card"
	"pieks/card/egk"
	"pieks/card/pace"
	"pieks/card/pcsc"
	"pieks/node/control"
)

// CheckinStartCmd checks in.
type CheckinStartCmd struct {
	Code      string `arg:"" help:"The practice's code, as 'pieks checkin scan' takes it, or the Telematik-ID of a favourite."`
	Workplace string `help:"Where in the practice, when the code does not say it." placeholder:"ID"`
	Choose    int    `help:"Which of several institutions of the code, from 1." placeholder:"N"`
	Via       string `enum:"any,mesh,vzd" default:"any" help:"Where to look it up: ${enum}." placeholder:"WHERE"`
	Consent   bool   `env:"-" help:"The patient has looked at the institution and agrees that it gets their insurance number and insurer; do not ask."`
	Favourite string `help:"Keep the institution under this name." placeholder:"NAME"`
	Other     bool   `name:"other-person" help:"With the card of somebody else, who agrees."`
	CardOnly  bool   `name:"card" help:"With the card, also where a GesundheitsID is set up."`

	CheckinProof
}

// CheckinProof says how to prove oneself.
type CheckinProof struct {
	CheckinReader
	VirtualCard bool   `help:"In a TEST network: prove with a virtual card." env:"-"`
	HealthID    bool   `name:"healthid" help:"Log in with the GesundheitsID in the browser, in place of a card."`
	Insurer     string `help:"The insurer of the GesundheitsID; left out, the one of last time." placeholder:"ID"`
}

func (CheckinStartCmd) Help() string {
	return `Checks in at a practice with the patient's card (eGK), without a PIN. It shows the institution first and asks; until the patient has agreed nothing leaves this computer. A card without contacts needs its access number (CAN), six digits printed on its front: it is asked for, taken from the node if it was kept ('pieks checkin can set'), or read from --can-file.

    pieks checkin start photo.png
    pieks checkin start 1-234567890 --reader 1 --consent --json
    pieks checkin start photo.png --healthid

If the practice is not reached the check-in waits for it: 'pieks checkin status'.`
}

func (c *CheckinStartCmd) Run(ctx context.Context, a *app) error {
	if !c.Consent && !a.interactive() {
		return usagef("Nobody can be asked for consent here. If the patient has looked at the institution and agrees, say --consent.")
	}
	begin, err := c.begin(ctx, a)
	if err != nil {
		return err
	}
	var s control.Checkin
	if err := a.ask(ctx, "Beginning the check-in", control.MethodCheckinBegin, begin, &s, patientRole); err != nil {
		return err
	}
	agreed, err := c.agree(ctx, a, &s)
	if err != nil || !agreed {
		return err
	}
	if s, err = c.prove(ctx, a, s, c.CardOnly || c.Other); err != nil {
		// What is not proved is ended: nothing of it remains.
		_ = a.ask(context.WithoutCancel(ctx), "Ending the check-in", control.MethodCheckinEnd, control.CheckinName{ID: s.ID}, nil, patientRole)
		return err
	}
	return a.reportCheckin(s)
}

// begin finds out where the code leads.
func (c *CheckinStartCmd) begin(ctx context.Context, a *app) (control.CheckinBegin, error) {
	in := control.CheckinBegin{Workplace: c.Workplace, OtherPerson: c.Other, LoginEGK: c.CardOnly}
	if c.Via != "any" {
		in.Origin = c.Via
	}
	text, err := a.readCode(ctx, c.Code)
	if err != nil {
		return in, err
	}
	var favourites []control.Favourite
	if err := a.ask(ctx, "Looking", control.MethodFavourites, nil, &favourites, patientRole); err != nil {
		return in, err
	}
	for _, f := range favourites {
		if f.TelematikID == text {
			in.TelematikID = text // no directory is asked for it again (A_28512)
			return in, nil
		}
	}
	var target control.CheckinTarget
	if err := a.ask(ctx, "Looking the institution up", control.MethodCheckinScan, control.CheckinScan{Text: text}, &target, patientRole); err != nil {
		return in, err
	}
	in.TelematikID = target.TelematikID
	if in.Workplace == "" {
		in.Workplace = target.Workplace
	}
	in.Institution, err = c.which(a, target.Institutions)
	return in, err
}

// which of several institutions of one Telematik-ID it is.
func (c *CheckinStartCmd) which(a *app, found []control.Institution) (int, error) {
	choice := c.Choose
	if choice == 0 && len(found) > 1 {
		if !a.interactive() {
			return 0, usagef("The code leads to %d institutions: say which with --choose, as 'pieks checkin scan' lists them.", len(found))
		}
		p := &page{a: a}
		for i, one := range found {
			p.linef("%d  %s, %s", i+1, one.Name, address(one))
		}
		fmt.Fprint(a.errs, p.String())
		answer, err := a.prompt("Which one?")
		if err != nil {
			return 0, err
		}
		if choice, err = strconv.Atoi(answer); err != nil {
			return 0, usagef("That is not one of the numbers.")
		}
	}
	if choice < 0 || choice > max(len(found), 1) {
		return 0, usagef("There is no institution %d.", choice)
	}
	return max(choice-1, 0), nil
}

// agree shows the institution, what would be sent and to whom, and takes the answer. A refusal leaves nothing.
func (c *CheckinStartCmd) agree(ctx context.Context, a *app, s *control.Checkin) (bool, error) {
	agreed := c.Consent
	if !agreed {
		err := a.report(*s, func(p *page) {
			institutionPage(p, s.Institution)
			p.line("")
			p.line("It gets: your insurance number and the name of your insurer; with the card also your name as it is printed there.")
			p.line("")
		})
		if err != nil {
			return false, err
		}
		if agreed, err = a.confirm("Is this where you are, and may it have these data?"); err != nil {
			return false, err
		}
	}
	in := control.CheckinConsent{ID: s.ID, Agree: agreed, Favourite: c.Favourite}
	if err := a.ask(ctx, "Noting the answer", control.MethodCheckinConsent, in, s, patientRole); err != nil {
		return false, err
	}
	if !agreed {
		a.note("Nothing was sent, and nothing of it is kept.")
	}
	return agreed, nil
}

// prove proves in the way that was asked for.
func (c *CheckinProof) prove(ctx context.Context, a *app, s control.Checkin, cardOnly bool) (control.Checkin, error) {
	switch {
	case c.VirtualCard:
		var done control.Checkin
		err := a.ask(ctx, "Checking in with a virtual card", control.MethodCheckinVirtual, control.CheckinVirtual{ID: s.ID}, &done, patientRole)
		return orCheckin(done, s), err
	case c.HealthID && cardOnly:
		return s, usagef("--healthid is for oneself, and not with --card or --other-person.")
	case c.HealthID:
		return c.logIn(ctx, a, s)
	}
	return c.tap(ctx, a, s)
}

// orCheckin is the first one, or the second when there is none.
func orCheckin(first, second control.Checkin) control.Checkin {
	if first.ID == "" {
		return second
	}
	return first
}

// tap drives the card in a reader.
func (c *CheckinProof) tap(ctx context.Context, a *app, s control.Checkin) (control.Checkin, error) {
	client, err := a.dial(patientRole)
	if err != nil {
		return s, err
	}
	can, err := c.can(ctx, a, client)
	if err != nil {
		return s, err
	}
	step := func(ctx context.Context, response []byte, contactless bool) ([]byte, error) {
		var next control.CheckinStep
		in := control.CheckinAnswer{ID: s.ID, Response: hex.EncodeToString(response), Contactless: contactless}
		if err := client.Call(ctx, control.MethodCheckinCard, in, &next); err != nil {
			return nil, err
		}
		if next.Checkin != nil {
			s = *next.Checkin
			return nil, nil
		}
		return hex.DecodeString(next.Command)
	}
	try := func(can pace.CAN) error {
		return a.wait("Reading the card", func() error { return a.proveWithCard(ctx, c.Reader.Reader, can, step) })
	}
	for {
		err := try(can)
		a.test = client.Test()
		if code := cardTrouble(err); code != "" {
			_ = client.Call(context.WithoutCancel(ctx), control.MethodCheckinCard, control.CheckinAnswer{ID: s.ID, Failure: code}, nil)
		}
		if err == nil || !a.interactive() {
			return s, err
		}
		a.note("%s", sentence(err.Error()))
		again, asked := a.confirm("Try again?")
		if asked != nil || !again {
			return s, err
		}
		if errors.Is(err, card.ErrContactless) || errors.Is(err, pace.ErrWrongCAN) {
			if can, err = a.askCAN(); err != nil {
				return s, err
			}
		}
	}
}

// cardTrouble is what the node is told of a reader's trouble; "" when the node said it itself, or when there was none.
func cardTrouble(err error) string {
	switch {
	case errors.Is(err, pace.ErrWrongCAN):
		return control.CodeWrongCAN
	case errors.Is(err, egk.ErrNotEGK):
		return control.CodeCardForeign
	case errors.Is(err, pcsc.ErrRemoved):
		return control.CodeCardRemoved
	}
	return ""
}

// reportCheckin shows how a check-in ended; one that came to nothing fails the command.
func (a *app) reportCheckin(s control.Checkin) error {
	if err := a.report(s, func(p *page) { checkinPage(p, s) }); err != nil {
		return err
	}
	if s.State == control.CheckinStateCanceled {
		return &reportedError{}
	}
	return nil
}

// checkinPage says in words how it stands (A_28516).
func checkinPage(p *page, s control.Checkin) {
	a := p.a
	switch s.State {
	case control.CheckinStateSuccess:
		p.line(a.green("Checked in") + " at " + a.bold(s.Institution.Name) + ".")
	case control.CheckinStatePending:
		p.line(a.yellow("Waiting") + " for " + a.bold(s.Institution.Name) + ", which is not reached at the moment.")
		p.linef("The check-in goes on by itself when it is back, for at most %d hours.", s.GiveUpHours)
	case control.CheckinStateCanceled:
		p.line(a.red("Not checked in") + " at " + a.bold(s.Institution.Name) + ".")
	default:
		p.line(a.bold(title(s.State)) + ": " + s.Institution.Name)
	}
	if s.Message != "" {
		p.line(sentence(s.Message))
	} else if s.Why != "" {
		p.line(sentence(checkinWhy(s)))
	}
	p.line("")
	p.pairs([2]string{"Address", address(s.Institution)}, [2]string{"Workplace", s.Workplace}, [2]string{"Proof", s.Proof},
		[2]string{"Began", instant(s.Began)}, [2]string{"Check-in", s.ID})
}

// checkinWhy is a reason without a message of its own.
func checkinWhy(s control.Checkin) string {
	switch s.Why {
	case control.CodeGiveUp:
		return fmt.Sprintf("The practice did not answer within %d hours: try again, or contact it.", s.GiveUpHours)
	case control.CodeCheckinEnded:
		return "You gave it up; the practice may have got it all the same."
	case control.CodeConsent:
		return "You did not agree. Nothing was sent."
	case control.CodeWrongCAN:
		return "The access number was not the card's."
	case control.CodeCardRemoved:
		return "The card was removed: put it back and try again."
	}
	return "Reason: " + s.Why
}
