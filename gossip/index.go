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
	areas    map[string][]entry // by day, part, token

	nameOnce sync.Once
	names    map[TokenName]entry
}

// entry is one token.
type entry struct {
	token    TokenID
	sheet    *Signed
	position int // in the sheet's slots
}

func (e *entry) slot() *Slot { return &e.sheet.Sheet.Slots[e.position] }

func (x *regionIndex) area(sheets []*Signed, area string) []entry {
	x.areaOnce.Do(func() {
		x.areas = make(map[string][]entry)
		for _, s := range sheets {
			x.areas[s.Sheet.Area] = appendEntries(x.areas[s.Sheet.Area], s)
		}
		for _, entries := range x.areas {
			slices.SortFunc(entries, func(a, b entry) int {
				sa, sb := a.slot(), b.slot()
				return cmp.Or(cmp.Compare(sa.Day, sb.Day), cmp.Compare(sa.Part, sb.Part), bytes.Compare(a.token[:], b.token[:]))
			})
		}
	})
	return x.areas[area]
}

func (x *regionIndex) token(sheets []*Signed, name TokenName) (entry, bool) {
	x.nameOnce.Do(func() {
		x.names = make(map[TokenName]entry)
		var entries []entry
		for _, s := range sheets {
			entries = appendEntries(entries[:0], s)
			for _, e := range entries {
				x.names[e.token.Name()] = e
			}
		}
	})
	e, ok := x.names[name]
	return e, ok
}

func appendEntries(entries []entry, s *Signed) []entry {
	for i := range s.Sheet.Slots {
		entries = append(entries, entry{TokenOf(s.Sheet.Pass.P, s.Sheet.Slots[i].ID), s, i})
	}
	return entries
}
