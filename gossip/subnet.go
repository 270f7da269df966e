package gossip

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"net/netip"

	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

const (
	// What one subscriber or one small network gets (p2p.md 7.4).
	subnetBitsIPv4 = 24
	subnetBitsIPv6 = 56
)

// Subnet is what counts as one source: an IPv4 /24 or an IPv6 /56. The zero Subnet is a source that is not counted.
type Subnet struct{ prefix netip.Prefix }

// SubnetOf finds the subnet of the first IP address in addr. Loopback, private and link-local addresses are not
// counted unless local is set. An address without IP, or through a circuit, never is: it would be the relay's.
func SubnetOf(addr ma.Multiaddr, local bool) Subnet {
	if addr == nil {
		return Subnet{}
	}
	if _, err := addr.ValueForProtocol(ma.P_CIRCUIT); err == nil {
		return Subnet{}
	}
	ip, err := manet.ToIP(addr)
	if err != nil {
		return Subnet{}
	}
	a, ok := netip.AddrFromSlice(ip)
	if !ok {
		return Subnet{}
	}
	return subnetOfIP(a.Unmap(), local)
}

func subnetOfIP(a netip.Addr, local bool) Subnet {
	if !local && (a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsUnspecified()) {
		return Subnet{}
	}
	bits := subnetBitsIPv6
	if a.Is4() {
		bits = subnetBitsIPv4
	}
	prefix, err := a.WithZone("").Prefix(bits)
	if err != nil {
		return Subnet{}
	}
	return Subnet{prefix}
}

// Counts says whether the source is counted.
func (s Subnet) Counts() bool { return s.prefix.IsValid() }

// subnetKey is a subnet under a key that lives in memory, so that nothing here can be dumped as a list of addresses.
type subnetKey [12]byte

// subnetKeys makes subnetKeys. The key is drawn once a process.
type subnetKeys struct{ secret []byte }

func newSubnetKeys() subnetKeys {
	secret := make([]byte, 32)
	rand.Read(secret)
	return subnetKeys{secret}
}

func (k subnetKeys) of(s Subnet) subnetKey {
	text, _ := s.prefix.MarshalBinary()
	mac := hmac.New(sha256.New, k.secret)
	mac.Write(text)
	return subnetKey(mac.Sum(nil)[:12])
}
