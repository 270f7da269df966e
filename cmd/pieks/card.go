package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"pieks/card"
	"pieks/card/pcsc"
)

// CardCmd works with smart cards in readers of this computer.
type CardCmd struct {
	List    CardListCmd    `cmd:"" help:"List the readers and what is in them."`
	Info    CardInfoCmd    `cmd:"" help:"Show whose card is in a reader; needs no PIN."`
	Enrol   CardEnrolCmd   `cmd:"" help:"Enrol a practice: its card signs who it is."`
	Renew   CardRenewCmd   `cmd:"" help:"Enrol again with the same card, in the two weeks before the enrolment ends."`
	Status  CardStatusCmd  `cmd:"" help:"Show until when a practice is enrolled, and with which card."`
	Sign    CardSignCmd    `cmd:"" help:"Sign a file with a card."`
	Verify  CardVerifyCmd  `cmd:"" help:"Check what a card has signed."`
	EGKRead CardEGKReadCmd `cmd:"" name:"egk-read" help:"Read a patient's card (eGK) and have it prove that it is there."`
	Virtual CardVirtualCmd `cmd:"" help:"Be a test card in a virtual reader."`
}

func (CardCmd) Help() string {
	return `Cards of the health professions (HBA, SMC-B), PIV and UZI cards, through the PC/SC service of this computer (pcscd). A PIN is asked for where it is typed unseen, is never kept, and is never tried twice.

    pieks card list
    pieks card info
    pieks card enrol --home P1`
}

// Reader is the flag of every command that works with a card.
type Reader struct {
	Reader string `env:"PIEKS_CARD_READER" help:"Number of the reader in 'pieks card list', or a part of its name; left out, the only one with a card." placeholder:"N"`
}

// withCard opens the card in a reader for one piece of work: see cardDesk.
func (r Reader) withCard(ctx context.Context, a *app, do func(card.Card) error) error {
	unreset, err := a.cards.use(ctx, r.Reader, do)
	if unreset != nil {
		a.note("Take the card out of the reader: it may still know its PIN. %s", sentence(unreset.Error()))
	}
	return err
}

// PIN is the flag of every command that has a card sign.
type PIN struct {
	PINFile string `name:"pin-file" type:"path" env:"PIEKS_CARD_PIN_FILE" help:"File whose first line is the card's PIN, instead of being asked." placeholder:"FILE"`
}

// pin asks for the PIN of a card, after it has said how many tries are left.
func (f PIN) pin(ctx context.Context, a *app, c card.Card) (card.PIN, error) {
	tries, err := c.PINTries(ctx)
	switch {
	case err != nil:
		return "", err
	case tries == 0:
		return "", card.ErrPINBlocked
	case tries == 1:
		a.note("Careful: one more wrong PIN blocks this card.")
	}
	if f.PINFile != "" {
		return pinFrom(f.PINFile)
	}
	if !a.interactive() {
		return "", usagef("The card's PIN is needed and nobody can be asked here: put it into a file that only you can read, and name that with --pin-file.")
	}
	text, err := a.promptSecret(fmt.Sprintf("PIN of the card (%s left):", count(tries, "try", "tries")))
	return card.PIN(strings.TrimSpace(text)), err
}

func pinFrom(name string) (card.PIN, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", fmt.Errorf("read the PIN: %w", err)
	}
	defer file.Close()
	line, err := readLine(file)
	if err != nil || strings.TrimSpace(line) == "" {
		return "", usagef("The first line of %s is the card's PIN, and it is empty.", name)
	}
	return card.PIN(strings.TrimSpace(line)), nil
}

type CardListCmd struct {
	Wait time.Duration `env:"-" help:"Wait at most so long for a card." placeholder:"DURATION"`
}

func (CardListCmd) Help() string {
	return `    pieks card list
    pieks card list --wait 30s       waits until a card is put in`
}

// readerInfo is a reader in the report of `pieks card list`.
type readerInfo struct {
	Reader int    `json:"reader"` // what --reader takes
	Name   string `json:"name"`
	State  string `json:"state"`
	ATR    string `json:"atr,omitempty"`
}

func (c *CardListCmd) Run(ctx context.Context, a *app) error {
	if c.Wait > 0 {
		if err := c.await(ctx, a); err != nil {
			return err
		}
	}
	readers, err := pcsc.Readers(ctx)
	if err != nil {
		return err
	}
	list := []readerInfo{}
	for _, r := range readers {
		list = append(list, readerInfo{Reader: r.Index, Name: r.Name, State: string(r.State), ATR: fmt.Sprintf("%X", r.ATR)})
	}
	return a.report(list, func(p *page) {
		if len(list) == 0 {
			p.line("No reader. " + sentence(pcsc.ErrNoReader.Error()))
			return
		}
		var rows [][]string
		for _, r := range list {
			rows = append(rows, []string{fmt.Sprint(r.Reader), r.Name, r.State, r.ATR})
		}
		p.table([]string{"READER", "NAME", "CARD", "ATR"}, rows)
	})
}

func (c *CardListCmd) await(ctx context.Context, a *app) error {
	ctx, cancel := context.WithTimeout(ctx, c.Wait)
	defer cancel()
	err := a.wait("Waiting for a card", func() error {
		_, err := pcsc.WaitForCard(ctx, "")
		return err
	})
	if ctx.Err() == context.DeadlineExceeded {
		return pcsc.ErrNoCard
	}
	return err
}

type CardInfoCmd struct {
	Reader
}

// cardInfo is what `pieks card info` reports.
type cardInfo struct {
	Kind           string    `json:"kind"`
	Profession     string    `json:"profession"`
	ProfessionName string    `json:"profession_name"`
	TelematikID    string    `json:"telematik_id"`
	Holder         string    `json:"holder"`
	NotAfter       time.Time `json:"not_after"`
	Curve          string    `json:"curve"`
	PINTries       int       `json:"pin_tries"`
}

func (c *CardInfoCmd) Run(ctx context.Context, a *app) error {
	return c.withCard(ctx, a, func(opened card.Card) error {
		i, err := card.Inspect(ctx, opened)
		if err != nil {
			return err
		}
		info := cardInfo{string(i.Kind), i.Profession, i.ProfessionName, i.TelematikID, i.Holder, i.NotAfter.UTC(), i.Curve, i.PINTries}
		return a.report(info, func(p *page) {
			p.linef("%s of %s", a.bold(kindName(i.Kind)), a.bold(i.Holder))
			p.pairs(
				[2]string{"Profession", strings.TrimSpace(i.ProfessionName + " " + a.faint(i.Profession))},
				[2]string{"Telematik-ID", i.TelematikID},
				[2]string{"Good until", day(i.NotAfter)},
				[2]string{"Key", i.Curve},
				[2]string{"PIN tries left", fmt.Sprint(i.PINTries)},
			)
		})
	})
}

// kindName is a kind of card as people call it.
func kindName(k card.Kind) string {
	switch k {
	case card.HBA:
		return "Heilberufsausweis (HBA)"
	case card.SMCB:
		return "Practice card (SMC-B)"
	case card.PIV:
		return "PIV card"
	case card.UZI:
		return "UZI card"
	case card.EGK:
		return "Gesundheitskarte (eGK)"
	}
	return "Card"
}
