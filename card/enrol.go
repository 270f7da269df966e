package card

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"
)

// Enrol signs s with the card and gives the enrolment, a CMS message. It presents pin once and never repeats it.
// A zero s.Version is filled, an empty s.TelematikID is taken from the card; another than the card's is ErrTelematikID, before the
// PIN is used. The card keeps the PIN verified until it is reset.
func Enrol(ctx context.Context, c Card, pin PIN, s Statement, now time.Time) (cms []byte, err error) {
	der, err := c.Certificate(ctx)
	if err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	certificate, err := ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	if s, err = complete(s, certificate, now); err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	content, err := s.encode()
	if err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	if err := c.VerifyPIN(ctx, pin); err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	cms, err = signCMS(ctx, c, der, EnrolmentDomain, content, now)
	if err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	if len(cms) > MaxEnrolment {
		return nil, fmt.Errorf("enrol: %w: %d bytes, at most %d: shorten the practice's directions", ErrTooLarge, len(cms), MaxEnrolment)
	}
	return cms, nil
}

// complete fills what the caller left to the card, and refuses what no one would accept, before a try of the PIN is spent.
func complete(s Statement, c *Certificate, now time.Time) (Statement, error) {
	if s.Version == 0 {
		s.Version = StatementVersion
	}
	if err := c.checkType(); err != nil {
		return s, err
	}
	if s.TelematikID == "" {
		s.TelematikID = c.telematikID()
	}
	if !c.hasTelematikID(s.TelematikID) {
		return s, ErrTelematikID
	}
	if err := s.Check(); err != nil {
		return s, err
	}
	if err := c.checkTime(now); err != nil {
		return s, err
	}
	return s, s.checkTime(now, now)
}

// telematikID is the first registration number of the certificate, "" when it has none.
func (c *Certificate) telematikID() string {
	for _, p := range c.Professions {
		if p.RegistrationNo != "" {
			return p.RegistrationNo
		}
	}
	return ""
}

func (c *Certificate) hasTelematikID(id string) bool {
	for _, p := range c.Professions {
		if id != "" && p.RegistrationNo == id {
			return true
		}
	}
	return false
}

// EnrolVirtual enrols with a virtual SMC-B made from seed and certified by the test network's CA: for a practice without a reader.
// An empty s.TelematikID becomes one derived from seed, in the form of gematik's test cards.
func EnrolVirtual(ca *TestCA, s Statement, seed [32]byte, now time.Time) (cms []byte, err error) {
	if s.TelematikID == "" {
		sum := sha256.Sum256(append([]byte("pieks/telematik-id/1"), seed[:]...))
		s.TelematikID = fmt.Sprintf("1-SMC-B-Testkarte-%015d", binary.BigEndian.Uint64(sum[:8])%1e15)
	}
	if s.Version == 0 {
		s.Version = StatementVersion
	}
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("enrol with a virtual card: %w", err)
	}
	from := now.UTC().Truncate(time.Second).Add(-virtualLead)
	v, err := NewVirtual(ca, Holder{
		Kind: SMCB, Name: s.Name, TelematikID: s.TelematikID, NotBefore: from, NotAfter: from.Add(virtualLife),
	}, seed)
	if err != nil {
		return nil, fmt.Errorf("enrol with a virtual card: %w", err)
	}
	ctx := context.Background() // the card is in this process and answers at once
	c, err := Open(ctx, v)
	if err != nil {
		return nil, fmt.Errorf("enrol with a virtual card: %w", err)
	}
	return Enrol(ctx, c, VirtualPIN, s, now)
}
