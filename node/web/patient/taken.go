package patient

import (
	"net/http"

	"pieks/node/control"
	"pieks/node/web"
)

const lostDraft = "lost"

// loss is an appointment that was chosen and cannot be had.
type loss struct {
	tokens []control.Token
	both   bool
	from   string
	state  string // as of the booking: "taken", "expired" or "refused"
	why    string
}

// lost goes to the page that offers others instead. It is a page of its own, so that it can be loaded again, and so that the page that
// waits for an answer gets there by itself.
func lost(c *web.Call, tokens []control.Token, both bool, from string) error {
	return lostWhy(c, tokens, both, from, "taken", "")
}

func lostWhy(c *web.Call, tokens []control.Token, both bool, from, state, why string) error {
	c.Draft().Put(lostDraft, loss{tokens, both, from, state, why})
	c.Draft().Drop(firstDraft)
	return c.Go("/taken")
}

// takenData is the page: what happened, and what else there is.
type takenData struct {
	State    string
	Why      string
	Typed    bool // a name was typed, and is kept
	Practice bool // it came from the list of one practice
	Both     bool
	Vaccines catalogue
	Others   []Choice
}

func taken(c *web.Call) error {
	l, ok := web.Kept[loss](c.Draft(), lostDraft)
	if !ok {
		return c.Go("/list")
	}
	d := takenData{State: l.state, Why: l.why, Practice: l.from == "practice", Both: l.both}
	var err error
	if d.Vaccines, err = vaccines(c); err != nil {
		return err
	}
	who, _ := web.Kept[typed](c.Draft(), whoDraft)
	d.Typed = who.Name != ""
	if d.Others, err = others(c, l.tokens, l.both, d.Vaccines); err != nil {
		return err
	}
	return c.ShowStatus(http.StatusConflict, "taken", d)
}

// others are the nearest appointments like those that were wanted.
func others(c *web.Call, wanted []control.Token, both bool, vaccines catalogue) ([]Choice, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	prefs, err := web.Ask[control.Preferences](c, control.MethodPreferences, nil)
	if err != nil || prefs.PLZ == "" {
		return nil, err
	}
	first := wanted[0]
	in := control.SearchRequest{RadiusKM: float64(current(c, prefs).RadiusKM), Vaccine: first.Vaccine, Dose: first.Dose}
	if both && in.Dose == 0 {
		in.Dose = 1
	}
	tokens, err := web.Ask[[]control.Token](c, control.MethodSearch, in)
	if err != nil {
		return nil, err
	}
	all, err := web.Ask[[]control.Booking](c, control.MethodBookings, nil)
	if err != nil {
		return nil, err
	}
	gone := spentNow(c, all)
	free := left(tokens, func(id string) bool { return id == first.ID || gone(id) })
	return nearest(choicesOf(free), first, alternatives), nil
}
