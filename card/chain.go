package card

import (
	"errors"
	"fmt"
	"time"
)

// checkSigner refuses a certificate whose key is not for signing.
func (c *Certificate) checkSigner() error {
	e := &c.extensions
	switch {
	case e.isCA:
		return ErrCASigner
	case e.keyUsage&usageDigitalSignature == 0:
		return ErrKeyUsage
	case e.present[oidExtendedUsage] && !e.clientAuth:
		return ErrExtendedKeyUsage
	}
	return nil
}

// checkIssuer refuses a certificate that may not issue others, with below CAs between it and the signer.
func (c *Certificate) checkIssuer(below int) error {
	e := &c.extensions
	if !e.isCA || e.keyUsage&usageCertSign == 0 || (e.pathLen >= 0 && below > e.pathLen) {
		return ErrNotCA
	}
	return nil
}

// trusted says whether a signer's certificate is for signing, not revoked, and in a chain to roots at the time at, with the certificates carried
// beside it. It gives the earliest end in that chain.
func (c *Certificate) trusted(carried [][]byte, roots Roots, at time.Time) (notAfter time.Time, err error) {
	if err := c.checkSigner(); err != nil {
		return time.Time{}, err
	}
	if c.isRevoked(roots.RevokedCards) {
		return time.Time{}, ErrRevokedCard
	}
	return c.checkChain(carried, roots, at)
}

// chain looks for a way from a signer's certificate to a trusted CA.
type chain struct {
	carried [][]byte // certificates that the message carries
	cas     [][]byte // trusted
	crls    []*RevocationList
	at      time.Time
	checks  int // signature checks left
}

// checkChain finds a chain to one of roots.CAs at the time at, without a revoked certificate, and gives the earliest end of its certificates.
// CAs in roots are trusted as they are, self-signed or not, but must be valid CAs at that time.
func (c *Certificate) checkChain(carried [][]byte, roots Roots, at time.Time) (time.Time, error) {
	if err := c.checkTime(at); err != nil {
		return time.Time{}, err
	}
	way := chain{carried: carried, cas: roots.CAs, crls: roots.CRLs, at: at, checks: maxIssuers}
	return way.climb(c, 0)
}

// climb tries every issuer of c by name, trusted ones first. below counts the CAs between c's issuer and the signer.
// When no way leads up it tells the last thing that stood in one, or that there was none.
func (w *chain) climb(c *Certificate, below int) (end time.Time, err error) {
	failed := ErrUntrusted
	for _, der := range w.cas {
		issuer, err := w.step(c, der, below)
		if err == nil {
			err = w.checkAnchor(issuer)
		}
		if err == nil {
			return earlier(c.NotAfter, issuer.NotAfter), nil
		}
		failed = weightier(failed, err)
	}
	if below+1 >= maxCertificates {
		return time.Time{}, failed
	}
	for _, der := range w.carried {
		if names, ok := namesOf(der); ok && names.issuerDN == names.subjectDN {
			continue // a root is trusted because the bundle has it, never because a message does
		}
		issuer, err := w.step(c, der, below)
		if err == nil {
			end, err = w.climb(issuer, below+1)
		}
		if err == nil {
			return earlier(c.NotAfter, end), nil
		}
		failed = weightier(failed, err)
	}
	return time.Time{}, failed
}

// weightier is what to tell of two reasons why there is no way: the later one, unless that says nothing or the first is a revocation.
func weightier(failed, err error) error {
	if err == errOtherName || errors.Is(failed, ErrRevokedCard) {
		return failed
	}
	return err
}

var errOtherName = errors.New("certificate of another CA")

// step gives the certificate in der if it issued c and has not revoked it.
func (w *chain) step(c *Certificate, der []byte, below int) (*Certificate, error) {
	if names, ok := namesOf(der); !ok || names.subjectDN != c.issuerDN {
		return nil, errOtherName
	}
	issuer, err := ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	if wanted := c.extensions.authorityID; wanted != "" && issuer.extensions.subjectID != "" &&
		wanted != issuer.extensions.subjectID {
		return nil, fmt.Errorf("%w (its CA has another key)", ErrUntrusted)
	}
	if err := issuer.checkIssuer(below); err != nil {
		return nil, err
	}
	if err := issuer.checkTime(w.at); err != nil {
		return nil, err
	}
	if w.checks == 0 {
		return nil, fmt.Errorf("%w (too many CAs of one name)", ErrUntrusted)
	}
	w.checks--
	if !c.signedBy(issuer) {
		return nil, ErrCertificateSignature
	}
	if err := w.checkRevoked(c, issuer); err != nil {
		return nil, err
	}
	return issuer, nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
