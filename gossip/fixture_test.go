package gossip

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip/place"
)

// noon is the clock of most tests: a Tuesday in winter time.
var noon = time.Date(2026, 12, 1, 11, 0, 0, 0, time.UTC)

// testNetwork is a bundle's content with the private keys of its issuers: a for this ISO week, b for the last.
type testNetwork struct {
	policy *Policy
	a, b   *rsa.PrivateKey
	keyA   IssuerKey
	keyB   IssuerKey
}

var network = sync.OnceValue(func() *testNetwork {
	monday := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	week := 7 * 24 * time.Hour
	n := &testNetwork{a: readKey("testdata/issuer-a.pem"), b: readKey("testdata/issuer-b.pem")}
	n.keyA = must(PublicIssuerKey(&n.a.PublicKey, "relay-a", monday, monday.Add(week)))
	n.keyB = must(PublicIssuerKey(&n.b.PublicKey, "relay-b", monday.Add(-week), monday))
	vaccines := []Vaccine{
		{Code: "comirnaty", Name: "Comirnaty", Doses: 2, VialDoses: 6, IntervalDays: [2]int{21, 42}},
		{Code: "influenza", Name: "Grippe", Doses: 1, VialDoses: 1},
	}
	n.policy = must(NewPolicy(must(place.NewMap(place.DefaultMapData())), []IssuerKey{n.keyA, n.keyB}, vaccines, DefaultRules()))
	return n
})

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func readKey(path string) *rsa.PrivateKey {
	block, _ := pem.Decode(must(os.ReadFile(path)))
	return must(x509.ParsePKCS8PrivateKey(block.Bytes)).(*rsa.PrivateKey)
}

// practice is a pseudonym with all it needs to sign sheets.
type practice struct {
	key  ed25519.PrivateKey
	pass Pass
}

// newPractice makes the n-th pseudonym of an epoch, with a pass by issuer. n decides all keys.
func newPractice(issuer *rsa.PrivateKey, id KeyID, n uint64, epoch uint64) practice {
	seed := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("practice"), n))
	sealing := must(ecdh.X25519().NewPrivateKey(seed[:]))
	key := ed25519.NewKeyFromSeed(seed[:])
	pass := Pass{P: [32]byte(key[32:]), H: [32]byte(sealing.PublicKey().Bytes()), Epoch: epoch, Issuer: id}
	rand.Read(pass.Prefix[:])
	pass.Signature = signPass(issuer, &pass)
	return practice{key, pass}
}

// signPass signs in clear what an issuer signs blindly: the result is the same.
func signPass(issuer *rsa.PrivateKey, p *Pass) []byte {
	h := sha512.Sum384(append(append([]byte{}, p.Prefix[:]...), p.message()...))
	return must(rsa.SignPSS(rand.Reader, issuer, crypto.SHA384, h[:], &rsa.PSSOptions{SaltLength: 48, Hash: crypto.SHA384}))
}

// good makes the n-th practice of this epoch.
func (n *testNetwork) good(i uint64) practice {
	return newPractice(n.a, n.keyA.ID, i, n.policy.Rules.EpochAt(noon))
}

// sheet is a valid sheet of a practice with a number of slots, issued at noon.
func (p practice) sheet(slots int) Sheet {
	issued := noon.Add(-time.Minute)
	rules := DefaultRules()
	s := Sheet{
		Pass: p.pass, Area: "50667", Seq: 1, Issued: uint64(issued.Unix()),
		Expires: uint64(rules.SheetExpiry(issued, issued.Add(20*time.Hour), p.pass.Epoch).Unix()),
		Relays:  []string{testPeer(1), testPeer(2)},
	}
	for i := range slots {
		var id SlotID
		sum := sha256.Sum256(binary.BigEndian.AppendUint64(p.pass.P[:16:16], uint64(i)))
		copy(id[:], sum[:])
		s.Slots = append(s.Slots, Slot{ID: id, Day: DayOf(noon) + uint32(i/8), Part: Part(i % 4), Vaccine: "comirnaty", Dose: uint8(1 + i%2)})
	}
	return s
}

func (p practice) sign(t testing.TB, s Sheet) *Signed {
	t.Helper()
	signed, err := SignSheet(s, p.key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func testPeer(n byte) string {
	key := ed25519.NewKeyFromSeed(append(make([]byte, 31), n))
	id := must(peer.IDFromBytes(append([]byte{0, 36, 8, 1, 18, 32}, key[32:]...)))
	return id.String()
}

// at is a clock that stands still.
func at(t time.Time) func() time.Time { return func() time.Time { return t } }

func (n *testNetwork) validator(now time.Time) *Validator {
	return NewValidator(func() *Policy { return n.policy }, at(now))
}
