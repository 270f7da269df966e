package issuance

import (
	"crypto/rsa"
	"errors"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip"
	"pieks/gossip/wire"
	"pieks/node/host/hosttest"
)

// signWith answers as an issuer that holds key, whatever the request says.
func signWith(t testing.TB, key *rsa.PrivateKey) func(frame []byte) any {
	return func(frame []byte) any {
		env, err := wire.ParseSigned(frame)
		if err != nil {
			t.Error(err)
			return answer{Version: version, Code: CodeMalformed}
		}
		var req request
		if err := wire.Unmarshal(env.Payload, &req); err != nil {
			t.Error(err)
		}
		a := answer{Version: version}
		for _, b := range req.Blinded {
			sig, err := gossip.BlindSign(key, b)
			if err != nil {
				sig = make([]byte, signatureBytes) // above this key's modulus
			}
			a.Signatures = append(a.Signatures, sig)
		}
		return a
	}
}

func clientOf(t testing.TB, relay peer.AddrInfo) Client {
	t.Helper()
	device := hosttest.Key(101)
	h := hosttest.New(t, nil, hosttest.Loopback)
	if err := h.Connect(hosttest.Within(t), relay); err != nil {
		t.Fatal(err)
	}
	return Client{Host: h, Relay: relay.ID, Policy: policyOf(relay.ID, issuerKey()), Enrolment: enrolment(t, 1, device), Device: device}
}

// Case 15 of crypto.md: a tampered signature, or one by another key, is noticed and nothing of it is used.
func TestTamperedSignaturesAreThrownAway(t *testing.T) {
	for name, spoil := range map[string]func(frame []byte) any{
		"another key": signWith(t, otherKey()),
		"one bit":     func(f []byte) any { a := signWith(t, issuerKey())(f).(answer); a.Signatures[0][100] ^= 1; return a },
		"in a filler": func(f []byte) any { a := signWith(t, issuerKey())(f).(answer); a.Signatures[7][100] ^= 1; return a },
		"other order": func(f []byte) any {
			a := signWith(t, issuerKey())(f).(answer)
			a.Signatures[0], a.Signatures[1] = a.Signatures[1], a.Signatures[0]
			return a
		},
		"one missing": func(f []byte) any {
			a := signWith(t, issuerKey())(f).(answer)
			a.Signatures = a.Signatures[1:]
			return a
		},
		"empty strings": func(f []byte) any { return answer{Version: version, Signatures: make([][]byte, Batch)} },
	} {
		relay, _ := fakeIssuer(t, spoil)
		c := clientOf(t, peer.AddrInfo{ID: relay.ID(), Addrs: relay.Addrs()})
		passes, err := c.Fetch(hosttest.Within(t), wants(2))
		if !errors.Is(err, ErrTampered) || len(passes) != 0 {
			t.Errorf("%s: %d passes, %v", name, len(passes), err)
		}
		_ = relay.Close()
	}
	relay, _ := fakeIssuer(t, signWith(t, issuerKey()))
	c := clientOf(t, peer.AddrInfo{ID: relay.ID(), Addrs: relay.Addrs()})
	if _, err := c.Fetch(hosttest.Within(t), wants(2)); err != nil {
		t.Errorf("honest issuer: %v", err)
	}
}

// Case 16 of crypto.md: nothing is blinded, and nothing sent, for a key that the bundle does not list for this issuer
// and epoch.
func TestNothingIsBlindedForOtherKeys(t *testing.T) {
	relay, frames := fakeIssuer(t, signWith(t, otherKey()))
	c := clientOf(t, peer.AddrInfo{ID: relay.ID(), Addrs: relay.Addrs()})
	c.Policy = policyOf(c.Host.ID(), otherKey()) // listed, but as another relay's
	if _, err := c.Fetch(hosttest.Within(t), wants(1)); !errors.Is(err, ErrNoKey) {
		t.Errorf("key of another relay: %v", err)
	}
	c.Policy = policyOf(relay.ID(), issuerKey())
	late := wants(2)
	late[1].Epoch += 40
	if _, err := c.Fetch(hosttest.Within(t), late); !errors.Is(err, ErrNoKey) {
		t.Errorf("an epoch without key: %v", err)
	}
	if len(frames) != 0 {
		t.Error("something was sent")
	}
}

// A request shows neither how many passes are needed nor which.
func TestRequestsLookTheSame(t *testing.T) {
	relay, frames := fakeIssuer(t, signWith(t, issuerKey()))
	c := clientOf(t, peer.AddrInfo{ID: relay.ID(), Addrs: relay.Addrs()})
	size := 0
	for _, n := range []int{1, 5, Batch} {
		if _, err := c.Fetch(hosttest.Within(t), wants(n)); err != nil {
			t.Fatal(err)
		}
		frame := <-frames
		if size != 0 && len(frame) != size {
			t.Errorf("a request for %d passes has %d bytes, another %d", n, len(frame), size)
		}
		size = len(frame)
	}
	if size > maxRequestFrame {
		t.Errorf("a request has %d bytes, the limit is %d", size, maxRequestFrame)
	}
	if passes, err := c.Fetch(hosttest.Within(t), nil); err != nil || len(passes) != 0 || len(frames) != 0 {
		t.Errorf("nothing wanted: %v", err)
	}
}

// Passes that were finished before an error are not lost.
func TestPassesBeforeAnErrorAreKept(t *testing.T) {
	n := 0
	relay, _ := fakeIssuer(t, func(f []byte) any {
		if n++; n > 1 {
			return answer{Version: version, Code: CodeQuota}
		}
		return signWith(t, issuerKey())(f)
	})
	c := clientOf(t, peer.AddrInfo{ID: relay.ID(), Addrs: relay.Addrs()})
	passes, err := c.Fetch(hosttest.Within(t), wants(Batch+1))
	if !errors.Is(err, ErrQuota) || len(passes) != Batch {
		t.Errorf("%d passes, %v", len(passes), err)
	}
}
