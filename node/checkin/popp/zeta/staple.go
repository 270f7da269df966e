package zeta

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"
)

// tlsFeature is the extension that has a certificate used with a stapled status only (RFC 7633).
var tlsFeature = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 24}

// checkStaple is the part of A_27220 that crypto/tls leaves to its user: the certificate's status has to be good, and signed by its issuer or by whom
// that has appointed. A certificate that names no OCSP responder has no such status; for all others it has to be stapled.
func checkStaple(state tls.ConnectionState, at time.Time) error {
	if len(state.VerifiedChains) == 0 || len(state.VerifiedChains[0]) == 0 {
		return fmt.Errorf("%w: no verified chain", ErrStatus)
	}
	chain := state.VerifiedChains[0]
	leaf := chain[0]
	if len(state.OCSPResponse) == 0 {
		if len(leaf.OCSPServer) == 0 && !slices.ContainsFunc(leaf.Extensions, mustStaple) {
			return nil
		}
		return ErrNoStatus
	}
	if len(chain) < 2 {
		return fmt.Errorf("%w: the certificate is its own issuer", ErrStatus)
	}
	return checkStatus(state.OCSPResponse, leaf, chain[1], at)
}

// checkStatus is the rule for one response.
func checkStatus(raw []byte, leaf, issuer *x509.Certificate, at time.Time) error {
	if len(raw) > maxStaple {
		return fmt.Errorf("%w: %d bytes", ErrStatus, len(raw))
	}
	// It checks the signature, against the issuer or a certificate which the issuer signed.
	response, err := ocsp.ParseResponseForCert(raw, leaf, issuer)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStatus, err)
	}
	if by := response.Certificate; by != nil && !bytes.Equal(by.Raw, issuer.Raw) {
		if err := checkResponder(by, at); err != nil {
			return err
		}
	}
	switch {
	case response.Status == ocsp.Revoked:
		return fmt.Errorf("%w: revoked", ErrStatus)
	case response.Status != ocsp.Good:
		return fmt.Errorf("%w: its issuer does not know it", ErrStatus)
	case response.ThisUpdate.After(at.Add(stapleSlack)):
		return fmt.Errorf("%w: from the future", ErrStatus)
	case !response.NextUpdate.IsZero() && at.After(response.NextUpdate.Add(stapleSlack)), at.Sub(response.ThisUpdate) > maxStapleAge:
		return fmt.Errorf("%w: out of date", ErrStatus)
	}
	return nil
}

func mustStaple(e pkix.Extension) bool { return e.Id.Equal(tlsFeature) }

// checkResponder is RFC 6960 section 4.2.2.2: whom the issuer appointed has a certificate for just that. Package ocsp has checked who signed it.
func checkResponder(by *x509.Certificate, at time.Time) error {
	if !slices.Contains(by.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) || at.Before(by.NotBefore) || at.After(by.NotAfter) {
		return fmt.Errorf("%w: signed by somebody else", ErrStatus)
	}
	return nil
}
