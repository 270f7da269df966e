package patient

import (
	"strconv"

	"pieks/node/control"
	"pieks/node/web"
)

const (
	firstDraft   = "first"   // the first dose that was chosen, when both are looked for
	insteadDraft = "instead" // the booking that the new one takes the place of
)

// listData is a page of what is free.
type listData struct {
	Prefs    control.Preferences
	Vaccines catalogue
	Asked    control.SearchRequest
	Both     bool
	Radii    []int            // wider than the present one
	Instead  *control.Booking // see homeData
	First    *control.Token   // in the list of second doses

	Places      []PlaceChoices
	Total       int // appointments in all pages
	Page, Pages int
	Watched     bool // this search goes on already
	Firsts      bool // there are first doses, and none with a second one
}

func list(c *web.Call) error {
	d, tokens, err := searched(c)
	if err != nil {
		return err
	}
	if d.Prefs.PLZ == "" {
		return c.Go("/")
	}
	for _, km := range radii {
		if km > int(d.Asked.RadiusKM) {
			d.Radii = append(d.Radii, km)
		}
	}
	if len(tokens) == 0 {
		watches, err := web.Ask[[]control.Watch](c, control.MethodWatches, nil)
		if err != nil {
			return err
		}
		d.Watched = watched(watches, d.Asked)
	}
	d.show(c, tokens)
	return c.Show("list", d)
}

// show puts a page of the tokens into the data.
func (d *listData) show(c *web.Call, tokens []control.Token) {
	page, _ := strconv.Atoi(c.R.URL.Query().Get("page")) // none is the first
	var part []Choice
	part, d.Page, d.Pages = onPage(choicesOf(tokens), page, pageSize)
	d.Places, d.Total = grouped(part), len(tokens)
}

// searched asks the node for the search of this session.
func searched(c *web.Call) (d listData, tokens []control.Token, err error) {
	if d.Prefs, err = web.Ask[control.Preferences](c, control.MethodPreferences, nil); err != nil || d.Prefs.PLZ == "" {
		return d, nil, err
	}
	if d.Vaccines, err = vaccines(c); err != nil {
		return d, nil, err
	}
	all, err := web.Ask[[]control.Booking](c, control.MethodBookings, nil)
	if err != nil {
		return d, nil, err
	}
	d.Instead = insteadOf(c, all)
	s := current(c, d.Prefs)
	d.Asked, d.Both = s.request(d.Vaccines, c.Now()), s.both(d.Vaccines)
	if tokens, err = web.Ask[[]control.Token](c, control.MethodSearch, d.Asked); err != nil {
		return d, nil, err
	}
	gone := spentNow(c, all)
	tokens = left(tokens, gone)
	if !d.Both {
		return d, tokens, nil
	}
	in := control.SearchRequest{RadiusKM: d.Asked.RadiusKM, Vaccine: d.Asked.Vaccine, Dose: 2}
	seconds, err := web.Ask[[]control.Token](c, control.MethodSearch, in)
	if err != nil {
		return d, nil, err
	}
	paired := pairs(tokens, left(seconds, gone), d.Vaccines)
	d.Firsts = len(tokens) > 0 && len(paired) == 0
	return d, paired, nil
}

// widen looks farther away, by one button.
func widen(c *web.Call) error {
	prefs, err := web.Ask[control.Preferences](c, control.MethodPreferences, nil)
	if err != nil {
		return err
	}
	s := current(c, prefs)
	if km, err := strconv.Atoi(c.Form.Get("radius")); err == nil && km >= 1 && km <= 200 {
		s.RadiusKM = km
	}
	c.Draft().Put(searchDraft, s)
	if err := changeRadius(c, prefs, s.RadiusKM); err != nil {
		return err
	}
	return c.Go("/list")
}

// second shows the second doses that fit the first one that was chosen, all of its practice.
func second(c *web.Call) error {
	first, ok := web.Kept[control.Token](c.Draft(), firstDraft)
	if !ok {
		return c.Go("/list")
	}
	d, _, err := searched(c)
	if err != nil {
		return err
	}
	tokens, err := fitting(c, first)
	if err != nil {
		if control.KindOf(err) == control.KindNotFound {
			return lost(c, []control.Token{first}, true, "")
		}
		return err
	}
	d.First = &first
	d.show(c, tokens)
	return c.Show("second", d)
}

// fitting are the second doses for a first one.
func fitting(c *web.Call, first control.Token) ([]control.Token, error) {
	return web.Ask[[]control.Token](c, control.MethodSearch, control.SearchRequest{Vaccine: first.Vaccine, After: first.ID})
}

// choose takes one of the list. With both doses a first one is taken whose practice has a second one that fits.
func choose(c *web.Call) error {
	if c.Form.Again() {
		return c.Go("/list")
	}
	_, tokens, err := searched(c)
	if err != nil {
		return err
	}
	same := shuffled(tokens, c.Form.Get("token"))
	c.Draft().Drop(firstDraft)
	if c.Form.Get("both") == "" {
		return ask(c, "", same[:1], alone(same[1:])...)
	}
	for _, t := range same[:min(len(same), secondTries)] {
		later, err := fitting(c, t)
		if err == nil && len(later) > 0 {
			c.Draft().Put(firstDraft, t)
			return c.Go("/list/second")
		}
	}
	c.TellBad(c.Say("pt_no_second"))
	return c.Go("/list")
}

// alone is each token for itself, as far as they are tried.
func alone(tokens []control.Token) (each [][]control.Token) {
	for _, t := range tokens[:min(len(tokens), askTries-1)] {
		each = append(each, []control.Token{t})
	}
	return each
}

// onlyFirst looks for a first dose alone, when there are no two that fit.
func onlyFirst(c *web.Call) error {
	prefs, err := web.Ask[control.Preferences](c, control.MethodPreferences, nil)
	if err != nil {
		return err
	}
	s := current(c, prefs)
	s.Doses = "first"
	c.Draft().Put(searchDraft, s)
	return c.Go("/list")
}

func chooseSecond(c *web.Call) error {
	first, ok := web.Kept[control.Token](c.Draft(), firstDraft)
	if !ok || c.Form.Again() {
		return c.Go("/list")
	}
	tokens, err := fitting(c, first)
	if err != nil && control.KindOf(err) != control.KindNotFound {
		return err
	}
	var both [][]control.Token
	for _, t := range shuffled(tokens, c.Form.Get("token")) {
		both = append(both, []control.Token{first, t})
	}
	return ask(c, "", both[0], both[1:min(len(both), askTries)]...)
}
