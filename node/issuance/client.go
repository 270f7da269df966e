package issuance

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip"
	"pieks/gossip/wire"
)

var (
	// ErrNoKey says that the network bundle lists no key of this issuer for an epoch. Nothing was sent: a key from
	// elsewhere could mark this practice's passes.
	ErrNoKey = errors.New("the network bundle lists no key of this issuer for the epoch: ask another issuer, or fetch the newest bundle")
	// ErrTampered says that the issuer's signatures are not by the key of the bundle. Its passes are thrown away.
	ErrTampered = errors.New("the issuer answered with wrong signatures: do not use it, and tell the network's operators")
)

// PassWant is one pass that a practice needs.
type PassWant struct {
	P, H  [32]byte
	Epoch uint64
}

// Client asks one issuer.
type Client struct {
	Host      host.Host
	Relay     peer.ID
	Policy    *gossip.Policy // the bundle that everybody has
	Enrolment []byte
	Device    ed25519.PrivateKey // D
	Now       func() time.Time   // nil = time.Now
}

// FetchPasses gets one pass for each want, in their order, from the issuer at relay; see Client.Fetch.
func FetchPasses(ctx context.Context, h host.Host, relay peer.ID, policy *gossip.Policy, enrolment []byte, device ed25519.PrivateKey, want []PassWant) ([]gossip.Pass, error) {
	c := Client{Host: h, Relay: relay, Policy: policy, Enrolment: enrolment, Device: device}
	return c.Fetch(ctx, want)
}

// Fetch gets one pass for each want, in their order. It blinds only for keys that the policy lists for that relay, and
// fills each request up to Batch. On an error it also returns the passes that it has until then: those of
// the first wants. Call it at a random time, some days before the epochs: an issuer sees when a practice asks.
func (c Client) Fetch(ctx context.Context, want []PassWant) ([]gossip.Pass, error) {
	keys := make([]gossip.IssuerKey, len(want))
	for i, w := range want {
		known := c.Policy.IssuerKeys(c.Relay.String(), w.Epoch)
		if len(known) == 0 {
			return nil, fmt.Errorf("passes of epoch %d from %s: %w", w.Epoch, c.Relay, ErrNoKey)
		}
		keys[i] = known[0]
	}
	passes := make([]gossip.Pass, 0, len(want))
	for len(passes) < len(want) {
		from := len(passes)
		to := from + 1
		for to < len(want) && to < from+Batch && keys[to].ID == keys[from].ID {
			to++
		}
		got, err := c.batch(ctx, keys[from], want[from:to])
		if err != nil {
			return passes, fmt.Errorf("passes from %s: %w", c.Relay, err)
		}
		passes = append(passes, got...)
	}
	return passes, nil
}

// batch makes one request. The passes beyond want are made like all others and thrown away.
func (c Client) batch(ctx context.Context, key gossip.IssuerKey, want []PassWant) ([]gossip.Pass, error) {
	requests := make([]*gossip.PassRequest, Batch)
	blinded := make([][]byte, Batch)
	for i := range requests {
		w := PassWant{Epoch: want[0].Epoch}
		if i < len(want) {
			w = want[i]
		} else {
			_, _ = rand.Read(w.P[:])
			_, _ = rand.Read(w.H[:])
		}
		r, err := c.Policy.BlindPass(key.ID, w.P, w.H, w.Epoch)
		if err != nil {
			return nil, err
		}
		requests[i], blinded[i] = r, r.Blinded()
	}
	signatures, err := c.exchange(ctx, key.ID, blinded)
	if err != nil {
		return nil, err
	}
	passes := make([]gossip.Pass, Batch)
	for i, r := range requests {
		if passes[i], err = r.Finish(signatures[i]); err != nil {
			return nil, fmt.Errorf("%w (%w)", ErrTampered, err)
		}
	}
	return passes[:len(want)], nil
}

// exchange sends the signed request and reads the answer.
func (c Client) exchange(ctx context.Context, key gossip.KeyID, blinded [][]byte) ([][]byte, error) {
	now := time.Now
	if c.Now != nil {
		now = c.Now
	}
	req := request{Version: version, Relay: []byte(c.Relay), Enrolment: c.Enrolment, Key: key, Blinded: blinded, Time: uint64(now().Unix())}
	_, _ = rand.Read(req.Nonce[:])
	signed, err := wire.SignObject(requestType, c.Device, req)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(network.WithAllowLimitedConn(ctx, "pieks"), streamTimeout)
	defer cancel()
	st, err := c.Host.NewStream(ctx, c.Relay, ProtocolID)
	if err != nil {
		return nil, err
	}
	defer func() { _ = st.Reset() }()
	defer context.AfterFunc(ctx, func() { _ = st.Reset() })()
	if err := st.Scope().SetService(ServiceName); err != nil {
		return nil, err
	}
	if err := wire.WriteFrame(st, signed); err != nil {
		return nil, err
	}
	var a answer
	if err := wire.ReadObject(st, maxAnswerFrame, &a); err != nil {
		return nil, err
	}
	return a.Signatures, checkAnswer(a)
}
