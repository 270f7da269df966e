package network

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	mathrand "math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"pieks/card"
	"pieks/gossip"
	"pieks/gossip/place"
	"pieks/gossip/wire"
)

// noon is the time of the fixture: a Wednesday.
var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// fixtureConfig is a test network of two relays, good for a week.
func fixtureConfig() InitConfig {
	return InitConfig{Relays: LoopbackRelays(2, 4100), Weeks: 1, Now: func() time.Time { return noon }}
}

// fixture is the network of fixtureConfig with keys from fixed seeds, the same in each process of a fuzzer, and issuer keys that nobody has the
// private half of, so that it is made in milliseconds. Its bundle must not be changed.
var fixture = sync.OnceValues(func() (*Made, error) {
	cfg := fixtureConfig()
	ca, err := card.NewTestCA([32]byte{1}, noon)
	if err != nil {
		return nil, err
	}
	cfg.TestCA = ca
	b, err := cfg.draft(noon)
	if err != nil {
		return nil, err
	}
	made := &Made{Bundle: b}
	made.useOperators([3]ed25519.PrivateKey{fixedKey(1), fixedKey(2), fixedKey(3)})
	random := mathrand.NewChaCha8([32]byte{1})
	for i, plan := range cfg.Relays {
		if err := made.addRelay(i, plan, fixedKey(byte(10+i))); err != nil {
			return nil, err
		}
		for _, w := range weeksOf(b) {
			bits := make([]byte, 384)
			_, _ = random.Read(bits)
			bits[0], bits[383] = bits[0]|0x80, bits[383]|1
			k, err := gossip.PublicIssuerKey(&rsa.PublicKey{N: new(big.Int).SetBytes(bits), E: 65537}, made.Relays[i].Peer, w.from, w.to)
			if err != nil {
				return nil, err
			}
			b.Issuers = append(b.Issuers, k)
		}
	}
	slices.SortFunc(b.Relays, compareRelays)
	slices.SortFunc(b.Issuers, compareIssuers)
	made.Signed, err = Sign(b, made.OperatorKeys[0], made.OperatorKeys[1])
	return made, err
})

func fixedKey(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

// initiated is the network of fixtureConfig as Init makes it. It must not be changed.
var initiated = sync.OnceValues(func() (*Made, error) { return Init(context.Background(), fixtureConfig()) })

func initiatedOf(t testing.TB) *Made {
	t.Helper()
	made, err := initiated()
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func fixtureOf(t testing.TB) *Made {
	t.Helper()
	made, err := fixture()
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// variant is the fixture's bundle after change, signed by two operators without any check.
func variant(t testing.TB, change func(*Bundle)) []byte {
	t.Helper()
	made := fixtureOf(t)
	b := made.Bundle.Next()
	b.Number = made.Bundle.Number
	change(b)
	keys := slices.DeleteFunc(slices.Clone(made.OperatorKeys[:]), func(key ed25519.PrivateKey) bool {
		return !slices.Contains(b.Operators[:], [32]byte(publicOf(key)))
	})
	return signUnchecked(t, b, keys[:2]...)
}

// next is the fixture's bundle with a higher number.
func next(t testing.TB, number uint64) []byte {
	return variant(t, func(b *Bundle) { b.Number = number })
}

// foreign is a network of the same relays with other operators.
func foreign(t testing.TB, number uint64) []byte {
	t.Helper()
	other := Made{Bundle: fixtureOf(t).Bundle.Next()}
	if err := other.operators(); err != nil {
		t.Fatal(err)
	}
	other.Bundle.Number = number
	data, err := Sign(other.Bundle, other.OperatorKeys[0], other.OperatorKeys[1])
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func signUnchecked(t testing.TB, b *Bundle, keys ...ed25519.PrivateKey) []byte {
	t.Helper()
	data, err := signPayload(b, mustMarshal(t, b), keys...)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// builtMap is a map with practice counts: k practices at every third postcode.
func builtMap(t testing.TB) place.MapData {
	t.Helper()
	counts := make(map[place.PLZ]int)
	for i, p := range place.All() {
		if i%3 == 0 {
			counts[p.PLZ] = 5
		}
	}
	data, err := place.BuildMapData(counts, 5)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func testCA(t testing.TB, seed byte) *card.TestCA {
	t.Helper()
	ca, err := card.NewTestCA([32]byte{seed}, noon)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// shelf is a Memory that may break.
type shelf struct {
	data  []byte
	saved int
	err   error
}

func (s *shelf) Load() ([]byte, error) { return s.data, s.err }

func (s *shelf) Save(data []byte) error {
	if s.err != nil {
		return s.err
	}
	s.data, s.saved = data, s.saved+1
	return nil
}

var errDisk = errors.New("disk full")

func mustMarshal(t testing.TB, v any) []byte {
	t.Helper()
	data, err := wire.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// renamedRoot is a card CA as another network would have: not made by card.NewTestCA.
func renamedRoot(t testing.TB) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1 << 40), Subject: pkix.Name{CommonName: "Card CA 1", Organization: []string{"Example"}, Country: []string{"DE"}},
		NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(5, 0, 0),
		BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}
