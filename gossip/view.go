package gossip

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
	"time"
)

// View is an immutable state of a pool: what a relay released at a tick, or what a search runs over. Views share the
// regions that did not change between them. The zero View is empty, and so is a nil *View.
type View struct {
	regions map[string]*regionView
	names   []string // sorted
	count   int
}

// regionView is the sheets of one region by pseudonym, and what is worked out from them when first needed.
type regionView struct {
	sheets []*Signed
	index  regionIndex
}

func newView(regions map[string]*poolRegion, count int) *View {
	v := &View{regions: make(map[string]*regionView, len(regions)), names: slices.Sorted(maps.Keys(regions)), count: count}
	for name, r := range regions {
		if r.frozen == nil {
			r.frozen = &regionView{sheets: slices.SortedFunc(maps.Values(r.sheets), byPseudonym)}
		}
		v.regions[name] = r.frozen
	}
	return v
}

func byPseudonym(a, b *Signed) int { return bytes.Compare(a.Sheet.Pass.P[:], b.Sheet.Pass.P[:]) }

// Have names one sheet in a pool sync: the first 8 bytes of its pseudonym, and its sequence number.
type Have struct {
	P   [8]byte `cbor:"1,keyasint"`
	Seq uint64  `cbor:"2,keyasint"`
}

func haveOf(s *Signed) Have { return Have{P: [8]byte(s.Sheet.Pass.P[:8]), Seq: s.Sheet.Seq} }

func (v *View) region(name string) *regionView {
	if v == nil || v.regions[name] == nil {
		return &regionView{}
	}
	return v.regions[name]
}

// area lists the tokens of an area by day, part and token.
func (r *regionView) area(name string) []Hit {
	if len(r.sheets) == 0 {
		return nil
	}
	return r.index.area(r.sheets, name)
}

// Region lists the sheets of a region by pseudonym; expired ones are among them until the pool drops them. The slice is shared: it
// must not be changed.
func (v *View) Region(region string) []*Signed { return v.region(region).sheets }

// Regions lists the regions that have a sheet, sorted. The slice is shared: it must not be changed.
func (v *View) Regions() []string {
	if v == nil {
		return nil
	}
	return v.names
}

// Len is the number of sheets in all regions.
func (v *View) Len() int {
	if v == nil {
		return 0
	}
	return v.count
}

func (v *View) all() []*Signed {
	sheets := make([]*Signed, 0, v.Len())
	for _, name := range v.Regions() {
		sheets = append(sheets, v.Region(name)...)
	}
	return sheets
}

// Lookup finds the sheet of a pseudonym.
func (v *View) Lookup(pub [32]byte) (*Signed, bool) {
	for _, name := range v.Regions() {
		if s, ok := v.region(name).find(pub[:]); ok {
			return s, true
		}
	}
	return nil, false
}

// find looks for the first sheet whose pseudonym begins with prefix.
func (r *regionView) find(prefix []byte) (*Signed, bool) {
	i, ok := slices.BinarySearchFunc(r.sheets, prefix, func(s *Signed, prefix []byte) int {
		return bytes.Compare(s.Sheet.Pass.P[:len(prefix)], prefix)
	})
	if !ok {
		return nil, false
	}
	return r.sheets[i], true
}

// Digest is SHA-256 over P, Seq (8 bytes big-endian) and hash of each sheet of the region that has not expired at the
// instant, ordered by P. Pools with the same sheets have the same digest; of no sheets it is the SHA-256 of nothing.
func (v *View) Digest(region string, at time.Time) [32]byte {
	sheets := v.Region(region)
	buf := make([]byte, 0, len(sheets)*(32+8+32))
	for _, s := range sheets {
		if at.Before(s.Sheet.ExpiresAt()) {
			buf = append(buf, s.Sheet.Pass.P[:]...)
			buf = binary.BigEndian.AppendUint64(buf, s.Sheet.Seq)
			buf = append(buf, s.Hash[:]...)
		}
	}
	return sha256.Sum256(buf)
}

// Have lists the sheets of a region for a pool sync, by pseudonym.
func (v *View) Have(region string) []Have {
	sheets := v.Region(region)
	have := make([]Have, len(sheets))
	for i, s := range sheets {
		have[i] = haveOf(s)
	}
	return have
}

// Since lists the sheets of a region that v has and old does not have in these bytes, by pseudonym: what changed.
func (v *View) Since(old *View, region string) []*Signed {
	now, before := v.region(region), old.region(region)
	if now == before {
		return nil
	}
	var changed []*Signed
	for _, s := range now.sheets {
		if b, ok := before.find(s.Sheet.Pass.P[:]); !ok || b.Hash != s.Hash {
			changed = append(changed, s)
		}
	}
	return changed
}

// Missing lists the sheets of a region, not expired at the instant, that one with have lacks or has older, by pseudonym. Of an
// equal Seq it cannot tell other content: a digest that still differs shows that.
func (v *View) Missing(region string, have []Have, at time.Time) []*Signed {
	seq := make(map[[8]byte]uint64, len(have))
	for _, h := range have {
		seq[h.P] = max(seq[h.P], h.Seq)
	}
	var missing []*Signed
	for _, s := range v.Region(region) {
		h := haveOf(s)
		if at.Before(s.Sheet.ExpiresAt()) && cmp.Compare(h.Seq, seq[h.P]) > 0 {
			missing = append(missing, s)
		}
	}
	return missing
}

// FindToken finds the sheet and slot of a token by its shown name.
func (v *View) FindToken(name TokenName) (*Signed, Slot, bool) {
	for _, region := range v.Regions() {
		r := v.region(region)
		if at, ok := r.index.token(r.sheets, name); ok {
			return at.sheet, at.sheet.Sheet.Slots[at.position], true
		}
	}
	return nil, Slot{}, false
}
