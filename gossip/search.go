package gossip

import (
	"cmp"
	"slices"
	"time"

	"pieks/gossip/place"
)

// Query says which slots a patient looks for. Zero fields do not restrict.
type Query struct {
	From     place.PLZ
	RadiusKM float64   // 0 finds the own area only
	Vaccine  string    // catalogue code
	Dose     uint8     // 1 for the first
	FirstDay uint32    // days since 1970
	LastDay  uint32    // inclusive
	Parts    []Part    // any of these
	Sheet    *Signed   // tokens of this sheet only: one practice, as long as it has the pseudonym
	Max      int       // at most so many hits
	Now      time.Time // what is over by then is left out
}

// Hit is one slot token that matches.
type Hit struct {
	Token      TokenID
	Slot       Slot
	Sheet      *Signed // with the pseudonym, pass and relays to reach the practice
	Area       string
	DistanceKM float64 // from the query's postcode to the nearest postcode of the area
}

// Search lists the tokens of v within the radius, nearest area first, then by day and part of day. Expired sheets and days
// before Now are left out. Within the same area, day and part the order is that of the token ids: it favours nobody.
func Search(m *place.Map, v *View, q Query) []Hit {
	f := q.filter()
	var near []nearby
	count := 0
	for _, area := range m.Nearest(q.From, q.RadiusKM) {
		region, ok := m.RegionOfArea(area.Area)
		if !ok || q.Sheet != nil && q.Sheet.Sheet.Area != area.Area {
			continue
		}
		hits := f.window(v.region(region).area(area.Area))
		if n := f.count(hits); n > 0 {
			near = append(near, nearby{hits, area.KM})
			count += n
		}
	}
	if q.Max > 0 {
		count = min(count, q.Max)
	}
	found := make([]Hit, 0, count)
	for _, area := range near {
		for i := range area.hits {
			if len(found) == count {
				return found
			}
			if f.matches(&area.hits[i]) {
				found = append(found, area.hits[i])
				found[len(found)-1].DistanceKM = area.km
			}
		}
	}
	return found
}

// nearby is the tokens of one area, on the days that the query asks for.
type nearby struct {
	hits []Hit
	km   float64
}

// filter is a query in the form that is quick to apply.
type filter struct {
	vaccine           string
	dose              uint8
	firstDay, lastDay uint32
	parts             uint8 // bit set
	now               uint64
	sheet             *Signed
}

func (q *Query) filter() filter {
	today, _ := dayRange(q.Now, 0)
	f := filter{vaccine: q.Vaccine, dose: q.Dose, firstDay: max(q.FirstDay, today), lastDay: q.LastDay, now: uint64(max(q.Now.Unix(), 0)), sheet: q.Sheet}
	if f.lastDay == 0 {
		f.lastDay = ^uint32(0)
	}
	for _, p := range q.Parts {
		f.parts |= 1 << (p & 7)
	}
	if len(q.Parts) == 0 {
		f.parts = 0xff
	}
	return f
}

// window cuts hits, ordered by day, to the days of the query.
func (f *filter) window(hits []Hit) []Hit {
	byDay := func(h Hit, day uint32) int { return cmp.Compare(h.Slot.Day, day) }
	start, _ := slices.BinarySearchFunc(hits, f.firstDay, byDay)
	end := len(hits)
	if f.lastDay < ^uint32(0) {
		end, _ = slices.BinarySearchFunc(hits, f.lastDay+1, byDay)
	}
	return hits[start:max(start, end)]
}

func (f *filter) count(hits []Hit) int {
	n := 0
	for i := range hits {
		if f.matches(&hits[i]) {
			n++
		}
	}
	return n
}

func (f *filter) matches(h *Hit) bool {
	return h.Sheet.Sheet.Expires > f.now &&
		f.parts&(1<<h.Slot.Part) != 0 &&
		(f.dose == 0 || h.Slot.Dose == 0 || h.Slot.Dose == f.dose) &&
		(f.vaccine == "" || h.Slot.Vaccine == f.vaccine) &&
		(f.sheet == nil || h.Sheet == f.sheet)
}
