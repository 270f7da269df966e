package patient

import (
	"slices"

	"pieks/node/control"
	"pieks/node/web"
)

// watch has the node go on with the search of this session, and say so when it finds something.
func watch(c *web.Call) error {
	d, _, err := searched(c)
	if err != nil {
		return err
	}
	_, err = web.Ask[control.Watch](c, control.MethodWatch, d.Asked)
	switch {
	case control.CodeOf(err) == control.CodeWatches:
		c.TellBad(sentence(c, err))
		return c.Go("/") // where one can be ended
	case control.CodeOf(err) != "":
		c.TellBad(sentence(c, err))
	case err != nil:
		return err
	}
	return c.Go("/list") // which says that it is watched
}

// watchShow goes to what a watch has found, by a search that is the same.
func watchShow(c *web.Call) error {
	all, err := web.Ask[[]control.Watch](c, control.MethodWatches, nil)
	if err != nil {
		return err
	}
	for _, w := range all {
		if w.ID != c.R.PathValue("id") {
			continue
		}
		if err := c.Do(control.MethodWatchSeen, control.WatchName{ID: w.ID}); err != nil {
			return err
		}
		c.Draft().Put(searchDraft, searchOf(w.Search))
		return c.Go("/list")
	}
	return web.ErrNotFound
}

// searchOf is the form of a search that the node goes on with. Its days are what they were when it began: those named, at any rate
// from the first to the last of them.
func searchOf(r control.SearchRequest) Search {
	s := newSearch(int(r.RadiusKM))
	s.Vaccine, s.Parts = r.Vaccine, r.Parts
	switch r.Dose {
	case 1:
		s.Doses = "first"
	case 2:
		s.Doses = "second"
	}
	if n := len(r.Days); n > 0 {
		s.When, s.From, s.To = "dates", r.Days[0], r.Days[n-1]
		s.Weekdays = weekdaysOf(r.Days)
	}
	return s
}

// weekdaysOf are the weekdays that are among days; none when all are.
func weekdaysOf(days []string) []int {
	var has [8]bool
	for _, text := range days {
		if day, err := web.Day(text); err == nil {
			has[(int(day.Weekday())+6)%7+1] = true
		}
	}
	var some []int
	for w := 1; w <= 7; w++ {
		if has[w] {
			some = append(some, w)
		}
	}
	if len(some) == 7 {
		return nil
	}
	return some
}

func watchEnd(c *web.Call) error {
	if err := c.Do(control.MethodWatchEnd, control.WatchName{ID: c.R.PathValue("id")}); err != nil && control.KindOf(err) != control.KindNotFound {
		return err
	}
	c.Tell("pt_watch_ended")
	return c.Go("/")
}

// watched says whether a search goes on already.
func watched(all []control.Watch, r control.SearchRequest) bool {
	for _, w := range all {
		if !w.Ended && w.Search.Vaccine == r.Vaccine && w.Search.Dose == r.Dose && w.Search.RadiusKM == r.RadiusKM &&
			slices.Equal(w.Search.Days, r.Days) && slices.Equal(w.Search.Parts, r.Parts) {
			return true
		}
	}
	return false
}
