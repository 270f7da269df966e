package popp

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"pieks/node/checkin/jose"
)

// version is the only one of the claims.
const version = "1.0.0"

// ProofMethod is how presence was proved, one of nine.
type ProofMethod string

// The nine of I_PoPP_Token_Generation.yaml: "practitioner" is a card in a practice's own reader, "provider" one at a patient's phone or computer.
const (
	ProofHealthID                   ProofMethod = "healthid"
	ProofPractitionerTrustedChannel ProofMethod = "ehc-practitioner-trustedchannel"
	ProofPractitionerCVC            ProofMethod = "ehc-practitioner-cvc-authenticated"
	ProofPractitionerUser           ProofMethod = "ehc-practitioner-user-x509"
	ProofPractitionerOwner          ProofMethod = "ehc-practitioner-owner-x509"
	ProofProviderTrustedChannel     ProofMethod = "ehc-provider-trustedchannel"
	ProofProviderCVC                ProofMethod = "ehc-provider-cvc-authenticated"
	ProofProviderUser               ProofMethod = "ehc-provider-user-x509"
	ProofProviderOwner              ProofMethod = "ehc-provider-owner-x509"
)

// ParseProofMethod takes one of the nine.
func ParseProofMethod(s string) (ProofMethod, error) {
	switch m := ProofMethod(s); m {
	case ProofHealthID, ProofPractitionerTrustedChannel, ProofPractitionerCVC, ProofPractitionerUser, ProofPractitionerOwner,
		ProofProviderTrustedChannel, ProofProviderCVC, ProofProviderUser, ProofProviderOwner:
		return m, nil
	}
	return "", ErrProofMethod
}

// Claims are those of a PoPP token; others are ignored.
type Claims struct {
	Version            string      `json:"version"`
	Issuer             string      `json:"iss"`
	IssuedAt           int64       `json:"iat"`
	ProofMethod        ProofMethod `json:"proofMethod"`
	PatientProofTime   int64       `json:"patientProofTime"`
	PatientID          string      `json:"patientId"`
	InsurerID          string      `json:"insurerId"`
	ActorID            string      `json:"actorId"`
	ActorProfessionOID string      `json:"actorProfessionOid"`
}

// Issued is IssuedAt.
func (c Claims) Issued() time.Time { return time.Unix(c.IssuedAt, 0).UTC() }

// Proved is PatientProofTime.
func (c Claims) Proved() time.Time { return time.Unix(c.PatientProofTime, 0).UTC() }

func claimsOf(o jose.Object) (Claims, error) {
	var c Claims
	method := ""
	for name, to := range map[string]*string{
		"version": &c.Version, "iss": &c.Issuer, "proofMethod": &method, "patientId": &c.PatientID, "insurerId": &c.InsurerID,
		"actorId": &c.ActorID, "actorProfessionOid": &c.ActorProfessionOID,
	} {
		var err error
		if *to, err = o.Text(name); err != nil {
			return c, fmt.Errorf("%w: %w", ErrClaims, err)
		}
	}
	for name, to := range map[string]*int64{"iat": &c.IssuedAt, "patientProofTime": &c.PatientProofTime} {
		var err error
		if *to, err = o.Integer(name); err != nil {
			return c, fmt.Errorf("%w: %w", ErrClaims, err)
		}
	}
	c.ProofMethod = ProofMethod(method)
	return c, nil
}

// check holds the claims of a kind against what each may be, whatever the time. Numbers of patient and insurer need no right check digit.
func (c Claims) check(kind Kind, keyID string) error {
	if c.Version != version {
		return ErrVersion
	}
	if _, err := ParseProofMethod(string(c.ProofMethod)); err != nil {
		return err
	}
	for _, instant := range []int64{c.IssuedAt, c.PatientProofTime} {
		if instant <= 0 || instant > maxInstant {
			return fmt.Errorf("%w: a time is out of range", ErrClaims)
		}
	}
	if c.Proved().After(c.Issued().Add(DefaultLeeway)) { // the login happens by another clock
		return fmt.Errorf("%w: the proof is later than the token", ErrClaims)
	}
	if err := KVNR(c.PatientID).CheckForm(); err != nil {
		return fmt.Errorf("%w: patientId: %w", ErrClaims, err)
	}
	if err := IK(c.InsurerID).CheckForm(); err != nil {
		return fmt.Errorf("%w: insurerId: %w", ErrClaims, err)
	}
	if _, err := ParseTelematikID(c.ActorID); err != nil {
		return fmt.Errorf("%w: actorId: %w", ErrClaims, err)
	}
	if !isOID(c.ActorProfessionOID) {
		return fmt.Errorf("%w: actorProfessionOid is no object identifier", ErrClaims)
	}
	if kind == KindPresence && c.Issuer != presenceIssuer+keyID || kind == KindPoPP && !isOrigin(c.Issuer) {
		return ErrIssuer
	}
	return nil
}

// isOID: at least two numbers, without leading zeros, with dots between them.
func isOID(s string) bool {
	parts := strings.Split(s, ".")
	if len(parts) < 2 || len(s) > maxProfession {
		return false
	}
	for _, part := range parts {
		if part == "" || !digits(part) || len(part) > 1 && part[0] == '0' {
			return false
		}
	}
	return true
}

// isOrigin: the URL of a service without a path and without a slash at its end; without TLS only on this computer.
func isOrigin(s string) bool {
	if len(s) > maxIssuer {
		return false
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Hostname() == "" || s != u.Scheme+"://"+u.Host {
		return false
	}
	if u.Scheme == "https" {
		return true
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "http" && (u.Hostname() == "localhost" || err == nil && ip.IsLoopback())
}
