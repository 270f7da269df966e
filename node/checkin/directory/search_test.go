package directory

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pieks/card"
	"pieks/gossip/place"
	"pieks/node/control"
)

func anEntry(name, alias, street, plz, town, tid, oid string) Entry {
	return Entry{Alias: alias, Licence: card.Licence{
		Statement: card.Statement{Name: name, Street: street, PLZ: plz, Place: town, TelematikID: tid},
		Signatory: card.Signatory{Profession: oid},
	}}
}

var town = []Entry{
	anEntry("Praxis Dr. Müller", "Hausarzt am Dom", "Domstraße 1", "50667", "Köln", "1-1", "1.2.276.0.76.4.50"),
	anEntry("Praxis Dr. Muller", "", "Ringstr. 2", "50674", "Köln", "1-2", "1.2.276.0.76.4.50"),
	anEntry("Zahnärzte Groß", "", "Bonner Talweg 3", "53113", "Bonn", "2-1", "1.2.276.0.76.4.51"),
	anEntry("Apotheke Café Élan", "", "Hauptstr. 4", "50667", "Köln", "3-07.2.1444560000.16.108", "1.2.276.0.76.4.54"),
	anEntry("Beispiel-App", "", "Firmenweg 5", "10117", "Berlin", "9-2.282.1", "1.2.276.0.76.4.282"),
	anEntry("Krankenkasse A", "", "Kassenweg 6", "10117", "Berlin", "8-01-1", "1.2.276.0.76.4.59"),
	anEntry("Beihilfe B", "", "Kassenweg 7", "10117", "Berlin", "9-2.59.1", "1.2.276.0.76.4.284"),
	anEntry("Praxis Irgendwo", "", "Weg 8", "00000", "Nirgends", "1-9", "1.2.276.0.76.4.50"),
}

func TestSearch(t *testing.T) {
	type query = control.InstitutionQuery
	for name, test := range map[string]struct {
		q    query
		want string // Telematik-IDs in order
	}{
		"all, by name":             {query{}, "3-07.2.1444560000.16.108 9-2.59.1 9-2.282.1 8-01-1 1-1 1-2 1-9 2-1"},
		"name":                     {query{Name: "müller"}, "1-1 1-2"},
		"name without umlaut":      {query{Name: "muller"}, "1-1 1-2"},
		"name in two letters":      {query{Name: "MUELLER praxis"}, "1-1"},
		"name is not elsewhere":    {query{Name: "domstrasse"}, ""},
		"alias is a name":          {query{Name: "hausarzt"}, "1-1"},
		"text anywhere":            {query{Text: "dom koeln HAUSARZT arzt"}, "1-1"},
		"text of the kind":         {query{Text: "zahnarztpraxis"}, "2-1"},
		"text: all words":          {query{Text: "köln bonn"}, ""},
		"text: part of a word":     {query{Text: "zahn gross"}, "2-1"},
		"accents":                  {query{Text: "cafe elan"}, "3-07.2.1444560000.16.108"},
		"signs part words":         {query{Text: "Dom-Hausarzt,(Köln)"}, "1-1"},
		"Telematik-ID":             {query{TelematikID: "1-1"}, "1-1"},
		"no part of one":           {query{TelematikID: "1"}, ""},
		"Telematik-ID as a text":   {query{Text: "3-07.2.1444560000.16.108"}, "3-07.2.1444560000.16.108"},
		"postcode":                 {query{PLZ: "50667"}, "3-07.2.1444560000.16.108 1-1"},
		"its beginning":            {query{PLZ: "506"}, "3-07.2.1444560000.16.108 1-1 1-2"},
		"not where nobody goes":    {query{PLZ: "10117"}, ""},
		"place":                    {query{Place: "koeln", Name: "praxis"}, "1-1 1-2"},
		"kind":                     {query{Profession: "1.2.276.0.76.4.51"}, "2-1"},
		"all who pay are one kind": {query{Profession: Payers}, "9-2.59.1 8-01-1"},
		"and so by another":        {query{Profession: "1.2.276.0.76.4.273"}, "9-2.59.1 8-01-1"},
		"around":                   {query{PLZ: "50674", RadiusKM: 5}, "1-2 3-07.2.1444560000.16.108 1-1"},
		"farther":                  {query{PLZ: "50674", RadiusKM: 40}, "1-2 3-07.2.1444560000.16.108 1-1 2-1"},
		"around nowhere":           {query{PLZ: "50", RadiusKM: 5}, ""},
		"around, of a kind":        {query{PLZ: "50674", RadiusKM: 40, Profession: "1.2.276.0.76.4.51"}, "2-1"},
		"what does not exist":      {query{Text: "gibtsnicht"}, ""},
	} {
		var got []string
		for _, i := range choose(town, test.q) {
			got = append(got, i.TelematikID)
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	near := choose(town, control.InstitutionQuery{PLZ: "50674", RadiusKM: 40, Name: "Groß"})
	a, _ := place.Lookup("50674")
	b, _ := place.Lookup("53113")
	if want := place.DistanceKM(a.Lat, a.Lon, b.Lat, b.Lon); len(near) != 1 || math.Abs(near[0].DistanceKM-want) > 0.051 {
		t.Errorf("%+v, not %f km", near, want)
	}
	if got := new(Copy).Search(control.InstitutionQuery{FHIRSearch: "HealthcareService?_text=a"}); len(got) != 0 {
		t.Error("a ready request found something here")
	}
}

// T26 of popp.md 11, in the mesh: an alias is shown if it says something else, an address if there is a door.
func TestShownEntries(t *testing.T) {
	for name, test := range map[string]struct {
		e     Entry
		check func(control.Institution) bool
	}{
		"alias": {town[0], func(i control.Institution) bool {
			return i.Alias == "Hausarzt am Dom" && i.Name == "Praxis Dr. Müller" && i.Street == "Domstraße 1" && i.Kind == "Betriebsstätte Arzt"
		}},
		"alias is the name": {anEntry("A", "A", "s", "50667", "Köln", "1-1", "1.2.276.0.76.4.50"), func(i control.Institution) bool { return i.Alias == "" }},
		"application": {town[4], func(i control.Institution) bool {
			return i.Street+i.PLZ+i.Place == "" && i.Kind == "DiGA-Hersteller und Anbieter"
		}},
		"insurer": {town[5], func(i control.Institution) bool { return i.Street+i.PLZ+i.Place == "" }},
		"hours": {Entry{Hours: []Hours{{1, 8*60 + 5, 24 * 60}}}, func(i control.Institution) bool {
			return slices.Equal(i.Hours, []control.Hours{{Weekday: 1, From: "08:05", To: "24:00"}})
		}},
	} {
		if got := test.e.Shown(); !test.check(got) || got.Origin != "mesh" || !got.Mesh {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// However many fit, at most 100 are shown, and those are the nearest, or the first by name.
func TestSearchShowsTheFirst(t *testing.T) {
	all := place.All()
	rapid.Check(t, func(t *rapid.T) {
		var entries []Entry
		for i := range rapid.IntRange(0, 300).Draw(t, "n") {
			at := all[rapid.IntRange(0, len(all)-1).Draw(t, "at")]
			name := rapid.StringMatching(`[A-CÄa-c]{1,3}`).Draw(t, "name")
			entries = append(entries, anEntry(name, "", "s", string(at.PLZ), at.Name, fmt.Sprint("1-", i), card.ProfessionPractice))
		}
		q := control.InstitutionQuery{Name: rapid.SampledFrom([]string{"", "a", "ä"}).Draw(t, "q"), RadiusKM: rapid.IntRange(0, 120).Draw(t, "km")}
		if q.RadiusKM > 0 {
			q.PLZ = string(all[rapid.IntRange(0, len(all)-1).Draw(t, "from")].PLZ)
		}
		got := choose(entries, q)
		matching, worst := 0, 0.0
		shown := map[string]bool{}
		for i, g := range got {
			shown[g.TelematikID] = true
			if i > 0 && (got[i-1].DistanceKM > g.DistanceKM || q.RadiusKM == 0 && Fold(got[i-1].Name) > Fold(g.Name)) {
				t.Fatalf("%+v comes before %+v", got[i-1], g)
			}
			worst = g.DistanceKM
		}
		from, _ := place.Lookup(place.PLZ(q.PLZ))
		for _, e := range entries {
			s := e.Licence.Statement
			to, _ := place.Lookup(place.PLZ(s.PLZ))
			km := place.DistanceKM(from.Lat, from.Lon, to.Lat, to.Lon)
			if !strings.Contains(Fold(s.Name), Fold(q.Name)) && !strings.Contains(foldShort(s.Name), foldShort(q.Name)) ||
				q.RadiusKM > 0 && km > float64(min(q.RadiusKM, maxRadiusKM)) {
				if shown[s.TelematikID] {
					t.Fatalf("%+v does not fit", s)
				}
				continue
			}
			matching++
			if !shown[s.TelematikID] && (len(got) < maxShown || q.RadiusKM > 0 && km < worst-0.1) {
				t.Fatalf("%+v is missing", s)
			}
		}
		if len(got) != min(matching, maxShown) {
			t.Fatalf("%d of %d", len(got), matching)
		}
	})
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"MÜLLER": "mueller", "Mu\u0308ller": "mueller", "Straße": "strasse", "Café Élan": "cafe elan", "Łódź": "łodz", "": "",
	} {
		if got := Fold(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	if got := Words(" Karl-Marx-Str. 5, (Köln)"); !slices.Equal(got, []string{"Karl", "Marx", "Str", "5", "Köln"}) {
		t.Errorf("%q", got)
	}
}

// Only institutions, applications and those who pay are on the list (A_28488), and those who pay are one to choose.
func TestKinds(t *testing.T) {
	for _, oid := range []string{
		"1.2.276.0.76.4.58", "1.2.276.0.76.4.187", "1.2.276.0.76.4.210", "1.2.276.0.76.4.223", "1.2.276.0.76.4.231", "1.2.276.0.76.4.242",
		"1.2.276.0.76.4.263", "1.2.276.0.76.4.271", "1.2.276.0.76.4.285", "1.2.276.0.76.4.286", "1.2.276.0.76.4.292", "1.2.276.0.76.4.295",
		"1.2.276.0.76.4.303", card.ProfessionPhysician, card.ProfessionUZIPhysician, "",
	} {
		if IsInstitution(oid) || KindName(oid) != "" || HasAddress(oid) {
			t.Errorf("%s is an institution", oid)
		}
	}
	all := Kinds()
	seen := map[string]bool{}
	for _, k := range all {
		if k.Name == "" || seen[k.OID] || !IsInstitution(k.OID) {
			t.Errorf("%+v", k)
		}
		seen[k.OID] = true
	}
	if len(all) != len(kinds)-2 || !slices.IsSortedFunc(all, func(a, b control.Profession) int { return strings.Compare(Fold(a.Name), Fold(b.Name)) }) {
		t.Errorf("%d kinds of %d professions", len(all), len(kinds))
	}
	occur := Professions(choose(town, control.InstitutionQuery{}))
	if len(occur) != 5 || !slices.ContainsFunc(occur, func(p control.Profession) bool { return p.OID == Payers && p.Name == payersName }) {
		t.Errorf("%+v", occur)
	}
	if got := AllAlike("1.2.276.0.76.4.284"); !slices.Equal(got, []string{"1.2.276.0.76.4.273", "1.2.276.0.76.4.284", Payers}) {
		t.Errorf("%v", got)
	}
}
