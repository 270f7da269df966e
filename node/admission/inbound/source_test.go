package inbound

import (
	"testing"

	ma "github.com/multiformats/go-multiaddr"
)

func TestSourcesCountSubnetsAndLeaveLocalAlone(t *testing.T) {
	const relay = "/p2p/12D3KooWGzBwG6hTcZuPAAtuUPYGqDVrSEhCwHSHNvgbdUZJgDUm"
	same := [][2]string{
		{"/ip4/203.0.113.1/udp/1/quic-v1", "/ip4/203.0.113.254/tcp/9"},
		{"/ip6/2001:db8:0:100::1/udp/1/quic-v1", "/ip6/2001:db8:0:1ff::2/udp/1/quic-v1"},
		{"/ip4/203.0.113.1/udp/1/quic-v1", "/ip6/::ffff:203.0.113.9/tcp/1"},
		// Through a circuit it is the circuit relay that counts.
		{"/ip4/203.0.113.1/udp/1/quic-v1", "/ip4/203.0.113.7/udp/4/quic-v1" + relay + "/p2p-circuit"},
		{"/dns4/a.example/tcp/1", "/dns4/b.example/tcp/1"},
	}
	differ := [][2]string{
		{"/ip4/203.0.113.1/tcp/1", "/ip4/203.0.112.1/tcp/1"},
		{"/ip6/2001:db8:0:100::1/tcp/1", "/ip6/2001:db8:0:200::1/tcp/1"},
	}
	s := NewSources(false)
	for _, p := range same {
		if a, b := s.Of(ma.StringCast(p[0])), s.Of(ma.StringCast(p[1])); a != b || a == "" {
			t.Errorf("%s and %s: not the same counted source", p[0], p[1])
		}
	}
	for _, p := range differ {
		if s.Of(ma.StringCast(p[0])) == s.Of(ma.StringCast(p[1])) {
			t.Errorf("%s and %s: the same source", p[0], p[1])
		}
	}
	strict := NewSources(true)
	for _, a := range []string{"/ip4/127.0.0.1/tcp/1", "/ip4/192.168.1.4/tcp/1", "/ip4/10.1.1.1/tcp/1", "/ip6/::1/tcp/1", "/ip6/fe80::1/tcp/1", "/ip6/fd00::1/tcp/1"} {
		if got := s.Of(ma.StringCast(a)); got != "" {
			t.Errorf("%s is limited", a)
		}
		if got := strict.Of(ma.StringCast(a)); got == "" {
			t.Errorf("%s is not limited although asked for", a)
		}
	}
	if strict.Of(ma.StringCast("/ip4/127.0.1.1/tcp/1")) == strict.Of(ma.StringCast("/ip4/127.0.2.1/tcp/1")) {
		t.Error("two loopback subnets are one source")
	}
	if s.Of(nil) == "" {
		t.Error("a connection without address is not limited")
	}
	if NewSources(false).Of(ma.StringCast("/ip4/203.0.113.1/tcp/1")) == s.Of(ma.StringCast("/ip4/203.0.113.1/tcp/1")) {
		t.Error("sources of two processes can be compared")
	}
}
