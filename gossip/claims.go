package gossip

import (
	"errors"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// ErrClaim is the one answer to every claim that is not granted. It does not say which rule refused.
var ErrClaim = errors.New("this relay does not show these regions to you: ask for your own region and at most three of its neighbours, or try again tomorrow")

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
type Claims struct{ cfg ClaimsConfig }

// NewClaims makes an empty table.
func NewClaims(cfg ClaimsConfig) *Claims { return &Claims{cfg: cfg} }

// Claim asks for a home region and at most three neighbours of it. The first claim of a peer holds at once, a change
// from a later cycle on; only the last pending change counts.
func (c *Claims) Claim(p peer.ID, from Subnet, home string, extra []string, now time.Time) (Grant, error) {
	return Grant{}, ErrClaim
}

// Effective lists the regions that a peer sees now, sorted; nil for a peer without a claim.
func (c *Claims) Effective(p peer.ID, now time.Time) []string { return nil }

// Forget drops what no rule needs any more and says how many peers and subnets that were. Call it every few minutes.
func (c *Claims) Forget(now time.Time) int { return 0 }

// Len is the number of peers with a claim.
func (c *Claims) Len() int { return 0 }
