package network

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/card"
	"pieks/gossip"
	"pieks/gossip/place"
)

// InitConfig says what network to make. The zero value of every field but Relays is a good network.
type InitConfig struct {
	Name        string           // for people; empty = "Pieks test network" or "Pieks network"
	Relays      []RelayPlan      // at least one
	Weeks       int              // how many weeks the bundle is good for, 1 to 4; 0 = 30 days
	Rules       gossip.Rules     // zero = gossip.DefaultRules
	Map         place.MapData    // zero = default map
	Vaccines    []gossip.Vaccine // nil = DefaultVaccines
	Professions []string         // nil = DefaultProfessions
	Disclosure  *Disclosure      // nil = as node/disclosure has it
	Roots       [][]byte         // DER card CAs; none = a test network with a card CA of its own
	TestCA      *card.TestCA     // of a test network; nil = made anew
	CVCRoots    [][]byte         // roots of patients' cards; none = only virtual cards of a test network check in

	Now      func() time.Time      // nil = time.Now
	Progress func(done, total int) // called after each issuer key, never by two at once; may be nil
}

// RelayPlan is a relay to be.
type RelayPlan struct {
	Addrs    []string // multiaddrs under which it will be reached, without /p2p
	Operator string   // who runs it; empty = "operator N"
	Zones    []string // none = all
}

// LoopbackRelays plans n relays on this computer, with UDP (QUIC) and TCP ports from firstPort on.
func LoopbackRelays(n, firstPort int) []RelayPlan {
	plans := make([]RelayPlan, n)
	for i := range plans {
		port := firstPort + i
		plans[i].Addrs = []string{
			fmt.Sprintf("/ip4/127.0.0.1/udp/%d/quic-v1", port),
			fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", port),
		}
	}
	return plans
}

// Made is a new network, or a new bundle for an old one.
type Made struct {
	Signed       []byte // the network file, signed by two operators
	Bundle       *Bundle
	OperatorKeys [3]ed25519.PrivateKey // in the order of Bundle.Operators
	Relays       []RelayHome           // in the order of InitConfig.Relays
}

// Init makes a network: operator keys, relay identities, issuer keys for each ISO week, and the bundle signed by two operators.
// Each issuer key takes a fifth of a second and more; ctx ends it between two keys.
func Init(ctx context.Context, cfg InitConfig) (*Made, error) {
	if len(cfg.Relays) == 0 {
		return nil, ErrNoRelay
	}
	now := time.Now
	if cfg.Now != nil {
		now = cfg.Now
	}
	b, err := cfg.draft(now())
	if err != nil {
		return nil, err
	}
	made := &Made{Bundle: b}
	if err := made.operators(); err != nil {
		return nil, err
	}
	if err := made.relays(cfg.Relays); err != nil {
		return nil, err
	}
	// All that can be wrong is told before the long work begins.
	policy, err := b.Policy()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrContent, err)
	}
	if err := b.checkEarly(policy.Map); err != nil {
		return nil, err
	}
	if err := made.issue(ctx, weeksOf(b), cfg.Progress); err != nil {
		return nil, err
	}
	if made.Signed, err = Sign(b, made.OperatorKeys[0], made.OperatorKeys[1]); err != nil {
		return nil, err
	}
	return made, nil
}

// draft is the bundle without keys and relays.
func (cfg *InitConfig) draft(now time.Time) (*Bundle, error) {
	issued := now.UTC().Truncate(time.Second)
	validity, err := validityOf(cfg.Weeks)
	if err != nil {
		return nil, err
	}
	b := &Bundle{
		Version: Version, Number: 1, Name: cfg.Name, Map: cfg.Map, Rules: cfg.Rules,
		Issued: uint64(issued.Unix()), Expires: uint64(issued.Add(validity).Unix()),
		Roots: slices.Clone(cfg.Roots), CVCRoots: slices.Clone(cfg.CVCRoots), Disclosure: cfg.Disclosure, Professions: slices.Clone(cfg.Professions), Vaccines: slices.Clone(cfg.Vaccines),
	}
	if b.Professions == nil {
		b.Professions = DefaultProfessions()
	}
	if b.Vaccines == nil {
		b.Vaccines = DefaultVaccines()
	}
	if b.Rules == (gossip.Rules{}) {
		b.Rules = gossip.DefaultRules()
	}
	name := realName
	if len(b.Roots) == 0 {
		name = testName
		if err := b.makeTest(cfg.TestCA, now); err != nil {
			return nil, err
		}
	}
	if b.Name == "" {
		b.Name = name
	}
	slices.SortFunc(b.Roots, bytes.Compare)
	slices.SortFunc(b.CVCRoots, bytes.Compare)
	slices.Sort(b.Professions)
	slices.SortFunc(b.Vaccines, func(a, b gossip.Vaccine) int { return strings.Compare(a.Code, b.Code) })
	return b, nil
}

func (b *Bundle) makeTest(ca *card.TestCA, now time.Time) error {
	if ca == nil {
		var seed [32]byte
		rand.Read(seed[:])
		var err error
		if ca, err = card.NewTestCA(seed, now); err != nil {
			return fmt.Errorf("make the test card CA: %w", err)
		}
	}
	key, err := ca.PrivateKey()
	if err != nil {
		return fmt.Errorf("make the test card CA: %w", err)
	}
	b.Test = &TestCard{Certificate: ca.Certificate(), PrivateKey: key}
	b.Roots = [][]byte{b.Test.Certificate}
	return nil
}

func (m *Made) operators() error {
	var keys [3]ed25519.PrivateKey
	for i := range keys {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return fmt.Errorf("make operator keys: %w", err)
		}
		keys[i] = key
	}
	m.useOperators(keys)
	return nil
}

func (m *Made) useOperators(keys [3]ed25519.PrivateKey) {
	slices.SortFunc(keys[:], func(a, b ed25519.PrivateKey) int { return bytes.Compare(publicOf(a), publicOf(b)) })
	for i, key := range keys {
		m.OperatorKeys[i], m.Bundle.Operators[i] = key, [32]byte(publicOf(key))
	}
}

func publicOf(key ed25519.PrivateKey) ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }

func (m *Made) relays(plans []RelayPlan) error {
	for i, plan := range plans {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return fmt.Errorf("make the identity of relay %d: %w", i+1, err)
		}
		if err := m.addRelay(i, plan, key); err != nil {
			return err
		}
	}
	slices.SortFunc(m.Bundle.Relays, compareRelays)
	return nil
}

func (m *Made) addRelay(i int, plan RelayPlan, key ed25519.PrivateKey) error {
	id, err := peerOf(publicOf(key))
	if err != nil {
		return fmt.Errorf("make the identity of relay %d: %w", i+1, err)
	}
	entry := Relay{Peer: id, Addrs: slices.Clone(plan.Addrs), Operator: plan.Operator, Zones: slices.Clone(plan.Zones)}
	if entry.Operator == "" {
		entry.Operator = fmt.Sprintf("operator %d", i+1)
	}
	slices.Sort(entry.Zones)
	m.Bundle.Relays = append(m.Bundle.Relays, entry)
	m.Relays = append(m.Relays, RelayHome{Peer: id, Identity: key})
	return nil
}

func compareRelays(a, b Relay) int { return strings.Compare(a.Peer, b.Peer) }

func peerOf(public ed25519.PublicKey) (string, error) {
	key, err := crypto.UnmarshalEd25519PublicKey(public)
	if err != nil {
		return "", err
	}
	id, err := peer.IDFromPublicKey(key)
	return id.String(), err
}
