package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"pieks/card"
	"pieks/card/cvc"
	"pieks/card/egk"
	"pieks/card/pace"
	"pieks/node/checkin/popp"
	"pieks/node/network"
)

// CAN is the flag of every command that may meet a card without contacts.
type CAN struct {
	CAN     pace.CAN `name:"can" help:"Access number of a card without contacts: six digits on its front. Others on this computer can see a command line: --can-file, or being asked, shows it to nobody." placeholder:"DIGITS"`
	CANFile string   `name:"can-file" type:"path" help:"File whose first line is the access number." placeholder:"FILE"`
}

// given is the access number that was given; "" if none was.
func (f CAN) given() (pace.CAN, error) {
	can := f.CAN
	switch {
	case f.CANFile == "":
	case can != "":
		return "", usagef("Give --can or --can-file, not both")
	default:
		file, err := os.Open(f.CANFile)
		if err != nil {
			return "", fmt.Errorf("read the access number: %w", err)
		}
		defer file.Close()
		line, err := readLine(file)
		if err != nil || strings.TrimSpace(line) == "" {
			return "", usagef("The first line of %s is the access number (CAN), and it is empty.", f.CANFile)
		}
		can = pace.CAN(strings.TrimSpace(line))
	}
	if can == "" {
		return "", nil
	}
	return can, can.Check()
}

// withCAN does something with a card that may want its access number, and asks for that if it was not given.
func (f CAN) withCAN(a *app, do func(pace.CAN) error) error {
	can, err := f.given()
	if err != nil {
		return err
	}
	if err = do(can); !errors.Is(err, card.ErrContactless) {
		return err
	}
	if !a.interactive() {
		return usagef("This card is without contacts and wants its access number (CAN), six digits on its front: put it into a file and name that with --can-file, or use --can.")
	}
	text, err := a.promptSecret("Access number (CAN), six digits on the front of the card:")
	if err != nil {
		return err
	}
	if can = pace.CAN(strings.TrimSpace(text)); can.Check() != nil {
		return pace.ErrCAN
	}
	return do(can)
}

// CardEGKReadCmd has a patient's card prove that it is there, to this computer alone.
type CardEGKReadCmd struct {
	Reader
	CAN
	Network string   `type:"path" help:"Verify the card by the roots of this network file." placeholder:"FILE"`
	CA      string   `name:"ca" type:"path" help:"Verify it by these CAs of its X.509 certificate, PEM or DER." placeholder:"FILE"`
	CVCRoot []string `name:"cvc-root" type:"path" sep:"none" help:"Verify it by this root of CV certificates; may be given several times. A TEST network needs none." placeholder:"FILE"`
}

func (CardEGKReadCmd) Help() string {
	return `Reads who is insured and where, and has the card sign a random number, as at a check-in; nothing leaves this computer and no PIN is needed. A card on a contactless reader wants its access number (CAN), which --can shows to others on this computer.

Without --network, or --ca with --cvc-root, nothing is verified: the card is read, and anybody can make one that says so.

    pieks card egk-read --network NET/network.cbor
    pieks card egk-read --can-file can.txt --ca ca.pem --cvc-root root.cvc --json`
}

// egkInfo is what `pieks card egk-read` reports.
type egkInfo struct {
	KVNR        string           `json:"kvnr"`
	IK          string           `json:"ik"`
	Name        string           `json:"name"`
	ValidFrom   time.Time        `json:"valid_from"`
	ValidTo     time.Time        `json:"valid_to"`
	ProofMethod popp.ProofMethod `json:"proof_method"` // what a check-in with this card says
	Contactless bool             `json:"contactless"`
	Verified    bool             `json:"verified"` // false: no roots were given
	Pair        egk.Pair         `json:"pair"`     // whether its two certificates are known to belong together
}

func (c *CardEGKReadCmd) Run(ctx context.Context, a *app) error {
	trust, err := c.trust(a)
	if err != nil {
		return err
	}
	var info egkInfo
	err = c.withCAN(a, func(can pace.CAN) error {
		return a.wait("Reading the card", func() (err error) {
			info, err = readEGK(ctx, a, c.Reader.Reader, can, trust)
			return err
		})
	})
	if err != nil {
		return err
	}
	return a.report(info, func(p *page) {
		p.linef("%s of %s", a.bold(kindName(card.EGK)), a.bold(info.Name))
		p.pairs([2]string{"Insurance number", info.KVNR}, [2]string{"Insurer", info.IK},
			[2]string{"Certificate", day(info.ValidFrom) + " to " + day(info.ValidTo)}, [2]string{"Read", contacts(info.Contactless)})
		if info.Verified {
			p.line(a.green("Verified: ") + "the card is genuine, and it is here.")
		} else {
			p.line(a.yellow("Nothing was verified: ") + "name the roots with --network, or with --ca and --cvc-root.")
		}
	})
}

func contacts(contactless bool) string {
	if contactless {
		return "without contacts"
	}
	return "with contacts"
}

// readEGK runs a whole dialogue. Without trust the card is taken at its word.
func readEGK(ctx context.Context, a *app, reader string, can pace.CAN, trust *egk.Trust) (egkInfo, error) {
	var nonce egk.Nonce
	if _, err := rand.Read(nonce[:]); err != nil {
		return egkInfo{}, err
	}
	d := egk.NewDialogue(nonce, egk.Options{})
	info := egkInfo{ProofMethod: popp.ProofProviderCVC, Verified: trust != nil}
	err := a.proveWithCard(ctx, reader, can, func(_ context.Context, response []byte, contactless bool) ([]byte, error) {
		info.Contactless = contactless
		step, _, err := d.Next(response)
		return step.Command, err
	})
	if err != nil {
		return info, err
	}
	var who *egk.Insured
	if trust != nil {
		who, err = d.Answers().Verify(nonce, *trust, time.Now())
	} else {
		who, err = d.Answers().Claimed()
	}
	if err != nil {
		return info, err
	}
	info.KVNR, info.IK, info.Name, info.Pair = who.KVNR, who.IK, who.Name, who.Pair
	info.ValidFrom, info.ValidTo = who.NotBefore.UTC(), who.NotAfter.UTC()
	return info, nil
}

// trust reads what is trusted; nil if nothing is.
func (c *CardEGKReadCmd) trust(a *app) (*egk.Trust, error) {
	trust := &egk.Trust{}
	switch {
	case c.Network == "" && c.CA == "" && len(c.CVCRoot) == 0:
		return nil, nil
	case c.Network != "" && c.CA != "":
		return nil, usagef("Give --network or --ca, not both")
	case c.Network != "":
		_, b, err := a.signedNetwork(c.Network)
		if err != nil {
			return nil, err
		}
		if *trust, err = b.PatientCards(); err != nil {
			return nil, err
		}
	case c.CA != "":
		data, err := readAtMost(c.CA, network.MaxBytes)
		if err != nil {
			return nil, err
		}
		if trust.Roots.CAs, err = certificatesIn(data); err != nil {
			return nil, fmt.Errorf("read %s: %w", c.CA, err)
		}
	default:
		return nil, usagef("--cvc-root needs --ca, or --network, beside it: a card has two certificates")
	}
	for _, name := range c.CVCRoot {
		root, err := readCVC(name)
		if err != nil {
			return nil, err
		}
		trust.CVC = append(trust.CVC, root)
	}
	if len(trust.CVC) == 0 {
		return nil, usagef("The root of CV certificates is missing: name its file with --cvc-root")
	}
	return trust, nil
}

// maxCVCFile is more than a CV certificate may have: package cvc refuses what is longer with its own sentence.
const maxCVCFile = 4 << 10

// readCVC reads a CV certificate as its issuer publishes it, in binary.
func readCVC(name string) (*cvc.Certificate, error) {
	data, err := readAtMost(name, maxCVCFile)
	if err != nil {
		return nil, err
	}
	c, err := cvc.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return c, nil
}
