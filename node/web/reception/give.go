package reception

import (
	"slices"
	"strconv"
	"time"

	"pieks/node/control"
	"pieks/node/web"
)

// givePage is what the page shows on which appointments are given away.
type givePage struct {
	Wish     wish
	Vaccines catalogue
	Vaccine  control.Vaccine
	MaxDose  []int
	ISO      []int // weekdays
	Days     []planDay
	Total    int
	Already  int
	Problem  string // why the node would not make it
	Stale    bool   // something was changed after it was looked at
	Series   bool   // more than one day
	Seen     string
	Warn     warning
	Codes    map[string]string
}

const givingDraft = "giving"

func showGive(c *web.Call) error {
	k, err := vaccines(c)
	if err != nil {
		return err
	}
	w, err := wishFor(c, c.R.URL.Query().Get("day"), k)
	if err != nil {
		return err
	}
	c.Form = formOf(w)
	return preview(c, w, k, false)
}

// wishFor is what somebody probably wants: a day of the practice's hours with the vaccine that was given away last.
func wishFor(c *web.Call, day string, k catalogue) (wish, error) {
	details, err := web.Ask[control.Details](c, control.MethodDetails, nil)
	if err != nil {
		return wish{}, err
	}
	now := c.Now()
	at, err := web.Day(day)
	if err != nil || isoDay(at) < isoDay(now) {
		at = openDay(details.Hours, now)
	}
	w := wish{Every: 10, Vials: true}
	if len(k) > 0 {
		w.Vaccine = k[0].Code
	}
	if kept, ok := web.Kept[wish](c.Draft(), givingDraft); ok {
		w = kept
		w.Last, w.Weekdays = "", nil
	} else {
		all, err := web.Ask[[]control.Appointment](c, control.MethodSlotsList, nil)
		if err != nil {
			return w, err
		}
		w = lastUsed(w, all)
	}
	w.First, w.Spans = isoDay(at), spansOf(details.Hours, at, now)
	return w, nil
}

// formOf fills the form in.
func formOf(w wish) *web.Form {
	f := web.NewForm("first", w.First, "last", w.Last, "from", w.Spans[0].From, "to", w.Spans[0].To, "from2", w.Spans[1].From, "to2", w.Spans[1].To,
		"every", strconv.Itoa(w.Every), "vaccine", w.Vaccine, "dose", strconv.Itoa(w.Dose))
	if w.Vials {
		f.Set("vials", "1")
	}
	var weekdays []string
	for _, d := range w.Weekdays {
		weekdays = append(weekdays, strconv.Itoa(d))
	}
	f.Set("weekday", weekdays...)
	return f
}

// readWish reads the form and says what is wrong with it.
func readWish(c *web.Call, k catalogue) wish {
	f := c.Form
	w := wish{First: f.Get("first"), Last: f.Get("last"), Spans: [2]control.Span{{From: f.Get("from"), To: f.Get("to")}, {From: f.Get("from2"), To: f.Get("to2")}},
		Every: number(f.Get("every")), Vaccine: f.Get("vaccine"), Dose: number(f.Get("dose")), Vials: f.Ticked("vials", "1")}
	for _, d := range f.All("weekday") {
		if n := number(d); n >= 1 && n <= 7 && !slices.Contains(w.Weekdays, n) {
			w.Weekdays = append(w.Weekdays, n)
		}
	}
	first, err := web.Day(w.First)
	if err != nil {
		f.Wrong("first", c.Say("rc_wrong_date"))
	} else if isoDay(first) < isoDay(c.Now()) {
		f.Wrong("first", c.Say("rc_wrong_past"))
	}
	if w.Last != "" {
		if last, err := web.Day(w.Last); err != nil {
			f.Wrong("last", c.Say("rc_wrong_date"))
		} else if last.Before(first) {
			f.Wrong("last", c.Say("rc_wrong_order"))
		}
	}
	for i, s := range w.Spans {
		from, to := "from", "to"
		if i == 1 {
			from, to = "from2", "to2"
			if !used(s) {
				continue
			}
		}
		if !clockOK(s.From) {
			f.Wrong(from, c.Say("rc_wrong_clock"))
		}
		if !clockOK(s.To) {
			f.Wrong(to, c.Say("rc_wrong_clock"))
		} else if s.To <= s.From {
			f.Wrong(to, c.Say("rc_wrong_span"))
		}
	}
	if used(w.Spans[1]) && w.Spans[1].From < w.Spans[0].To && f.OK() {
		f.Wrong("from2", c.Say("rc_wrong_overlap"))
	}
	if w.Every < 1 || w.Every > 480 {
		f.Wrong("every", c.Say("rc_wrong_every"))
	}
	if !slices.ContainsFunc(k, func(v control.Vaccine) bool { return v.Code == w.Vaccine }) {
		f.Wrong("vaccine", c.Say("rc_wrong_vaccine"))
	}
	return w
}

// clockOK says whether a text is a time of day as a time field sends it.
func clockOK(text string) bool {
	_, err := time.Parse("15:04", text)
	return err == nil && len(text) == len("15:04")
}

// give shows the preview, and makes the appointments when they are what was looked at.
func give(c *web.Call) error {
	k, err := vaccines(c)
	if err != nil {
		return err
	}
	w := readWish(c, k)
	if !c.Form.OK() {
		return preview(c, w, k, false)
	}
	if c.Form.Get("do") != "give" {
		return preview(c, w, k, false)
	}
	if c.Form.Get("seen") != w.seen() {
		return preview(c, w, k, true)
	}
	out, err := web.Ask[control.Planned](c, control.MethodPlan, w.plan(false))
	if refused(err) {
		c.Form.Wrong("first", c.Sentence(err))
		return preview(c, w, k, false)
	}
	if err != nil {
		return err
	}
	c.Draft().Put(givingDraft, w)
	if out.Visible.IsZero() {
		c.Tell("rc_given_hidden", "N", out.Changed)
	} else {
		c.Tell("rc_given", "N", out.Changed, "Clock", web.Clock(c.Lang, out.Visible))
	}
	return c.Go("/day/" + w.First)
}

// preview shows what the node would make of a wish.
func preview(c *web.Call, w wish, k catalogue, stale bool) error {
	p := givePage{Wish: w, Vaccines: k, Vaccine: k.Of(w.Vaccine), Stale: stale, Series: w.Last != "" && w.Last != w.First, Seen: w.seen(), Warn: warningOf(c), ISO: []int{1, 2, 3, 4, 5, 6, 7}}
	most := 1
	for _, v := range k {
		most = max(most, v.Doses)
	}
	for n := 1; n <= min(most, 9); n++ {
		p.MaxDose = append(p.MaxDose, n)
	}
	if !c.Form.Failed() {
		out, err := web.Ask[control.Planned](c, control.MethodPlan, w.plan(true))
		switch {
		case refused(err):
			p.Problem = c.Sentence(err)
		case err != nil:
			return err
		default:
			p.Days, p.Total, p.Already = planOf(out.Days, p.Vaccine.VialDoses)
		}
	}
	p.Codes = map[string]string{}
	for _, d := range p.Days {
		if d.Problem != "" {
			p.Codes[d.Problem] = problem(c, "rc_plan_", d.Problem)
		}
	}
	return c.Show("give", p)
}
