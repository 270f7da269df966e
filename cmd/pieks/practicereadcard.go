package main

import (
	"context"
	"encoding/hex"
	"errors"

	"pieks/card"
	"pieks/card/pace"
	"pieks/node/control"
)

// PracticeReadCardCmd checks a patient in whose card reception has put into a reader.
type PracticeReadCardCmd struct {
	Reader
	CANFile   string `name:"can-file" type:"path" help:"File whose first line is the access number (CAN) of a card without contacts, instead of being asked." placeholder:"FILE"`
	Workplace string `help:"Where the patient is, such as REZEPTION-1; left out, the practice as a whole." placeholder:"ID" env:"-"`
}

func (PracticeReadCardCmd) Help() string {
	return `The practice's node has the PoPP service prove the card in the reader, and lists its holder as arrived, with the service's token; no PIN is needed. The node was started with --popp-service. A card on a contactless reader wants its access number (CAN), six digits on its front.

    pieks practice read-card --reader 1 --workplace REZEPTION-1
    pieks practice read-card --can-file can.txt --json`
}

func (c *PracticeReadCardCmd) Run(ctx context.Context, a *app) error {
	client, err := a.dial(practiceRole)
	if err != nil {
		return err
	}
	var can pace.CAN
	if c.CANFile != "" {
		if can, err = canFrom(c.CANFile); err != nil {
			return err
		}
	}
	done, err := c.read(ctx, a, client, can)
	if errors.Is(err, card.ErrContactless) && a.interactive() {
		if can, err = a.askCAN(); err != nil {
			return err
		}
		done, err = c.read(ctx, a, client, can)
	}
	a.test = client.Test()
	if errors.Is(err, card.ErrContactless) {
		return usagef("This card is without contacts and wants its access number (CAN), six digits on its front: put it into a file and name that with --can-file.")
	}
	if err != nil {
		return err
	}
	return a.report(done, func(p *page) { readCardPage(p, done) })
}

// read brings each command from the node to the card, and its answer back.
func (c *PracticeReadCardCmd) read(ctx context.Context, a *app, client *control.Client, can pace.CAN) (done control.ArrivalStep, err error) {
	reading := ""
	step := func(ctx context.Context, response []byte, contactless bool) ([]byte, error) {
		in := control.ArrivalAnswer{Reading: reading, Response: hex.EncodeToString(response)}
		if reading == "" {
			in = control.ArrivalAnswer{Workplace: c.Workplace, Contactless: contactless}
		}
		var next control.ArrivalStep
		if err := client.Call(ctx, control.MethodArrivalCard, in, &next); err != nil {
			reading = "" // the node has ended it
			return nil, err
		}
		if next.Command == "" {
			reading, done = "", next
			return nil, nil
		}
		reading = next.Reading
		return hex.DecodeString(next.Command)
	}
	err = a.wait("Reading the card", func() error { return a.proveWithCard(ctx, c.Reader.Reader, can, step) })
	if reading != "" { // the reader broke off
		_ = client.Call(context.WithoutCancel(ctx), control.MethodArrivalCard, control.ArrivalAnswer{Reading: reading, Failure: true}, nil)
	}
	return done, err
}

func readCardPage(p *page, s control.ArrivalStep) {
	a := p.a
	if s.Arrival == nil {
		p.line(a.yellow("Waiting: ") + "the service has proved the card, but its keys are not reached. Whose it is shows in the list of arrivals once they are.")
		return
	}
	p.line(a.green("Checked in") + ".")
	p.pairs([2]string{"Insurance number", s.Arrival.KVNR}, [2]string{"Insurer", s.Arrival.IK}, [2]string{"Workplace", s.Arrival.Workplace},
		[2]string{"Proof", s.Arrival.Proof}, [2]string{"Arrival", s.Arrival.ID})
}
