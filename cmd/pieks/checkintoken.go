package main

import (
	"fmt"
	"strings"
	"time"

	"pieks/card"
	"pieks/node/checkin/popp"
	"pieks/node/control"
	"pieks/node/network"
)

type CheckinVerifyTokenCmd struct {
	File    string `arg:"" help:"The token in compact form; - reads it from standard input." placeholder:"FILE"`
	JWKS    string `required:"" name:"jwks" type:"path" help:"The keys of its issuer, a JWK Set." placeholder:"FILE"`
	At      string `help:"As of this time, such as 2026-12-01T10:00:00Z; left out, now." placeholder:"TIME"`
	Actor   string `help:"The institution that it has to be for; left out, any." placeholder:"TELEMATIK-ID"`
	Network string `type:"path" help:"Check a presence token's key against the practice cards that this network file trusts." placeholder:"FILE"`
}

func (CheckinVerifyTokenCmd) Help() string {
	return `Two kinds are known. A PoPP token comes from a PoPP service of the Telematikinfrastruktur. A presence token comes from the practice's own node: it is none, and no service of the Telematikinfrastruktur takes it. Either holds to the end of the calendar quarter in which it was issued. A refusal ends with exit code 1.

    pieks checkin verify-token token.jwt --jwks keys.json --at 2026-01-02T08:00:01Z
    pieks checkin verify-token - --jwks practice.json --network network.cbor --json < token.jwt`
}

// tokenInfo is what `pieks checkin verify-token` reports. The claims of a refused token are not shown: nobody vouches for them.
type tokenInfo struct {
	Valid    bool           `json:"valid"`
	Class    string         `json:"error_class,omitempty"` // one word, see popp.Class
	Error    string         `json:"error,omitempty"`
	Kind     popp.Kind      `json:"kind,omitempty"`
	KeyID    string         `json:"kid,omitempty"`
	Claims   *popp.Claims   `json:"claims,omitempty"`
	Presence *popp.Presence `json:"presence,omitempty"` // of a presence token
	Until    time.Time      `json:"until,omitzero"`
	Hash     string         `json:"sha256,omitempty"`   // of header and payload
	Practice string         `json:"practice,omitempty"` // as its card's enrolment says, with --network
	Address  string         `json:"address,omitempty"`  // likewise
	NotAfter time.Time      `json:"enrolled,omitzero"`  // until when, likewise
	Test     bool           `json:"test,omitempty"`     // the network is a test network
}

func (c *CheckinVerifyTokenCmd) Run(a *app) error {
	rules := popp.Rules{At: time.Now(), Actor: popp.TelematikID(c.Actor)}
	if c.At != "" {
		var err error
		if rules.At, err = time.Parse(time.RFC3339, c.At); err != nil {
			return usagef("--at is a time like 2026-12-01T10:00:00Z")
		}
	}
	if c.Actor != "" {
		if _, err := popp.ParseTelematikID(c.Actor); err != nil {
			return control.As(control.KindUsage, fmt.Errorf("--actor: %w", err))
		}
	}
	keys, err := c.keys()
	if err != nil {
		return err
	}
	compact, err := c.token(a)
	if err != nil {
		return err
	}
	roots, test, err := c.roots()
	if err != nil {
		return err
	}
	info, err := verifyToken(compact, keys, rules, roots)
	if err != nil {
		info = tokenInfo{Class: popp.Class(err), Error: sentence(err.Error())}
		if info.Class == "" {
			info.Class = "enrolment" // what package card says of one
		}
	}
	info.Test = test
	if err := a.report(info, func(p *page) { tokenPage(p, info) }); err != nil {
		return err
	}
	if !info.Valid {
		return &reportedError{}
	}
	return nil
}

// verifyToken checks a token, and with roots the enrolment of a presence token's practice.
func verifyToken(compact string, keys *popp.KeySet, rules popp.Rules, roots *card.Roots) (tokenInfo, error) {
	t, err := popp.Verify(compact, keys, rules)
	if err != nil {
		return tokenInfo{}, err
	}
	info := tokenInfo{Valid: true, Kind: t.Kind, KeyID: t.KeyID, Claims: &t.Claims, Until: t.Until(), Hash: fmt.Sprintf("%x", t.Hash)}
	if t.Kind != popp.KindPresence {
		return info, nil
	}
	info.Presence = &t.Presence
	if roots == nil {
		return info, nil
	}
	l, err := popp.CheckEnrolment(t, keys, *roots, rules.At)
	if err != nil {
		return tokenInfo{}, err
	}
	s := l.Statement
	info.Practice, info.Address, info.NotAfter = s.Name, fmt.Sprintf("%s, %s %s", s.Street, s.PLZ, s.Place), l.NotAfter.UTC()
	return info, nil
}

func (c *CheckinVerifyTokenCmd) keys() (*popp.KeySet, error) {
	data, err := readAtMost(c.JWKS, popp.MaxKeySet)
	if err != nil {
		return nil, err
	}
	return popp.ParseKeySet(data)
}

// token is read with some room for the line's end, and longer than one may be: package popp says so in its own words.
func (c *CheckinVerifyTokenCmd) token(a *app) (string, error) {
	const most = 4 * popp.MaxToken
	data, err := []byte(nil), error(nil)
	if c.File == "-" {
		data, err = allOf(a.in, "standard input", most)
	} else {
		data, err = readAtMost(c.File, most)
	}
	return strings.TrimSpace(string(data)), err
}

// roots are those of the network file, nil without one.
func (c *CheckinVerifyTokenCmd) roots() (roots *card.Roots, test bool, err error) {
	if c.Network == "" {
		return nil, false, nil
	}
	data, err := readAtMost(c.Network, network.MaxBytes)
	if err != nil {
		return nil, false, err
	}
	b, err := network.Verify(data)
	if err != nil {
		return nil, false, fmt.Errorf("read %s: %w", c.Network, err)
	}
	r := b.CardRoots()
	return &r, b.IsTest(), nil
}

func tokenPage(p *page, info tokenInfo) {
	a := p.a
	if !info.Valid {
		p.line(a.red("Not valid. ") + info.Error)
		return
	}
	what := "PoPP token"
	if info.Kind == popp.KindPresence {
		what = "Presence token of a practice's own node, not a PoPP token"
	}
	p.linef("%s until %s: %s", a.green("Valid"), instant(info.Until), what)
	if info.Kind == popp.KindPresence && info.Practice == "" {
		p.line(a.yellow("Whose it is was not checked: ") + "name the network file with --network.")
	}
	c := info.Claims
	rows := [][2]string{
		{"Practice", info.Practice}, {"Address", info.Address}, {"Institution", c.ActorID}, {"Profession", c.ActorProfessionOID},
		{"Insured person", c.PatientID}, {"Insurer", c.InsurerID}, {"Proof", string(c.ProofMethod)}, {"Proved", precise(c.Proved())}, {"Issued", precise(c.Issued())},
		{"Issuer", c.Issuer},
	}
	if info.Presence != nil {
		rows = append(rows, [][2]string{
			{"Check-in", info.Presence.ID}, {"Workplace", info.Presence.Workplace}, {"Challenge", info.Presence.Challenge}, {"Card pair", info.Presence.Pair},
		}...)
	}
	p.pairs(append(rows, [2]string{"SHA-256", info.Hash})...)
}
