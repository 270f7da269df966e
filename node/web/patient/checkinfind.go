package patient

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"pieks/gossip/place"
	"pieks/node/control"
	"pieks/node/web"
)

const institutionDraft = "checkin search"

// institutionSearch is what somebody looks for, as it was typed.
type institutionSearch struct{ Text, Kind, Place, PLZ, Radius string }

// nearby are the radii to choose from; the first is none.
var nearby = []string{"", "5", "10", "20", "50", "100"}

// institutionList is what was found, or what is to be chosen from.
type institutionList struct {
	control.InstitutionList
	Institutions []control.Institution // in place of those of the answer
	Asked        bool
	Page, Pages  int
	First        int // how many are on the pages before
}

// Pick is how the i-th institution on the page is named in a form.
func (l institutionList) Pick(i int) string {
	at := l.First + i
	wanted, number := l.Institutions[at], 0
	for _, other := range l.Institutions[:at] {
		if other.TelematikID == wanted.TelematikID && other.Origin == wanted.Origin {
			number++
		}
	}
	return pick(number, wanted.Origin, wanted.TelematikID)
}

// Shown are those on the page.
func (l institutionList) Shown() []control.Institution {
	if l.Pages == 0 {
		return l.Institutions
	}
	part, _, _ := onPage(l.Institutions, l.Page, pageSize)
	return part
}

// kinds of institutions that are always offered, by the end of their OID below 1.2.276.0.76.4: those that a patient has to do with (A_28488 allows no others
// than institutions, DiGA and insurers). What else was found joins them.
var kinds = []string{"50", "51", "52", "53", "54", "59", "245", "246", "247", "255", "282"}

const professions = "1.2.276.0.76.4."

// Kinds are the kinds to choose from, by name.
func (l institutionList) Kinds(v web.View) []control.Profession {
	all := make([]control.Profession, 0, len(kinds)+len(l.Professions))
	for _, k := range kinds {
		all = append(all, control.Profession{OID: professions + k, Name: v.Say("pt_ci_kind_" + k)})
	}
	for _, p := range l.Professions {
		if !slices.ContainsFunc(all, func(have control.Profession) bool { return have.OID == p.OID }) {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b control.Profession) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.OID, b.OID))
	})
	return all
}

// findInstitutions is the page of the search, with what was found for the last one (A_28515).
func findInstitutions(c *web.Call) error {
	s, asked := web.Kept[institutionSearch](c.Draft(), institutionDraft)
	if !asked {
		prefs, err := web.Ask[control.Preferences](c, control.MethodPreferences, nil)
		if err != nil {
			return err
		}
		if s.PLZ = prefs.PLZ; s.PLZ != "" {
			s.Radius = "20"
		}
	}
	c.Form = web.NewForm("text", s.Text, "kind", s.Kind, "place", s.Place, "plz", s.PLZ, "radius", s.Radius)
	l := institutionList{Asked: asked}
	if asked { // a page that is only opened asks nobody
		answer, err := web.Ask[control.InstitutionList](c, control.MethodInstitutions, s.query())
		if control.KindOf(err) == control.KindUnavailable {
			answer.Partial = true
		} else if err != nil {
			return err
		}
		l.InstitutionList, l.Institutions = answer, answer.Institutions
	}
	page, _ := strconv.Atoi(c.R.URL.Query().Get("page")) // none is the first
	_, l.Page, l.Pages = onPage(l.Institutions, page, pageSize)
	l.First = (l.Page - 1) * pageSize
	return c.Show("checkin_search", l)
}

func (s institutionSearch) query() control.InstitutionQuery {
	km, _ := strconv.Atoi(s.Radius) // of nearby; none is 0
	return control.InstitutionQuery{Text: s.Text, Profession: s.Kind, Place: s.Place, PLZ: s.PLZ, RadiusKM: km}
}

// searchInstitutions takes the form of the search. It is posted, so that what somebody looks for is in no address.
func searchInstitutions(c *web.Call) error {
	f := c.Form
	s := institutionSearch{Text: f.Get("text"), Kind: f.Get("kind"), Place: f.Get("place"), PLZ: f.Get("plz"), Radius: oneOf(nearby, f.Get("radius"))}
	switch {
	case strings.Trim(s.PLZ, "0123456789") != "" || len(s.PLZ) > 5:
		f.Wrong("plz", c.Say("pt_ci_plz_form"))
	case s.Radius != "" && s.PLZ == "":
		s.Radius = ""
	case s.Radius != "":
		plz, err := place.ParsePLZ(s.PLZ)
		if _, known := place.Lookup(plz); err != nil || !known {
			f.Wrong("plz", c.Say("pt_ci_plz_whole"))
		}
	}
	if s.Text == "" && s.Place == "" && s.PLZ == "" {
		f.Wrong("text", c.Say("pt_ci_search_missing"))
	}
	if !f.OK() {
		return c.Show("checkin_search", institutionList{})
	}
	c.Draft().Put(institutionDraft, s)
	return c.Go("/checkin/search")
}
