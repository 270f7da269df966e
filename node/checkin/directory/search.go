package directory

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"pieks/gossip/place"
	"pieks/node/control"
)

// Search finds entries and shows at most 100 of them: the nearest first when a whole postcode is named, else by name. All that is given has to fit. A
// ready request for the directory service finds nothing here.
func (c *Copy) Search(q control.InstitutionQuery) []control.Institution {
	if q.FHIRSearch != "" {
		return []control.Institution{}
	}
	return choose(c.All(), q)
}

// texts are what a search looks through.
type texts struct{ name, place, all haystack }

func (e *Entry) makeTexts() *texts {
	s := e.Licence.Statement
	t := &texts{name: newHaystack(s.Name, e.Alias)}
	where := []string{s.Street, s.PLZ, s.Place}
	if !HasAddress(e.Licence.Profession) { // nobody goes there, and it is not shown
		where = nil
	} else {
		t.place = newHaystack(s.Place)
	}
	t.all = newHaystack(append(where, s.Name, e.Alias, KindName(e.Licence.Profession), s.TelematikID)...)
	return t
}

// query is what somebody looks for, ready to be compared.
type query struct {
	control.InstitutionQuery
	name, place, text []needle
	from              place.Place
	measured          bool // from is a whole postcode: distances are known
}

// found is an entry that fits.
type found struct {
	entry *Entry
	km    float64 // 0 without a place to measure from
}

// choose is the rule.
func choose(entries []Entry, in control.InstitutionQuery) []control.Institution {
	out := []control.Institution{}
	q := query{InstitutionQuery: in, name: needlesOf(in.Name), place: needlesOf(in.Place), text: needlesOf(in.Text)}
	if q.from, q.measured = place.Lookup(place.PLZ(in.PLZ)); q.RadiusKM > 0 && !q.measured {
		return out // nothing to measure from
	}
	var list []found
	for i := range entries {
		if f, ok := q.fits(&entries[i]); ok {
			list = append(list, f)
		}
	}
	slices.SortFunc(list, func(a, b found) int {
		s, t := a.entry.Licence.Statement, b.entry.Licence.Statement
		return cmp.Or(cmp.Compare(a.km, b.km), cmp.Compare(a.entry.texts.name.long, b.entry.texts.name.long),
			cmp.Compare(s.TelematikID, t.TelematikID), cmp.Compare(s.Street, t.Street))
	})
	for _, f := range list[:min(len(list), maxShown)] {
		shown := f.entry.Shown()
		if !math.IsInf(f.km, 1) {
			shown.DistanceKM = math.Round(f.km*10) / 10
		}
		out = append(out, shown)
	}
	return out
}

// fits says whether all that is given fits an entry. What is cheap is looked at first.
func (q query) fits(e *Entry) (found, bool) {
	f, s, oid := found{entry: e}, &e.Licence.Statement, e.Licence.Profession
	plz := s.PLZ
	if !HasAddress(oid) {
		plz = ""
	}
	switch {
	case q.TelematikID != "" && s.TelematikID != q.TelematikID,
		q.Profession != "" && !Alike(oid, q.Profession),
		q.RadiusKM <= 0 && !strings.HasPrefix(plz, q.PLZ):
		return f, false
	}
	if e.texts == nil {
		e.texts = e.makeTexts()
	}
	if !e.texts.name.hasAll(q.name) || !e.texts.place.hasAll(q.place) || !e.texts.all.hasAll(q.text) {
		return f, false
	}
	if q.measured {
		f.km = distance(q.from, plz)
	}
	return f, q.RadiusKM <= 0 || f.km <= float64(min(q.RadiusKM, maxRadiusKM))
}

// distance is that between the centres of two postcodes; infinite when one is unknown.
func distance(from place.Place, plz string) float64 {
	to, ok := place.Lookup(place.PLZ(plz))
	if !ok {
		return math.Inf(1)
	}
	return place.DistanceKM(from.Lat, from.Lon, to.Lat, to.Lon)
}
