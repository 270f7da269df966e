package reception

import (
	"html/template"
	"net/url"
	"slices"
	"strings"

	"pieks/node/control"
	"pieks/node/web"
	"pieks/node/web/qr"
)

// codesPage are the codes for patients to scan, and whether the practice is found by them.
type codesPage struct {
	Workplaces []string
	Listing    control.Listing
	Doctor     bool
	Problem    string // why there is no code
}

func showCodes(c *web.Call) error {
	c.Form = web.NewForm()
	return codesShown(c, "")
}

func codesShown(c *web.Call, problem string) (err error) {
	p := codesPage{Doctor: c.Person() == web.Doctor, Problem: problem}
	if p.Workplaces, err = web.Ask[[]string](c, control.MethodWorkplaces, nil); err != nil {
		return err
	}
	slices.SortFunc(p.Workplaces, byName)
	if p.Listing, err = web.Ask[control.Listing](c, control.MethodListing, nil); err != nil {
		return err
	}
	if !slices.Contains(c.Form.All("form"), "listing") { // what was typed there stays
		c.Form.Set("alias", p.Listing.Alias)
		if p.Listing.Listed {
			c.Form.Set("listed", "1")
		}
	}
	return c.Show("checkin_codes", p)
}

// makeCode makes the code of a workplace and shows it to be printed. Only here a workplace comes to be: the page that prints knows those that there are.
func makeCode(c *web.Call) error {
	if c.Form.Again() {
		return codesShown(c, "")
	}
	name := strings.Join(strings.Fields(c.Form.Get("workplace")), " ")
	if name == "" {
		c.Form.Wrong("workplace", c.Say("rc_ar_workplace_missing"))
		return codesShown(c, "")
	}
	_, err := web.Ask[control.CheckinCode](c, control.MethodCheckinCode, control.CheckinCodeOf{Workplace: name})
	switch {
	case control.CodeOf(err) == control.CodeWorkplace:
		c.Form.Wrong("workplace", c.Sentence(err))
		return codesShown(c, "")
	case refused(err):
		return codesShown(c, c.Sentence(err))
	case err != nil:
		return err
	}
	return c.Go("/print/checkin?workplace=" + url.QueryEscape(name))
}

// printCode is the code of a workplace, or without one of the whole practice, for reception to put up.
func printCode(c *web.Call) error {
	workplace := c.R.URL.Query().Get("workplace")
	if workplace != "" {
		known, err := web.Ask[[]string](c, control.MethodWorkplaces, nil)
		if err != nil {
			return err
		}
		if !slices.Contains(known, workplace) {
			return web.ErrNotFound
		}
	}
	code, err := web.Ask[control.CheckinCode](c, control.MethodCheckinCode, control.CheckinCodeOf{Workplace: workplace})
	if refused(err) {
		c.TellBad(c.Sentence(err))
		return c.Go("/arrivals/codes")
	}
	if err != nil {
		return err
	}
	return c.Show("print_checkin", code)
}

// onDesk draws a code for check-ins in level M, as a PoPP service does (popp.md 5), as large as one on a wall.
func onDesk(text, title string) (template.HTML, error) {
	svg, err := qr.Printed(text, title, qr.M, posterSide)
	return template.HTML(svg), err
}

// saveListing has the practice stand in the directory, or no longer.
func saveListing(c *web.Call) error {
	if c.Form.Again() {
		return codesShown(c, "")
	}
	in := control.Listing{Listed: c.Form.Get("listed") != "", Alias: strings.Join(strings.Fields(c.Form.Get("alias")), " ")}
	_, err := web.Ask[control.Listing](c, control.MethodListingSet, in)
	switch {
	case control.CodeOf(err) == control.CodeListing && control.KindOf(err) == control.KindUsage:
		c.Form.Wrong("alias", c.Say("rc_ar_alias_form"))
		return codesShown(c, "")
	case refused(err):
		c.Form.Wrong("listed", c.Sentence(err))
		return codesShown(c, "")
	case err != nil:
		return err
	}
	if in.Listed {
		c.Tell("rc_ar_listed_on")
	} else {
		c.Tell("rc_ar_listed_off")
	}
	return c.Go("/arrivals/codes")
}
