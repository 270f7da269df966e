package card

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Holder is what a virtual card's certificate says.
type Holder struct {
	Kind           Kind   // of the card; the certificate of a PIV one is of the type HBA
	Curve          string // CurveP256 (empty) or CurveBrainpool, which real health cards have
	Name           string // of the person or practice, at most 96 bytes; the certificate has room for 54
	TelematikID    string // PrintableString, at most 128 bytes; UZI: number of nine digits; EGK: KVNR
	Profession     string // OID; empty: the usual one of Kind
	ProfessionName string // empty: the usual name of Profession
	Insurer        string // IK of an eGK's insurer; empty: that of gematik's test cards
	Authority      string // admission authority; empty: a test chamber for a person, none for a practice or patient, as on real cards
	NotBefore      time.Time
	NotAfter       time.Time
	PIN            PIN // empty: VirtualPIN
}

// VirtualPIN is the PIN of a virtual card that was given none.
const VirtualPIN PIN = "123456"

// usualProfessions of the holders of each kind of card.
var usualProfessions = map[Kind]string{
	HBA: ProfessionPhysician, PIV: ProfessionPhysician, SMCB: ProfessionPractice, UZI: ProfessionUZIPhysician, EGK: professionInsured,
}

// withDefaults fills what is empty.
func (h Holder) withDefaults() Holder {
	if h.Curve == "" {
		h.Curve = CurveP256
	}
	if h.Profession == "" {
		h.Profession = usualProfessions[h.Kind]
	}
	if h.ProfessionName == "" {
		h.ProfessionName = professionNames[h.Profession]
	}
	if h.Authority == "" && (h.Kind == HBA || h.Kind == PIV) {
		h.Authority = "Ärztekammer TEST-ONLY"
	}
	if h.Insurer == "" {
		h.Insurer = testInsurer
	}
	if h.PIN == "" {
		h.PIN = VirtualPIN
	}
	return h
}

func (h Holder) check() error {
	switch {
	case usualProfessions[h.Kind] == "":
		return fmt.Errorf("%w: kind %q", ErrHolder, h.Kind)
	case h.Curve == CurveBrainpool && (h.Kind == PIV || h.Kind == UZI):
		return fmt.Errorf("%w: a card of kind %s signs over P-256", ErrHolder, h.Kind)
	case !isPrintableString(h.TelematikID) || h.TelematikID == "" || len(h.TelematikID) > maxTelematikID:
		return fmt.Errorf("%w: Telematik-ID", ErrHolder)
	case h.Kind == UZI && !digits(h.TelematikID, 9):
		return fmt.Errorf("%w: UZI number", ErrHolder)
	case h.Kind == UZI && h.uziTitle() == "":
		return fmt.Errorf("%w: no profession of a UZI card", ErrHolder)
	case h.Kind == EGK && !isKVNR(h.TelematikID):
		return fmt.Errorf("%w: KVNR", ErrHolder)
	case !digits(h.Insurer, 9):
		return fmt.Errorf("%w: IK of the insurer", ErrHolder)
	case !h.NotBefore.Before(h.NotAfter):
		return fmt.Errorf("%w: valid until before it is valid from", ErrHolder)
	}
	if err := checkText("name", h.Name, 1, maxName); err != nil {
		return fmt.Errorf("%w: %w", ErrHolder, err)
	}
	if _, err := h.PIN.block(); err != nil {
		return fmt.Errorf("%w: %w", ErrHolder, err)
	}
	return nil
}

// uziTitle is the title in the role of a UZI card that proves the holder's profession, "" if none does.
func (h Holder) uziTitle() string {
	i := slices.IndexFunc(uziTitles, func(title string) bool {
		oid, err := uziProfession(title)
		return err == nil && oid == h.Profession
	})
	if i < 0 {
		return ""
	}
	return uziTitles[i]
}

// isKVNR says whether id has the form of an insured person's number (popp.md 4.2); its check digit is not looked at.
func isKVNR(id string) bool {
	return len(id) == 10 && id[0] >= 'A' && id[0] <= 'Z' && digits(id[1:], 9)
}

// commonNameOf marks a name as gematik's test cards do, within the 64 characters of a common name (RFC 5280 appendix A.1).
func commonNameOf(name string) string {
	const mark = " TEST-ONLY"
	cut := min(len(name), 64-len(mark))
	for cut < len(name) && !utf8.RuneStart(name[cut]) {
		cut--
	}
	return strings.TrimSpace(name[:cut]) + mark
}
