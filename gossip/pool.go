package gossip

import "time"

// Pool holds the newest valid sheet of each pseudonym. It is safe for concurrent use.
type Pool struct {
	now func() time.Time
}

// NewPool makes an empty pool. now is nil for time.Now.
func NewPool(now func() time.Time) *Pool { return &Pool{now: now} }

// Add takes a checked sheet (Region set). It returns true when the pool changed. A sheet that does not change it gives
// ErrKnown, ErrOld or ErrEquivocation, one too many ErrFull, an expired one ErrExpired.
// Equal Seq with other bytes is equivocation: the smaller hash stays, so all pools end with the same sheet.
func (p *Pool) Add(s *Signed) (bool, error) { return false, ErrFull }

// Expire drops what has expired at now and says how many sheets that were.
func (p *Pool) Expire(now time.Time) int { return 0 }

// View is the pool as it is now. It costs little when nothing changed and never changes itself.
func (p *Pool) View() *View { return &View{} }

// OnChange registers f to be called after each Add that changed the pool, with the sheet, outside the pool's lock, in the
// goroutine that added.
func (p *Pool) OnChange(f func(*Signed)) {}

// Equivocations counts pairs of different sheets with the same pseudonym and sequence number.
func (p *Pool) Equivocations() uint64 { return 0 }

// The reading methods of Pool are those of View, on the pool as it is now.
func (p *Pool) Region(region string) []*Signed              { return p.View().Region(region) }
func (p *Pool) Regions() []string                           { return p.View().Regions() }
func (p *Pool) Lookup(pub [32]byte) (*Signed, bool)         { return p.View().Lookup(pub) }
func (p *Pool) Digest(region string, at time.Time) [32]byte { return p.View().Digest(region, at) }
func (p *Pool) Have(region string) []Have                   { return p.View().Have(region) }
func (p *Pool) Len() int                                    { return p.View().Len() }
