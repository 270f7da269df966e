package booking

import (
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"pieks/card"
	"pieks/gossip/place"
)

// One booking with everything real: a card of a test CA, its enrolment, the postcode map. Then case 22: the card's time is over.
func TestWithRealPracticeCard(t *testing.T) {
	ca, err := card.NewTestCA(sha256.Sum256([]byte("ca")), noon)
	if err != nil {
		t.Fatal(err)
	}
	k := newKit(t)
	statement := testLicence().Statement
	statement.NotBefore, statement.NotAfter = uint64(noon.Add(-time.Hour).Unix()), uint64(noon.Add(time.Hour).Unix())
	cms, err := card.EnrolVirtual(ca, statement, [32]byte{1}, noon)
	if err != nil {
		t.Fatal(err)
	}
	k.practice.Enrolment = func() []byte { return cms }
	k.begin(k.epoch, k.p)
	k.offer(2)
	m, err := place.NewMap(place.DefaultMapData())
	if err != nil {
		t.Fatal(err)
	}
	roots := card.Roots{CAs: [][]byte{ca.Certificate()}, Professions: []string{"1.2.276.0.76.4.50"}}
	check := Check{
		Licence: func(cms []byte, at time.Time) (*card.Licence, error) { return card.VerifyEnrolment(cms, roots, at) },
		Revoked: func([32]byte) bool { return false },
		InArea: func(plz, area string) bool {
			p, err := place.ParsePLZ(plz)
			return err == nil && m.Area(p) == area
		},
	}
	sheet := k.sheet()
	a := must[*Attempt](t)(NewAttempt(sheet, slotIDs(sheet.Sheet.Slots[0].ID), nil, noon))
	reply := k.say(must[[]byte](t)(a.Request()))
	t.Logf("enrolment %d bytes, offer %d bytes", len(cms), len(reply))
	if _, err := a.Offer(reply, check, noon); !errors.Is(err, ErrArea) {
		t.Errorf("a practice of 50667 in a sheet for 5066: %v", err)
	}
	a.d.Area = "50667"
	if _, err := a.Offer(reply, check, noon.Add(2*time.Hour)); !errors.Is(err, ErrLicence) {
		t.Errorf("after the card's time: %v", err)
	}
	view := must[OfferView](t)(a.Offer(reply, check, noon))
	if view.Licence.Statement.Name != statement.Name || view.Licence.ProfessionName == "" || view.Licence.TelematikID == "" {
		t.Errorf("%+v", view.Licence)
	}
	must[Receipt](t)(a.Receipt(k.say(must[[]byte](t)(a.Confirm(erika, noon))), noon))
	if key, sealing, relays, known := a.Desk(); !known || key != statement.Device || sealing != statement.Sealing || len(relays) != 2 {
		t.Errorf("%x %v", key, relays)
	}
	roots.CAs = nil
	b := must[*Attempt](t)(NewAttempt(sheet, slotIDs(sheet.Sheet.Slots[1].ID), nil, noon))
	b.d.Area = "50667"
	if _, err := b.Offer(k.say(must[[]byte](t)(b.Request())), check, noon); !errors.Is(err, ErrLicence) {
		t.Errorf("without the root: %v", err)
	}
}
