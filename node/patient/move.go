package patient

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

const (
	// moveAgain: how soon a relay that did not take a change is asked again.
	moveAgain = 30 * time.Second
	// lookAgain: timers follow the monotonic clock; the wall clock is looked at again at least this often.
	lookAgain = 30 * time.Second
	// tellAfter: the listener takes up a plan within milliseconds.
	tellAfter = 250 * time.Millisecond
	// moveTimeout is how long a command waits for the relay's answer. A relay answers within a second.
	moveTimeout = 20 * time.Second
)

// errMoved ends a session with a relay that does not serve the zone of the new postcode.
var errMoved = errors.New("this relay does not serve the new postcode: another one is asked")

// ErrReplaced says that another change of the postcode came before the answer to this one.
var ErrReplaced = errors.New("this change was replaced by a later one")

// wish is a command that waits until a relay has heard of the new postcode.
type wish struct {
	plz    string
	answer chan answer // holds one
}

type answer struct {
	from time.Time // the new postcode counts from then on
	err  error
}

// wishFor writes a new postcode down and has the session ask for it. It takes the place of any change before.
func (n *Node) wishFor(ctx context.Context, plz string) (*wish, error) {
	w := &wish{plz: plz, answer: make(chan answer, 1)}
	if err := n.change(ctx, func(p *preferences) { p.Next, p.Effective = plz, 0 }); err != nil {
		return nil, err
	}
	n.mu.Lock()
	before := n.wish
	n.wish = w
	n.mu.Unlock()
	if before != nil {
		before.answer <- answer{err: ErrReplaced}
	}
	select {
	case n.wished <- struct{}{}:
	default:
	}
	return w, nil
}

// answer tells the command that waits for plz what came of it.
func (n *Node) answer(plz string, a answer) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.wish != nil && n.wish.plz == plz {
		n.wish.answer <- a
		n.wish = nil
	}
}

// forget says that a command no longer waits.
func (n *Node) forget(w *wish) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.wish == w {
		n.wish = nil
	}
}

// moving is how far a session is with its regions.
type moving struct {
	plz    string    // the postcode whose regions the relay was asked for
	asked  string    // the relay has taken the change to this one
	failed time.Time // it has not, at this time
	later  *later

	regions []string // what the relay was last asked for
}

// later are regions that the relay shows from a cycle on. The listener is told so once it has taken up the present ones.
type later struct {
	regions []string
	cycle   uint64
	tell    time.Time
}

// greet tells the relay a postcode's regions and listens to what it shows of them.
func (s *session) greet(ctx context.Context, plz string) error {
	reply, err := s.hello(ctx, plz)
	if err != nil {
		return err
	}
	s.moving = moving{plz: plz, regions: s.moving.regions}
	if reply.Effective > reply.Cycle { // this relay knows us from before, with another postcode
		s.moving.later = &later{s.node.regions(plz), reply.Effective, s.node.home.Now().Add(tellAfter)}
	}
	s.node.listing.show(reply.Regions)
	return s.listener.SetRegions(reply.Regions, 0)
}

// widen asks for the regions of another radius, unless a new postcode is about to be asked for, which comes with its own.
func (s *session) widen(ctx context.Context) error {
	p := s.node.preferences()
	if p.Next != "" || p.PLZ != s.moving.plz || slices.Equal(s.node.regions(p.PLZ), s.moving.regions) {
		return nil
	}
	if err := s.greet(ctx, p.PLZ); err != nil {
		s.node.log.Warn("the relay does not show the regions of the new radius", "err", err)
		return nil // it is asked again with the next greeting
	}
	s.sync(ctx)
	return nil
}

// from is when the pending change comes into force.
func (p preferences) from() time.Time { return time.Unix(int64(p.Effective), 0) }

// untilMove is how long until the session's regions ask for something.
func (s *session) untilMove() time.Duration {
	p, now, m := s.node.preferences(), s.node.home.Now(), &s.moving
	rules := s.node.home.Network.Policy().Rules
	wait := lookAgain
	switch {
	case m.later != nil:
		wait = m.later.tell.Sub(now)
	case !m.failed.IsZero():
		wait = m.failed.Add(moveAgain).Sub(now)
	case p.PLZ != m.plz:
		wait = 0
	case p.Next == "":
	case p.Effective == 0:
		wait = 0
	case m.asked == p.Next:
		wait = p.from().Sub(now)
	default:
		// A relay that this node came to meanwhile shows the new regions from the cycle after it was asked: just in time.
		wait = rules.TickOf(rules.CycleAt(p.from()) - 1).Sub(now)
	}
	return min(max(wait, 0), lookAgain)
}

// move does what is due: go by a postcode that is in force, or ask the relay for the one to come.
func (s *session) move(ctx context.Context) error {
	if s.untilMove() > 0 {
		return nil
	}
	n, m := s.node, &s.moving
	if l := m.later; l != nil {
		m.later = nil
		n.listing.show(l.regions)
		return s.listener.SetRegions(l.regions, l.cycle)
	}
	m.failed = time.Time{}
	p := n.preferences()
	var err error
	switch {
	case p.PLZ != m.plz:
		err = s.settle(ctx, p.PLZ)
	case p.Next != "" && p.Next != m.asked:
		var from time.Time
		from, err = s.ask(ctx, p)
		n.answer(p.Next, answer{from, err})
	}
	if errors.Is(err, errMoved) {
		return err
	}
	if err != nil {
		n.log.Warn("postcode not changed yet", "err", err)
		m.failed = n.home.Now()
	}
	return nil
}

// settle goes by a postcode that has come into force.
func (s *session) settle(ctx context.Context, plz string) error {
	if err := s.node.change(ctx, func(*preferences) {}); err != nil {
		return err
	}
	if !s.serves(plz) {
		return errMoved
	}
	if s.moving.asked == plz {
		s.moving = moving{plz: plz, regions: s.moving.regions}
		s.node.listing.show(s.moving.regions)
		if err := s.widen(ctx); err != nil {
			return err
		}
	} else if err := s.greet(ctx, plz); err != nil {
		return err
	}
	s.sync(ctx)
	return nil
}

// ask asks the relay for the regions of the postcode that is to come, and writes down from when on it counts.
func (s *session) ask(ctx context.Context, p preferences) (from time.Time, err error) {
	n := s.node
	ctx, cancel := context.WithTimeout(ctx, greetTimeout)
	defer cancel()
	rules := n.home.Network.Policy().Rules
	now := rules.CycleAt(n.home.Now())
	cycle := now + 1
	if s.serves(p.Next) {
		reply, err := s.hello(ctx, p.Next)
		if err != nil {
			return from, err
		}
		// No honest relay lets wait longer than the longest cool-down.
		cycle = min(max(reply.Effective, reply.Cycle+1, cycle), now+uint64(rules.CoolDownMax)+1)
	}
	if p.Effective != 0 { // promised by a relay before
		cycle = max(cycle, rules.CycleAt(p.from()))
	}
	from = rules.TickOf(cycle)
	err = n.change(ctx, func(now *preferences) {
		if now.Next == p.Next {
			now.Effective = uint64(from.Unix())
		}
	})
	if err != nil {
		return from, err
	}
	s.moving.asked = p.Next
	return from, s.listener.SetRegions(n.regions(p.Next), cycle)
}

// serves says whether the session's relay serves the zone of a postcode.
func (s *session) serves(plz string) bool {
	n := s.node
	regions := n.regions(plz)
	if len(regions) == 0 {
		return true // it will say so
	}
	zone := n.home.Network.Policy().Map.Zone(regions[0])
	return slices.ContainsFunc(n.home.Relays(zone), func(relay peer.AddrInfo) bool { return relay.ID == s.relay })
}
