package cvc

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"fmt"
	"time"

	"pieks/card/brainpool"
)

// TestPKI is a root and a Sub-CA for virtual cards, the same for the same seed and day. Names and keys follow from the seed alone, so that the root of
// another day stands behind its cards, too. Its keys are no secret: no real network may have its root.
type TestPKI struct {
	root, sub []byte
	name      [authorityLength]byte // of the Sub-CA
	key       *ecdsa.PrivateKey
}

// testYears: real Sub-CAs have eight.
const testYears = 8

// Flags of the three roles, without any right. Real CAs have none of their own either (popp.md 7.1).
var (
	flagsRoot  = []byte{byte(roleRoot) << 6, 0, 0, 0, 0, 0, 0}
	flagsSubCA = []byte{byte(roleSubCA) << 6, 0, 0, 0, 0, 0, 0}
	flagsCard  = []byte{byte(roleCard) << 6, 0, 0, 0, 0, 0, 0}
)

// NewTestPKI makes one, valid from the day before now for eight years.
func NewTestPKI(seed [32]byte, now time.Time) (*TestPKI, error) {
	from := dayOf(now).AddDate(0, 0, -1)
	to := from.AddDate(testYears, 0, -1)
	rootKey, err := brainpool.KeyFromSeed(seed, "pieks/test-cvc-root/1")
	if err != nil {
		return nil, err
	}
	p := &TestPKI{}
	if p.key, err = brainpool.KeyFromSeed(seed, "pieks/test-cvc-sub-ca/1"); err != nil {
		return nil, err
	}
	rootName, err := testName(0x80, rootKey)
	if err != nil {
		return nil, err
	}
	if p.name, err = testName(0x10, p.key); err != nil {
		return nil, err
	}
	if p.root, err = issueCA(rootName, rootName, rootKey, flagsRoot, from, to, rootKey); err != nil {
		return nil, err
	}
	p.sub, err = issueCA(p.name, rootName, p.key, flagsSubCA, from, to, rootKey)
	return p, err
}

// Root and SubCA are its certificates.
func (p *TestPKI) Root() []byte  { return append([]byte(nil), p.root...) }
func (p *TestPKI) SubCA() []byte { return append([]byte(nil), p.sub...) }

// Issue makes a card's certificate for its key eGK.AUT_CVC.E256, an uncompressed point of brainpoolP256r1, and its serial number. It is valid
// from the day of one time to that of another.
func (p *TestPKI) Issue(point []byte, iccsn [iccsnLength]byte, from, to time.Time) ([]byte, error) {
	if _, err := brainpool.Parse(point); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrIssue, err)
	}
	d := draft{
		authority: p.name, holder: append([]byte{0x00, 0x09}, iccsn[:]...), oid: oidCard, point: point,
		listOf: oidListTI, flags: flagsCard, from: dayOf(from), to: dayOf(to),
	}
	return d.issue(signerOf(p.key))
}

// issueCA makes a CA's certificate.
func issueCA(holder, authority [authorityLength]byte, key *ecdsa.PrivateKey, flags []byte, from, to time.Time, by *ecdsa.PrivateKey) ([]byte, error) {
	public, err := brainpool.PublicOf(key)
	if err != nil {
		return nil, err
	}
	d := draft{
		authority: authority, holder: holder[:], oid: oidCA, point: public.Point(), listOf: oidListTI, flags: flags, from: from, to: to,
	}
	return d.issue(signerOf(by))
}

const (
	testPrefix    = "DEPKS" // what is made here
	gematikPrefix = "DEGXX" // gematik's own test PKI (popp.md 3.5)
)

// IsTest says whether a certificate is of a test PKI by its issuer's name, so that a real network can refuse one among its roots.
func (c *Certificate) IsTest() bool {
	return string(c.CAR[:5]) == testPrefix || string(c.CAR[:5]) == gematikPrefix
}

// testName is a name that no CA of gematik's has, with digits that follow from the key: service and CA, algorithm 02, and what is a year elsewhere.
func testName(service byte, key *ecdsa.PrivateKey) (name [authorityLength]byte, err error) {
	public, err := brainpool.PublicOf(key)
	if err != nil {
		return name, err
	}
	sum := sha256.Sum256(public.Point())
	copy(name[:], testPrefix)
	name[5], name[6], name[7] = service|sum[0]%10, 0x02, sum[1]/10%10<<4|sum[1]%10
	return name, nil
}
