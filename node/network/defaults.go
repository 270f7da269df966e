package network

import "pieks/gossip"

// Defaults of a new network. Please do not put defaults anywhere else.

const (
	testName = "Pieks test network"
	realName = "Pieks network"
)

// telematik is the arc of the German health network's profession identifiers.
const telematik = "1.2.276.0.76.4."

// oidInsured is Versicherte/-r: what every patient's card says.
const oidInsured = telematik + "49"

// DefaultProfessions are the profession OIDs that may hand out vaccination appointments (facts/crypto.md 5.3).
func DefaultProfessions() []string {
	return []string{
		telematik + "254", // Sanitätsdienst der Bundeswehr
		telematik + "255", // Öffentlicher Gesundheitsdienst
		telematik + "256", // Arbeitsmedizin
		telematik + "30",  // Ärztin/Arzt
		telematik + "50",  // Betriebsstätte Arzt
		telematik + "53",  // Krankenhaus
		telematik + "54",  // Öffentliche Apotheke
	}
}

// DefaultVaccines is the catalogue of a new network. Intervals are those of the product information and STIKO for the first two
// doses; operators keep the catalogue up to date, a practice decides for the patient.
func DefaultVaccines() []gossip.Vaccine {
	return []gossip.Vaccine{
		{Code: "comirnaty", Name: "Comirnaty (COVID-19)", Doses: 2, VialDoses: 6, IntervalDays: [2]int{21, 84}},
		{Code: "hpv", Name: "HPV (Gardasil 9)", Doses: 2, VialDoses: 1, IntervalDays: [2]int{152, 396}},
		{Code: "influenza", Name: "Grippe", Doses: 1, VialDoses: 1},
		{Code: "influenza-60", Name: "Grippe ab 60 (hochdosiert oder adjuvantiert)", Doses: 1, VialDoses: 1},
		{Code: "mmr", Name: "Masern, Mumps, Röteln", Doses: 2, VialDoses: 1, IntervalDays: [2]int{28, 366}},
		{Code: "nuvaxovid", Name: "Nuvaxovid (COVID-19)", Doses: 2, VialDoses: 5, IntervalDays: [2]int{21, 84}},
		{Code: "pneumo", Name: "Pneumokokken (PCV20)", Doses: 1, VialDoses: 1},
		{Code: "rsv", Name: "RSV ab 60", Doses: 1, VialDoses: 1},
		{Code: "shingrix", Name: "Gürtelrose (Shingrix)", Doses: 2, VialDoses: 1, IntervalDays: [2]int{60, 183}},
		{Code: "spikevax", Name: "Spikevax (COVID-19)", Doses: 2, VialDoses: 5, IntervalDays: [2]int{28, 84}},
		{Code: "tdap", Name: "Tetanus, Diphtherie, Keuchhusten", Doses: 1, VialDoses: 1},
		{Code: "tdap-ipv", Name: "Tetanus, Diphtherie, Keuchhusten, Polio", Doses: 1, VialDoses: 1},
	}
}
