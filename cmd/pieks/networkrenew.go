package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"pieks/node/control"
	"pieks/node/network"
	"pieks/node/relay"
)

// NetworkRenewCmd makes the next network file from the present one.
type NetworkRenewCmd struct {
	File  string   `arg:"" optional:"" help:"The present network file; left out, network.cbor in --home." placeholder:"FILE"`
	Key   []string `type:"path" sep:"none" help:"Key of an operator; may be given twice. Left out, those in operators/ of --home." placeholder:"FILE"`
	Out   string   `type:"path" help:"Where to write; left out, the file itself is replaced." placeholder:"FILE"`
	Keys  string   `type:"path" help:"Where to write the new keys of the relays; left out, into their homes below --home." placeholder:"DIR"`
	Weeks int      `help:"For how many weeks it is in force, 1 to 4; 0 is 30 days." placeholder:"N"`
}

func (NetworkRenewCmd) Help() string {
	return `Do it some days before 'pieks network show' says that the file ends: afterwards nothing new can be offered or booked. The next file has the next number; nodes take it from any relay that has it. Each relay needs its new keys, issuer-keys.cbor, in its home, and a restart.

    pieks network renew --home NET
    pieks network renew network.cbor --key operator-1.pem --out next.cbor --keys KEYS    then: pieks network sign next.cbor --key operator-2.pem`
}

// networkRenewed is what `pieks network renew` reports.
type networkRenewed struct {
	Network    string    `json:"network"`
	Number     uint64    `json:"number"`
	Expires    time.Time `json:"expires"`
	Signatures int       `json:"signatures"`
	Complete   bool      `json:"complete"`
	Keys       []string  `json:"keys"` // one file a relay with new keys
}

func (c *NetworkRenewCmd) Run(ctx context.Context, a *app) error {
	name, prev, err := a.signedNetwork(c.File)
	if err != nil {
		return err
	}
	keys, err := a.operatorKeys(c.Key)
	if err != nil {
		return err
	}
	step, end := a.steps("Making keys")
	made, err := network.Renew(ctx, prev, c.Weeks, time.Now(), step)
	end()
	if err != nil {
		return err
	}
	signed, err := network.Sign(made.Bundle, keys...)
	if err != nil {
		return err
	}
	result := networkRenewed{Network: or(c.Out, name), Number: made.Bundle.Number, Expires: made.Bundle.ExpiresAt().UTC(),
		Signatures: len(keys), Complete: len(keys) >= 2, Keys: []string{}}
	if result.Keys, err = c.writeKeys(a, made); err != nil {
		return err
	}
	if err := writeWhole(result.Network, signed, 0o644); err != nil {
		return err
	}
	a.test = made.Bundle.IsTest()
	return a.report(result, func(p *page) {
		p.linef("Wrote %s, number %d, in force until %s.", result.Network, result.Number, instant(result.Expires))
		if !result.Complete {
			p.line("Another operator has to sign it before it is in force: pieks network sign")
		}
		for _, path := range result.Keys {
			p.linef("New keys for a relay, to be in its home at its next start: %s", path)
		}
	})
}

// operatorKeys reads the keys that were named, or two that are at hand below --home.
func (a *app) operatorKeys(names []string) ([]ed25519.PrivateKey, error) {
	if len(names) == 0 && a.Home != "" {
		found, err := filepath.Glob(filepath.Join(a.Home, "operators", "operator-*.pem"))
		if err != nil {
			return nil, err
		}
		names = found[:min(2, len(found))]
	}
	if len(names) == 0 {
		return nil, usagef("Name the key of an operator with --key FILE")
	}
	var keys []ed25519.PrivateKey
	for _, name := range names {
		key, err := readOperatorKey(name)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// writeKeys puts each relay's new keys into its home below --home, or into a folder of its own below --keys.
func (c *NetworkRenewCmd) writeKeys(a *app, made *network.Made) ([]string, error) {
	base := or(c.Keys, a.Home)
	paths := []string{}
	for i, secrets := range made.Relays {
		if len(secrets.Issuers) == 0 {
			continue
		}
		if base == "" {
			return nil, usagef("Say where to write the new keys of the relays with --keys DIR")
		}
		dir := filepath.Join(base, made.Bundle.Relays[i].Peer)
		if c.Keys == "" {
			found, err := relay.FindHome(base, made.Bundle.Relays[i].Peer)
			if err != nil {
				return nil, err
			}
			dir = or(found, filepath.Join(base, "keys", made.Bundle.Relays[i].Peer))
		}
		path, err := relay.WriteKeys(dir, made.Bundle.Relays[i].Peer, secrets.Issuers)
		if errors.Is(err, fs.ErrExist) {
			return nil, control.Errorf(control.KindConflict, "%s has keys already that its relay has not taken yet: start the relay once, then renew again.", dir)
		}
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}
