package directory

import (
	"cmp"
	"slices"

	"pieks/node/control"
)

// class is what sort of institution a profession is.
type class uint8

const (
	provider class = iota + 1 // of care (LEI): it has an address where people go
	app                       // a digital health application (DiGA)
	payer                     // an insurer or another one who pays (Kostenträger)
)

// Payers is the profession that stands for all who pay: they are one kind to choose (spec, table 6).
const Payers = "1.2.276.0.76.4.59"

// kinds are the professions that take check-ins: institutions of care, digital health applications and payers, and nobody else (A_28488). Persons,
// chambers, associations and makers of services are on no list: popp.md 6. The names are those of the code system OrganizationProfessionOID.
var kinds = map[string]struct {
	name  string
	class class
}{
	"1.2.276.0.76.4.50":  {"Betriebsstätte Arzt", provider},
	"1.2.276.0.76.4.51":  {"Zahnarztpraxis", provider},
	"1.2.276.0.76.4.52":  {"Betriebsstätte Psychotherapeut", provider},
	"1.2.276.0.76.4.53":  {"Krankenhaus", provider},
	"1.2.276.0.76.4.54":  {"Öffentliche Apotheke", provider},
	"1.2.276.0.76.4.55":  {"Krankenhausapotheke", provider},
	"1.2.276.0.76.4.56":  {"Bundeswehrapotheke", provider},
	"1.2.276.0.76.4.57":  {"Betriebsstätte Mobile Einrichtung Rettungsdienst", provider},
	"1.2.276.0.76.4.245": {"Betriebsstätte Gesundheits-, Kranken- und Altenpflege", provider},
	"1.2.276.0.76.4.246": {"Betriebsstätte Geburtshilfe", provider},
	"1.2.276.0.76.4.247": {"Betriebsstätte Physiotherapie", provider},
	"1.2.276.0.76.4.248": {"Betriebsstätte Augenoptiker", provider},
	"1.2.276.0.76.4.249": {"Betriebsstätte Hörakustiker", provider},
	"1.2.276.0.76.4.250": {"Betriebsstätte Orthopädieschuhmacher", provider},
	"1.2.276.0.76.4.251": {"Betriebsstätte Orthopädietechniker", provider},
	"1.2.276.0.76.4.252": {"Betriebsstätte Zahntechniker", provider},
	"1.2.276.0.76.4.253": {"Rettungsleitstelle", provider},
	"1.2.276.0.76.4.254": {"Betriebsstätte Sanitätsdienst Bundeswehr", provider},
	"1.2.276.0.76.4.255": {"Betriebsstätte Öffentlicher Gesundheitsdienst", provider},
	"1.2.276.0.76.4.256": {"Betriebsstätte Arbeitsmedizin", provider},
	"1.2.276.0.76.4.257": {"Betriebsstätte Vorsorge- und Rehabilitation", provider},
	"1.2.276.0.76.4.262": {"Betriebsstätte Pflegeberatung nach § 7a SGB XI", provider},
	"1.2.276.0.76.4.278": {"Ergotherapiepraxis", provider},
	"1.2.276.0.76.4.279": {"Logopädische Praxis", provider},
	"1.2.276.0.76.4.280": {"Podologiepraxis", provider},
	"1.2.276.0.76.4.281": {"Ernährungstherapeutische Praxis", provider},
	"1.2.276.0.76.4.304": {"Betriebsstätte Augenoptiker und Hörakustiker", provider},
	"1.2.276.0.76.4.306": {"Betriebsstätte Orthopädieschuhmacher und Orthopädietechniker", provider},
	"1.2.276.0.76.4.282": {"DiGA-Hersteller und Anbieter", app},
	Payers:               {"Betriebsstätte Kostenträger", payer},
	"1.2.276.0.76.4.273": {"ePA KTR-Zugriffsautorisierung", payer},
	"1.2.276.0.76.4.284": {"Betriebsstätte Weitere Kostenträger im Gesundheitswesen", payer},
}

// payersName is what the one kind of all who pay is called.
const payersName = "Krankenversicherung oder Kostenträger"

// IsInstitution says whether one of that profession may be shown, and checked in at.
func IsInstitution(oid string) bool { return kinds[oid].class != 0 }

// KindName is a profession in German, "" when it is none of an institution.
func KindName(oid string) string { return kinds[oid].name }

// HasAddress says whether the address of an institution is shown: a digital health application or an insurer is nowhere to go (A_28488).
func HasAddress(oid string) bool { return kinds[oid].class == provider }

// Alike says whether an institution is of a kind that somebody chose: all who pay are one.
func Alike(oid, chosen string) bool {
	return oid == chosen || kinds[oid].class == payer && kinds[chosen].class == payer
}

// AllAlike are all professions of the kind that somebody chose, in order.
func AllAlike(chosen string) []string {
	var out []string
	for oid := range kinds {
		if Alike(oid, chosen) {
			out = append(out, oid)
		}
	}
	slices.Sort(out)
	return out
}

// Kinds are all that can be chosen, by name.
func Kinds() []control.Profession {
	var out []control.Profession
	for oid := range kinds {
		out = append(out, choice(oid))
	}
	return sorted(out)
}

// Professions are the kinds that occur among institutions, by name.
func Professions(list []control.Institution) []control.Profession {
	out := []control.Profession{}
	for _, i := range list {
		if IsInstitution(i.Profession) {
			out = append(out, choice(i.Profession))
		}
	}
	return sorted(out)
}

func choice(oid string) control.Profession {
	if kinds[oid].class == payer {
		return control.Profession{OID: Payers, Name: payersName}
	}
	return control.Profession{OID: oid, Name: kinds[oid].name}
}

func sorted(list []control.Profession) []control.Profession {
	slices.SortFunc(list, func(a, b control.Profession) int {
		return cmp.Or(cmp.Compare(Fold(a.Name), Fold(b.Name)), cmp.Compare(a.OID, b.OID))
	})
	return slices.Compact(list)
}
