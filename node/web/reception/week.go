package reception

import (
	"time"

	"pieks/node/web"
)

// weekPage is what the page of a week shows.
type weekPage struct {
	Monday, Sunday   time.Time
	Prev, Next, Back string
	Days             []weekDay
	States           map[string]string
}

type weekDay struct {
	Day   string
	Name  string // Montag
	Short string // 30.11.
	Today bool
	Rows  []row
	More  int
	Tally tally
}

// mondayOf is the first day of a day's week.
func mondayOf(t time.Time) time.Time { return t.AddDate(0, 0, -((int(t.Weekday()) + 6) % 7)) }

// short is a day without its year, for the head of a narrow column.
func short(l web.Lang, t time.Time) string {
	if l == web.English {
		return t.Format("2 Jan")
	}
	return t.Format("2.1.")
}

func showWeek(c *web.Call) error {
	date, err := web.Day(c.R.PathValue("date"))
	if err != nil {
		return web.ErrNotFound
	}
	k, err := vaccines(c)
	if err != nil {
		return err
	}
	monday := mondayOf(date)
	all, err := days(c, isoDay(monday), isoDay(monday.AddDate(0, 0, 6)))
	if err != nil {
		return err
	}
	now := c.Now()
	p := weekPage{Monday: monday, Sunday: monday.AddDate(0, 0, 6), Prev: isoDay(monday.AddDate(0, 0, -7)), Next: isoDay(monday.AddDate(0, 0, 7)),
		Back: isoDay(date), States: states(c)}
	for _, d := range all {
		at, err := web.Day(d.Day)
		if err != nil {
			return err
		}
		rows := rowsOf(d.Entries, k, now)
		w := weekDay{Day: d.Day, Name: web.Weekday(c.Lang, isoWeekday(at)), Short: short(c.Lang, at), Today: d.Day == isoDay(now), Tally: tallyOf(rows), Rows: rows}
		if len(rows) > weekRows {
			w.Rows, w.More = rows[:weekRows], len(rows)-weekRows
		}
		p.Days = append(p.Days, w)
	}
	return c.Show("week", p)
}
