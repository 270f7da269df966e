package main

import (
	"context"
	"os"

	"github.com/mdp/qrterminal/v3"

	"pieks/node/control"
	"pieks/node/web/qr"
)

// PracticeQRCmd shows the code that patients check in with.
type PracticeQRCmd struct {
	Workplace string `help:"The workplace that the code is for, such as REZEPTION-1; left out, the practice as a whole." placeholder:"ID"`
	Out       string `type:"path" help:"Write the code to this file as SVG; one that is there is not replaced." placeholder:"FILE.svg" env:"-"`
}

func (PracticeQRCmd) Help() string {
	return `Asks the running practice for the check-in code of a workplace (gemSpec_PoPP_Modul, 5.2.3), to hang up at the reception. The code is no secret. Patients find the practice by it only if it stands in the directory: the app's settings say so.

    pieks practice qr --workplace REZEPTION-1
    pieks practice qr --workplace REZEPTION-1 --out rezeption-1.svg`
}

func (c *PracticeQRCmd) Run(ctx context.Context, a *app) error {
	var out control.CheckinCode
	if err := a.ask(ctx, "Making the code", control.MethodCheckinCode, control.CheckinCodeOf{Workplace: c.Workplace}, &out, practiceRole); err != nil {
		return err
	}
	if c.Out != "" {
		if _, err := os.Lstat(c.Out); err == nil {
			return control.Errorf(control.KindConflict, "There is a file at %s already: choose another name.", c.Out)
		}
		svg, err := qr.SVG(out.Text, "Check-in "+out.Workplace, qr.M)
		if err != nil {
			return err
		}
		if err := writeWhole(c.Out, []byte(svg), 0o644); err != nil {
			return err
		}
	}
	return a.report(out, func(p *page) {
		d := out.Details
		practicePage(p, control.Practice{Name: d.Name, Street: d.Street, PLZ: d.PLZ, Place: d.Place, Phone: d.Phone})
		p.pairs([2]string{"Workplace", out.Workplace}, [2]string{"Written to", c.Out})
		if !out.Listed {
			p.line(a.yellow("The practice does not stand in the directory: patients cannot check in yet. Its settings in the app change that."))
		}
		p.line("")
		p.line("  " + a.bold(out.Text))
		if a.terminal {
			p.line("")
			qrterminal.GenerateHalfBlock(out.Text, qrterminal.M, p)
		}
	})
}
