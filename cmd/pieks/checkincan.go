package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"pieks/card/pace"
	"pieks/node/control"
)

// CheckinReader are the flags of what reads a patient's card.
type CheckinReader struct {
	Reader
	CANFile string `name:"can-file" type:"path" help:"File whose first line is the card's access number (CAN), instead of being asked or taken from the node." placeholder:"FILE"`
}

// can is the access number to try: from the file, or the one that the node keeps; "" where there is none, which does for a card with contacts.
func (r CheckinReader) can(ctx context.Context, a *app, client *control.Client) (pace.CAN, error) {
	if r.CANFile != "" {
		return canFrom(r.CANFile)
	}
	var o control.CheckinOptions
	err := a.call(ctx, client, "Looking", control.MethodCheckinOptions, nil, &o)
	return pace.CAN(o.CAN), err
}

func canFrom(name string) (pace.CAN, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", fmt.Errorf("read the access number: %w", err)
	}
	defer file.Close()
	line, err := readLine(file)
	if err != nil {
		return "", usagef("The first line of %s is the card's access number, and it is empty.", name)
	}
	can := pace.CAN(strings.TrimSpace(line))
	if err := can.Check(); err != nil {
		return "", usagef("%w", err)
	}
	return can, nil
}

func (a *app) askCAN() (pace.CAN, error) {
	text, err := a.promptSecret("Access number (CAN), six digits on the front of the card:")
	if err != nil {
		return "", err
	}
	can := pace.CAN(strings.TrimSpace(text))
	if err := can.Check(); err != nil {
		return "", usagef("%w", err)
	}
	return can, nil
}

// CheckinCANCmd is about the card's access number.
type CheckinCANCmd struct {
	Set    CheckinCANSetCmd    `cmd:"" help:"Keep the access number of the patient's card, for the next time."`
	Forget CheckinCANForgetCmd `cmd:"" help:"Forget it."`
}

type CheckinCANSetCmd struct {
	CANFile string `name:"can-file" type:"path" help:"File whose first line is the access number, instead of being asked." placeholder:"FILE"`
}

func (c *CheckinCANSetCmd) Run(ctx context.Context, a *app) error {
	var can pace.CAN
	var err error
	switch {
	case c.CANFile != "":
		can, err = canFrom(c.CANFile)
	case a.interactive():
		can, err = a.askCAN()
	default:
		err = usagef("Nobody can be asked here: put the access number into a file that only you can read, and name that with --can-file.")
	}
	if err != nil {
		return err
	}
	return a.keepCAN(ctx, can, "The access number is kept on this computer, sealed.")
}

type CheckinCANForgetCmd struct{}

func (c *CheckinCANForgetCmd) Run(ctx context.Context, a *app) error {
	return a.keepCAN(ctx, "", "The access number is forgotten.")
}

func (a *app) keepCAN(ctx context.Context, can pace.CAN, said string) error {
	var o control.CheckinOptions
	if err := a.ask(ctx, "Noting", control.MethodCheckinCAN, control.CheckinCAN{CAN: string(can)}, &o, patientRole); err != nil {
		return err
	}
	kept := struct {
		Kept bool `json:"kept"`
	}{o.CAN != ""}
	return a.report(kept, func(p *page) { p.line(said) })
}
