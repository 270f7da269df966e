package patient

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"pieks/node/control"
)

// Choice is what a patient can tell apart before the offer: appointments of one area, day, part of day, vaccine and dose. It is taken as
// one, so that the list is short, and two patients who choose the same are not set on the same appointment.
type Choice struct {
	control.Token // the first of them
	Count         int
	ids           []string
}

type sameAs struct {
	area, day, part, vaccine string
	dose                     int
}

func choiceOf(t control.Token) sameAs { return sameAs{t.Area, t.Day, t.Part, t.Vaccine, t.Dose} }

// choicesOf puts tokens together, in their order: by distance, day and part of day.
func choicesOf(tokens []control.Token) []Choice {
	at := make(map[sameAs]int, len(tokens)/4+1)
	var all []Choice
	for _, t := range tokens {
		i, ok := at[choiceOf(t)]
		if !ok {
			i = len(all)
			at[choiceOf(t)] = i
			all = append(all, Choice{Token: t})
		}
		all[i].Count++
		all[i].ids = append(all[i].ids, t.ID)
	}
	return all
}

// shuffled are the tokens that are the same to a patient as the one named, in random order; only that one when it is not among them.
func shuffled(tokens []control.Token, id string) []control.Token {
	i := slices.IndexFunc(tokens, func(t control.Token) bool { return t.ID == id })
	if i < 0 {
		return []control.Token{{ID: id}}
	}
	var same []control.Token
	for _, t := range tokens {
		if choiceOf(t) == choiceOf(tokens[i]) {
			same = append(same, t)
		}
	}
	rand.Shuffle(len(same), func(a, b int) { same[a], same[b] = same[b], same[a] })
	return same
}

// PlaceChoices and DayChoices are how a page of a list is shown.
type PlaceChoices struct {
	Area, Place string
	DistanceKM  float64
	Days        []DayChoices
}

type DayChoices struct {
	Day     string
	Choices []Choice
}

// grouped puts choices below their places and days, in their order.
func grouped(all []Choice) []PlaceChoices {
	var places []PlaceChoices
	for _, c := range all {
		if n := len(places); n == 0 || places[n-1].Area != c.Area {
			places = append(places, PlaceChoices{Area: c.Area, Place: c.Place, DistanceKM: c.DistanceKM})
		}
		p := &places[len(places)-1]
		if n := len(p.Days); n == 0 || p.Days[n-1].Day != c.Day {
			p.Days = append(p.Days, DayChoices{Day: c.Day})
		}
		d := &p.Days[len(p.Days)-1]
		d.Choices = append(d.Choices, c)
	}
	return places
}

// onPage cuts one page out; the first is 1, and a page beyond the last is the last.
func onPage[T any](all []T, page, size int) (part []T, at, pages int) {
	pages = max(1, (len(all)+size-1)/size)
	at = min(max(1, page), pages)
	return all[(at-1)*size : min(at*size, len(all))], at, pages
}

// nearest are the choices nearest to the one that was wanted: a day earlier or later counts as much as five kilometres, another part of
// the day as much as two. Wanted may have no day or part.
func nearest(all []Choice, wanted control.Token, n int) []Choice {
	day, named := dayNumber(wanted.Day)
	far := func(c Choice) float64 {
		km := c.DistanceKM
		if other, ok := dayNumber(c.Day); ok && named {
			km += 5 * math.Abs(float64(other-day))
		}
		if wanted.Part != "" {
			km += 2 * math.Abs(float64(slices.Index(dayParts, wanted.Part)-slices.Index(dayParts, c.Part)))
		}
		return km
	}
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b Choice) int { return cmp.Compare(far(a), far(b)) })
	return sorted[:min(n, len(sorted))]
}

// pairs keeps the first doses that can have a second one as far as tokens tell: in the same area, as many days later as the vaccine asks for.
// Whether it is the same practice, the node says when one is chosen.
func pairs(firsts, seconds []control.Token, vaccines catalogue) []control.Token {
	type where struct{ area, vaccine string }
	days := map[where][]int{}
	for _, t := range seconds {
		if day, ok := dayNumber(t.Day); ok && t.Dose != 1 {
			key := where{t.Area, t.Vaccine}
			days[key] = append(days[key], day)
		}
	}
	for key := range days {
		slices.Sort(days[key])
	}
	var some []control.Token
	for _, t := range firsts {
		v := vaccines[t.Vaccine]
		day, ok := dayNumber(t.Day)
		if !ok || v.Doses < 2 || t.Dose > 1 {
			continue
		}
		later := days[where{t.Area, t.Vaccine}]
		i, _ := slices.BinarySearch(later, day+v.MinInterval)
		if i < len(later) && later[i] <= day+v.MaxInterval {
			some = append(some, t)
		}
	}
	return some
}

// dayNumber counts days, so that they can be subtracted.
func dayNumber(text string) (int, bool) {
	t, err := time.Parse(time.DateOnly, text)
	return int(t.Unix() / 86400), err == nil
}
