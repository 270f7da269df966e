package card

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"time"
)

// TestCAName is the common name of every TestCA, by which a real network's bundle can refuse one among its roots.
const TestCAName = "Pieks card CA TEST-ONLY"

// TestCA issues the certificates of virtual cards, and their revocation lists. In a test network its private key is public: the bundle
// carries it, so that a practice without a reader enrols itself. No other network may have such a CA among its roots.
type TestCA struct {
	certificate *Certificate
	key         *ecdsa.PrivateKey
}

// NewTestCA makes a CA, the same for the same seed and second. Its certificate is valid from the day before now, for five years.
func NewTestCA(seed [32]byte, now time.Time) (*TestCA, error) {
	return newTestCAOf(TestCAName, CurveP256, seed, now)
}

// newTestCAOf makes a CA with a name and a curve of its own.
func newTestCAOf(name, curve string, seed [32]byte, now time.Time) (*TestCA, error) {
	purpose := "pieks/test-ca/1"
	if name != TestCAName {
		purpose += "/" + name // no key of a test network, whatever the seed
	}
	key, err := keyFor(curve, seed, purpose)
	if err != nil {
		return nil, err
	}
	point := uncompressed(key)
	from := now.UTC().Truncate(time.Second).Add(-virtualLead)
	d := draft{
		serial: serialOf(point, from),
		subject: []attribute{
			{oidCountry, "DE"}, {oidOrganisation, "Pieks NOT-VALID"}, {oidCommonName, name},
		},
		notBefore:  from,
		notAfter:   from.Add(testCALife),
		curve:      curveOID(key),
		point:      point,
		extensions: []draftExtension{basicConstraints(true), keyUsage(usageCertSign | usageCRLSign)},
	}
	der, err := d.issue(signerOf(key))
	if err != nil {
		return nil, fmt.Errorf("make test CA: %w", err)
	}
	return newTestCA(key, der)
}

// LoadTestCA takes what PrivateKey and Certificate gave. It refuses a key that is not the certificate's.
func LoadTestCA(pkcs8, certificate []byte) (*TestCA, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return nil, fmt.Errorf("%w: private key", ErrTestCA) // without err: it may tell of the key
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, fmt.Errorf("%w: not a P-256 key", ErrTestCA)
	}
	return newTestCA(key, certificate)
}

func newTestCA(key *ecdsa.PrivateKey, der []byte) (*TestCA, error) {
	c, err := ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTestCA, err)
	}
	if !c.extensions.isCA || c.extensions.keyUsage&usageCertSign == 0 {
		return nil, fmt.Errorf("%w: %w", ErrTestCA, ErrNotCA)
	}
	probe := sha256.Sum256(der)
	signature, err := signerOf(key)(probe[:])
	if err != nil || !c.key.verify(probe[:], signature) {
		return nil, fmt.Errorf("%w: key and certificate do not belong together", ErrTestCA)
	}
	return &TestCA{certificate: c, key: key}, nil
}

// Certificate is the CA's certificate, DER: what goes into Roots.CAs.
func (ca *TestCA) Certificate() []byte { return append([]byte(nil), ca.certificate.Raw...) }

// PrivateKey is the CA's private key, PKCS #8 DER.
func (ca *TestCA) PrivateKey() ([]byte, error) { return x509.MarshalPKCS8PrivateKey(ca.key) }

// issue makes a certificate below the CA.
func (ca *TestCA) issue(d *draft) ([]byte, error) {
	d.issuer = ca.certificate.subjectDN
	d.authority = ca.certificate.extensions.subjectID
	return d.issue(signerOf(ca.key))
}

// CRL makes the CA's revocation list of the certificates in revoked, DER. It is valid from thisUpdate to nextUpdate, to the second.
func (ca *TestCA) CRL(revoked [][]byte, thisUpdate, nextUpdate time.Time) ([]byte, error) {
	d := draftCRL{issuer: ca.certificate, thisUpdate: thisUpdate, nextUpdate: nextUpdate}
	for _, der := range revoked {
		names, ok := namesOf(der)
		if !ok || names.issuerDN != ca.certificate.subjectDN {
			return nil, fmt.Errorf("make revocation list: %w: not a certificate of this CA", ErrCertificate)
		}
		d.serials = append(d.serials, []byte(names.serial))
	}
	return d.issue(signerOf(ca.key))
}

// serialOf is a positive serial number of 8 bytes, its own for each key and time.
func serialOf(point []byte, from time.Time) []byte {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(append([]byte(nil), point...), uint64(from.Unix())))
	serial := sum[:8]
	serial[0] = serial[0]&0x3f | 0x40 // positive, and never shorter
	return serial
}
