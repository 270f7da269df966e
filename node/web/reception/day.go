package reception

import (
	"slices"
	"time"

	"pieks/node/control"
	"pieks/node/web"
)

// dayPage is what the page of a day shows.
type dayPage struct {
	Day              string // 2026-12-01
	Date             time.Time
	Prev, Next, Week string
	Today, Past      bool
	Rows             []row
	Tally            tally
	Vials            []vial
	States           map[string]string
	Doses            doses
	Warn             warning
}

// warning is what keeps a practice from giving appointments away, or should not be forgotten.
type warning struct {
	Why    string // ReadOnlyWhy
	Backup bool   // the newest backup is too old; said to a doctor
	Never  bool   // there is none at all
}

func warningOf(c *web.Call) warning {
	s := c.Status()
	return warning{
		Why:    s.ReadOnlyWhy,
		Backup: c.Person() == web.Doctor && c.Now().Sub(s.BackedUp) > backupWarn && c.Now().Sub(s.Started) > time.Hour,
		Never:  s.BackedUp.IsZero(),
	}
}

// states are the words for what became of an appointment, said once for a page.
func states(c *web.Call) map[string]string {
	words := map[string]string{}
	for s := range symbols {
		words[s] = c.Say("rc_state_" + s)
	}
	return words
}

func isoDay(t time.Time) string { return t.In(web.Berlin).Format(time.DateOnly) }

func today(c *web.Call) error { return c.Go("/day/" + isoDay(c.Now())) }

// goTo is the date field of the day's page.
func goTo(c *web.Call) error {
	to := c.Form.Get("date")
	if _, err := web.Day(to); err != nil {
		return today(c)
	}
	return c.Go("/day/" + to)
}

func days(c *web.Call, from, to string) ([]control.Day, error) {
	return web.Ask[[]control.Day](c, control.MethodDay, control.DayRequest{From: from, To: to})
}

// oneDay is the day of a path, with the time of its midnight.
func oneDay(c *web.Call) (control.Day, time.Time, error) {
	date, err := web.Day(c.R.PathValue("date"))
	if err != nil {
		return control.Day{}, date, web.ErrNotFound
	}
	all, err := days(c, isoDay(date), "")
	if err != nil {
		return control.Day{}, date, err
	}
	if len(all) == 0 {
		return control.Day{Day: isoDay(date)}, date, nil
	}
	return all[0], date, nil
}

func showDay(c *web.Call) error {
	day, date, err := oneDay(c)
	if err != nil {
		return err
	}
	k, err := vaccines(c)
	if err != nil {
		return err
	}
	now := c.Now()
	p := dayPage{
		Day: isoDay(date), Date: date, Prev: isoDay(date.AddDate(0, 0, -1)), Next: isoDay(date.AddDate(0, 0, 1)), Week: isoDay(date),
		Today: isoDay(date) == isoDay(now), Past: isoDay(date) < isoDay(now),
		Rows: rowsOf(day.Entries, k, now), States: states(c), Doses: dosesOf(c), Warn: warningOf(c),
	}
	p.Tally = tallyOf(p.Rows)
	p.Vials = vialsOf(day, k, p.Today)
	return c.Show("day", p)
}

// changeDay does to the ticked appointments what the button says.
func changeDay(c *web.Call) error {
	day, date, err := oneDay(c)
	if err != nil {
		return err
	}
	back := "/day/" + isoDay(date)
	do := c.Form.Get("do")
	switch do {
	case "move_all":
		c.Draft().Put(movingDraft, moving{Day: isoDay(date)})
		return c.Go("/move")
	case "cancel_all":
		c.Draft().Put(cancellingDraft, cancelling{Day: isoDay(date)})
		return c.Go("/cancel")
	}
	p := pick(day.Entries, c.Form.All("id"), c.Now())
	switch do {
	case "move":
		if len(p.visits) == 0 {
			c.TellBad(c.Say("rc_tick_booked"))
			return c.Go(back)
		}
		c.Draft().Put(movingDraft, moving{Visits: p.visits, From: isoDay(date)})
		return c.Go("/move")
	case "cancel":
		if len(p.bookings) == 0 {
			c.TellBad(c.Say("rc_tick_booked"))
			return c.Go(back)
		}
		c.Draft().Put(cancellingDraft, cancelling{Bookings: p.bookings, From: isoDay(date)})
		return c.Go("/cancel")
	case "block":
		return changeSlots(c, back, control.MethodSlotsBlock, p.open, "rc_tick_open", "rc_blocked")
	case "unblock":
		return changeSlots(c, back, control.MethodSlotsUnblock, p.blocked, "rc_tick_blocked", "rc_unblocked")
	case "withdraw":
		free := slices.Concat(p.open, p.blocked)
		if len(free) > 1 && (c.Form.Get("sure") == "" || c.Form.Again()) {
			k, err := vaccines(c)
			if err != nil {
				return err
			}
			return c.Show("withdraw", withdrawPage{Day: isoDay(date), Date: date, Rows: rowsNamed(rowsOf(day.Entries, k, c.Now()), free)})
		}
		return changeSlots(c, back, control.MethodSlotsWithdraw, free, "rc_tick_open", "rc_withdrawn")
	}
	return web.ErrNotFound
}

// withdrawPage asks once more before several free appointments are deleted, since nothing brings them back.
type withdrawPage struct {
	Day  string
	Date time.Time
	Rows []row
}

// rowsNamed are the rows of some appointments.
func rowsNamed(rows []row, ids []string) []row {
	return slices.DeleteFunc(rows, func(r row) bool { return !slices.Contains(ids, r.ID) })
}

// picked are the ticked appointments by what can be done with them.
type picked struct {
	open, blocked []string
	visits        []control.VisitName
	bookings      []string
}

func pick(entries []control.Entry, ids []string, now time.Time) (p picked) {
	ticked := map[string]bool{}
	for _, id := range ids {
		ticked[id] = true
	}
	for _, e := range entries {
		if !ticked[e.ID] {
			continue
		}
		switch stateOf(e, now) {
		case "open", "unused":
			p.open = append(p.open, e.ID)
		case "blocked":
			p.blocked = append(p.blocked, e.ID)
		case "booked":
			if e.Booking != nil {
				p.visits = append(p.visits, control.VisitName{Booking: e.Booking.ID, Visit: e.Visit})
				if !slices.Contains(p.bookings, e.Booking.ID) {
					p.bookings = append(p.bookings, e.Booking.ID)
				}
			}
		}
	}
	return p
}

func changeSlots(c *web.Call, back, method string, ids []string, none, done string) error {
	if len(ids) == 0 {
		c.TellBad(c.Say(none))
		return c.Go(back)
	}
	out, err := web.Ask[control.SlotsChanged](c, method, control.SlotsSelect{IDs: ids})
	switch {
	case refused(err):
		c.TellBad(c.Sentence(err))
	case err != nil:
		return err
	default:
		c.Tell(done, "N", out.Changed)
	}
	return c.Go(back)
}

// giveLeftOver offers what an opened vial has left, at short notice.
func giveLeftOver(c *web.Call) error {
	n := number(c.Form.Get("count"))
	out, err := web.Ask[control.SlotsChanged](c, control.MethodLeftOver, control.LeftOver{Vaccine: c.Form.Get("vaccine"), Count: n})
	switch {
	case refused(err):
		c.TellBad(c.Sentence(err))
	case err != nil:
		return err
	default:
		c.Tell("rc_leftover_given", "N", out.Changed, "Clock", web.Clock(c.Lang, out.Visible))
	}
	return c.Go("/day/" + isoDay(c.Now()))
}
