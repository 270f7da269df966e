package inbound

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"net"
	"net/netip"

	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// Source is where a connection comes from. It can be compared and not turned back into an address. "" is a
// source without limits: this machine or the local network.
type Source string

// Sources names sources under a key that dies with the process.
type Sources struct {
	key   [32]byte
	local bool
}

// NewSources returns an empty naming. With limitLocal, loopback and private addresses are sources like any other, else
// they have no limits: a practice's whole network, or a test, would otherwise be one source.
func NewSources(limitLocal bool) *Sources {
	s := &Sources{local: limitLocal}
	_, _ = rand.Read(s.key[:]) // never fails, crypto/rand ends the process instead
	return s
}

// Of names the source of a connection's remote address. All addresses that carry no IP are one source.
func (s *Sources) Of(addr ma.Multiaddr) Source {
	prefix, local := subnet(addr)
	if local && !s.local {
		return ""
	}
	mac := hmac.New(sha256.New, s.key[:])
	mac.Write([]byte(prefix))
	return Source(mac.Sum(nil)[:sourceBytes])
}

// subnet is the prefix that counts as one source, and whether it is on this machine or local network. A circuit
// address begins with the circuit relay's own address, so that is what counts.
func subnet(addr ma.Multiaddr) (prefix string, local bool) {
	if addr == nil {
		return "", false
	}
	raw, err := manet.ToIP(addr)
	if err != nil {
		return "", false
	}
	return subnetOf(raw)
}

func subnetOf(raw net.IP) (string, bool) {
	ip, ok := netip.AddrFromSlice(raw)
	if !ok {
		return "", false
	}
	ip = ip.Unmap()
	bits := bitsIPv6
	if ip.Is4() {
		bits = bitsIPv4
	}
	prefix, err := ip.WithZone("").Prefix(bits)
	if err != nil {
		return "", false
	}
	return prefix.String(), ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
}
