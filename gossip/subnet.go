package gossip

import (
	"net/netip"

	ma "github.com/multiformats/go-multiaddr"
)

// Subnet is what counts as one source: an IPv4 /24 or an IPv6 /56. The zero Subnet is a source that is not counted.
type Subnet struct{ prefix netip.Prefix }

// SubnetOf finds the subnet of the last IP address in addr. Loopback and private addresses are not counted unless local is
// set, and an address without IP never is.
func SubnetOf(addr ma.Multiaddr, local bool) Subnet { return Subnet{} }

// Counts says whether the source is counted.
func (s Subnet) Counts() bool { return s.prefix.IsValid() }
