package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"pieks/card"
	"pieks/node/control"
	"pieks/node/disclosure"
)

// DiscloseCmd lets a patient tell others of an infection without saying who it was.
type DiscloseCmd struct {
	Start  DiscloseStartCmd  `cmd:"" help:"Patient: have data published, and get a code for a health professional."`
	Status DiscloseStatusCmd `cmd:"" help:"Show how far a disclosure is."`
	Cancel DiscloseCancelCmd `cmd:"" help:"Patient: take a disclosure back before it is posted."`
	Sign   DiscloseSignCmd   `cmd:"" help:"Practice: sign for a patient's disclosure with the card of a professional."`
	List   DiscloseListCmd   `cmd:"" help:"Patient: what was published, and does it concern me? Practice: what was signed here? Relay: what is kept?"`
}

func (DiscloseCmd) Help() string {
	return `A patient who was found infected warns those who were in the same waiting rooms on the same days. A health professional signs that it is true; nobody learns who it was. The patient starts and shows a code, the professional signs, and the rest happens by itself.

    pieks disclose start --home A1
    pieks disclose sign --home P1        asks for the code
    pieks disclose status --home A1
    pieks disclose list --home A2`
}

type DiscloseStartCmd struct {
	Data string `type:"path" help:"Publish this file, at most 64 KiB ('-': standard input), instead of the waiting rooms of the last 14 days." placeholder:"FILE"`
	Yes  bool   `help:"The patient consents; do not ask."`
}

// maxDisclosed is what the protocol takes; the node says so, too.
const maxDisclosed = 64 << 10

func (c *DiscloseStartCmd) Run(ctx context.Context, a *app) error {
	var in control.DiscloseStart
	what := "that an infection was found in the waiting rooms where you were in the last 14 days"
	if c.Data != "" {
		file, err := a.openOrStdin(c.Data)
		if err != nil {
			return err
		}
		defer file.Close()
		if in.Data, err = allOf(file, c.Data, maxDisclosed); err != nil {
			return err
		}
		what = fmt.Sprintf("%s of %s", bytesOf(int64(len(in.Data))), c.Data)
	}
	if !c.Yes {
		if !a.interactive() {
			return usagef("Nobody can be asked for consent here. If the patient agrees that %s is published without a name, say --yes.", what)
		}
		agreed, err := a.confirm(fmt.Sprintf("Publish, without your name, %s?", what))
		if err != nil {
			return err
		}
		if !agreed {
			a.note("Nothing was disclosed.")
			return nil
		}
	}
	var d control.Disclosure
	if err := a.ask(ctx, "Registering at the relay", control.MethodDisclose, in, &d, patientRole); err != nil {
		return err
	}
	return a.report(d, func(p *page) { disclosurePage(p, d) })
}

// disclosurePage shows one disclosure, its code so that it can be read out.
func disclosurePage(p *page, d control.Disclosure) {
	a := p.a
	p.linef("%s  %s", a.bold(title(d.State)), a.faint("disclosure "+d.ID))
	if d.Message != "" {
		p.line(sentence(d.Message))
	}
	if d.By != "" {
		p.pairs([2]string{"Signed by", d.By})
	}
	if d.Digits == "" {
		return
	}
	p.line("")
	p.linef("Show this to the health professional, or read it out, until %s:", clock(d.Until))
	codePage(p, d.Digits, d.Words, d.QR)
}

type DiscloseStatusCmd struct {
	ID   string        `arg:"" optional:"" name:"disclosure" help:"Show only this one."`
	Wait time.Duration `env:"-" help:"Wait at most so long until none is under way any more." placeholder:"DURATION"`
}

func (DiscloseStatusCmd) Help() string {
	return `A disclosure waits for its signature, is signed, and is posted; then what was disclosed is destroyed here. It goes on by itself, also after the node was restarted.

    pieks disclose status --home A1 --wait 30m`
}

// underWay says whether something is still to come.
func underWay(all []control.Disclosure) bool {
	return slices.ContainsFunc(all, func(d control.Disclosure) bool { return d.State == "waiting" || d.State == "signed" })
}

// disclosures asks for all, and again until none is under way or the time is over.
func (c *DiscloseStatusCmd) disclosures(ctx context.Context, a *app) (all []control.Disclosure, err error) {
	client, err := a.dial(patientRole, practiceRole)
	if err != nil {
		return nil, err
	}
	ask := func() error {
		all = nil // or fields that are gone would stay
		return client.Call(ctx, control.MethodDisclosures, nil, &all)
	}
	if err := a.wait("Asking the node", ask); err != nil || c.Wait == 0 || client.Role() != patientRole {
		a.test = client.Test()
		return all, err
	}
	a.test = client.Test()
	over := time.NewTimer(c.Wait)
	defer over.Stop()
	tick := time.NewTicker(waitEvery)
	defer tick.Stop()
	err = a.wait("Waiting for the signature", func() error {
		for underWay(all) {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-over.C:
				return nil
			case <-tick.C:
			}
			if err := ask(); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

func (c *DiscloseStatusCmd) Run(ctx context.Context, a *app) error {
	all, err := c.disclosures(ctx, a)
	if err != nil {
		return err
	}
	if c.ID != "" {
		for _, d := range all {
			if d.ID == c.ID {
				return a.report(d, func(p *page) { disclosurePage(p, d) })
			}
		}
		return control.Errorf(control.KindNotFound, "There is no disclosure %s here.", c.ID)
	}
	return a.report(all, func(p *page) {
		if len(all) == 0 {
			p.line("No disclosures.")
		}
		for i, d := range all {
			if i > 0 {
				p.line("")
			}
			disclosurePage(p, d)
		}
	})
}

type DiscloseCancelCmd struct {
	ID string `arg:"" name:"disclosure" help:"Which, as 'pieks disclose status' shows it."`
}

func (c *DiscloseCancelCmd) Run(ctx context.Context, a *app) error {
	var d control.Disclosure
	if err := a.ask(ctx, "Taking it back", control.MethodDiscloseCancel, control.DiscloseName{ID: c.ID}, &d, patientRole); err != nil {
		return err
	}
	return a.report(d, func(p *page) { p.line("Taken back: nothing was posted, and the code is worth nothing now.") })
}

type DiscloseSignCmd struct {
	Code []string `arg:"" optional:"" help:"The patient's digits, four words, or text of the QR code. Left out or '-': it is read from standard input, so that it is in no process list."`
	Reader
	PIN
	Yes bool `help:"The professional has seen what is signed; do not ask."`
}

func (DiscloseSignCmd) Help() string {
	return `Signs with the card of a person (HBA), not of a practice. What is signed is the code, and a hash of data that stay with the patient. A scanned QR code also fixes the data against the relay that stands in between; spoken digits do so only against others. In a TEST network, without a reader, a virtual card signs.

    pieks disclose sign --home P1
    pieks disclose sign --home P1 --reader 2 --pin-file pin.txt --yes -`
}

func (c *DiscloseSignCmd) Run(ctx context.Context, a *app) error {
	code, err := a.argumentOrLine(c.Code, "Code of the patient:")
	if err != nil {
		return err
	}
	client, err := a.dial(practiceRole)
	if err != nil {
		return err
	}
	var draft control.DiscloseDraft
	if err := a.call(ctx, client, "Looking the code up", control.MethodDiscloseLookup, control.DiscloseCode{Code: code}, &draft); err != nil {
		return err
	}
	agreed, err := c.agree(a, draft)
	if err != nil || !agreed {
		return err
	}
	in := control.DiscloseSigned{ID: draft.ID, Virtual: draft.Virtual && c.Reader.Reader == "" && c.PINFile == ""}
	if !in.Virtual {
		err := c.withCard(ctx, a, func(opened card.Card) error {
			in.CMS, err = c.sign(ctx, a, opened, draft)
			return err
		})
		if err != nil {
			return err
		}
	}
	var d control.Disclosure
	if err := a.call(ctx, client, "Handing it to the relay", control.MethodDiscloseDeliver, in, &d); err != nil {
		return err
	}
	return a.report(d, func(p *page) { p.line("Signed. The patient's app does the rest.") })
}

func (c *DiscloseSignCmd) sign(ctx context.Context, a *app, opened card.Card, draft control.DiscloseDraft) ([]byte, error) {
	if err := disclosure.CheckCard(ctx, opened); err != nil {
		return nil, err
	}
	digits, err := c.pin(ctx, a, opened)
	if err != nil {
		return nil, err
	}
	return card.SignMessage(ctx, opened, digits, card.DisclosureDomain, draft.Content, time.Now())
}

// agree shows what will be signed.
func (c *DiscloseSignCmd) agree(a *app, draft control.DiscloseDraft) (bool, error) {
	if c.Yes || !a.interactive() {
		return true, nil
	}
	p := &page{a: a}
	how := "spoken or typed: that the relay has not put other data in place of the patient's is for the patient's app to find out"
	if draft.Scanned {
		how = "scanned: the data are those that the patient's app shows"
	}
	p.line("Your card signs that this patient may disclose an infection:")
	p.pairs([2]string{"Data, as a hash", draft.Commitment}, [2]string{"Code", how}, [2]string{"Relay", draft.Relay},
		[2]string{"Good until", instant(draft.Until)})
	fmt.Fprint(a.errs, p.String())
	agreed, err := a.confirm("Sign?")
	if err == nil && !agreed {
		a.note("Nothing was signed.")
	}
	return agreed, err
}

type DiscloseListCmd struct{}

func (DiscloseListCmd) Help() string {
	return `A patient's node compares what was published with the waiting rooms that its people were in, here on this computer. A list says nothing to anybody else.

    pieks disclose list --home A2`
}

func (*DiscloseListCmd) Run(ctx context.Context, a *app) error {
	var all control.DisclosureLists
	if err := a.ask(ctx, "Asking the node", control.MethodDiscloseList, nil, &all, everyRole()...); err != nil {
		return err
	}
	return a.report(all, func(p *page) { disclosureListsPage(p, all) })
}

func disclosureListsPage(p *page, all control.DisclosureLists) {
	for _, w := range all.Warnings {
		p.linef("%s on %s at %s, somebody was there who was found infected. Watch for symptoms and ask your doctor about a test.", p.a.red("Warning:"), w.Day, p.a.bold(w.Practice))
	}
	if len(all.Warnings) > 0 {
		p.line("")
	}
	if len(all.Signed) > 0 {
		var rows [][]string
		for _, d := range all.Signed {
			rows = append(rows, []string{d.ID, d.By, "until " + clock(d.Until)})
		}
		p.table([]string{"SIGNED HERE", "BY", "GOOD"}, rows)
		return
	}
	if all.Waiting > 0 {
		p.linef("%s to be published.", count(all.Waiting, "disclosure waits", "disclosures wait"))
	}
	if len(all.Lists) == 0 {
		p.line("Nothing, in the last 14 days at a patient's node or a relay, or the last half hour at a practice.")
		return
	}
	var rows [][]string
	for _, l := range all.Lists {
		rows = append(rows, []string{l.Relay, fmt.Sprint(l.Number), instant(l.Issued), fmt.Sprint(l.Items)})
	}
	p.table([]string{"RELAY", "LIST", "PUBLISHED", "DISCLOSURES"}, rows)
}
