// Package testnet makes throw-away networks for the tests of whole nodes, within milliseconds: the one issuer key is always the same, and
// everybody can read it in this folder.
package testnet

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	_ "embed"
	"encoding/pem"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/card"
	"pieks/gossip"
	"pieks/gossip/place"
	"pieks/node/network"
)

//go:embed issuer.pem
var issuerPEM []byte

// Config says what network to make. Its zero value is a test network of one relay, good from a day ago for a week.
type Config struct {
	Relays int
	Rules  gossip.Rules
	Issued time.Time
	Good   time.Duration
	Real   bool // no test network: no virtual card can enrol
	// Roots are the card CAs of a real network; none: one whose private key nobody has.
	Roots [][]byte
}

// Net is a network whose operators' and relays' keys the test has.
type Net struct {
	t      testing.TB
	dir    string
	Bundle *network.Bundle
	File   string // where its network file is
	Relays []network.RelayHome
	keys   [3]ed25519.PrivateKey
}

// New makes a network. Its relays have free ports of loopback; the first one has the issuer key.
func New(t testing.TB, cfg Config) *Net {
	t.Helper()
	if cfg.Relays == 0 {
		cfg.Relays = 1
	}
	if cfg.Rules == (gossip.Rules{}) {
		cfg.Rules = gossip.DefaultRules()
	}
	if cfg.Issued.IsZero() {
		cfg.Issued = time.Now().Add(-24 * time.Hour)
	}
	if cfg.Good == 0 {
		cfg.Good = 7 * 24 * time.Hour
	}
	n := &Net{t: t, dir: t.TempDir(), Bundle: &network.Bundle{
		Version: network.Version, Number: 1, Name: "Pieks of a test", Rules: cfg.Rules,
		Issued: uint64(cfg.Issued.Unix()), Expires: uint64(cfg.Issued.Add(cfg.Good).Unix()),
		Professions: network.DefaultProfessions(), Vaccines: network.DefaultVaccines(),
	}}
	for i := range n.keys {
		n.keys[i] = newKey(t)
	}
	slices.SortFunc(n.keys[:], func(a, b ed25519.PrivateKey) int { return bytes.Compare(public(a), public(b)) })
	for i, key := range n.keys {
		n.Bundle.Operators[i] = [32]byte(public(key))
	}
	for i := range cfg.Relays {
		n.addRelay(i)
	}
	slices.SortFunc(n.Bundle.Relays, func(a, b network.Relay) int { return strings.Compare(a.Peer, b.Peer) })
	n.addIssuer(cfg.Issued.Add(-72*time.Hour), cfg.Issued.Add(cfg.Good+30*24*time.Hour))
	n.addRoot(cfg)
	n.File = n.Sign(n.Bundle)
	return n
}

func (n *Net) addRelay(i int) {
	n.t.Helper()
	key := newKey(n.t)
	port := freePort(n.t)
	n.Bundle.Relays = append(n.Bundle.Relays, network.Relay{
		Peer: PeerID(n.t, key), Operator: fmt.Sprintf("operator %d", i+1),
		Addrs: []string{fmt.Sprintf("/ip4/127.0.0.1/udp/%d/quic-v1", port), fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", port)},
	})
	n.Relays = append(n.Relays, network.RelayHome{Peer: PeerID(n.t, key), Identity: key})
}

func (n *Net) addIssuer(from, to time.Time) {
	n.t.Helper()
	block, _ := pem.Decode(issuerPEM)
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		n.t.Fatal(err)
	}
	home := &n.Relays[0]
	key, err := gossip.PublicIssuerKey(&private.(*rsa.PrivateKey).PublicKey, home.Peer, from, to)
	if err != nil {
		n.t.Fatal(err)
	}
	n.Bundle.Issuers = []gossip.IssuerKey{key}
	home.Issuers = []network.IssuerSecret{{ID: key.ID, From: key.From, To: key.To, Key: block.Bytes}}
}

func (n *Net) addRoot(cfg Config) {
	n.t.Helper()
	if cfg.Real {
		n.Bundle.Roots = slices.SortedFunc(slices.Values(cfg.Roots), bytes.Compare)
		if cfg.Roots == nil {
			n.Bundle.Roots = [][]byte{realRoot(n.t, cfg.Issued)}
		}
		return
	}
	ca, err := card.NewTestCA([32]byte{1}, cfg.Issued)
	if err != nil {
		n.t.Fatal(err)
	}
	key, err := ca.PrivateKey()
	if err != nil {
		n.t.Fatal(err)
	}
	n.Bundle.Test = &network.TestCard{Certificate: ca.Certificate(), PrivateKey: key}
	n.Bundle.Roots = [][]byte{ca.Certificate()}
}

// realRoot is a card CA whose private key nobody has.
func realRoot(t testing.TB, issued time.Time) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1 << 40), Subject: pkix.Name{CommonName: "Card CA 1", Organization: []string{"Example"}, Country: []string{"DE"}},
		NotBefore: issued.AddDate(-1, 0, 0), NotAfter: issued.AddDate(5, 0, 0),
		BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// Next is the network's bundle with a higher number and a change.
func (n *Net) Next(change func(*network.Bundle)) *network.Bundle {
	b := n.Bundle.Next()
	change(b)
	return b
}

// Sign writes a network file signed by two operators and gives its path.
func (n *Net) Sign(b *network.Bundle) string {
	n.t.Helper()
	data, err := network.Sign(b, n.keys[0], n.keys[1])
	if err != nil {
		n.t.Fatal(err)
	}
	return n.Write(data)
}

// Write writes a network file and gives its path.
func (n *Net) Write(data []byte) string {
	n.t.Helper()
	f, err := os.CreateTemp(n.dir, "network-*.cbor")
	if err != nil {
		n.t.Fatal(err)
	}
	if _, err := f.Write(data); err != nil {
		n.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		n.t.Fatal(err)
	}
	return f.Name()
}

// Home is a folder for a node, which does not exist yet.
func (n *Net) Home(name string) string { return filepath.Join(n.dir, name) }

// Sheet is a sheet of a new pseudonym with one appointment three days from now, good until expires.
func (n *Net) Sheet(plz string, now, expires time.Time) *gossip.Signed {
	n.t.Helper()
	return n.SheetOf(plz, now, expires, gossip.Slot{ID: gossip.SlotID{1}, Day: gossip.DayOf(now) + 3, Vaccine: "comirnaty"})
}

// SheetOf is a sheet of a new pseudonym with these appointments, good until expires.
func (n *Net) SheetOf(plz string, now, expires time.Time, slots ...gossip.Slot) *gossip.Signed {
	n.t.Helper()
	return n.SheetBy(newKey(n.t), plz, now, expires, slots...)
}

// SheetBy is SheetOf by the pseudonym of a key.
func (n *Net) SheetBy(key ed25519.PrivateKey, plz string, now, expires time.Time, slots ...gossip.Slot) *gossip.Signed {
	n.t.Helper()
	policy, err := n.Bundle.Policy()
	if err != nil {
		n.t.Fatal(err)
	}
	pass := n.pass(policy, [32]byte(public(key)), n.Bundle.Rules.EpochAt(now))
	signed, err := gossip.SignSheet(gossip.Sheet{
		Version: gossip.SheetVersion, Pass: pass, Area: policy.Map.Area(place.PLZ(plz)), Seq: 1,
		Issued: uint64(now.Unix()), Expires: uint64(n.Bundle.Rules.SheetExpiry(now, expires, pass.Epoch).Unix()),
		Relays: []string{n.Relays[0].Peer},
		Slots:  slots,
	}, key)
	if err != nil {
		n.t.Fatal(err)
	}
	return signed
}

// pass is issued blindly, as a practice would be given it.
func (n *Net) pass(policy *gossip.Policy, p [32]byte, epoch uint64) gossip.Pass {
	n.t.Helper()
	keys, err := n.Relays[0].PrivateKeys()
	if err != nil {
		n.t.Fatal(err)
	}
	id := n.Bundle.Issuers[0].ID
	request, err := policy.BlindPass(id, p, [32]byte{1}, epoch)
	if err != nil {
		n.t.Fatal(err)
	}
	blind, err := gossip.BlindSign(keys[id], request.Blinded())
	if err != nil {
		n.t.Fatal(err)
	}
	pass, err := request.Finish(blind)
	if err != nil {
		n.t.Fatal(err)
	}
	return pass
}

// Clock is the time of a test: the real one, moved by what the test says.
type Clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

// Now is the time as the test has it.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

// Advance moves the time on.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// Within is above what any single step of a test takes on a loaded machine.
const Within = 60 * time.Second

// Until waits until done is true, looking again at short intervals, and fails the test after Within.
func Until(t testing.TB, what string, done func() bool) {
	t.Helper()
	deadline := time.NewTimer(Within)
	defer deadline.Stop()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for !done() {
		select {
		case <-again.C:
		case <-deadline.C:
			t.Fatalf("not within %s: %s", Within, what)
		}
	}
}

func newKey(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func public(key ed25519.PrivateKey) ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }

// PeerID is the peer ID of a key, as text.
func PeerID(t testing.TB, key ed25519.PrivateKey) string {
	t.Helper()
	k, err := crypto.UnmarshalEd25519PublicKey(public(key))
	if err != nil {
		t.Fatal(err)
	}
	id, err := peer.IDFromPublicKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return id.String()
}

// freePort is free for UDP and TCP at the moment, and below those that systems take for others (32768 on), so that it is still free when a relay comes
// back after a stop.
func freePort(t testing.TB) int {
	t.Helper()
	const first, span = 12000, 18000
	for range 100 {
		port := first + mathrand.IntN(span)
		udp, err := net.ListenPacket("udp4", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		tcp, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		_ = udp.Close()
		if err == nil {
			_ = tcp.Close()
			return port
		}
	}
	t.Fatal("no free port on loopback")
	return 0
}
