package reception

import (
	"slices"
	"time"

	"pieks/node/control"
	"pieks/node/web"
)

const movingDraft = "moving"

// moving is what somebody is about to move and where to, kept while it is looked at.
type moving struct {
	Visits      []control.VisitName
	Day         string // all that are booked on this day
	From        string // the day to go back to
	ToDay       string
	ToTime      string
	Appointment string
	Reason      string
}

// Source is the day that it is about.
func (m moving) Source() string {
	if m.Day != "" {
		return m.Day
	}
	return m.From
}

func (m moving) request(preview bool) control.Move {
	in := control.Move{Visits: m.Visits, Day: m.Day, Reason: m.Reason, Preview: preview}
	if m.Appointment != "" {
		in.Appointment = m.Appointment
	} else {
		in.ToDay, in.ToTime = m.ToDay, m.ToTime
	}
	return in
}

// seen tells whether what is confirmed is what was looked at.
func (m moving) seen() string { return m.ToDay + "/" + m.ToTime + "/" + m.Appointment }

// movePage is what the page shows on which visits are moved.
type movePage struct {
	moving
	Change  control.Change
	Count   changeCount
	Open    []control.Appointment // of the day that it goes to, for a single visit
	Problem string
	Stale   bool
	Seen    string
	Doses   doses
	Words   map[string]string
	Reasons []string
}

// changeCount is how many visits of a change go through, stay, and whose patients have to be called.
type changeCount struct{ All, Ready, Stay, Call int }

func countOf(change control.Change) (n changeCount) {
	for _, v := range change.Visits {
		n.All++
		switch {
		case v.Problem != "":
			n.Stay++
		default:
			n.Ready++
			if !v.Told {
				n.Call++
			}
		}
	}
	return n
}

// words are the sentences for the problems of a change, by code.
func words(c *web.Call, change control.Change) map[string]string {
	w := map[string]string{}
	for _, v := range change.Visits {
		if v.Problem != "" {
			w[v.Problem] = problem(c, "rc_problem_", v.Problem)
		}
	}
	return w
}

func reasons(c *web.Call) []string {
	return []string{c.Say("rc_reason_delivery"), c.Say("rc_reason_ill"), c.Say("rc_reason_closed")}
}

// showMove shows where to and what comes of it. The next day of the practice's hours is proposed.
func showMove(c *web.Call) error {
	m, ok := web.Kept[moving](c.Draft(), movingDraft)
	if !ok {
		return c.Go("/day")
	}
	if m.ToDay == "" && m.Appointment == "" {
		details, err := web.Ask[control.Details](c, control.MethodDetails, nil)
		if err != nil {
			return err
		}
		from, err := web.Day(m.Source())
		if err != nil {
			from = c.Now()
		}
		m.ToDay = isoDay(openDay(details.Hours, from.AddDate(0, 0, 1)))
	}
	c.Form = web.NewForm("to_day", m.ToDay, "to_time", m.ToTime, "appointment", m.Appointment, "reason", m.Reason)
	return moveShown(c, m, false)
}

func moveShown(c *web.Call, m moving, stale bool) error {
	p := movePage{moving: m, Stale: stale, Seen: m.seen(), Doses: dosesOf(c), Reasons: reasons(c)}
	if !c.Form.Failed() {
		change, err := web.Ask[control.Change](c, control.MethodMove, m.request(true))
		switch {
		case refused(err):
			p.Problem = c.Sentence(err)
		case err != nil:
			return err
		}
		p.Change, p.Count, p.Words = change, countOf(change), words(c, change)
	}
	if len(m.Visits) == 1 && m.ToDay != "" {
		var err error
		if p.Open, err = openOn(c, m); err != nil {
			return err
		}
	}
	return c.Show("move", p)
}

// openOn are the open appointments of the day that a single visit goes to, of its vaccine and dose.
func openOn(c *web.Call, m moving) ([]control.Appointment, error) {
	b, err := findBooking(c, m.Visits[0].Booking)
	if err != nil || m.Visits[0].Visit >= len(b.Visits) {
		return nil, err
	}
	v := b.Visits[m.Visits[0].Visit]
	all, err := days(c, m.ToDay, "")
	if err != nil || len(all) == 0 {
		return nil, err
	}
	var open []control.Appointment
	now := c.Now()
	for _, e := range all[0].Entries {
		if stateOf(e, now) == "open" && e.Vaccine == v.Vaccine && (e.Dose == 0 || e.Dose == v.Dose) {
			open = append(open, e.Appointment)
		}
	}
	return open, nil
}

// move takes the form over and, when it was looked at before, moves.
func move(c *web.Call) error {
	m, ok := web.Kept[moving](c.Draft(), movingDraft)
	if !ok {
		return c.Go("/day")
	}
	f := c.Form
	m.ToDay, m.ToTime, m.Appointment, m.Reason = f.Get("to_day"), f.Get("to_time"), f.Get("appointment"), f.Get("reason")
	if day, err := web.Day(m.ToDay); err != nil {
		f.Wrong("to_day", c.Say("rc_wrong_date"))
	} else if isoDay(day) < isoDay(c.Now()) {
		f.Wrong("to_day", c.Say("rc_wrong_past"))
	}
	if m.ToTime != "" && !clockOK(m.ToTime) {
		f.Wrong("to_time", c.Say("rc_wrong_clock"))
	}
	if len(m.Reason) > maxReason {
		f.Wrong("reason", c.Say("rc_wrong_reason"))
	}
	if !f.OK() {
		return moveShown(c, m, false)
	}
	c.Draft().Put(movingDraft, m)
	if f.Get("do") != "move" {
		return c.Go("/move")
	}
	if f.Get("seen") != m.seen() {
		return moveShown(c, m, true)
	}
	change, err := web.Ask[control.Change](c, control.MethodMove, m.request(false))
	if refused(err) {
		f.Wrong("to_day", c.Sentence(err))
		return moveShown(c, m, false)
	}
	if err != nil {
		return err
	}
	c.Draft().Drop(movingDraft)
	return changed(c, change, "rc_moved", landing(change, m.Source()))
}

// landing is the day on which moved visits are seen again.
func landing(change control.Change, otherwise string) string {
	for _, v := range change.Visits {
		if v.Problem == "" && v.To != nil {
			return isoDay(v.To.Start)
		}
	}
	return otherwise
}

// changed tells what came of a change. Where somebody has to be called, the list of calls is next; else the day.
func changed(c *web.Call, change control.Change, key, day string) error {
	n := countOf(change)
	text := c.Say(key, "N", n.Ready)
	if n.Stay > 0 {
		text += " " + c.Say("rc_stayed", "N", n.Stay)
	}
	if n.Call > 0 {
		text += " " + c.Say("rc_to_call", "N", n.Call)
	}
	notice := web.Notice{Text: text, Kind: "good"}
	if n.Ready > 0 && c.Now().Before(change.Until) {
		notice.Undo, notice.Until = change.ID, change.Until
	}
	if n.Ready == 0 {
		notice.Kind = "bad"
	}
	c.TellNotice(notice)
	if n.Call > 0 || day == "" {
		return c.Go("/changes")
	}
	return c.Go("/day/" + day)
}

// sortChanged puts visits in order of time.
func sortChanged(visits []control.Changed) {
	slices.SortStableFunc(visits, func(a, b control.Changed) int { return a.From.Start.Compare(b.From.Start) })
}

// undoable says whether a change can still be taken back.
func undoable(change control.Change, now time.Time) bool {
	return change.ID != "" && change.Kind != "undo" && now.Before(change.Until)
}
