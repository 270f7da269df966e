package patient

import (
	"time"

	"pieks/node/control"
	"pieks/node/web"
)

const searchDraft = "search"

// homeData is the first page: what is booked, and the search.
type homeData struct {
	Prefs    control.Preferences
	Vaccines catalogue
	Bookings []control.Booking
	Watches  []control.Watch
	Instead  *control.Booking // the booking that a new one is to take the place of
	Further  bool             // days and parts of day are asked for: the questions about them are open
}

func start(c *web.Call) error {
	data, err := homeOf(c)
	if err != nil {
		return err
	}
	c.Form = web.NewForm("plz", data.Prefs.PLZ)
	current(c, data.Prefs).fill(c.Form)
	return c.Show("home", data)
}

func homeOf(c *web.Call) (d homeData, err error) {
	if d.Prefs, err = web.Ask[control.Preferences](c, control.MethodPreferences, nil); err != nil {
		return d, err
	}
	if d.Vaccines, err = vaccines(c); err != nil {
		return d, err
	}
	all, err := web.Ask[[]control.Booking](c, control.MethodBookings, nil)
	if err != nil {
		return d, err
	}
	d.Bookings = upcoming(all, c.Now())
	d.Instead = insteadOf(c, all)
	if d.Watches, err = web.Ask[[]control.Watch](c, control.MethodWatches, nil); err != nil {
		return d, err
	}
	if s, ok := web.Kept[Search](c.Draft(), searchDraft); ok {
		d.Further = s.When != "any" || len(s.Weekdays)+len(s.Parts) > 0
	}
	return d, nil
}

// current is the search of this session, or a new one.
func current(c *web.Call, prefs control.Preferences) Search {
	if s, ok := web.Kept[Search](c.Draft(), searchDraft); ok {
		return s
	}
	return newSearch(prefs.RadiusKM)
}

// search takes the form of the first page: postcode, radius, what and when.
func search(c *web.Call) error {
	data, err := homeOf(c)
	if err != nil {
		return err
	}
	s := readSearch(c, data.Vaccines, data.Prefs.RadiusKM)
	plz := c.Form.Get("plz")
	if plz == "" {
		c.Form.Wrong("plz", c.Say("pt_plz_missing"))
	}
	data.Further = s.When != "any" || len(s.Weekdays)+len(s.Parts) > 0
	if c.Form.OK() {
		_, err = changePLZ(c, data.Prefs, plz)
	}
	if err != nil {
		return err
	}
	if !c.Form.OK() {
		return c.Show("home", data)
	}
	if err := changeRadius(c, data.Prefs, s.RadiusKM); err != nil {
		return err
	}
	c.Draft().Put(searchDraft, s)
	c.Draft().Drop(firstDraft)
	return c.Go("/list")
}

// changePLZ has the node go by another postcode. What is wrong with it is said in the form; that it counts later, on the next page: then
// told is true.
func changePLZ(c *web.Call, prefs control.Preferences, plz string) (told bool, err error) {
	if plz == prefs.PLZ && prefs.NextPLZ == "" || plz == prefs.NextPLZ && plz != "" {
		return false, nil
	}
	// A relay is asked when the change counts. One that is away is no reason to wait: the node asks again.
	result, ok, err := web.AskLater[control.PLZResult](c, control.MethodPLZ, control.PLZRequest{PLZ: plz}).Within(c.Context(), askPatience)
	switch {
	case !ok || control.KindOf(err) == control.KindUnavailable:
		c.TellNotice(web.Notice{Text: c.Say("pt_plz_noted")})
		return true, nil
	case control.CodeOf(err) == control.CodePLZUnknown:
		c.Form.Wrong("plz", c.Say("pt_plz_unknown"))
	case control.KindOf(err) == control.KindUsage:
		c.Form.Wrong("plz", c.Say("pt_plz_form"))
	case err != nil:
		return false, err
	case prefs.PLZ != "" && result.Effective.After(c.Now().Add(time.Second)):
		c.TellNotice(web.Notice{Text: c.Say("pt_plz_from", "Clock", web.Clock(c.Lang, result.Effective))})
		return true, nil
	}
	return false, nil
}

func changeRadius(c *web.Call, prefs control.Preferences, km int) error {
	if km == prefs.RadiusKM {
		return nil
	}
	return c.Do(control.MethodPreferencesSet, control.Preferences{RadiusKM: km})
}
