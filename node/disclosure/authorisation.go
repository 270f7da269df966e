package disclosure

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/card"
	"pieks/gossip/wire"
)

// Domain is what a card signs before the content of an authorisation, so that no enrolment passes for one.
const Domain = card.DisclosureDomain

// Authorisation is what a professional's card signs.
type Authorisation struct {
	Version    uint8            `cbor:"1,keyasint"`
	Relay      []byte           `cbor:"2,keyasint"` // peer ID in binary, so that it is good once and not once a relay
	Commitment Commitment       `cbor:"3,keyasint"`
	Reference  string           `cbor:"4,keyasint"` // six digits
	PIN        string           `cbor:"5,keyasint"` // four digits
	Issued     uint64           `cbor:"6,keyasint"` // Unix seconds
	Expires    uint64           `cbor:"7,keyasint"` // Unix seconds; then it is over
	Nonce      [nonceBytes]byte `cbor:"8,keyasint"`
}

// person is the rule of who may sign: a card that a person unlocks, never one that stands in a practice's reader all day.
func person(kind card.Kind) bool { return kind.Person() }

// Registered is what a relay answers to a lookup.
type Registered struct {
	Relay      peer.ID
	Reference  string
	Commitment Commitment
	Until      time.Time // end of the registration
}

// Match says whether what the relay has is what the patient showed. Only a QR code carries a commitment: a spoken code is
// authenticated against outsiders, not against the relay's operator.
func (s Scanned) Match(r Registered) error {
	switch {
	case s.Code.Reference() != r.Reference:
		return ErrDigits
	case s.Relay != "" && s.Relay != r.Relay.String():
		return ErrOther
	case s.Commitment != nil && subtle.ConstantTimeCompare(s.Commitment[:], r.Commitment[:]) != 1:
		return ErrSwapped
	}
	return nil
}

// Prepare gives the content that a card signs, behind Domain, for what was looked up, and until when it will be good. A commitment that is not the QR
// code's is ErrSwapped, before any card is asked.
func Prepare(s Scanned, r Registered, now time.Time) (content []byte, until time.Time, err error) {
	if err := s.Match(r); err != nil {
		return nil, until, fmt.Errorf("sign a disclosure: %w", err)
	}
	a := Authorisation{
		Version: version, Relay: []byte(r.Relay), Commitment: r.Commitment, Reference: s.Code.Reference(), PIN: s.Code.PIN(),
		Issued: uint64(now.Unix()), Expires: uint64(min(now.Add(Lifetime).Unix(), r.Until.Unix())),
	}
	if a.Expires <= a.Issued {
		return nil, until, fmt.Errorf("sign a disclosure: %w", ErrExpired)
	}
	_, _ = rand.Read(a.Nonce[:])
	content, err = wire.Marshal(a)
	return content, time.Unix(int64(a.Expires), 0), err
}

// CheckCard says whether a card is one of a person, before its PIN is asked for; else ErrPerson.
func CheckCard(ctx context.Context, c card.Card) error {
	info, err := card.Inspect(ctx, c)
	if err == nil && !person(info.CertificateType) {
		err = ErrPerson
	}
	return err
}

// Sign has the card sign what was looked up, and gives the authorisation to deliver. The card's PIN was verified before. What the network
// would not take is an error here too: roots are the network file's.
func Sign(ctx context.Context, c card.Card, roots card.Roots, s Scanned, r Registered, now time.Time) ([]byte, error) {
	content, _, err := Prepare(s, r, now)
	if err != nil {
		return nil, err
	}
	if err := CheckCard(ctx, c); err != nil {
		return nil, fmt.Errorf("sign a disclosure: %w", err)
	}
	cms, err := card.SignCMS(ctx, c, Domain, content, now)
	if err != nil {
		return nil, fmt.Errorf("sign a disclosure: %w", err)
	}
	if _, _, err := Verify(cms, roots, now); err != nil {
		return nil, fmt.Errorf("check what was signed: %w", err)
	}
	return cms, nil
}

// Verify checks an authorisation that is received at the time at: CMS profile, chain to roots, that a person of a listed profession
// signed, form and times. Whose data it is about is for Consent.Check and the relay to say.
func Verify(cms []byte, roots card.Roots, at time.Time) (*Authorisation, *card.Signatory, error) {
	if len(cms) > maxAuthorisation {
		return nil, nil, fmt.Errorf("%w: %d bytes", ErrSignature, len(cms))
	}
	content, by, err := card.VerifySigned(cms, Domain, roots, at)
	switch {
	case errors.Is(err, card.ErrProfession), errors.Is(err, card.ErrNoAdmission), errors.Is(err, card.ErrPatientCard):
		return nil, nil, fmt.Errorf("%w (%w)", ErrProfession, err)
	case err != nil:
		return nil, nil, fmt.Errorf("%w (%w)", ErrSignature, err)
	case !person(by.Kind):
		return nil, nil, ErrPerson
	}
	a, err := parseAuthorisation(content)
	if err != nil {
		return nil, nil, err
	}
	if err := a.checkTime(by.Signed, at); err != nil {
		return nil, nil, err
	}
	return a, by, nil
}

// parseAuthorisation reads signed content: its form alone.
func parseAuthorisation(content []byte) (*Authorisation, error) {
	var a Authorisation
	if err := wire.Unmarshal(content, &a); err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrSignature, err)
	}
	digits := isDigits(a.Reference, referenceDigits) && isDigits(a.PIN, pinDigits)
	if a.Version != version || !digits || len(a.Relay) == 0 || len(a.Relay) > maxPeerID {
		return nil, fmt.Errorf("%w: its content is of another form", ErrSignature)
	}
	return &a, nil
}

// checkTime is the rule for times: at most half an hour from issued to expires, issued not in the future beyond the skew, signed when it
// was issued, and over in the second of expires.
func (a *Authorisation) checkTime(signed, at time.Time) error {
	now, skew, life := uint64(max(at.Unix(), 0)), uint64(maxSkew/time.Second), uint64(Lifetime/time.Second)
	switch {
	case a.Expires <= a.Issued || a.Expires-a.Issued > life:
		return fmt.Errorf("%w: it lasts longer than half an hour", ErrExpired)
	case a.Issued > now && a.Issued-now > skew:
		return ErrClock
	case signed.Sub(time.Unix(int64(a.Issued), 0)).Abs() > maxSkew:
		return fmt.Errorf("%w: it was not signed when it was issued", ErrExpired)
	case now >= a.Expires:
		return ErrExpired
	}
	return nil
}

// Check is the patient's check of an authorisation collected from relay, before anything is posted: that of Verify, and that it is for
// these data and these digits. ErrSwapped: the relay showed the professional another commitment.
func (c Consent) Check(cms []byte, relay peer.ID, roots card.Roots, at time.Time) (*card.Signatory, error) {
	a, by, err := Verify(cms, roots, at)
	if err != nil {
		return nil, fmt.Errorf("check the professional's signature: %w", err)
	}
	if a.Commitment != c.Commitment() || string(a.Relay) != string(relay) {
		return nil, fmt.Errorf("check the professional's signature: %w", ErrSwapped)
	}
	if a.Reference != c.Code.Reference() || a.PIN != c.Code.PIN() {
		return nil, fmt.Errorf("check the professional's signature: %w", ErrDigits)
	}
	return by, nil
}

// isDigits says whether text is n ASCII digits.
func isDigits(text string, n int) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return len(text) == n
}
