package egk

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"pieks/card"
	"pieks/card/cvc"
)

// Verify checks everything that a card said to nonce, at a time: challenge, CVC chain, X.509 chain, use and policy, ICCSN, pair. What is cheap is
// checked first, the signatures after it.
func (a Answers) Verify(nonce Nonce, t Trust, at time.Time) (*Insured, error) {
	r, err := a.read()
	if err != nil {
		return nil, fmt.Errorf("verify the card: %w", err)
	}
	for _, check := range []func() error{
		r.checkSerial,
		r.checkPerson,
		func() error { return r.checkChallenge(nonce, a.Signature, t.CVC, at) },
		func() error { return ofPatient(r.x509.CheckPatient(t.Roots, at)) },
		func() error { return r.checkPair(t.Pairs) },
	} {
		if err := check(); err != nil {
			return nil, fmt.Errorf("verify the card: %w", err)
		}
	}
	return &r.insured, nil
}

// read is what is on a card, parsed.
type read struct {
	gdo     []byte // serial number, nil if it was not asked for
	sub, ee *cvc.Certificate
	x509    *card.Certificate
	insured Insured
}

// read parses the files, each within what a dialogue takes.
func (a Answers) read() (*read, error) {
	r := &read{}
	if len(a.Version2) > maxShort || len(a.GDO) > maxShort || len(a.SubCA) > maxShort || len(a.EndEntity) > maxShort || len(a.X509) > maxX509 {
		return nil, fmt.Errorf("%w: a file is too large", ErrAnswer)
	}
	if err := checkVersion(a.Version2); err != nil {
		return nil, err
	}
	var err error
	if r.gdo, err = parseGDO(a.GDO); err != nil {
		return nil, err
	}
	if r.sub, err = parseCVC(a.SubCA); err != nil {
		return nil, fmt.Errorf("issuer's: %w", err)
	}
	if r.ee, err = parseCVC(a.EndEntity); err != nil {
		return nil, err
	}
	der, err := cutX509(a.X509)
	if err != nil {
		return nil, err
	}
	if r.x509, err = card.ParseCertificate(der); err != nil {
		return nil, err
	}
	r.insured = Insured{
		Name: r.x509.Subject, NotBefore: r.x509.NotBefore, NotAfter: r.x509.NotAfter, ICCSN: r.ee.ICCSN(),
		CVC: sha256.Sum256(r.ee.Raw), X509: sha256.Sum256(der),
	}
	return r, nil
}

// parseGDO reads the serial number (tag 5A, 10 bytes).
func parseGDO(file []byte) ([]byte, error) {
	if len(file) == 0 {
		return nil, nil
	}
	number, rest, ok := element(file, 0x5a)
	if !ok || len(number) != 10 || !isPadding(rest) {
		return nil, fmt.Errorf("%w: its serial number", ErrAnswer)
	}
	return number, nil
}

func parseCVC(file []byte) (*cvc.Certificate, error) {
	c, err := cvc.Parse(file)
	if err != nil {
		return nil, err
	}
	if !isPadding(file[len(c.Raw):]) {
		return nil, fmt.Errorf("%w: more than a CV certificate", ErrAnswer)
	}
	return c, nil
}

// cutX509 cuts the certificate out of its file.
func cutX509(file []byte) ([]byte, error) {
	in := cryptobyte.String(file)
	var der cryptobyte.String
	if !in.ReadASN1Element(&der, asn1.SEQUENCE) || !isPadding(in) {
		return nil, fmt.Errorf("%w: its certificate", ErrAnswer)
	}
	return der, nil
}

// keyID is that of eGK.AUT_CVC.E256 in the reference of its certificate (popp.md 3.5): cards of practices have others.
var keyID = [2]byte{0x00, 0x09}

// checkSerial holds the CV certificate against the file with the card's serial number.
func (r *read) checkSerial() error {
	switch {
	case r.ee.ICCSN() == nil || r.ee.KeyID() != keyID:
		return fmt.Errorf("%w: its CV certificate is for something else", ErrNotEGK)
	case r.gdo != nil && !bytes.Equal(r.gdo, r.ee.ICCSN()):
		return ErrICCSN
	}
	return nil
}

// checkPerson finds the numbers of person and insurer by their patterns among the units in the name, in whatever order (popp.md 3.6).
func (r *read) checkPerson() error {
	for _, unit := range r.x509.Units() {
		switch {
		case isKVNR(unit):
			if r.insured.KVNR != "" {
				return fmt.Errorf("%w: two", ErrNoKVNR)
			}
			r.insured.KVNR = unit
		case isIK(unit):
			if r.insured.IK != "" {
				return fmt.Errorf("%w: two", ErrNoIK)
			}
			r.insured.IK = unit
		}
	}
	if r.insured.KVNR == "" {
		return ErrNoKVNR
	}
	if r.insured.IK == "" {
		return ErrNoIK
	}
	return nil
}

// isKVNR and isIK look at the form alone (popp.md 4.2, 4.3): what the insurer certified is right.
func isKVNR(s string) bool { return len(s) == 10 && s[0] >= 'A' && s[0] <= 'Z' && areDigits(s[1:]) }
func isIK(s string) bool   { return len(s) == 9 && areDigits(s) }

func areDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// checkChallenge checks that this card is an eGK, and that it is here.
func (r *read) checkChallenge(nonce Nonce, signature []byte, roots []*cvc.Certificate, at time.Time) error {
	if err := cvc.Verify(r.ee, r.sub, roots, at); err != nil {
		return ofPatient(err)
	}
	if !r.ee.VerifyChallenge(nonce[:], signature) {
		return ErrChallenge
	}
	return nil
}

// ofPatient tells an expiry in words for patients.
func ofPatient(err error) error {
	if errors.Is(err, card.ErrExpired) || errors.Is(err, cvc.ErrExpired) {
		return ErrExpired
	}
	return err
}

// checkPair asks whether both certificates are one card's.
func (r *read) checkPair(pairs Pairs) error {
	r.insured.Pair = Unknown
	if pairs == nil {
		return nil
	}
	pair, err := pairs.Check(r.insured.CVC, r.insured.X509)
	if err != nil {
		return fmt.Errorf("look up the card's certificates: %w", err)
	}
	r.insured.Pair = pair
	switch pair {
	case Match, Unknown:
		return nil
	case Blocked:
		return ErrBlocked
	}
	return ErrPair
}
