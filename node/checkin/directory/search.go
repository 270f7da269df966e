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

// found is an entry that fits.
type found struct {
	shown  control.Institution
	km     float64 // 0 without a place to measure from
	folded string
}

// choose is the rule.
func choose(entries []Entry, q control.InstitutionQuery) []control.Institution {
	list := []found{}
	at, measured := place.Lookup(place.PLZ(q.PLZ))
	if q.RadiusKM > 0 && !measured {
		return []control.Institution{} // nothing to measure from
	}
	for _, e := range entries {
		f := found{shown: e.Shown()}
		if measured {
			f.km = distance(at, f.shown.PLZ)
		}
		if !fits(f, q) {
			continue
		}
		if !math.IsInf(f.km, 1) {
			f.shown.DistanceKM = math.Round(f.km*10) / 10
		}
		f.folded = Fold(f.shown.Name)
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.km, b.km), cmp.Compare(a.folded, b.folded), cmp.Compare(a.shown.TelematikID, b.shown.TelematikID),
			cmp.Compare(a.shown.Street, b.shown.Street))
	})
	out := []control.Institution{}
	for _, f := range list[:min(len(list), maxShown)] {
		out = append(out, f.shown)
	}
	return out
}

// distance is that between the centres of two postcodes; infinite when one is unknown.
func distance(from place.Place, plz string) float64 {
	to, ok := place.Lookup(place.PLZ(plz))
	if !ok {
		return math.Inf(1)
	}
	return place.DistanceKM(from.Lat, from.Lon, to.Lat, to.Lon)
}

func fits(f found, q control.InstitutionQuery) bool {
	i := f.shown
	switch {
	case q.TelematikID != "" && i.TelematikID != q.TelematikID,
		q.Profession != "" && !Alike(i.Profession, q.Profession),
		q.RadiusKM > 0 && f.km > float64(min(q.RadiusKM, maxRadiusKM)),
		q.RadiusKM <= 0 && !strings.HasPrefix(i.PLZ, q.PLZ):
		return false
	}
	return has(q.Name, i.Name, i.Alias) && has(q.Place, i.Place) && has(q.Text, i.Name, i.Alias, i.Street, i.PLZ, i.Place, i.Kind, i.TelematikID)
}

// has says whether all words of a query are in one of the texts.
func has(query string, in ...string) bool {
	if strings.TrimSpace(query) == "" {
		return true
	}
	return newHaystack(in...).hasAll(query[:min(len(query), maxQuery)])
}
