package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"pieks/node/control"
	"pieks/node/web/qr"
)

// maxCodeFile bounds a photo of a code, as the app does.
const maxCodeFile = 16 << 20

// CheckinScanCmd reads a practice's code.
type CheckinScanCmd struct {
	Code string `arg:"" help:"The text of the code, a Telematik-ID, a photo of the code (PNG or JPEG), or '-' for either on standard input."`
}

func (CheckinScanCmd) Help() string {
	return `Says where a practice's check-in code leads. The code is checked strictly, no link in it is opened, and the practice hears nothing.

    pieks checkin scan photo.png
    pieks checkin scan '{"tid":"1-234567890","typ":"popp-checkin","wpid":"REZEPTION-1"}'
    pieks checkin scan 1-234567890`
}

func (c *CheckinScanCmd) Run(ctx context.Context, a *app) error {
	text, err := a.readCode(ctx, c.Code)
	if err != nil {
		return err
	}
	var out control.CheckinTarget
	if err := a.ask(ctx, "Looking the institution up", control.MethodCheckinScan, control.CheckinScan{Text: text}, &out, patientRole); err != nil {
		return err
	}
	return a.report(out, func(p *page) {
		p.pairs([2]string{"Telematik-ID", out.TelematikID}, [2]string{"Workplace", out.Workplace})
		for _, i := range out.Institutions {
			p.line("")
			institutionPage(p, i)
		}
		p.line("")
		p.line(a.faint("Check in with: pieks checkin start CODE"))
	})
}

// readCode gives the text of a code: from a photo, standard input, or as it was typed.
func (a *app) readCode(ctx context.Context, given string) (string, error) {
	if given != "-" {
		if info, err := os.Stat(given); err != nil || info.IsDir() {
			return given, nil
		}
	}
	file, err := a.openOrStdin(given)
	if err != nil {
		return "", fmt.Errorf("read the code: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxCodeFile+1))
	if err != nil {
		return "", fmt.Errorf("read the code: %w", err)
	}
	if len(data) > maxCodeFile {
		return "", usagef("A photo of a code has at most %s.", bytesOf(maxCodeFile))
	}
	if !isPhoto(data) {
		return strings.TrimRight(string(data), "\r\n"), nil
	}
	text, err := qr.Read(ctx, bytes.NewReader(data))
	if err != nil {
		return "", control.Coded(control.KindUsage, control.CodeCheckinQR, "No code was found in the photo: %w", err)
	}
	return text, nil
}

func isPhoto(data []byte) bool {
	return bytes.HasPrefix(data, []byte("\x89PNG\r\n")) || bytes.HasPrefix(data, []byte{0xff, 0xd8, 0xff})
}

// CheckinFindCmd searches the directories.
type CheckinFindCmd struct {
	Text       string `arg:"" optional:"" help:"Words that may stand anywhere."`
	Name       string `help:"Part of the name." placeholder:"NAME"`
	PLZ        string `name:"plz" help:"Postcode, or its beginning." placeholder:"PLZ" env:"-"`
	Place      string `help:"Town." placeholder:"TOWN"`
	Profession string `help:"OID of the kind of institution." placeholder:"OID"`
	RadiusKM   int    `name:"radius" help:"How far from --plz, in kilometres." placeholder:"KM" env:"-"`
	FHIRSearch string `name:"fhir-search" help:"A ready search request for the directory service, alone." placeholder:"REQUEST"`
}

func (CheckinFindCmd) Help() string {
	return `Practices that list themselves in the network are found on this computer. Where a directory service is set up ('pieks patient --vzd'), the words of the search go there, and nothing else.

    pieks checkin find Beispiel --plz 50
    pieks checkin find --plz 50667 --radius 10`
}

func (c *CheckinFindCmd) Run(ctx context.Context, a *app) error {
	in := control.InstitutionQuery{
		Text: c.Text, Name: c.Name, PLZ: c.PLZ, Place: c.Place, Profession: c.Profession, RadiusKM: c.RadiusKM, FHIRSearch: c.FHIRSearch,
	}
	var out control.InstitutionList
	if err := a.ask(ctx, "Searching", control.MethodInstitutions, in, &out, patientRole); err != nil {
		return err
	}
	return a.report(out, func(p *page) {
		if out.Message != "" {
			p.line(a.yellow(sentence(out.Message)))
		}
		if len(out.Institutions) == 0 {
			p.line("Nothing was found. Ask the institution.")
			return
		}
		var rows [][]string
		for _, i := range out.Institutions {
			rows = append(rows, []string{i.Name, i.Kind, address(i), i.TelematikID})
		}
		p.table([]string{"NAME", "KIND", "ADDRESS", "TELEMATIK-ID"}, rows)
	})
}

func address(i control.Institution) string {
	return strings.Join(nonEmpty(i.Street, strings.TrimSpace(i.PLZ+" "+i.Place)), ", ")
}

// institutionPage shows what its user has to compare with where they are (A_28488).
func institutionPage(p *page, i control.Institution) {
	p.line(p.a.bold(i.Name))
	p.pairs([2]string{"Also", i.Alias}, [2]string{"Kind", i.Kind}, [2]string{"Address", address(i)}, [2]string{"Phone", i.Phone})
}
