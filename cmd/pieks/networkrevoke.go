package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"pieks/card"
	"pieks/node/control"
	"pieks/node/network"
)

// NetworkRevokeCmd shuts out a stolen device or card by the next network file.
type NetworkRevokeCmd struct {
	File   string   `arg:"" optional:"" help:"The present network file; left out, network.cbor in --home." placeholder:"FILE"`
	Device []string `sep:"none" help:"A practice's device: 64 hex digits of 'pieks card status' there, or the peer ID of its desk." placeholder:"KEY"`
	Card   []string `type:"path" sep:"none" help:"A card, by the file of its certificate, PEM or DER." placeholder:"FILE"`
	Lift   bool     `help:"Let them in again."`
	Key    []string `type:"path" sep:"none" help:"Key of an operator; may be given twice. Left out, those in operators/ of --home." placeholder:"FILE"`
	Out    string   `type:"path" help:"Where to write; left out, the file itself is replaced." placeholder:"FILE"`
}

func (NetworkRevokeCmd) Help() string {
	return `A practice's computer was stolen, or a card with its PIN: the practice's device gets no passes any more, and patients refuse its offers, as soon as their node has the next network file. The practice enrols a new computer with its card.

    pieks network revoke --home NET --device 5c1d...
    pieks network give --home NET/relay-1 NET/network.cbor      one running relay is enough: it passes the file on`
}

// networkRevised is what `pieks network revoke` reports.
type networkRevised struct {
	Network  string `json:"network"`
	Number   uint64 `json:"number"`
	Devices  int    `json:"revoked"`
	Cards    int    `json:"revoked_cards"`
	Complete bool   `json:"complete"`
}

func (c *NetworkRevokeCmd) Run(a *app) error {
	if len(c.Device)+len(c.Card) == 0 {
		return usagef("Say what is shut out with --device KEY or --card FILE")
	}
	change, err := c.change()
	if err != nil {
		return err
	}
	name, prev, err := a.signedNetwork(c.File)
	if err != nil {
		return err
	}
	keys, err := a.operatorKeys(c.Key)
	if err != nil {
		return err
	}
	next, err := network.Revise(prev, time.Now(), change)
	if err != nil {
		return err
	}
	signed, err := network.Sign(next, keys...)
	if err != nil {
		return err
	}
	result := networkRevised{or(c.Out, name), next.Number, len(next.Revoked), len(next.RevokedCards), len(keys) >= 2}
	if err := writeWhole(result.Network, signed, 0o644); err != nil {
		return err
	}
	a.test = next.IsTest()
	return a.report(result, func(p *page) {
		p.linef("Wrote %s, number %d: %s and %s are shut out.", result.Network, result.Number,
			count(result.Devices, "device", "devices"), count(result.Cards, "card", "cards"))
		if !result.Complete {
			p.line("Another operator has to sign it before it is in force: pieks network sign")
		}
		p.linef("Give it to a relay that runs: pieks network give --home RELAY %s", result.Network)
	})
}

// change is what is done to the bundle.
func (c *NetworkRevokeCmd) change() (func(*network.Bundle), error) {
	var devices, cards [][32]byte
	for _, text := range c.Device {
		key, err := network.ParseDevice(text)
		if err != nil {
			return nil, usagef("%w", err)
		}
		devices = append(devices, key)
	}
	for _, name := range c.Card {
		der, err := readCertificate(name)
		if err != nil {
			return nil, err
		}
		if _, err := card.ParseCertificate(der); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		cards = append(cards, sha256.Sum256(der))
	}
	put := network.Revoke
	if c.Lift {
		put = network.Restore
	}
	return func(b *network.Bundle) {
		for _, key := range devices {
			b.Revoked = put(b.Revoked, key)
		}
		for _, sum := range cards {
			b.RevokedCards = put(b.RevokedCards, sum)
		}
	}, nil
}

// NetworkGiveCmd hands a network file to a node that runs.
type NetworkGiveCmd struct {
	File string `arg:"" type:"existingfile" help:"The newer network file."`
}

func (NetworkGiveCmd) Help() string {
	return `The node takes the file if the operators of its network signed it and its number is higher, and passes it on to all that it is connected to.

    pieks network give --home NET/relay-1 NET/network.cbor`
}

func (c *NetworkGiveCmd) Run(ctx context.Context, a *app) error {
	data, err := readNetworkFile(c.File)
	if err != nil {
		return err
	}
	var taken control.NetworkTaken
	if err := a.ask(ctx, "Handing over the network file", control.MethodNetwork, control.NetworkFile{File: data}, &taken, everyRole()...); err != nil {
		return err
	}
	return a.report(taken, func(p *page) {
		if taken.Accepted {
			p.linef("The node goes by number %d now, and passes it on.", taken.Number)
		} else {
			p.linef("The node goes by number %d already.", taken.Number)
		}
	})
}
