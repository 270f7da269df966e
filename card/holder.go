package card

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Holder is what a virtual card's certificate says.
type Holder struct {
	Kind           Kind   // HBA or SMCB
	Name           string // of the person or practice, at most 96 bytes; the certificate has room for 54
	TelematikID    string // PrintableString, at most 128 bytes
	Profession     string // OID; empty: physician for an HBA, practice for an SMC-B
	ProfessionName string // empty: the usual name of Profession
	Authority      string // admission authority; empty: a test chamber for an HBA, none for an SMC-B, as on real cards
	NotBefore      time.Time
	NotAfter       time.Time
	PIN            PIN // empty: VirtualPIN
}

// VirtualPIN is the PIN of a virtual card that was given none.
const VirtualPIN PIN = "123456"

// withDefaults fills what is empty.
func (h Holder) withDefaults() Holder {
	if h.Profession == "" {
		h.Profession = ProfessionPractice
		if h.Kind == HBA {
			h.Profession = ProfessionPhysician
		}
	}
	if h.ProfessionName == "" {
		h.ProfessionName = professionNames[h.Profession]
	}
	if h.Authority == "" && h.Kind == HBA {
		h.Authority = "Ärztekammer TEST-ONLY"
	}
	if h.PIN == "" {
		h.PIN = VirtualPIN
	}
	return h
}

func (h Holder) check() error {
	switch {
	case h.Kind != HBA && h.Kind != SMCB:
		return fmt.Errorf("%w: kind %q", ErrHolder, h.Kind)
	case !isPrintableString(h.TelematikID) || h.TelematikID == "" || len(h.TelematikID) > maxTelematikID:
		return fmt.Errorf("%w: Telematik-ID", ErrHolder)
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

// certificate drafts the authentication certificate as real cards have it (crypto.md 5.3, popp.md 3.6).
func (h Holder) certificate(point []byte) (*draft, error) {
	admission, err := encodeAdmission(h.Authority, []Profession{{
		Items: []string{h.ProfessionName}, OIDs: []string{h.Profession}, RegistrationNo: h.TelematikID,
	}})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHolder, err)
	}
	usage, purposes, policies := byte(usageDigitalSignature), []string{oidClientAuth}, []string{oidRules, oidTypeSMCB}
	if h.Kind == HBA {
		usage |= usageKeyAgreement
		purposes = append(purposes, oidEmailProtection)
		policies = []string{oidTypeHBA, oidRulesHBA}
	}
	extended, err := oidList(oidExtendedUsage, false, purposes...)
	if err != nil {
		return nil, err
	}
	policy, err := oidList(oidPolicies, true, policies...)
	if err != nil {
		return nil, err
	}
	return &draft{
		serial:    serialOf(point, h.NotBefore),
		subject:   []attribute{{oidCountry, "DE"}, {oidCommonName, commonNameOf(h.Name)}},
		notBefore: h.NotBefore,
		notAfter:  h.NotAfter,
		curve:     oidP256,
		point:     point,
		extensions: []draftExtension{
			basicConstraints(false), keyUsage(usage), extended, policy, {oid: oidAdmission, value: admission},
		},
	}, nil
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
