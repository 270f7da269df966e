package directory

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"pieks/card"
	"pieks/gossip/wire"
)

// typeListing is the external AAD of a listing.
const typeListing = "pieks/listing/1"

// content is what D signs. Without a card it is withdrawn, and says nothing more.
type content struct {
	Version uint8    `cbor:"1,keyasint"`
	Device  [32]byte `cbor:"2,keyasint"`           // D
	Seq     uint64   `cbor:"3,keyasint"`           // grows with each listing of D
	Issued  uint64   `cbor:"4,keyasint"`           // Unix seconds
	Expires uint64   `cbor:"5,keyasint"`           // Unix seconds
	Card    []byte   `cbor:"6,keyasint,omitempty"` // SHA-256 of the enrolment, which travels beside it
	Alias   string   `cbor:"7,keyasint,omitempty"`
	Hours   []Hours  `cbor:"8,keyasint,omitempty"`
	Relays  []string `cbor:"9,keyasint,omitempty"` // peer IDs
}

// Listing is a signed listing with the practice card that it names.
type Listing struct {
	content
	signed []byte
	card   []byte // CMS; nil when it is withdrawn
}

// Draft is what an institution says of itself in a listing, beside what its card has signed.
type Draft struct {
	Enrolment []byte
	Alias     string
	Hours     []Hours
	Relays    []string
}

// Sign makes a listing, good for Life. Its seq has to be higher than that of the one before.
func Sign(device ed25519.PrivateKey, seq uint64, d Draft, now time.Time) (Listing, error) {
	hash := sha256.Sum256(d.Enrolment)
	c := content{
		Seq: seq, Issued: unix(now), Expires: unix(now.Add(Life)), Card: hash[:], Alias: d.Alias, Hours: d.Hours, Relays: d.Relays,
	}
	return sign(device, c, d.Enrolment)
}

// Withdraw makes the listing that takes back the ones before. It outlasts them.
func Withdraw(device ed25519.PrivateKey, seq uint64, now time.Time) (Listing, error) {
	return sign(device, content{Seq: seq, Issued: unix(now), Expires: unix(now.Add(maxLife))}, nil)
}

func sign(device ed25519.PrivateKey, c content, enrolment []byte) (Listing, error) {
	c.Version, c.Device = version, [32]byte(device.Public().(ed25519.PublicKey))
	if err := c.check(); err != nil {
		return Listing{}, err
	}
	signed, err := wire.SignObject(typeListing, device, c)
	if err != nil {
		return Listing{}, fmt.Errorf("sign the listing: %w", err)
	}
	return Listing{content: c, signed: signed, card: enrolment}, nil
}

func unix(t time.Time) uint64 { return uint64(max(t.Unix(), 0)) }

// Withdrawn says whether a listing takes back those before it.
func (l Listing) Withdrawn() bool { return len(l.Card) == 0 }

// Number, IssuedAt and ExpiresAt are the seq of a listing and its span.
func (l Listing) Number() uint64       { return l.Seq }
func (l Listing) IssuedAt() time.Time  { return time.Unix(int64(l.Issued), 0).UTC() }
func (l Listing) ExpiresAt() time.Time { return time.Unix(int64(l.Expires), 0).UTC() }

// Parse reads a listing and the card beside it, and checks form, bounds and the signature by D. Whether the card is good, and the time, is for
// verify. The bytes are kept.
func Parse(signed, enrolment []byte) (Listing, error) {
	if len(signed) > maxListing || len(enrolment) > maxCard {
		return Listing{}, fmt.Errorf("%w: too long", ErrListing)
	}
	env, err := wire.ParseSigned(signed)
	if err != nil {
		return Listing{}, fmt.Errorf("%w: %w", ErrListing, err)
	}
	l := Listing{signed: signed, card: enrolment}
	if err := wire.Unmarshal(env.Payload, &l.content); err != nil {
		return Listing{}, fmt.Errorf("%w: %w", ErrListing, err)
	}
	if err := l.check(); err != nil {
		return Listing{}, err
	}
	if l.Withdrawn() != (len(enrolment) == 0) || !l.Withdrawn() && sha256.Sum256(enrolment) != [32]byte(l.Card) {
		return Listing{}, fmt.Errorf("%w: it came with another practice card", ErrListing)
	}
	if err := env.Verify(typeListing, l.Device[:]); err != nil {
		return Listing{}, fmt.Errorf("%w: %w", ErrListing, err)
	}
	return l, nil
}

// Bytes are a listing as it was signed and the card beside it, for Parse. They must not be changed.
func (l Listing) Bytes() (signed, enrolment []byte) { return l.signed, l.card }

// check checks the bounds of the fields.
func (c content) check() error {
	switch {
	case c.Version != version:
		return fmt.Errorf("%w: of another version", ErrListing)
	case c.Seq == 0 || c.Issued > maxUnix || c.Expires > maxUnix || c.Expires <= c.Issued || c.Expires-c.Issued > uint64(maxLife/time.Second):
		return fmt.Errorf("%w: its time is out of bounds", ErrListing)
	case len(c.Card) == 0 && (c.Alias != "" || len(c.Hours) != 0 || len(c.Relays) != 0):
		return fmt.Errorf("%w: withdrawn, and it says something", ErrListing)
	case len(c.Card) != 0 && len(c.Card) != 32, len(c.Hours) > maxHours, len(c.Relays) > MaxRelays:
		return fmt.Errorf("%w: a field is out of bounds", ErrListing)
	}
	if err := CheckAlias(c.Alias); err != nil {
		return fmt.Errorf("%w: %w", ErrListing, err)
	}
	for _, r := range c.Relays {
		if r == "" || len(r) > maxRelayText || strings.IndexFunc(r, notPeerID) >= 0 {
			return fmt.Errorf("%w: a relay's name is out of bounds", ErrListing)
		}
	}
	for i, h := range c.Hours {
		if h.Weekday < 1 || h.Weekday > 7 || h.From >= h.To || h.To > 24*60 || i > 0 && !c.Hours[i-1].before(h) {
			return fmt.Errorf("%w: opening hours that cannot be", ErrListing)
		}
	}
	return nil
}

// before says whether a span is over when the next one begins.
func (h Hours) before(next Hours) bool {
	return h.Weekday < next.Weekday || h.Weekday == next.Weekday && h.To <= next.From
}

func notPeerID(r rune) bool {
	return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

// CheckAlias refuses an alias that cannot be shown as it is: invisible characters could hide or fake words. An empty one is none.
func CheckAlias(alias string) error {
	switch {
	case len(alias) > MaxAlias:
		return fmt.Errorf("%w: more than %d bytes", ErrAlias, MaxAlias)
	case !utf8.ValidString(alias), strings.TrimSpace(alias) != alias:
		return fmt.Errorf("%w: a blank at an end, or no text", ErrAlias)
	case strings.IndexFunc(alias, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0:
		return fmt.Errorf("%w: an invisible character", ErrAlias)
	}
	return nil
}

// Says tells whether a listing says what a draft does, wherever its relays are.
func (l Listing) Says(d Draft) bool {
	return !l.Withdrawn() && sha256.Sum256(d.Enrolment) == [32]byte(l.Card) && l.Alias == d.Alias && slices.Equal(l.Hours, d.Hours)
}

// Presence is how the relays of a listing and those of a desk compare.
type Presence uint8

const (
	There     Presence = iota // the same
	Partly                    // at least one is in both
	Elsewhere                 // who goes by the listing does not reach the desk
)

// At compares the relays of a listing with those where the desk is.
func (l Listing) At(relays []string) Presence {
	switch {
	case slices.Equal(l.Relays, relays):
		return There
	case slices.ContainsFunc(relays, func(r string) bool { return slices.Contains(l.Relays, r) }):
		return Partly
	}
	return Elsewhere
}

// timely refuses a listing that is over, or not yet.
func (l Listing) timely(now time.Time) error {
	if l.IssuedAt().After(now.Add(maxSkew)) {
		return ErrClock
	}
	if !now.Before(l.ExpiresAt()) {
		return ErrExpired
	}
	return nil
}

// verify holds a listing against what the network says now: time, practice card, device, kind. Of one that is withdrawn there is no licence.
func (l Listing) verify(roots card.Roots, now time.Time) (*card.Licence, error) {
	if err := l.timely(now); err != nil || l.Withdrawn() {
		return nil, err
	}
	licence, err := card.VerifyEnrolment(l.card, roots, now)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCard, err)
	}
	return licence, checkLicence(licence, l.Device)
}

// checkLicence refuses a practice card of another device, and of one that is no institution.
func checkLicence(licence *card.Licence, device [32]byte) error {
	if licence.Statement.Device != device {
		return fmt.Errorf("%w: it is another device's", ErrCard)
	}
	if !IsInstitution(licence.Profession) {
		return ErrKind
	}
	return nil
}

// entry is what a verified listing says.
func (l Listing) entry(licence *card.Licence) *Entry {
	e := &Entry{
		Licence: *licence, Alias: l.Alias, Hours: l.Hours, Relays: l.Relays, Device: l.Device, Sealing: licence.Statement.Sealing,
		Issued: l.IssuedAt(), Expires: l.until(licence),
	}
	e.texts = e.makeTexts()
	return e
}

// until is when a listing is over: its own time, or that of its card.
func (l Listing) until(licence *card.Licence) time.Time {
	if licence != nil && licence.NotAfter.Before(l.ExpiresAt()) {
		return licence.NotAfter
	}
	return l.ExpiresAt()
}
