package hosttest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
)

// Loopback is QUIC on a free port of this machine alone.
const Loopback = "/ip4/127.0.0.1/udp/0/quic-v1"

// patience is how long an exchange with this machine may take, on a busy one.
const patience = 30 * time.Second

// New makes a host with that identity, or a random one for nil, that listens there until the test ends.
func New(t testing.TB, key ed25519.PrivateKey, listen string) host.Host {
	t.Helper()
	if key == nil {
		_, key, _ = ed25519.GenerateKey(nil) // never fails
	}
	h, err := Listen(key, listen)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

// Listen is New for a process without a test.
func Listen(key ed25519.PrivateKey, listen string) (host.Host, error) {
	id, err := crypto.UnmarshalEd25519PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return libp2p.New(libp2p.Identity(id), libp2p.ListenAddrStrings(listen), libp2p.DisableMetrics())
}

// Key is the same key for the same seed.
func Key(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

// Within is a context that ends when an exchange takes far too long, or the test ends.
func Within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}
