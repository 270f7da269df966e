package card

import (
	"crypto/ecdsa"
	"fmt"
)

// certificate drafts the authentication certificate of key as real cards have it (crypto.md 5.3, popp.md 3.6).
func (h Holder) certificate(key *ecdsa.PrivateKey) (*draft, error) {
	point := uncompressed(key)
	d := &draft{
		serial:    serialOf(point, h.NotBefore),
		subject:   h.subject(),
		notBefore: h.NotBefore,
		notAfter:  h.NotAfter,
		curve:     curveOID(key),
		point:     point,
	}
	extensions, err := h.extensions()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHolder, err)
	}
	d.extensions = extensions
	return d, nil
}

// testInsurer is the insurance of virtual patients who were given none: the IK of gematik's test cards (popp.md 7.1).
const testInsurer = "109500969"

func (h Holder) subject() []attribute {
	name := attribute{oidCommonName, commonNameOf(h.Name)}
	switch h.Kind {
	case EGK:
		return []attribute{
			{oidCountry, "DE"}, {oidOrganisation, "Test GKV-SV NOT-VALID"},
			{oidOrganisationUnit, h.Insurer}, {oidOrganisationUnit, h.TelematikID}, name,
		}
	case UZI:
		return []attribute{{oidCountry, "NL"}, name}
	}
	return []attribute{{oidCountry, "DE"}, name}
}

// extensions of the certificate, by the kind of card.
func (h Holder) extensions() ([]draftExtension, error) {
	usage, purposes := byte(usageDigitalSignature), []string{oidClientAuth}
	var policies []string
	switch h.Kind {
	case HBA, PIV:
		usage |= usageKeyAgreement
		purposes = append(purposes, oidEmailProtection)
		policies = []string{oidTypeHBA, oidRulesHBA}
	case SMCB:
		policies = []string{oidRules, oidTypeSMCB}
	case EGK:
		purposes, policies = nil, []string{oidRules, oidTypeEGK}
	}
	list := []draftExtension{basicConstraints(false), keyUsage(usage)}
	if len(purposes) > 0 {
		extended, err := oidList(oidExtendedUsage, false, purposes...)
		if err != nil {
			return nil, err
		}
		list = append(list, extended)
	}
	if len(policies) > 0 {
		policy, err := oidList(oidPolicies, true, policies...)
		if err != nil {
			return nil, err
		}
		list = append(list, policy)
	}
	profession, err := h.professionExtension()
	return append(list, profession), err
}

// professionExtension is what proves the holder's profession: the admission, on a UZI card the alternative name.
func (h Holder) professionExtension() (draftExtension, error) {
	if h.Kind == UZI {
		value, err := encodeUZI(uziOID + "-" + uziVersion + "-" + h.TelematikID + "-" + uziCard + "-90000111-" + h.uziTitle() + ".015-00000000")
		return draftExtension{oid: oidSubjectAltName, value: value}, err
	}
	p := Profession{Items: []string{h.ProfessionName}, OIDs: []string{h.Profession}, RegistrationNo: h.TelematikID}
	if h.Kind == EGK {
		p.RegistrationNo = "" // an insured person's number stands in the name
	}
	value, err := encodeAdmission(h.Authority, []Profession{p})
	return draftExtension{oid: oidAdmission, value: value}, err
}
