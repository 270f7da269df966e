package patient

import (
	"strconv"

	"pieks/node/control"
	"pieks/node/web"
)

type historyData struct {
	Vaccines catalogue
	Bookings []control.Booking
	Page     int
	Pages    int
}

// history shows what is over.
func history(c *web.Call) error {
	all, err := web.Ask[[]control.Booking](c, control.MethodBookings, nil)
	if err != nil {
		return err
	}
	d := historyData{}
	page, _ := strconv.Atoi(c.R.URL.Query().Get("page"))
	d.Bookings, d.Page, d.Pages = onPage(over(all, c.Now()), page, pageSize)
	if d.Vaccines, err = vaccines(c); err != nil {
		return err
	}
	return c.Show("history", d)
}

func settings(c *web.Call) error {
	prefs, err := web.Ask[control.Preferences](c, control.MethodPreferences, nil)
	if err != nil {
		return err
	}
	plz := prefs.PLZ
	if prefs.NextPLZ != "" {
		plz = prefs.NextPLZ
	}
	c.Form = web.NewForm("plz", plz, "radius", strconv.Itoa(prefs.RadiusKM))
	return c.Show("settings", prefs)
}

func settingsSet(c *web.Call) error {
	prefs, err := web.Ask[control.Preferences](c, control.MethodPreferences, nil)
	if err != nil {
		return err
	}
	if c.Form.Again() {
		return c.Show("settings", prefs)
	}
	plz := c.Form.Get("plz")
	if plz == "" {
		c.Form.Wrong("plz", c.Say("pt_plz_missing"))
		return c.Show("settings", prefs)
	}
	told, err := changePLZ(c, prefs, plz)
	if err != nil {
		return err
	}
	if !c.Form.OK() {
		return c.Show("settings", prefs)
	}
	if km, err := strconv.Atoi(c.Form.Get("radius")); err == nil && km >= 1 && km <= 200 {
		if err := changeRadius(c, prefs, km); err != nil {
			return err
		}
		s := current(c, prefs)
		s.RadiusKM = km
		if _, ok := web.Kept[Search](c.Draft(), searchDraft); ok {
			c.Draft().Put(searchDraft, s)
		}
	}
	if !told {
		c.Tell("pt_saved")
	}
	return c.Go("/settings")
}

// eraseData is what a deletion would leave behind at practices.
type eraseData struct{ Bookings []control.Booking }

func eraseAsk(c *web.Call) error {
	d, err := eraseOf(c)
	if err != nil {
		return err
	}
	c.Form = web.NewForm()
	return c.Show("erase", d)
}

func eraseOf(c *web.Call) (d eraseData, err error) {
	all, err := web.Ask[[]control.Booking](c, control.MethodBookings, nil)
	for _, b := range all {
		if s := stageOf(b, c.Now()); s == Booked || s == Leaving {
			d.Bookings = append(d.Bookings, b)
		}
	}
	return d, err
}

// erase deletes everything. The node stops after it, so this answer is its last.
func erase(c *web.Call) error {
	d, err := eraseOf(c)
	if err != nil {
		return err
	}
	if c.Form.Again() {
		return c.Show("erase", d)
	}
	if c.Form.Get("sure") == "" {
		c.Form.Wrong("sure", c.Say("pt_erase_tick"))
		return c.Show("erase", d)
	}
	err = c.Do(control.MethodErase, control.EraseRequest{Anyway: c.Form.Get("anyway") != ""})
	if control.CodeOf(err) == control.CodeVisits {
		c.Form.Wrong("anyway", c.Say("pt_erase_visits"))
		return c.Show("erase", d)
	}
	if err != nil {
		return err
	}
	return c.Show("erased", nil)
}
