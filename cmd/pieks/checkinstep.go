package main

import (
	"context"
	"strings"

	"pieks/node/control"
)

// CheckinStepCmd drives a check-in step by step: the test driver of the specification (section 8).
type CheckinStepCmd struct {
	Begin   StepBeginCmd   `cmd:"" help:"Choose an institution. Nothing is sent."`
	Consent StepConsentCmd `cmd:"" help:"Answer whether it may have the data."`
	Card    StepCardCmd    `cmd:"" help:"Go on with the dialogue with the card: an answer in, the next command out."`
	Virtual StepVirtualCmd `cmd:"" help:"In a TEST network: the whole dialogue, with a virtual card."`
	Login   StepLoginCmd   `cmd:"" help:"Begin the login with the GesundheitsID: the address for the browser comes out."`
	Back    StepBackCmd    `cmd:"" help:"What the browser came back with from the login."`
	Options StepOptionsCmd `cmd:"" help:"What check-ins go by: ways to prove oneself, insurers, hours until one is given up."`
}

func (CheckinStepCmd) Help() string {
	return `For automatic tests (gemSpec_PoPP_Modul, section 8): every step of a check-in is driven by one command and reads the state with --json. What a card says, and the code of a login, come on standard input or from a file, never on the command line, which others can see.

    pieks checkin step begin --telematik-id 1-234567890 --workplace REZEPTION-1 --json
    pieks checkin step consent CHECK-IN --agree --json
    pieks checkin step card CHECK-IN --json                        the first command for the card
    echo 9000 | pieks checkin step card CHECK-IN --response - --json
    pieks checkin status CHECK-IN --json`
}

type StepBeginCmd struct {
	TelematikID string `name:"telematik-id" help:"The institution." placeholder:"ID"`
	FHIRSearch  string `name:"fhir-search" help:"Or a search request for the directory service." placeholder:"REQUEST"`
	Workplace   string `help:"Where in the institution." placeholder:"ID"`
	Origin      string `help:"mesh or vzd." placeholder:"WHERE"`
	Institution int    `help:"Which of several of one Telematik-ID, from 0." placeholder:"N"`
	OtherPerson bool   `name:"other-person" help:"With the card of somebody else."`
	LoginEGK    bool   `name:"login-egk" help:"The calling app wants the card."`
	CallBack    string `name:"callback" help:"Where the calling app wants its answer: https, or an app link." placeholder:"URL"`
}

func (c *StepBeginCmd) Run(ctx context.Context, a *app) error {
	return a.checkinStep(ctx, control.MethodCheckinBegin, control.CheckinBegin{
		TelematikID: c.TelematikID, FHIRSearch: c.FHIRSearch, Workplace: c.Workplace, Origin: c.Origin, Institution: c.Institution,
		OtherPerson: c.OtherPerson, LoginEGK: c.LoginEGK, CallBack: c.CallBack,
	})
}

type StepConsentCmd struct {
	ID        string `arg:"" name:"check-in" help:"The check-in."`
	Agree     bool   `xor:"answer" required:"" env:"-" help:"The patient agrees."`
	Refuse    bool   `xor:"answer" required:"" env:"-" help:"The patient does not: nothing remains."`
	Favourite string `help:"Keep the institution under this name." placeholder:"NAME" env:"-"`
}

func (c *StepConsentCmd) Run(ctx context.Context, a *app) error {
	return a.checkinStep(ctx, control.MethodCheckinConsent, control.CheckinConsent{ID: c.ID, Agree: c.Agree, Favourite: c.Favourite})
}

type StepCardCmd struct {
	ID          string `arg:"" name:"check-in" help:"The check-in."`
	Response    string `type:"path" help:"File with the card's answer, hex of data and status word ('-': standard input); left out, the dialogue begins." placeholder:"FILE" env:"-"`
	Contactless bool   `env:"-" help:"The card is read without contacts."`
	Failure     string `env:"-" help:"The reader's trouble in place of an answer: wrong_can, card_removed, card_refused, card_foreign." placeholder:"CODE"`
}

// maxStepFile is the longest answer of a card as hex, and room for line ends.
const maxStepFile = 2*65538 + 64

func (c *StepCardCmd) Run(ctx context.Context, a *app) error {
	in := control.CheckinAnswer{ID: c.ID, Contactless: c.Contactless, Failure: c.Failure}
	var err error
	if in.Response, err = a.secretText(c.Response); err != nil {
		return err
	}
	var step control.CheckinStep
	if err := a.ask(ctx, "Asking for the next command", control.MethodCheckinCard, in, &step, patientRole); err != nil {
		return err
	}
	return a.report(step, func(p *page) {
		if step.Checkin != nil {
			checkinPage(p, *step.Checkin)
			return
		}
		p.pairs([2]string{"Command", step.Command}, [2]string{"Expected", strings.Join(step.Expected, ", ")})
	})
}

// secretText reads what may not stand on a command line; "" is none.
func (a *app) secretText(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	file, err := a.openOrStdin(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	data, err := allOf(file, name, maxStepFile)
	return strings.TrimSpace(string(data)), err
}

type StepVirtualCmd struct {
	ID string `arg:"" name:"check-in" help:"The check-in."`
}

func (c *StepVirtualCmd) Run(ctx context.Context, a *app) error {
	return a.checkinStep(ctx, control.MethodCheckinVirtual, control.CheckinVirtual{ID: c.ID})
}

type StepLoginCmd struct {
	ID      string `arg:"" name:"check-in" help:"The check-in."`
	Insurer string `help:"The insurer, as 'pieks checkin step options' lists them; left out, the one of last time." placeholder:"ID" env:"-"`
	Back    string `required:"" help:"Where the browser comes back to, on this computer." placeholder:"URL" env:"-"`
}

func (c *StepLoginCmd) Run(ctx context.Context, a *app) error {
	var at control.CheckinLoginAt
	in := control.CheckinLogin{ID: c.ID, Insurer: c.Insurer, Back: c.Back}
	if err := a.ask(ctx, "Asking the insurer", control.MethodCheckinLogin, in, &at, patientRole); err != nil {
		return err
	}
	return a.report(at, func(p *page) { p.line(at.URL) })
}

type StepBackCmd struct {
	State string `arg:"" help:"The state that came back."`
	Code  string `type:"path" help:"File with the code that came back ('-': standard input)." placeholder:"FILE" env:"-"`
	Error string `help:"Or the error that came back." placeholder:"CODE" env:"-"`
}

func (c *StepBackCmd) Run(ctx context.Context, a *app) error {
	code, err := a.secretText(c.Code)
	if err != nil {
		return err
	}
	return a.checkinStep(ctx, control.MethodCheckinLoggedIn, control.CheckinLoggedIn{State: c.State, Code: code, Error: c.Error})
}

type StepOptionsCmd struct{}

func (c *StepOptionsCmd) Run(ctx context.Context, a *app) error {
	var o control.CheckinOptions
	if err := a.ask(ctx, "Looking", control.MethodCheckinOptions, nil, &o, patientRole); err != nil {
		return err
	}
	o.CAN = "" // for the app alone
	return a.report(o, func(p *page) {
		p.linef("%d institutions in the network's directory. A check-in that waits is given up after %d hours.", o.Directory, o.GiveUpHours)
		for _, i := range o.Insurers {
			p.linef("%s  %s", i.ID, i.Name)
		}
	})
}

// checkinStep makes a step and shows how the check-in stands then.
func (a *app) checkinStep(ctx context.Context, method string, in any) error {
	var s control.Checkin
	if err := a.ask(ctx, "Checking in", method, in, &s, patientRole); err != nil {
		return err
	}
	return a.report(s, func(p *page) { checkinPage(p, s) })
}
