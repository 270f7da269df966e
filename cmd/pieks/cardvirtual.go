package main

import (
	"context"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"pieks/card"
	"pieks/card/pace"
	"pieks/card/vpcd"
)

// CardVirtualCmd is a test card, for trials and tests.
type CardVirtualCmd struct {
	Kind        string `required:"" enum:"hba,smcb,piv,uzi,egk" help:"What card: ${enum}." placeholder:"KIND"`
	VPCD        string `name:"vpcd" help:"Where the virtual reader listens; left out, only --write is done." placeholder:"HOST:PORT"`
	Curve       string `enum:",brainpoolP256r1,P-256" default:"" help:"Curve of its key; left out, what real cards of the kind have." placeholder:"CURVE"`
	Seed        string `default:"pieks" help:"The card's key follows from this text; the same text, the same card (${default})." placeholder:"TEXT"`
	CASeed      string `name:"ca-seed" default:"pieks" help:"The key of the card's CA follows from this text (${default})." placeholder:"TEXT"`
	Network     string `type:"path" help:"A TEST network, whose own card CA certifies the card instead." placeholder:"FILE"`
	Name        string `help:"Of the holder." placeholder:"NAME"`
	TelematikID string `name:"telematik-id" help:"Telematik-ID, UZI number or KVNR." placeholder:"ID"`
	Profession  string `help:"Profession, an object identifier." placeholder:"OID"`
	PINFile     string `name:"pin-file" type:"path" help:"File whose first line becomes its PIN; left out, 123456." placeholder:"FILE"`
	Contactless bool   `help:"An eGK in a contactless field: it wants its access number (CAN), 123123 if --can and --can-file say no other."`
	CAN
	Write   string `type:"path" help:"Write ca.pem, card.pem and crl.pem into this folder: the card's CA, its certificate, and the CA's revocation list; of an eGK also root.cvc, the root of its CV certificates." placeholder:"DIR"`
	Revoked bool   `help:"The revocation list names this card."`
}

func (CardVirtualCmd) Help() string {
	return `A card for trials, in a reader that Debian's vsmartcard-vpcd brings to pcscd (port 35963). It is in the reader until Ctrl-C; that is how it is pulled. Its CA is for tests: anybody can make cards of it.

    pieks card virtual --kind smcb --vpcd localhost:35963 --write CARD
    pieks network init --home NET --root CARD/ca.pem       a network that takes such cards
    pieks card virtual --kind hba --vpcd localhost:35963 --network NET/network.cbor      a card for a TEST network
    pieks card virtual --kind egk --contactless --vpcd localhost:35963                   then: pieks card egk-read --can 123123`
}

// virtualInfo is what `pieks card virtual` reports before it serves.
type virtualInfo struct {
	Kind        string   `json:"kind"`
	VPCD        string   `json:"vpcd,omitempty"`
	Files       []string `json:"files"`
	Curve       string   `json:"curve"`
	Contactless bool     `json:"contactless,omitempty"`
}

// virtualCAN is the access number of every virtual card, as gematik's test cards have it.
const virtualCAN pace.CAN = "123123"

func (c *CardVirtualCmd) Run(ctx context.Context, a *app) error {
	if c.VPCD == "" && c.Write == "" {
		return usagef("Say where the virtual reader is with --vpcd HOST:PORT, or where to write certificates with --write DIR")
	}
	virtual, ca, err := c.make(a)
	if err != nil {
		return err
	}
	inserted, err := c.insert(virtual)
	if err != nil {
		return err
	}
	certificate, err := card.ParseCertificate(virtual.Certificate())
	if err != nil {
		return err
	}
	info := virtualInfo{Kind: c.Kind, VPCD: c.VPCD, Files: []string{}, Curve: certificate.Curve, Contactless: c.Contactless}
	if c.Write != "" {
		if info.Files, err = c.write(virtual, ca); err != nil {
			return err
		}
	}
	err = a.report(info, func(p *page) {
		p.linef("%s of %s, key on %s", p.a.bold(kindName(card.Kind(c.Kind))), certificate.Subject, info.Curve)
		for _, name := range info.Files {
			p.line("Wrote " + name)
		}
		if c.VPCD != "" {
			if c.PINFile == "" {
				p.linef("PIN %s, as every test card has it.", string(card.VirtualPIN))
			}
			if c.Contactless && c.CAN.CAN == "" && c.CANFile == "" {
				p.linef("Without contacts; access number (CAN) %s, as every test card has it.", string(virtualCAN))
			}
			p.linef("In the reader at %s until Ctrl-C.", c.VPCD)
		}
	})
	if err != nil || c.VPCD == "" {
		return err
	}
	return vpcd.Serve(ctx, c.VPCD, inserted)
}

// insert is the card as a reader meets it.
func (c *CardVirtualCmd) insert(virtual *card.Virtual) (vpcd.Card, error) {
	can, err := c.CAN.given()
	switch {
	case err != nil:
		return nil, err
	case !c.Contactless && can != "":
		return nil, usagef("--can and --can-file are for a card that is --contactless")
	case !c.Contactless:
		return virtual, nil
	case card.Kind(c.Kind) != card.EGK:
		return nil, usagef("--contactless is for --kind egk: of the others nobody here asks for an access number")
	case can == "":
		can = virtualCAN
	}
	return pace.Contactless(virtual, can), nil
}

// make makes the card and says which CA certified it.
func (c *CardVirtualCmd) make(a *app) (*card.Virtual, *card.TestCA, error) {
	o := card.VirtualOptions{
		Seed: sha256.Sum256([]byte(c.Seed)), CASeed: sha256.Sum256([]byte(c.CASeed)), Curve: c.Curve,
		Name: c.Name, TelematikID: c.TelematikID, Profession: c.Profession,
		Now: time.Date(time.Now().Year(), 1, 1, 0, 0, 0, 0, time.UTC), // so that it is the same card for a year
	}
	if c.PINFile != "" {
		var err error
		if o.PIN, err = pinFrom(c.PINFile); err != nil {
			return nil, nil, err
		}
	}
	if c.Network == "" {
		return card.NewVirtualOf(card.Kind(c.Kind), o)
	}
	_, b, err := a.signedNetwork(c.Network)
	if err != nil {
		return nil, nil, err
	}
	if b.Test == nil {
		return nil, nil, usagef("%s is no TEST network: its card CAs certify real cards only.", c.Network)
	}
	if o.CA, err = card.LoadTestCA(b.Test.PrivateKey, b.Test.Certificate); err != nil {
		return nil, nil, err
	}
	return card.NewVirtualOf(card.Kind(c.Kind), o)
}

// crlLife: a test CA makes a new list whenever it is asked.
const crlLife = 30 * 24 * time.Hour

func (c *CardVirtualCmd) write(virtual *card.Virtual, ca *card.TestCA) ([]string, error) {
	now := time.Now().UTC().Truncate(time.Second)
	var revoked [][]byte
	if c.Revoked {
		revoked = append(revoked, virtual.Certificate())
	}
	crl, err := ca.CRL(revoked, now.Add(-time.Hour), now.Add(crlLife))
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.Write, 0o755); err != nil {
		return nil, fmt.Errorf("write certificates: %w", err)
	}
	inPEM := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	files := []certificateFile{
		{"ca.pem", inPEM("CERTIFICATE", ca.Certificate())},
		{"card.pem", inPEM("CERTIFICATE", virtual.Certificate())},
		{"crl.pem", inPEM("X509 CRL", crl)},
	}
	if card.Kind(c.Kind) == card.EGK {
		certifier, err := ca.CVC(now)
		if err != nil {
			return nil, err
		}
		files = append(files, certificateFile{"root.cvc", certifier.Root()})
	}
	var names []string
	for _, f := range files {
		name := filepath.Join(c.Write, f.name)
		err = errors.Join(err, writeWhole(name, f.content, 0o644))
		names = append(names, name)
	}
	return names, err
}

// certificateFile is what --write writes.
type certificateFile struct {
	name    string
	content []byte
}
