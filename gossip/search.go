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
	var hits []Hit
	for _, near := range m.Nearest(q.From, q.RadiusKM) {
		region, ok := m.RegionOfArea(near.Area)
		if !ok {
			continue
		}
		r := v.region(region)
		if len(r.sheets) == 0 {
			continue
		}
		entries := r.index.area(r.sheets, near.Area)
		start, _ := slices.BinarySearchFunc(entries, f.firstDay, func(e entry, day uint32) int { return cmp.Compare(e.slot().Day, day) })
		for i := start; i < len(entries); i++ {
			slot := entries[i].slot()
			if slot.Day > f.lastDay {
				break
			}
			if !f.matches(slot, entries[i].sheet) {
				continue
			}
			hits = append(hits, Hit{entries[i].token, *slot, entries[i].sheet, near.Area, near.KM})
			if len(hits) == q.Max {
				return hits
			}
		}
	}
	return hits
}

// filter is a query in the form that is quick to apply.
type filter struct {
	vaccine           string
	dose              uint8
	firstDay, lastDay uint32
	parts             uint8 // bit set
	now               uint64
}

func (q *Query) filter() filter {
	today, _ := dayRange(q.Now, 0)
	f := filter{vaccine: q.Vaccine, dose: q.Dose, firstDay: max(q.FirstDay, today), lastDay: q.LastDay, now: uint64(max(q.Now.Unix(), 0))}
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

func (f *filter) matches(slot *Slot, sheet *Signed) bool {
	return sheet.Sheet.Expires > f.now &&
		f.parts&(1<<slot.Part) != 0 &&
		(f.dose == 0 || slot.Dose == f.dose) &&
		(f.vaccine == "" || slot.Vaccine == f.vaccine)
}
