package patient

import (
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"pieks/node/control"
	"pieks/node/web"
)

// ownData is the list of one practice with exact times.
type ownData struct {
	control.PracticeList
	At       time.Time
	Code     string
	Vaccines catalogue
	First    *control.Listed // in the list of second doses
	Days     []ownDay
	Series   bool // there are two doses that fit
}

type ownDay struct {
	Day   time.Time
	Slots []ownTime
}

// ownTime are appointments at one time that are the same to a patient; the first of them stands for all.
type ownTime struct {
	control.Listed
	Count int
}

// byDay puts a practice's appointments below their days, by start.
func byDay(slots []control.Listed) (days []ownDay) {
	sorted := slices.Clone(slots)
	slices.SortStableFunc(sorted, func(a, b control.Listed) int { return a.Start.Compare(b.Start) })
	for _, s := range sorted {
		start := s.Start.In(web.Berlin)
		if n := len(days); n == 0 || days[n-1].Day.Format(time.DateOnly) != start.Format(time.DateOnly) {
			days = append(days, ownDay{Day: start})
		}
		day := &days[len(days)-1]
		if i := slices.IndexFunc(day.Slots, func(t ownTime) bool { return t.Start.Equal(s.Start) && t.Vaccine == s.Vaccine && t.Dose == s.Dose }); i >= 0 {
			day.Slots[i].Count++
			continue
		}
		day.Slots = append(day.Slots, ownTime{s, 1})
	}
	return days
}

// fit are the second doses of a practice that fit a first one: as many days later as the vaccine asks for.
func fit(slots []control.Listed, first control.Listed, v control.Vaccine) (some []control.Listed) {
	day := func(t time.Time) time.Time {
		t = t.In(web.Berlin)
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	}
	for _, s := range slots {
		apart := int(day(s.Start).Sub(day(first.Start)).Hours() / 24)
		if s.Vaccine == first.Vaccine && s.Dose != 1 && apart >= v.MinInterval && apart <= v.MaxInterval {
			some = append(some, s)
		}
	}
	return some
}

func ownOf(c *web.Call) (o ownList, d ownData, err error) {
	o, ok := web.Kept[ownList](c.Draft(), practiceDraft)
	if !ok {
		return o, d, web.ErrNotFound
	}
	all, err := web.Ask[[]control.Booking](c, control.MethodBookings, nil)
	if err != nil {
		return o, d, err
	}
	gone := spentNow(c, all)
	o.list.Slots = slices.DeleteFunc(slices.Clone(o.list.Slots), func(s control.Listed) bool { return gone(s.ID) })
	d = ownData{PracticeList: o.list, At: o.at, Code: o.code}
	d.Vaccines, err = vaccines(c)
	return o, d, err
}

func practiceList(c *web.Call) error {
	o, d, err := ownOf(c)
	if errors.Is(err, web.ErrNotFound) {
		return c.Go("/practice")
	}
	if err != nil {
		return err
	}
	d.Days = byDay(o.list.Slots)
	d.Series = slices.ContainsFunc(o.list.Slots, func(s control.Listed) bool {
		return d.Vaccines.series(s.Vaccine) && s.Dose < 2 && len(fit(o.list.Slots, s, d.Vaccines[s.Vaccine])) > 0
	})
	return c.Show("practice_list", d)
}

const ownFirstDraft = "own first"

func practiceSecond(c *web.Call) error {
	o, d, err := ownOf(c)
	first, ok := web.Kept[control.Listed](c.Draft(), ownFirstDraft)
	if errors.Is(err, web.ErrNotFound) || !ok {
		return c.Go("/practice")
	}
	if err != nil {
		return err
	}
	d.First = &first
	d.Days = byDay(fit(o.list.Slots, first, d.Vaccines[first.Vaccine]))
	return c.Show("practice_second", d)
}

// practiceChoose takes one of a practice's own list; with both=1 the second dose is chosen next.
func practiceChoose(c *web.Call) error {
	o, d, err := ownOf(c)
	if errors.Is(err, web.ErrNotFound) {
		return c.Go("/practice")
	}
	if err != nil {
		return err
	}
	i := slices.IndexFunc(o.list.Slots, func(s control.Listed) bool { return s.ID == c.Form.Get("token") })
	if i < 0 {
		return lost(c, nil, false, "practice")
	}
	same := like(o.list.Slots, o.list.Slots[i])
	chosen := same[0]
	first, ok := web.Kept[control.Listed](c.Draft(), ownFirstDraft)
	c.Draft().Drop(ownFirstDraft)
	switch {
	case c.Form.Get("second") != "" && ok:
		return ask(c, "practice", []control.Token{tokenOf(first), tokenOf(chosen)})
	case c.Form.Get("both") != "" && d.Vaccines.series(chosen.Vaccine):
		if len(fit(o.list.Slots, chosen, d.Vaccines[chosen.Vaccine])) == 0 {
			c.TellBad(c.Say("pt_own_no_second"))
			return c.Go("/practice/list")
		}
		c.Draft().Put(ownFirstDraft, chosen)
		return c.Go("/practice/second")
	}
	var rest []control.Token
	for _, s := range same[1:] {
		rest = append(rest, tokenOf(s))
	}
	return ask(c, "practice", []control.Token{tokenOf(chosen)}, alone(rest)...)
}

// like are the appointments that are the same to a patient as the one that was chosen, in random order: two patients are not set on the same.
func like(slots []control.Listed, chosen control.Listed) (same []control.Listed) {
	for _, s := range slots {
		if s.Start.Equal(chosen.Start) && s.Vaccine == chosen.Vaccine && s.Dose == chosen.Dose {
			same = append(same, s)
		}
	}
	rand.Shuffle(len(same), func(a, b int) { same[a], same[b] = same[b], same[a] })
	return same
}

func tokenOf(s control.Listed) control.Token {
	t := wantedOf(control.Booking{Visits: []control.Visit{{Start: s.Start, Vaccine: s.Vaccine, Dose: s.Dose}}})[0]
	t.ID = s.ID
	return t
}
