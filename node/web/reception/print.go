package reception

import (
	"html/template"
	"slices"
	"time"

	"pieks/node/control"
	"pieks/node/web"
	"pieks/node/web/qr"
)

type dayPaper struct {
	Day      string
	Date     time.Time
	Rows     []row
	Doses    doses
	Practice string
	Made     time.Time
}

// printDay is the list of a day on paper: those who are to come, with a box to tick.
func printDay(c *web.Call) error {
	day, date, err := oneDay(c)
	if err != nil {
		return err
	}
	k, err := vaccines(c)
	if err != nil {
		return err
	}
	details, err := web.Ask[control.Details](c, control.MethodDetails, nil)
	if err != nil {
		return err
	}
	p := dayPaper{Day: isoDay(date), Date: date, Doses: dosesOf(c), Practice: details.Name, Made: c.Now()}
	for _, r := range rowsOf(day.Entries, k, c.Now()) {
		if r.Booking != "" {
			p.Rows = append(p.Rows, r)
		}
	}
	return c.Show("print_day", p)
}

type slipPaper struct {
	control.Booking
	Names    map[string]string
	Doses    doses
	Practice control.Details
	Poster   control.Poster
}

// printSlip is what a caller's appointment looks like on paper, with its code.
func printSlip(c *web.Call) error {
	b, err := findBooking(c, c.R.PathValue("id"))
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(b.Visits, func(v control.Visit) bool { return v.Digits != "" }) {
		return web.ErrNotFound
	}
	k, err := vaccines(c)
	if err != nil {
		return err
	}
	p := slipPaper{Booking: b, Names: map[string]string{}, Doses: dosesOf(c)}
	for _, v := range b.Visits {
		p.Names[v.Vaccine] = k.Name(v.Vaccine)
	}
	if p.Practice, err = web.Ask[control.Details](c, control.MethodDetails, nil); err != nil {
		return err
	}
	if poster, err := web.Ask[control.Poster](c, control.MethodPoster, nil); err == nil {
		p.Poster = poster
	} else if !refused(err) && control.KindOf(err) != control.KindNotFound {
		return err
	}
	return c.Show("print_slip", p)
}

// onWall draws the code of a poster as large as a telephone needs that stands a metre away.
func onWall(text, title string) (template.HTML, error) {
	svg, err := qr.Printed(text, title, qr.Q, posterSide)
	return template.HTML(svg), err
}

// printPoster is the practice's code for the wall.
func printPoster(c *web.Call) error {
	poster, err := web.Ask[control.Poster](c, control.MethodPoster, nil)
	if err != nil {
		return err
	}
	return c.Show("print_poster", poster)
}

// printCalls is the list of those who have to be called after a change.
func printCalls(c *web.Call) error {
	all, err := web.Ask[[]control.Change](c, control.MethodChanges, nil)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(change control.Change) bool { return change.ID == c.R.PathValue("id") })
	if i < 0 {
		return web.ErrNotFound
	}
	return c.Show("print_calls", shownChangeOf(all[i], c.Now()))
}
