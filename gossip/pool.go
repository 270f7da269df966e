package gossip

import (
	"bytes"
	"fmt"
	"sync"
	"time"
)

// Pool holds the newest valid sheet of each pseudonym. It is safe for concurrent use.
//
// The merge is the same in any order: a higher Seq replaces a lower one, and of two sheets with the same Seq the
// one with the smaller hash stays. So pools that were given the same sheets are the same.
type Pool struct {
	now func() time.Time

	mu       sync.Mutex
	sheets   map[[32]byte]*Signed
	regions  map[string]*poolRegion
	bytes    int
	soonest  uint64 // no sheet expires before this, unix seconds
	equivocs uint64
	view     *View // nil when a region changed since it was made
	onChange []func(*Signed)
}

// poolRegion is the changing side of a region; frozen is the unchanging one, nil when it must be made anew.
type poolRegion struct {
	sheets map[[32]byte]*Signed
	frozen *regionView
}

// NewPool makes an empty pool. now is nil for time.Now.
func NewPool(now func() time.Time) *Pool {
	if now == nil {
		now = time.Now
	}
	return &Pool{now: now, sheets: make(map[[32]byte]*Signed), regions: make(map[string]*poolRegion), soonest: maxInstant}
}

// Add takes a sheet that a Validator checked. It returns true when the pool changed. A sheet that changes nothing gives
// ErrKnown, ErrOld, ErrEquivocation (same Seq, and the other one stays), ErrExpired, ErrArea (Region is empty),
// or ErrFull (a new pseudonym and no room: the pool is incomplete until others expire).
func (p *Pool) Add(s *Signed) (bool, error) {
	if s.Region == "" {
		return false, fmt.Errorf("sheet was not checked against a map: %w", ErrArea)
	}
	now := p.now()
	if !now.Before(s.Sheet.ExpiresAt()) {
		return false, ErrExpired
	}
	p.mu.Lock()
	err := p.merge(s, now)
	listeners := p.onChange
	p.mu.Unlock()
	if err != nil {
		return false, err
	}
	for _, f := range listeners {
		f(s)
	}
	return true, nil
}

func (p *Pool) merge(s *Signed, now time.Time) error {
	have := p.sheets[s.Sheet.Pass.P]
	if err := older(s, have); err != nil {
		if err == ErrEquivocation {
			p.equivocs++
		}
		return err
	}
	if have != nil && have.Sheet.Seq == s.Sheet.Seq {
		p.equivocs++
	}
	if !p.hasRoom(s, have) {
		p.expire(now)
		if have = p.sheets[s.Sheet.Pass.P]; !p.hasRoom(s, have) {
			return ErrFull
		}
	}
	if have != nil {
		p.remove(have)
	}
	p.put(s)
	return nil
}

// older is the merge rule: nil when s takes the place of have (nil for none), else why not.
func older(s, have *Signed) error {
	switch {
	case have == nil || s.Sheet.Seq > have.Sheet.Seq:
		return nil
	case s.Sheet.Seq < have.Sheet.Seq:
		return ErrOld
	}
	switch bytes.Compare(s.Hash[:], have.Hash[:]) {
	case 0:
		return ErrKnown
	case 1:
		return ErrEquivocation
	}
	return nil
}

// knows refuses, before its signatures are checked, what would not change the pool. Equivocation is left to Add: only a
// sheet that really was signed may count as such.
func (p *Pool) knows(s *Signed) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := older(s, p.sheets[s.Sheet.Pass.P]); err != ErrEquivocation {
		return err
	}
	return nil
}

// hasRoom says whether s fits when it takes the place of have.
func (p *Pool) hasRoom(s, have *Signed) bool {
	bytes, total, inRegion := p.bytes+len(s.Raw), len(p.sheets)+1, 1
	if r := p.regions[s.Region]; r != nil {
		inRegion += len(r.sheets)
	}
	if have != nil {
		bytes, total = bytes-len(have.Raw), total-1
		if have.Region == s.Region {
			inRegion--
		}
	}
	return bytes <= MaxPoolBytes && total <= MaxPoolSheets && inRegion <= MaxRegionSheets
}

func (p *Pool) put(s *Signed) {
	r := p.regions[s.Region]
	if r == nil {
		r = &poolRegion{sheets: make(map[[32]byte]*Signed)}
		p.regions[s.Region] = r
	}
	p.sheets[s.Sheet.Pass.P], r.sheets[s.Sheet.Pass.P] = s, s
	r.frozen, p.view = nil, nil
	p.bytes += len(s.Raw)
	p.soonest = min(p.soonest, s.Sheet.Expires)
}

func (p *Pool) remove(s *Signed) {
	r := p.regions[s.Region]
	delete(p.sheets, s.Sheet.Pass.P)
	delete(r.sheets, s.Sheet.Pass.P)
	r.frozen, p.view = nil, nil
	p.bytes -= len(s.Raw)
	if len(r.sheets) == 0 {
		delete(p.regions, s.Region)
	}
}

// Expire drops what has expired at now and says how many sheets that were.
func (p *Pool) Expire(now time.Time) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.expire(now)
}

// expire costs nothing until a sheet may have expired, since a full pool calls it for each new pseudonym.
func (p *Pool) expire(now time.Time) int {
	if now.Before(time.Unix(int64(p.soonest), 0)) {
		return 0
	}
	dropped := 0
	p.soonest = maxInstant
	for _, s := range p.sheets {
		if !now.Before(s.Sheet.ExpiresAt()) {
			p.remove(s)
			dropped++
		} else {
			p.soonest = min(p.soonest, s.Sheet.Expires)
		}
	}
	return dropped
}

// Recheck checks every sheet again after the network bundle changed: what the new bundle refuses is dropped, and what it puts into
// another region moves there. It says how many sheets were dropped. Without a bundle it does nothing.
func (p *Pool) Recheck(v *Validator) int {
	if v.policy() == nil {
		return 0
	}
	dropped := 0
	for _, old := range p.View().all() {
		s, err := v.check(old.Raw, "", nil)
		p.mu.Lock()
		if p.sheets[old.Sheet.Pass.P] == old && (err != nil || s.Region != old.Region) {
			p.remove(old)
			if err == nil && p.hasRoom(s, nil) {
				p.put(s)
			} else {
				dropped++
			}
		}
		p.mu.Unlock()
	}
	return dropped
}

// OnChange registers f to be called after each Add that changed the pool, with the sheet, without the pool's lock and in the
// goroutine that added: f must be quick.
func (p *Pool) OnChange(f func(*Signed)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onChange = append(p.onChange[:len(p.onChange):len(p.onChange)], f)
}

// Equivocations counts how often a second sheet with the same pseudonym and sequence number came.
func (p *Pool) Equivocations() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.equivocs
}

// View is the pool as it is now. It costs nothing when nothing changed, else time for the regions that did.
func (p *Pool) View() *View {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.view == nil {
		p.view = newView(p.regions, len(p.sheets))
	}
	return p.view
}

// The reading methods of Pool are those of View, on the pool as it is now.

// Region is View.Region now.
func (p *Pool) Region(region string) []*Signed { return p.View().Region(region) }

// Regions is View.Regions now.
func (p *Pool) Regions() []string { return p.View().Regions() }

// Lookup finds the sheet of a pseudonym.
func (p *Pool) Lookup(pub [32]byte) (*Signed, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, ok := p.sheets[pub]
	return s, ok
}

// Digest is View.Digest now.
func (p *Pool) Digest(region string, at time.Time) [32]byte { return p.View().Digest(region, at) }

// Have is View.Have now.
func (p *Pool) Have(region string) []Have { return p.View().Have(region) }

// Len is the number of sheets in all regions.
func (p *Pool) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.sheets)
}
