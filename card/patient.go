package card

import (
	"slices"
	"time"
)

// CheckPatient says whether a certificate is a patient's for authentication (C.CH.AUT, popp.md 3.6) and trusted at a time: its type by policy, the
// admission of an insured person, use, revocation, and the chain to roots. Roots.Professions is not about patients.
func (c *Certificate) CheckPatient(roots Roots, at time.Time) error {
	if c.Type != EGK {
		return ErrNotPatient
	}
	if !slices.ContainsFunc(c.Professions, func(p Profession) bool { return slices.Contains(p.OIDs, professionInsured) }) {
		return ErrNotInsured
	}
	_, err := c.trusted(nil, roots, at)
	return err
}

// Units are the organisational units (OU) in the holder's name, in their order: an insured person's has the numbers of insurer and person there.
func (c *Certificate) Units() []string {
	var units []string
	eachAttribute(c.subjectDN, func(kind, text string) {
		if kind == oidOrganisationUnit {
			units = append(units, text)
		}
	})
	return units
}
