package main

import (
	"context"
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"pieks/card"
	"pieks/node/control"
	"pieks/node/network"
)

type CardSignCmd struct {
	Reader
	PIN
	In  string `required:"" type:"path" help:"The file to sign, at most about 14 KiB." placeholder:"FILE"`
	Out string `required:"" type:"path" help:"Where to write the signed file; one that is there is not replaced." placeholder:"FILE"`
}

func (CardSignCmd) Help() string {
	return `Makes a CMS message (RFC 5652, DER) that holds the file, behind the word 'pieks/file/1' and a zero byte so that it can pass for nothing else. 'pieks card verify --out' gives the file back; 'openssl cms -verify -inform DER' checks it too.

    pieks card sign --in report.pdf --out report.p7s`
}

func (c *CardSignCmd) Run(ctx context.Context, a *app) error {
	content, err := readAtMost(c.In, maxSignedFile)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(c.Out); err == nil {
		return control.Errorf(control.KindConflict, "There is a file at %s already: choose another name.", c.Out)
	}
	var cms []byte
	err = c.withCard(ctx, a, func(opened card.Card) error {
		digits, err := c.pin(ctx, a, opened)
		if err != nil {
			return err
		}
		cms, err = card.SignMessage(ctx, opened, digits, card.FileDomain, content, time.Now())
		return err
	})
	if err != nil {
		return err
	}
	if err := writeWhole(c.Out, cms, 0o644); err != nil {
		return err
	}
	result := struct {
		Out    string `json:"out"`
		Bytes  int    `json:"bytes"`
		SHA256 string `json:"sha256"` // of the file that was signed
	}{c.Out, len(cms), fmt.Sprintf("%x", sha256.Sum256(content))}
	return a.report(result, func(p *page) { p.linef("Signed: %s", c.Out) })
}

// maxSignedFile is more than a message may have: package card refuses what is longer with its own sentence.
const maxSignedFile = 64 << 10

type CardVerifyCmd struct {
	Roots      string   `required:"" type:"path" help:"What is trusted: a network file, or card CAs as PEM or DER." placeholder:"FILE"`
	In         string   `required:"" type:"path" help:"The signed file." placeholder:"FILE"`
	Out        string   `type:"path" help:"Where to write what was signed." placeholder:"FILE"`
	CRL        []string `name:"crl" type:"path" sep:"none" help:"Revocation list of a card CA, PEM or DER; may be given several times." placeholder:"FILE"`
	Profession []string `sep:"none" help:"Accept this profession, an object identifier; left out, those of the network file, or of vaccination appointments." placeholder:"OID"`
	At         string   `help:"As of this time, such as 2026-12-01T10:00:00Z; left out, now." placeholder:"TIME"`
}

func (CardVerifyCmd) Help() string {
	return `Takes only messages of the strict form that cards sign for Pieks, see 'go doc pieks/card'. The time in the message is only the signer's claim: certificates are checked as of --at.

    pieks card verify --roots NET/network.cbor --in report.p7s --out report.pdf`
}

// signedInfo is what `pieks card verify` reports.
type signedInfo struct {
	OK             bool      `json:"ok"`
	What           string    `json:"what"` // file, enrolment, disclosure
	Kind           string    `json:"kind"`
	Profession     string    `json:"profession"`
	ProfessionName string    `json:"profession_name"`
	TelematikID    string    `json:"telematik_id"`
	Holder         string    `json:"holder"`
	Signed         time.Time `json:"signed"`    // as the signer claims
	NotAfter       time.Time `json:"not_after"` // earliest end of the certificates
	Bytes          int       `json:"bytes"`     // of what was signed
	SHA256         string    `json:"sha256"`
}

func (c *CardVerifyCmd) Run(a *app) error {
	at := time.Now()
	if c.At != "" {
		var err error
		if at, err = time.Parse(time.RFC3339, c.At); err != nil {
			return usagef("--at is a time like 2026-12-01T10:00:00Z")
		}
	}
	roots, err := c.roots()
	if err != nil {
		return err
	}
	cms, err := readAtMost(c.In, maxSignedFile)
	if err != nil {
		return err
	}
	domain, err := card.DomainOf(cms)
	if err != nil {
		return err
	}
	content, by, err := card.VerifySigned(cms, domain, roots, at)
	if err != nil {
		return err
	}
	if c.Out != "" {
		if err := writeWhole(c.Out, content, 0o644); err != nil {
			return err
		}
	}
	what := strings.Split(domain, "/")[1]
	info := signedInfo{
		OK: true, What: what, Kind: string(by.Kind), Profession: by.Profession, ProfessionName: by.ProfessionName, TelematikID: by.TelematikID,
		Holder: by.Holder, Signed: by.Signed.UTC(), NotAfter: by.NotAfter.UTC(), Bytes: len(content), SHA256: fmt.Sprintf("%x", sha256.Sum256(content)),
	}
	return a.report(info, func(p *page) {
		p.linef("%s by %s, %s", a.green("Signed"), a.bold(info.Holder), info.ProfessionName)
		p.pairs([2]string{"What", info.What}, [2]string{"Telematik-ID", info.TelematikID}, [2]string{"Signed, they say", instant(info.Signed)},
			[2]string{"Card good until", day(info.NotAfter)}, [2]string{"SHA-256", info.SHA256})
	})
}

// roots reads what is trusted.
func (c *CardVerifyCmd) roots() (card.Roots, error) {
	data, err := readAtMost(c.Roots, network.MaxBytes)
	if err != nil {
		return card.Roots{}, err
	}
	roots := card.Roots{Professions: card.DefaultProfessions()}
	if b, err := network.Verify(data); err == nil {
		roots = b.CardRoots()
	} else if roots.CAs, err = certificatesIn(data); err != nil {
		return roots, fmt.Errorf("read %s: %w", c.Roots, err)
	}
	for _, name := range c.CRL {
		der, err := readDER(name, "X509 CRL")
		if err != nil {
			return roots, err
		}
		list, err := card.ParseCRL(der)
		if err != nil {
			return roots, fmt.Errorf("read %s: %w", name, err)
		}
		roots.CRLs = append(roots.CRLs, list)
	}
	if len(c.Profession) > 0 {
		roots.Professions = c.Profession
	}
	return roots, nil
}

// certificatesIn reads card CAs: one DER, or any number of PEM blocks.
func certificatesIn(data []byte) ([][]byte, error) {
	var all [][]byte
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" {
			all = append(all, block.Bytes)
		}
	}
	if all == nil {
		all = [][]byte{data}
	}
	for _, der := range all {
		if _, err := card.ParseCertificate(der); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// readDER reads DER, or the first PEM block of a kind.
func readDER(name, kind string) ([]byte, error) {
	data, err := readAtMost(name, network.MaxBytes)
	if err != nil {
		return nil, err
	}
	if block, _ := pem.Decode(data); block != nil {
		if block.Type != kind {
			return nil, usagef("%s holds a %s, not a %s", name, block.Type, kind)
		}
		return block.Bytes, nil
	}
	return data, nil
}

// readAtMost reads a file that may not be larger.
func readAtMost(name string, most int) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return allOf(file, name, most)
}

// allOf reads to the end of what may not be longer.
func allOf(r io.Reader, name string, most int) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(data) > most {
		return nil, usagef("%s is larger than %s", name, bytesOf(int64(most)))
	}
	return data, nil
}
