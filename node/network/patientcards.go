package network

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"pieks/card"
	"pieks/card/cvc"
	"pieks/card/egk"
)

// PatientCards is what patients' cards are verified by. It takes milliseconds. In a test network virtual cards are trusted, too: their root follows
// from the key of the card CA, which everybody has, and is as old as that: a proof that waited for its practice was made days ago.
func (b *Bundle) PatientCards() (egk.Trust, error) {
	trust := egk.Trust{Roots: b.CardRoots()}
	for _, raw := range b.CVCRoots {
		root, err := cvc.Parse(raw)
		if err != nil {
			return trust, fmt.Errorf("read a root of patients' cards: %w", err)
		}
		trust.CVC = append(trust.CVC, root)
	}
	if b.Test == nil {
		return trust, nil
	}
	certificate, err := card.ParseCertificate(b.Test.Certificate)
	if err != nil {
		return trust, fmt.Errorf("load the test card CA: %w", err)
	}
	pki, err := b.TestPatients(certificate.NotBefore)
	if err != nil {
		return trust, err
	}
	trust.CVC = append(trust.CVC, pki.Trust().CVC...)
	return trust, nil
}

// TestPatients certifies virtual cards of insured persons in a test network. In any other one it is ErrNoTest.
func (b *Bundle) TestPatients(now time.Time) (*egk.TestPKI, error) {
	if b.Test == nil {
		return nil, fmt.Errorf("certify a virtual card: %w", ErrNoTest)
	}
	ca, err := card.LoadTestCA(b.Test.PrivateKey, b.Test.Certificate)
	if err != nil {
		return nil, fmt.Errorf("load the test card CA: %w", err)
	}
	pki, err := egk.TestPKIOf(ca, now)
	if err != nil {
		return nil, fmt.Errorf("load the test card CA: %w", err)
	}
	return pki, nil
}

func (b *Bundle) checkCVCRoots() error {
	if len(b.CVCRoots) > maxCVCRoots || !ascending(b.CVCRoots, bytes.Compare) {
		return contradiction("roots of patients' cards are not at most %d in ascending order", maxCVCRoots)
	}
	for i, raw := range b.CVCRoots {
		root, err := cvc.Parse(raw)
		if err != nil {
			return contradiction("root %d of patients' cards cannot be read: %v", i+1, err)
		}
		if !slices.Equal(root.Raw, raw) {
			return contradiction("root %d of patients' cards has bytes after its end", i+1)
		}
		if root.IsTest() && !b.IsTest() {
			return fmt.Errorf("root %d of patients' cards: %w", i+1, ErrCardKey)
		}
	}
	return nil
}
