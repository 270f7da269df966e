package practice

import (
	"context"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip"
	"pieks/gossip/wire"
	"pieks/node/issuance"
	"pieks/store"
)

// Names of an epoch's secrets in the key file.
const (
	secretP      = "p"      // seed of the pseudonym, Ed25519
	secretH      = "h"      // its X25519 key
	secretOffset = "offset" // seconds after the epoch's start at which it takes over, 8 bytes big-endian
	secretPass   = "pass"   // CBOR of gossip.Pass
)

// persona is all that a practice needs to appear in one epoch. It exists in the key file only and is erased with the epoch.
type persona struct {
	Epoch  uint64
	P      ed25519.PrivateKey
	H      *ecdh.PrivateKey
	Offset time.Duration
	Pass   gossip.Pass
}

// stock is the practice's supply of personas.
type stock struct {
	keys *store.Keys
	now  func() time.Time
}

// load reads the personas, by epoch. One that cannot be read is as good as missing.
func (s stock) load() map[uint64]*persona {
	personas := map[uint64]*persona{}
	for _, epoch := range s.keys.Epochs() {
		if p, err := s.get(epoch); err == nil {
			personas[epoch] = p
		}
	}
	return personas
}

func (s stock) get(epoch uint64) (*persona, error) {
	raw := map[string][]byte{}
	for _, name := range []string{secretP, secretH, secretOffset, secretPass} {
		value, ok := s.keys.Get(epoch, name)
		if !ok {
			return nil, fmt.Errorf("epoch %d has no %s", epoch, name)
		}
		raw[name] = value
	}
	if len(raw[secretP]) != ed25519.SeedSize || len(raw[secretOffset]) != 8 {
		return nil, fmt.Errorf("secrets of epoch %d have the wrong size", epoch)
	}
	p := &persona{
		Epoch: epoch, P: ed25519.NewKeyFromSeed(raw[secretP]),
		Offset: time.Duration(binary.BigEndian.Uint64(raw[secretOffset])) * time.Second,
	}
	var err error
	if p.H, err = ecdh.X25519().NewPrivateKey(raw[secretH]); err != nil {
		return nil, fmt.Errorf("epoch %d: %w", epoch, err)
	}
	if err := wire.Unmarshal(raw[secretPass], &p.Pass); err != nil {
		return nil, fmt.Errorf("pass of epoch %d: %w", epoch, err)
	}
	return p, nil
}

func (s stock) put(p *persona) error {
	pass, err := wire.Marshal(p.Pass)
	if err != nil {
		return err
	}
	return s.keys.PutAll(p.Epoch, map[string][]byte{
		secretP: p.P.Seed(), secretH: p.H.Bytes(),
		secretOffset: binary.BigEndian.AppendUint64(nil, uint64(p.Offset/time.Second)), secretPass: pass,
	})
}

func newPersona(epoch uint64, rules gossip.Rules) (*persona, error) {
	_, p, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	h, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return &persona{Epoch: epoch, P: p, H: h, Offset: drawOffset(rules)}, nil
}

func (p *persona) public() (pub, sealing [32]byte) {
	return [32]byte(p.P.Public().(ed25519.PublicKey)), [32]byte(p.H.PublicKey().Bytes())
}

var errNoIssuer = errors.New("no relay that is reachable issues passes for the coming days: appointments are shown as soon as one does")

// refill fetches a pass for each epoch that is missing, from the issuers of the network in random order, and keeps each persona
// before it is used.
func (s stock) refill(ctx context.Context, h host.Host, policy *gossip.Policy, enrolment []byte, device ed25519.PrivateKey, epochs []uint64, connect func(context.Context, string) error) error {
	missing := slices.DeleteFunc(slices.Clone(epochs), func(e uint64) bool { _, err := s.get(e); return err == nil })
	failed := errNoIssuer
	for issuer, epochs := range byIssuer(policy, missing) {
		id, err := peer.Decode(issuer)
		if err != nil {
			continue
		}
		if err := connect(ctx, issuer); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		still := slices.DeleteFunc(epochs, func(e uint64) bool { _, err := s.get(e); return err == nil })
		if err := s.fetch(ctx, h, id, policy, enrolment, device, still); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	if slices.ContainsFunc(missing, func(e uint64) bool { _, err := s.get(e); return err != nil }) {
		return failed
	}
	return nil
}

// byIssuer goes through the issuers in random order with the epochs that each has a key for.
func byIssuer(policy *gossip.Policy, epochs []uint64) func(func(string, []uint64) bool) {
	can := map[string][]uint64{}
	for _, e := range epochs {
		for _, key := range policy.IssuerKeys("", e) {
			if !slices.Contains(can[key.Issuer], e) {
				can[key.Issuer] = append(can[key.Issuer], e)
			}
		}
	}
	return func(yield func(string, []uint64) bool) {
		for issuer, epochs := range can { // map order is random enough to spread the load
			if !yield(issuer, epochs) {
				return
			}
		}
	}
}

func (s stock) fetch(ctx context.Context, h host.Host, issuer peer.ID, policy *gossip.Policy, enrolment []byte, device ed25519.PrivateKey, epochs []uint64) error {
	if len(epochs) == 0 {
		return nil
	}
	personas := make([]*persona, len(epochs))
	wants := make([]issuance.PassWant, len(epochs))
	for i, e := range epochs {
		p, err := newPersona(e, policy.Rules)
		if err != nil {
			return err
		}
		personas[i] = p
		wants[i].P, wants[i].H = p.public()
		wants[i].Epoch = e
	}
	client := issuance.Client{Host: h, Relay: issuer, Policy: policy, Enrolment: enrolment, Device: device, Now: s.now}
	passes, err := client.Fetch(ctx, wants)
	for i := range passes {
		personas[i].Pass = passes[i]
		if put := s.put(personas[i]); put != nil {
			return errors.Join(err, put)
		}
	}
	return err
}

// pause draws how long to wait before the stock is filled up, so that the time says little about the epoch.
func pause(most time.Duration) time.Duration {
	n, err := rand.Int(rand.Reader, big.NewInt(int64(most)))
	if err != nil {
		return most
	}
	return time.Duration(n.Int64())
}
