package directory

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"
	"time"

	"pieks/card"
	"pieks/gossip/wire"
	"pieks/node/host/hosttest"
)

// signed is the COSE_Sign1 of any content by a key.
func signed(key ed25519.PrivateKey, typ string, v any) []byte {
	return must(wire.SignObject(typ, key, v))
}

// A listing is taken as it was signed and in no other form: each byte of it, and of its card, counts.
func TestListingIsWhatWasSigned(t *testing.T) {
	w := newWorld(t)
	d := w.desk(1, detail{})
	l := d.listing(3, w.clock.Now(), func(d *Draft) { d.Alias = "Am Dom" })
	raw, enrolment := l.Bytes()
	got, err := Parse(raw, enrolment)
	if err != nil || got.Number() != 3 || got.Alias != "Am Dom" || got.Withdrawn() || !got.ExpiresAt().Equal(got.IssuedAt().Add(Life)) {
		t.Fatalf("%+v %v", got, err)
	}
	for i := range raw {
		bad := bytes.Clone(raw)
		bad[i] ^= 1 << (i % 8)
		if _, err := Parse(bad, enrolment); !errors.Is(err, ErrListing) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
	}
	for i := range enrolment {
		bad := bytes.Clone(enrolment)
		bad[i] ^= 1
		if _, err := Parse(raw, bad); !errors.Is(err, ErrListing) {
			t.Fatalf("card's byte %d flipped: %v", i, err)
		}
	}
	if _, err := Parse(raw, nil); !errors.Is(err, ErrListing) {
		t.Errorf("without its card: %v", err)
	}
	gone, _ := must(Withdraw(d.key, 4, w.clock.Now())).Bytes()
	if l, err := Parse(gone, nil); err != nil || !l.Withdrawn() {
		t.Errorf("withdrawn: %v", err)
	}
	if _, err := Parse(gone, enrolment); !errors.Is(err, ErrListing) {
		t.Errorf("withdrawn with a card: %v", err)
	}
}

// What is kept is whole: a listing with what its card proved, or one that is withdrawn, without.
func TestKept(t *testing.T) {
	w := newWorld(t)
	d, now := w.desk(1, detail{}), w.clock.Now()
	l, gone := d.listing(1, now), must(Withdraw(d.key, 2, now))
	by := must(l.verify(w.roots(), now))
	if got, licence, err := keptOf(l, by).read(); err != nil || *licence != *by || got.Seq != 1 || got.Alias != l.Alias {
		t.Errorf("%+v %+v %v", got, licence, err)
	}
	if got, licence, err := keptOf(gone, nil).read(); err != nil || licence != nil || !got.Withdrawn() {
		t.Errorf("withdrawn: %v", err)
	}
	for name, k := range map[string]kept{"without its card": keptOf(l, nil), "withdrawn with a card": keptOf(gone, by)} {
		if _, _, err := k.read(); !errors.Is(err, ErrListing) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is out of its bounds is refused, whoever signed it.
func TestListingBounds(t *testing.T) {
	w := newWorld(t)
	d := w.desk(1, detail{})
	good := d.listing(1, w.clock.Now()).content
	if _, err := Parse(signed(d.key, typeListing, good), d.enrolment); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*content){
		"version":           func(c *content) { c.Version = 2 },
		"seq":               func(c *content) { c.Seq = 0 },
		"over at once":      func(c *content) { c.Expires = c.Issued },
		"over before":       func(c *content) { c.Expires = c.Issued - 1 },
		"a second too long": func(c *content) { c.Expires = c.Issued + uint64(maxLife/time.Second) + 1 },
		"far":               func(c *content) { c.Issued, c.Expires = maxUnix, maxUnix+1 },
		"overflow":          func(c *content) { c.Issued, c.Expires = 1<<63, 1<<63+1 },
		"another device":    func(c *content) { c.Device[0]++ },
		"hash":              func(c *content) { c.Card = c.Card[:31] },
		"another card":      func(c *content) { c.Card = bytes.Repeat([]byte{1}, 32) },
		"long alias":        func(c *content) { c.Alias = strings.Repeat("a", MaxAlias+1) },
		"blank at the end":  func(c *content) { c.Alias = "a " },
		"line in the alias": func(c *content) { c.Alias = "a\nb" },
		"turned alias":      func(c *content) { c.Alias = "a\u202eb" },
		"four relays":       func(c *content) { c.Relays = []string{"a", "b", "c", "d"} },
		"relay of no name":  func(c *content) { c.Relays = []string{""} },
		"relay's long name": func(c *content) { c.Relays = []string{strings.Repeat("a", 65)} },
		"relay as address":  func(c *content) { c.Relays = []string{"/ip4/1.2.3.4"} },
		"weekday 0":         func(c *content) { c.Hours = []Hours{{0, 1, 2}} },
		"weekday 8":         func(c *content) { c.Hours = []Hours{{8, 1, 2}} },
		"backwards":         func(c *content) { c.Hours = []Hours{{1, 2, 2}} },
		"after midnight":    func(c *content) { c.Hours = []Hours{{1, 2, 1441}} },
		"overlap":           func(c *content) { c.Hours = []Hours{{1, 60, 120}, {1, 119, 180}} },
		"not in order":      func(c *content) { c.Hours = []Hours{{2, 60, 120}, {1, 60, 120}} },
		"29 spans": func(c *content) {
			for i := range maxHours + 1 {
				c.Hours = append(c.Hours, Hours{1, uint16(i * 2), uint16(i*2 + 1)})
			}
		},
		"withdrawn with an alias": func(c *content) { c.Card, c.Relays, c.Alias = nil, nil, "a" },
	} {
		bad := good
		change(&bad)
		if _, err := Parse(signed(d.key, typeListing, bad), d.enrolment); !errors.Is(err, ErrListing) {
			t.Errorf("%s: %v", name, err)
		}
		bad.Device = d.id()
		enrolment := d.enrolment
		if len(bad.Card) == 0 {
			enrolment = nil
		}
		if _, err := Parse(signed(d.key, typeListing, bad), enrolment); err == nil && name != "another device" {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := Parse(signed(d.key, "pieks/list/1", good), d.enrolment); !errors.Is(err, ErrListing) {
		t.Errorf("signed as another type: %v", err)
	}
	if _, err := Parse(signed(hosttest.Key(9), typeListing, good), d.enrolment); !errors.Is(err, ErrListing) {
		t.Errorf("signed by another device: %v", err)
	}
	if _, err := Sign(d.key, 1, Draft{Enrolment: d.enrolment, Alias: "a\x00"}, w.clock.Now()); !errors.Is(err, ErrAlias) || !errors.Is(err, ErrListing) {
		t.Errorf("signed all the same: %v", err)
	}
}

// A listing counts while its own time and its card's last, for the device that the card names, and for an institution.
func TestListingIsHeldAgainstTheNetwork(t *testing.T) {
	w := newWorld(t)
	d, now := w.desk(1, detail{}), w.clock.Now()
	l := d.listing(1, now)
	if by, err := l.verify(w.roots(), now); err != nil || by.TelematikID != "1-20123456789" {
		t.Fatalf("%v", err)
	}
	if _, err := l.verify(w.roots(), now.Add(-maxSkew-2*time.Second)); !errors.Is(err, ErrClock) {
		t.Errorf("from the future: %v", err)
	}
	if _, err := l.verify(w.roots(), l.ExpiresAt()); !errors.Is(err, ErrExpired) {
		t.Errorf("in its last second: %v", err)
	}
	other := hosttest.Key(2)
	stolen := must(Sign(other, 1, Draft{Enrolment: d.enrolment}, now))
	if _, err := stolen.verify(w.roots(), now); !errors.Is(err, ErrCard) {
		t.Errorf("with the card of another: %v", err)
	}
	foreign := must(card.NewTestCA([32]byte{9}, now.Add(-24*time.Hour)))
	unknown := must(Sign(other, 1, Draft{Enrolment: w.enrol(other, foreign, detail{})}, now))
	if _, err := unknown.verify(w.roots(), now); !errors.Is(err, ErrCard) || !errors.Is(err, card.ErrUntrusted) {
		t.Errorf("of a card that nobody knows: %v", err)
	}
	person := w.desk(3, detail{kind: card.HBA, profession: card.ProfessionPhysician})
	if _, err := person.listing(1, now).verify(w.roots(), now); !errors.Is(err, ErrKind) {
		t.Errorf("a person: %v", err)
	}
	pharmacy := w.desk(4, detail{profession: card.ProfessionPharmacy})
	if by, err := pharmacy.listing(1, now).verify(w.roots(), now); err != nil || KindName(by.Profession) != "Öffentliche Apotheke" {
		t.Errorf("a pharmacy: %v", err)
	}
	short := w.roots()
	short.Professions = []string{card.ProfessionPractice}
	if _, err := pharmacy.listing(1, now).verify(short, now); !errors.Is(err, ErrCard) || !errors.Is(err, card.ErrProfession) {
		t.Errorf("a profession that the network does not take: %v", err)
	}
}
