package gossip

import (
	"bytes"
	"cmp"
	"slices"
	"sync"
)

// regionIndex finds the tokens of a region by area and by name. It is built at the first question and then never
// changes, like the view it belongs to.
type regionIndex struct {
	areaOnce sync.Once
	areas    map[string][]Hit // by day, part, token; without distance

	nameOnce sync.Once
	names    map[TokenName]tokenPlace
}

// tokenPlace says where a token stands.
type tokenPlace struct {
	sheet    *Signed
	position int // in the sheet's slots
}

func (x *regionIndex) area(sheets []*Signed, area string) []Hit {
	x.areaOnce.Do(func() {
		x.areas = make(map[string][]Hit)
		for _, s := range sheets {
			hits := slices.Grow(x.areas[s.Sheet.Area], len(s.Sheet.Slots))
			for _, slot := range s.Sheet.Slots {
				hits = append(hits, Hit{Token: TokenOf(s.Sheet.Pass.P, slot.ID), Slot: slot, Sheet: s, Area: s.Sheet.Area})
			}
			x.areas[s.Sheet.Area] = hits
		}
		for _, hits := range x.areas {
			slices.SortFunc(hits, func(a, b Hit) int {
				return cmp.Or(cmp.Compare(a.Slot.Day, b.Slot.Day), cmp.Compare(a.Slot.Part, b.Slot.Part), bytes.Compare(a.Token[:], b.Token[:]))
			})
		}
	})
	return x.areas[area]
}

func (x *regionIndex) token(sheets []*Signed, name TokenName) (tokenPlace, bool) {
	x.nameOnce.Do(func() {
		x.names = make(map[TokenName]tokenPlace)
		for _, s := range sheets {
			for i := range s.Sheet.Slots {
				x.names[TokenOf(s.Sheet.Pass.P, s.Sheet.Slots[i].ID).Name()] = tokenPlace{s, i}
			}
		}
	})
	at, ok := x.names[name]
	return at, ok
}
