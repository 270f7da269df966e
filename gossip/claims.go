package gossip

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// ErrClaim is the one answer to every claim that is not granted. It does not say which rule refused.
var ErrClaim = errors.New("this relay does not show these regions to you: ask for your own region and at most three of its neighbours, or try again tomorrow")

// claim is what one peer sees, and what it will see. It is a value: its methods return the claim that follows.
type claim struct {
	shown []string // sorted
	since uint64   // the cycle in which shown became effective

	next []string // pending; nil = none
	due  uint64   // the cycle in which next becomes effective

	step    uint8     // the wait after the next change is 2^step cycles
	stepped time.Time // when step last changed
}

// firstClaim holds at once.
func firstClaim(want []string, cycle uint64) claim { return claim{shown: want, since: cycle} }

// at is the claim in a cycle: a pending change that is due has become effective.
func (c claim) at(cycle uint64) claim {
	if c.next != nil && cycle >= c.due {
		c.shown, c.since, c.next = c.next, c.due, nil
	}
	c.since = min(c.since, cycle) // the clock may have been set back
	return c
}

// change asks for other regions. The first change holds from the next cycle on; each one after it waits twice as long as
// the one before, counted from when the last one became effective. While a change is pending another one takes its place
// and nothing else changes; asking for what is shown takes the pending change back, and what it cost stays spent.
func (c claim) change(want []string, cycle uint64, now time.Time, rules Rules) claim {
	c = c.cooled(now, rules.CoolDownHalf)
	switch {
	case slices.Equal(want, c.shown):
		c.next = nil
	case c.next != nil:
		c.next = want
	default:
		wait := min(uint64(1)<<c.step, uint64(rules.CoolDownMax))
		c.next, c.due = want, max(cycle+1, c.since+wait)
		if wait < uint64(rules.CoolDownMax) {
			c.step++
		}
		c.stepped = now
	}
	return c
}

// cooled halves the wait for each time of quiet that has passed since the last change.
func (c claim) cooled(now time.Time, half time.Duration) claim {
	for c.step > 0 && now.Sub(c.stepped) >= half {
		c.step--
		c.stepped = c.stepped.Add(half)
	}
	return c
}

// effective is the cycle from which want is shown, given that the claim was changed to it.
func (c claim) effective() uint64 {
	if c.next != nil {
		return c.due
	}
	return c.since
}

// ClaimsConfig says what regions there are.
type ClaimsConfig struct {
	// Policy gives the map and the rules; nil while there is no bundle.
	Policy func() *Policy
	// Serves says whether this relay serves a region; nil = all.
	Serves func(region string) bool
}

// Grant is the answer to a claim.
type Grant struct {
	Effective uint64   // the asked regions are shown from this cycle on; not after the current one when they are shown now
	Regions   []string // what the peer sees now, sorted
}

// Claims decides which regions a patient sees (design.md 7). It lives in memory only, and it is safe for concurrent use.
type Claims struct {
	cfg ClaimsConfig

	mu      sync.Mutex
	peers   map[peer.ID]*claimant
	subnets subnetRegions
	length  time.Duration // of the cycles that claims are counted in
}

type claimant struct {
	claim
	from Subnet
	used time.Time
}

// NewClaims makes an empty table.
func NewClaims(cfg ClaimsConfig) *Claims {
	return &Claims{cfg: cfg, peers: make(map[peer.ID]*claimant), subnets: newSubnetRegions()}
}

// Claim asks for a home region and at most three neighbours of it; neighbours that this relay does not serve are left
// out. The first claim of a peer holds at once, a change from a later cycle on; only the last pending change counts. A
// pending change shows nowhere but in the asker's own answer. The only error is ErrClaim.
func (c *Claims) Claim(p peer.ID, from Subnet, home string, extra []string, now time.Time) (Grant, error) {
	policy := c.cfg.Policy()
	if policy == nil {
		return Grant{}, ErrClaim
	}
	want := c.wanted(policy, home, extra)
	if want == nil {
		return Grant{}, ErrClaim
	}
	cycle := policy.Rules.CycleAt(now)

	c.mu.Lock()
	defer c.mu.Unlock()
	c.recount(policy.Rules.Cycle, cycle)
	held := c.peers[p]
	if held == nil {
		if !c.subnets.show(from, want, now) {
			return Grant{}, ErrClaim
		}
		evictOldest(c.peers, maxClaims, func(c *claimant) time.Time { return c.used })
		c.peers[p] = &claimant{claim: firstClaim(want, cycle), from: from, used: now}
		return Grant{Effective: cycle, Regions: want}, nil
	}
	held.from, held.used = from, now
	c.settle(held, cycle, now)
	if !c.subnets.room(from, want, now) {
		return Grant{}, ErrClaim
	}
	held.claim = held.change(want, cycle, now, policy.Rules)
	if held.next == nil {
		c.subnets.show(from, want, now)
	}
	return Grant{Effective: held.effective(), Regions: slices.Clone(held.shown)}, nil
}

// wanted checks and sorts what was asked for; nil when it is refused.
func (c *Claims) wanted(policy *Policy, home string, extra []string) []string {
	serves := func(region string) bool { return c.cfg.Serves == nil || c.cfg.Serves(region) }
	if !policy.Map.HasRegion(home) || !serves(home) || len(extra) > maxExtraRegions {
		return nil
	}
	want := []string{home}
	near := policy.Map.Neighbours(home)
	for _, region := range extra {
		if !slices.Contains(near, region) {
			return nil
		}
		if serves(region) {
			want = append(want, region)
		}
	}
	slices.Sort(want)
	return slices.Compact(want)
}

// settle makes a due change effective. A region counts for its subnet when it is shown, not when it is asked for; when
// the subnet has no room by then, the change is dropped.
func (c *Claims) settle(held *claimant, cycle uint64, now time.Time) {
	next := held.at(cycle)
	if held.next != nil && next.next == nil && !c.subnets.show(held.from, next.shown, now) {
		held.next = nil
		return
	}
	held.claim = next
}

// Effective lists the regions that a peer sees now, sorted; nil for a peer without a claim. The caller must not change
// it.
func (c *Claims) Effective(p peer.ID, now time.Time) []string {
	policy := c.cfg.Policy()
	if policy == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	held := c.peers[p]
	if held == nil {
		return nil
	}
	cycle := policy.Rules.CycleAt(now)
	c.recount(policy.Rules.Cycle, cycle)
	held.used = now
	c.settle(held, cycle, now)
	return held.shown
}

// recount starts to count in cycles of another length, when a new bundle has changed it: what is shown is shown since
// now, what is pending comes next.
func (c *Claims) recount(length time.Duration, cycle uint64) {
	if c.length == length {
		return
	}
	c.length = length
	for _, held := range c.peers {
		held.since, held.due = cycle, cycle+1
	}
}

// Forget drops what no rule needs any more and says how many peers and subnets that were. Call it every few minutes.
func (c *Claims) Forget(now time.Time) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.subnets.forget(now)
	for p, held := range c.peers {
		if now.Sub(held.used) > forgetClaimAfter {
			delete(c.peers, p)
			n++
		}
	}
	return n
}

// Len is the number of peers with a claim.
func (c *Claims) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.peers)
}
