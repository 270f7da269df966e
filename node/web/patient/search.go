package patient

import (
	"slices"
	"strconv"
	"time"

	"pieks/node/control"
	"pieks/node/web"
)

// Search is what somebody looks for, as the form has it.
type Search struct {
	RadiusKM int
	Vaccine  string // code; "" is any
	Doses    string // "any", "first", "second" or "both"
	When     string // "any", "week", "next" or "dates"
	From, To string // with "dates": 2026-12-01, both included; To "" is From
	Weekdays []int  // ISO 8601; none is every day
	Parts    []string
}

var (
	radii     = []int{5, 10, 20, 50, 100}
	doses     = []string{"any", "both", "first", "second"}
	whens     = []string{"any", "week", "next", "dates"}
	dayParts  = []string{"morning", "noon", "afternoon", "evening"}
	doseNames = map[string]int{"first": 1, "both": 1, "second": 2}
)

func newSearch(radius int) Search {
	if radius == 0 {
		radius = 20
	}
	return Search{RadiusKM: radius, Doses: "any", When: "any"}
}

// both says whether first and second dose are looked for together.
func (s Search) both(vaccines catalogue) bool {
	return s.Doses == "both" && (s.Vaccine == "" || vaccines[s.Vaccine].Doses > 1)
}

// request is the search as the node takes it.
func (s Search) request(vaccines catalogue, now time.Time) control.SearchRequest {
	r := control.SearchRequest{RadiusKM: float64(s.RadiusKM), Vaccine: s.Vaccine, Dose: doseNames[s.Doses], Days: s.days(now), Parts: s.Parts}
	if s.Vaccine != "" && vaccines[s.Vaccine].Doses == 1 {
		r.Dose = 0 // the question is not asked
	}
	return r
}

// days are those that are looked at; none is any.
func (s Search) days(now time.Time) []string {
	now = now.In(web.Berlin)
	today := time.Date(now.Year(), now.Month(), now.Day(), 12, 0, 0, 0, web.Berlin) // noon: the same day whatever the clock does
	first, last := today, today.AddDate(0, 0, mostDays)
	toSunday := (7 - int(today.Weekday())) % 7
	switch s.When {
	case "week":
		last = today.AddDate(0, 0, toSunday)
	case "next":
		first, last = today.AddDate(0, 0, toSunday+1), today.AddDate(0, 0, toSunday+7)
	case "dates":
		from, err := web.Day(s.From)
		if err != nil {
			return nil
		}
		to, err := web.Day(s.To)
		if err != nil || to.Before(from) {
			to = from
		}
		first, last = from.Add(12*time.Hour), to.Add(13*time.Hour)
	default:
		if len(s.Weekdays) == 0 || len(s.Weekdays) == 7 {
			return nil
		}
	}
	days := []string{}
	for day := first; !day.After(last) && len(days) <= mostDays; day = day.AddDate(0, 0, 1) {
		if len(s.Weekdays) == 0 || slices.Contains(s.Weekdays, (int(day.Weekday())+6)%7+1) {
			days = append(days, day.Format(time.DateOnly))
		}
	}
	return days
}

// fill puts the search into a form.
func (s Search) fill(f *web.Form) {
	f.Set("radius", strconv.Itoa(s.RadiusKM))
	f.Set("vaccine", s.Vaccine)
	f.Set("doses", s.Doses)
	f.Set("when", s.When)
	f.Set("from", s.From)
	f.Set("to", s.To)
	var weekdays []string
	for _, w := range s.Weekdays {
		weekdays = append(weekdays, strconv.Itoa(w))
	}
	f.Set("weekdays", weekdays...)
	f.Set("parts", s.Parts...)
}

// readSearch reads the form and says what is wrong with it. What is no choice of the form counts as not chosen.
func readSearch(c *web.Call, vaccines catalogue, radius int) Search {
	f := c.Form
	s := newSearch(radius)
	if n, err := strconv.Atoi(f.Get("radius")); err == nil && n >= 1 && n <= 200 {
		s.RadiusKM = n
	}
	if _, ok := vaccines[f.Get("vaccine")]; ok {
		s.Vaccine = f.Get("vaccine")
	}
	s.Doses = oneOf(doses, f.Get("doses"))
	s.When = oneOf(whens, f.Get("when"))
	for _, part := range dayParts {
		if f.Ticked("parts", part) {
			s.Parts = append(s.Parts, part)
		}
	}
	for w := 1; w <= 7; w++ {
		if f.Ticked("weekdays", strconv.Itoa(w)) {
			s.Weekdays = append(s.Weekdays, w)
		}
	}
	if s.When != "dates" {
		return s
	}
	s.From, s.To = f.Get("from"), f.Get("to")
	today := c.Now().Format(time.DateOnly)
	from, err := web.Day(s.From)
	if err != nil {
		c.Form.Wrong("from", c.Say("pt_day_form"))
		return s
	}
	if s.To == "" {
		s.To = s.From
	}
	to, err := web.Day(s.To)
	switch {
	case err != nil:
		c.Form.Wrong("to", c.Say("pt_day_form"))
	case to.Before(from):
		c.Form.Wrong("to", c.Say("pt_day_order"))
	case to.Format(time.DateOnly) < today:
		c.Form.Wrong("from", c.Say("pt_day_past"))
	case len(s.days(c.Now())) == 0:
		c.Form.Wrong("from", c.Say("pt_day_weekdays"))
	}
	return s
}

func oneOf(all []string, value string) string {
	if slices.Contains(all, value) {
		return value
	}
	return all[0]
}
