package disclosure

import (
	"errors"
	"testing"
	"time"

	"pieks/card"
	"pieks/gossip/wire"
	"pieks/node/host/hosttest"
)

// rawSign has a card sign what change makes of a good authorisation: what a hostile professional's program would do.
func rawSign(t testing.TB, c card.Card, relayKey byte, consent Consent, now time.Time, change func(*Authorisation)) []byte {
	t.Helper()
	a := Authorisation{
		Version: version, Relay: []byte(peerOf(hosttest.Key(relayKey))), Commitment: consent.Commitment(), Reference: consent.Code.Reference(), PIN: consent.Code.PIN(),
		Issued: uint64(now.Unix()), Expires: uint64(now.Add(Lifetime).Unix()), Nonce: [nonceBytes]byte{7},
	}
	if change != nil {
		change(&a)
	}
	cms, err := card.SignCMS(t.Context(), c, Domain, must(wire.Marshal(a)), now)
	if err != nil {
		t.Fatal(err)
	}
	return cms
}

// What a card may sign that must not pass: each at the relay's check and at the patient's, each with its own error.
func TestWrongAuthorisations(t *testing.T) {
	consent := must(NewConsent([]byte("opaque")))
	other := must(NewConsent([]byte("other")))
	doctor, relay := physician(t), peerOf(hosttest.Key(70))
	signed := func(change func(*Authorisation)) []byte { return rawSign(t, doctor, 70, consent, noon, change) }
	enrolment, err := card.SignCMS(t.Context(), doctor, card.EnrolmentDomain, []byte("x"), noon)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		cms            []byte
		relay, patient error
	}{
		"good":               {signed(nil), nil, nil},
		"practice's card":    {rawSign(t, virtualCard(t, testCA(), card.SMCB, ""), 70, consent, noon, nil), ErrPerson, ErrPerson},
		"assistant":          {rawSign(t, virtualCard(t, testCA(), card.HBA, "1.2.276.0.76.4.33"), 70, consent, noon, nil), ErrProfession, ErrProfession},
		"foreign root":       {rawSign(t, virtualCard(t, foreignCA(), card.HBA, ""), 70, consent, noon, nil), ErrSignature, ErrSignature},
		"enrolment":          {enrolment, ErrSignature, ErrSignature},
		"other data":         {rawSign(t, doctor, 70, other, noon, nil), ErrSwapped, ErrSwapped},
		"other relay":        {rawSign(t, doctor, 71, consent, noon, nil), ErrSignature, ErrSwapped},
		"other pin":          {signed(func(a *Authorisation) { a.PIN = otherDigits(a.PIN) }), nil, ErrDigits},
		"other reference":    {signed(func(a *Authorisation) { a.Reference = otherDigits(a.Reference) }), nil, ErrDigits},
		"31 minutes":         {signed(func(a *Authorisation) { a.Expires++ }), ErrExpired, ErrExpired},
		"ends at its start":  {signed(func(a *Authorisation) { a.Expires = a.Issued }), ErrExpired, ErrExpired},
		"in the future":      {signed(func(a *Authorisation) { a.Issued += 601; a.Expires = a.Issued + 60 }), ErrClock, ErrClock},
		"ten minutes ahead":  {signed(func(a *Authorisation) { a.Issued += 600; a.Expires = a.Issued + 60 }), nil, nil},
		"signed long before": {signed(func(a *Authorisation) { a.Issued -= 601; a.Expires = a.Issued + 1800 }), ErrExpired, ErrExpired},
		"version 2":          {signed(func(a *Authorisation) { a.Version = 2 }), ErrSignature, ErrSignature},
		"letters":            {signed(func(a *Authorisation) { a.PIN = "12a4" }), ErrSignature, ErrSignature},
		"wide digits":        {signed(func(a *Authorisation) { a.PIN = "１２" }), ErrSignature, ErrSignature},
		"huge time":          {signed(func(a *Authorisation) { a.Issued = 1<<64 - 1; a.Expires = 5 }), ErrExpired, ErrExpired},
		"empty":              {nil, ErrSignature, ErrSignature},
		"too long":           {make([]byte, maxAuthorisation+1), ErrSignature, ErrSignature},
	} {
		if _, err := checkFor(c.cms, relay, consent.Commitment(), testRoots(), noon); !errors.Is(err, c.relay) {
			t.Errorf("%s: relay says %v", name, err)
		}
		if _, err := consent.Check(c.cms, relay, testRoots(), noon); !errors.Is(err, c.patient) {
			t.Errorf("%s: patient says %v", name, err)
		}
	}
}

func otherDigits(digits string) string {
	b := []byte(digits)
	b[0] = '0' + (b[0]-'0'+1)%10
	return string(b)
}

// An authorisation is good until the second before it expires.
func TestAuthorisationEndsToTheSecond(t *testing.T) {
	consent := must(NewConsent([]byte("opaque")))
	cms := rawSign(t, physician(t), 70, consent, noon, nil)
	for at, want := range map[time.Duration]error{
		-maxSkew: nil, -maxSkew - time.Second: ErrClock, Lifetime - time.Second: nil, Lifetime - 1: nil, Lifetime: ErrExpired, Lifetime + time.Second: ErrExpired,
	} {
		if _, err := consent.Check(cms, peerOf(hosttest.Key(70)), testRoots(), noon.Add(at)); !errors.Is(err, want) {
			t.Errorf("%s: %v", at, err)
		}
	}
}

// Every bit of a message counts, but for those of the certificate's unsigned choice of encoding: there are none.
func TestEveryBitOfAnAuthorisationCounts(t *testing.T) {
	consent := must(NewConsent([]byte("opaque")))
	cms := rawSign(t, physician(t), 70, consent, noon, nil)
	for i := range len(cms) * 8 {
		changed := append([]byte(nil), cms...)
		changed[i/8] ^= 1 << (i % 8)
		if _, err := consent.Check(changed, peerOf(hosttest.Key(70)), testRoots(), noon); err == nil {
			t.Fatalf("bit %d does not count", i)
		}
	}
}

func TestEveryBitOfDataAndSecretCounts(t *testing.T) {
	data, secret := bytesOf(0xa5, WarningBytes), [32]byte(bytesOf(0x55, 32))
	c := Commit(data, secret)
	for i := range len(data) * 8 {
		data[i/8] ^= 1 << (i % 8)
		if Commit(data, secret) == c {
			t.Fatalf("bit %d of the data does not count", i)
		}
		data[i/8] ^= 1 << (i % 8)
	}
	for i := range len(secret) * 8 {
		secret[i/8] ^= 1 << (i % 8)
		if Commit(data, secret) == c {
			t.Fatalf("bit %d of the secret does not count", i)
		}
		secret[i/8] ^= 1 << (i % 8)
	}
	if Commit([]byte("a"), secret) == Commit([]byte("a\x00"), secret) {
		t.Error("a zero byte does not count")
	}
}

// Sign refuses before the card is asked: this one's PIN was not verified, so that it would say so.
func TestSignRefusesBeforeTheCardIsAsked(t *testing.T) {
	consent := must(NewConsent([]byte("opaque")))
	relay := peerOf(hosttest.Key(70))
	found := Registered{Relay: relay, Reference: consent.Code.Reference(), Commitment: consent.Commitment(), Until: noon.Add(Lifetime)}
	swapped := found
	swapped.Commitment[0] ^= 1
	foreign := found
	foreign.Relay = peerOf(hosttest.Key(71))
	ended := found
	ended.Until = noon
	qr := must(ParseCode(must(QR(relay, consent.Code, consent.Commitment()))))
	spoken := Scanned{Code: consent.Code}
	locked := lockedCard(t, card.HBA)
	for name, c := range map[string]struct {
		card  card.Card
		s     Scanned
		found Registered
		want  error
	}{
		"swapped under a QR code": {locked, qr, swapped, ErrSwapped},
		"other relay's QR code":   {locked, qr, foreign, ErrOther},
		"other reference":         {locked, Scanned{Code: (consent.Code + 10000) % tenDigits}, found, ErrDigits},
		"practice's card":         {lockedCard(t, card.SMCB), qr, found, ErrPerson},
		"over":                    {locked, qr, ended, ErrExpired},
		"good, but no PIN":        {locked, qr, found, card.ErrPINNeeded},
		"spoken, but no PIN":      {locked, spoken, swapped, card.ErrPINNeeded},
		"assistant":               {virtualCard(t, testCA(), card.HBA, "1.2.276.0.76.4.33"), qr, found, ErrProfession},
	} {
		if _, err := Sign(t.Context(), c.card, testRoots(), c.s, c.found, noon); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	short := found
	short.Until = noon.Add(5 * time.Minute)
	cms, err := Sign(t.Context(), physician(t), testRoots(), qr, short, noon)
	if err != nil {
		t.Fatal(err)
	}
	if a, _, err := Verify(cms, testRoots(), noon); err != nil || a.Expires != uint64(short.Until.Unix()) {
		t.Errorf("outlasts the registration: %v", err)
	}
}

func lockedCard(t testing.TB, kind card.Kind) card.Card {
	t.Helper()
	v, err := card.NewVirtual(testCA(), card.Holder{Kind: kind, Name: canaryName, TelematikID: canaryID, NotBefore: noon.AddDate(0, -1, 0), NotAfter: noon.AddDate(1, 0, 0)}, [32]byte{3})
	if err != nil {
		t.Fatal(err)
	}
	c, err := card.Open(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func FuzzAuthorisation(f *testing.F) {
	consent := must(NewConsent([]byte("opaque")))
	f.Add(must(wire.Marshal(Authorisation{Version: version, Relay: []byte(peerOf(hosttest.Key(1))), Commitment: consent.Commitment(), Reference: "012345", PIN: "6789", Issued: 1, Expires: 2})))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := parseAuthorisation(data)
		if err != nil {
			return
		}
		if len(a.Reference) != 6 || len(a.PIN) != 4 || len(a.Relay) > maxPeerID {
			t.Fatal("accepted another form")
		}
		if err := a.checkTime(noon, noon); err == nil && (a.Expires <= uint64(noon.Unix()) || a.Expires-a.Issued > 1800) {
			t.Fatal("accepted another time")
		}
	})
}

func FuzzCMS(f *testing.F) {
	consent := must(NewConsent([]byte("opaque")))
	cms := rawSign(f, physician(f), 70, consent, noon, nil)
	f.Add(cms)
	f.Fuzz(func(t *testing.T, data []byte) {
		// Each fuzzing process draws a consent of its own, so its digits are what tells a forgery.
		if a, _, err := Verify(data, testRoots(), noon); err == nil && a.Nonce != [nonceBytes]byte{7} {
			t.Fatal("forged")
		}
	})
}
