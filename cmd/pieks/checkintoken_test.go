package main

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"pieks/card"
	"pieks/node/checkin/popp"
)

// TestVerifyTokenEnrolled: with roots, a presence token is its practice's, or refused.
func TestVerifyTokenEnrolled(t *testing.T) {
	noon := time.Date(2026, 5, 15, 12, 0, 0, 0, time.UTC)
	ca, err := card.NewTestCA([32]byte{1}, noon)
	if err != nil {
		t.Fatal(err)
	}
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	device := key.Public().(ed25519.PublicKey)
	s := card.Statement{
		Device: [32]byte(device), Sealing: [32]byte{1}, Name: "Praxis Dr. Beispiel", Street: "Domstr. 1", PLZ: "50667", Place: "Köln",
		TelematikID: "1-SMC-B-Testkarte-883110000168650", NotBefore: uint64(noon.Unix()), NotAfter: uint64(noon.Add(90 * 24 * time.Hour).Unix()),
	}
	cms, err := card.EnrolVirtual(ca, s, [32]byte{1}, noon)
	if err != nil {
		t.Fatal(err)
	}
	data, err := popp.PresenceKeys(popp.PracticeKey{Device: device, Enrolment: cms})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := popp.ParseKeySet(data)
	if err != nil {
		t.Fatal(err)
	}
	roots := card.Roots{CAs: [][]byte{ca.Certificate()}, Professions: card.DefaultProfessions()}
	token := func(actor string) string {
		compact, err := popp.SignPresence(key, popp.Claims{
			IssuedAt: noon.Unix(), ProofMethod: popp.ProofProviderCVC, PatientProofTime: noon.Unix(), PatientID: "X110540756", InsurerID: "109500969",
			ActorID: actor, ActorProfessionOID: "1.2.276.0.76.4.50",
		}, popp.Presence{ID: "237cc7b7-f85e-42c3-981c-ad7f9d97ddca", Challenge: popp.ChallengeStatement})
		if err != nil {
			t.Fatal(err)
		}
		return compact
	}
	info, err := verifyToken(token(s.TelematikID), keys, popp.Rules{At: noon}, &roots)
	if err != nil || !info.Valid || info.Practice != s.Name || info.Address != "Domstr. 1, 50667 Köln" || info.NotAfter.IsZero() {
		t.Errorf("%+v, %v", info, err)
	}
	if info, err := verifyToken(token("1-234567890"), keys, popp.Rules{At: noon}, &roots); !errors.Is(err, popp.ErrEnrolled) || info.Valid {
		t.Errorf("for another institution: %+v, %v", info, err)
	}
	if info, err := verifyToken(token(s.TelematikID), keys, popp.Rules{At: noon}, &card.Roots{Professions: roots.Professions}); !errors.Is(err, card.ErrUntrusted) || info.Valid {
		t.Errorf("of a card that nobody trusts: %+v, %v", info, err)
	}
}
