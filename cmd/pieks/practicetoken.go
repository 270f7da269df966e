package main

import (
	"context"
	"encoding/json"

	"pieks/node/control"
)

// PracticeTokenCmd gives the token of an arrival to other programs.
type PracticeTokenCmd struct {
	Arrival string `arg:"" help:"The arrival, as 'pieks practice arrivals' names it." placeholder:"ARRIVAL"`
	Out     string `type:"path" help:"Write it to this file, which only you can read; one that is there is replaced." placeholder:"FILE" env:"-"`
}

func (PracticeTokenCmd) Help() string {
	return `The token says who was at the practice, when, and how that was proved. It has the insurance number in it.

    pieks practice token ARRIVAL --out token.jwt
    pieks practice keys --out keys.json
    pieks checkin verify-token token.jwt --jwks keys.json --network NET/network.cbor`
}

func (c *PracticeTokenCmd) Run(ctx context.Context, a *app) error {
	var t control.ArrivalToken
	if err := a.ask(ctx, "Looking", control.MethodArrivalToken, control.ArrivalName{ID: c.Arrival}, &t, practiceRole); err != nil {
		return err
	}
	if c.Out != "" {
		if err := writeWhole(c.Out, []byte(t.Token+"\n"), 0o600); err != nil {
			return err
		}
	}
	return a.report(t, func(p *page) {
		if c.Out == "" {
			p.line(t.Token)
			return
		}
		p.linef("Written to %s, a token of kind %s.", c.Out, t.Kind)
	})
}

// PracticeKeysCmd gives what verifies the practice's presence tokens.
type PracticeKeysCmd struct {
	Out string `type:"path" help:"Write them to this file; one that is there is replaced." placeholder:"FILE" env:"-"`
}

func (PracticeKeysCmd) Help() string {
	return `A JWK Set with the practice's key and what its card has signed about it, for programs that verify presence tokens. It holds nothing secret. Tokens of a PoPP service are verified by that service's keys.`
}

func (c *PracticeKeysCmd) Run(ctx context.Context, a *app) error {
	var keys json.RawMessage
	if err := a.ask(ctx, "Looking", control.MethodPresenceKeys, nil, &keys, practiceRole); err != nil {
		return err
	}
	if c.Out != "" {
		if err := writeWhole(c.Out, append(keys, '\n'), 0o644); err != nil {
			return err
		}
	}
	return a.report(keys, func(p *page) {
		if c.Out == "" {
			p.line(string(keys))
			return
		}
		p.line("Written to " + c.Out + ".")
	})
}
