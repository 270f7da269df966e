package popp

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pieks/card"
	"pieks/node/checkin/jose"
)

var (
	deviceKey    = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	noon         = time.Date(2026, 5, 15, 12, 0, 0, 0, time.UTC)
	presenceOnly = Presence{ID: "237cc7b7-f85e-42c3-981c-ad7f9d97ddca", Workplace: "REZEPTION-1", Challenge: ChallengePractice, Pair: PairMatch}
)

func device() ed25519.PublicKey { return deviceKey.Public().(ed25519.PublicKey) }

func presenceClaims() Claims {
	c := vectorClaims
	c.IssuedAt, c.PatientProofTime = noon.Unix(), noon.Unix()-5
	return c
}

func presenceKeys(t testing.TB, keys ...PracticeKey) *KeySet {
	t.Helper()
	data, err := PresenceKeys(keys...)
	if err != nil {
		t.Fatal(err)
	}
	set, err := ParseKeySet(data)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestPresence(t *testing.T) {
	token, err := SignPresence(deviceKey, presenceClaims(), presenceOnly)
	if err != nil {
		t.Fatal(err)
	}
	keys := presenceKeys(t, PracticeKey{Device: device()})
	got, err := Verify(token, keys, Rules{At: noon, Actor: TelematikID(vectorClaims.ActorID), Kind: KindPresence})
	if err != nil {
		t.Fatal(err)
	}
	want := presenceClaims()
	want.Issuer = "pieks:" + PresenceKeyID(device())
	if got.Claims != want || got.Presence != presenceOnly || got.Kind != KindPresence {
		t.Errorf("got %+v", got)
	}
	if _, err := Verify(token, keys, Rules{At: noon, Kind: KindPoPP}); !errors.Is(err, ErrKind) {
		t.Errorf("as a PoPP token: %v", err)
	}
	if _, err := Verify(token, vectorKeys(t), Rules{At: noon}); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("with a service's keys: %v", err)
	}
	if m, err := jose.Parse(token, MaxToken); err != nil || m.Type != "vnd.pieks.presence+jwt" || m.Algorithm != "EdDSA" {
		t.Errorf("header %+v, %v", m, err)
	}
}

// TestPresenceIsNoPoPP: a practice's key makes no PoPP token, under whatever header.
func TestPresenceIsNoPoPP(t *testing.T) {
	id := PresenceKeyID(device())
	keys := presenceKeys(t, PracticeKey{Device: device()})
	payload := with(t, map[string]any{"iss": "https://popp.example.com"})
	as := func(typ string) string {
		token, err := jose.SignEdDSA(deviceKey, jose.Header{KeyID: id, Type: typ}, payload)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	if _, err := Verify(as(TypePoPP), keys, Rules{At: vectorTime}); !errors.Is(err, ErrAlgorithm) {
		t.Errorf("typ of a PoPP token: %v", err)
	}
	if _, err := Verify(as(TypePresence), keys, Rules{At: vectorTime}); !errors.Is(err, ErrIssuer) {
		t.Errorf("iss of a service: %v", err)
	}
	// The header of a PoPP token over the same signature.
	parts := strings.Split(as(TypePresence), ".")
	parts[0] = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","kid":"` + id + `","typ":"` + TypePoPP + `"}`))
	if _, err := Verify(strings.Join(parts, "."), keys, Rules{At: vectorTime}); !errors.Is(err, ErrKeyKind) {
		t.Errorf("alg of a PoPP token: %v", err)
	}
	// An id that is not the key's own would let one practice speak under the name of another.
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32))
	forged, err := json.Marshal(jose.NewSet(jose.Key{ID: id, Ed25519: other.Public().(ed25519.PublicKey)}))
	if err != nil {
		t.Fatal(err)
	}
	set, err := ParseKeySet(forged)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jose.SignEdDSA(other, jose.Header{KeyID: id, Type: TypePresence}, with(t, map[string]any{"iss": "pieks:" + id}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(token, set, Rules{At: vectorTime}); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("id of another's key: %v", err)
	}
}

func TestPresenceRefusals(t *testing.T) {
	keys := presenceKeys(t, PracticeKey{Device: device()})
	for name, change := range map[string]func(*Presence, *Claims){
		"no id":                func(p *Presence, _ *Claims) { p.ID = "" },
		"id":                   func(p *Presence, _ *Claims) { p.ID = "1" },
		"workplace":            func(p *Presence, _ *Claims) { p.Workplace = "a/b" },
		"challenge":            func(p *Presence, _ *Claims) { p.Challenge = "" },
		"other challenge":      func(p *Presence, _ *Claims) { p.Challenge = "none" },
		"a card that logs in":  func(p *Presence, _ *Claims) { p.Challenge = ChallengeLogin },
		"pair":                 func(p *Presence, _ *Claims) { p.Pair = "mismatch" },
		"patient":              func(_ *Presence, c *Claims) { c.PatientID = "x" },
		"insurer":              func(_ *Presence, c *Claims) { c.InsurerID = "" },
		"no time":              func(_ *Presence, c *Claims) { c.IssuedAt = 0 },
		"proof after its time": func(_ *Presence, c *Claims) { c.PatientProofTime = c.IssuedAt + 61 },
		"method":               func(_ *Presence, c *Claims) { c.ProofMethod = "" },
	} {
		t.Run(name, func(t *testing.T) {
			c, p := presenceClaims(), presenceOnly
			change(&p, &c)
			if _, err := SignPresence(deviceKey, c, p); !errors.Is(err, ErrClaims) && !errors.Is(err, ErrProofMethod) {
				t.Errorf("signed: %v", err)
			}
			// Somebody else's program would sign it.
			c.Version, c.Issuer = version, presenceIssuer+PresenceKeyID(device())
			payload, err := json.Marshal(struct {
				Claims
				Presence
			}{c, p})
			if err != nil {
				t.Fatal(err)
			}
			token, err := jose.SignEdDSA(deviceKey, jose.Header{KeyID: PresenceKeyID(device()), Type: TypePresence}, payload)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Verify(token, keys, Rules{At: noon}); !errors.Is(err, ErrClaims) && !errors.Is(err, ErrProofMethod) {
				t.Errorf("verified: %v", err)
			}
		})
	}
	if _, err := SignPresence(nil, presenceClaims(), presenceOnly); !errors.Is(err, jose.ErrKey) {
		t.Errorf("no key: %v", err)
	}
	c := presenceClaims()
	c.ProofMethod = ProofHealthID
	if _, err := SignPresence(deviceKey, c, Presence{ID: presenceOnly.ID, Challenge: ChallengeLogin}); err != nil {
		t.Errorf("a login: %v", err)
	}
}

// TestSignVerify: what is signed is what is verified, and holds through its quarter and not longer.
func TestSignVerify(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		iat := rapid.Int64Range(1, 4102444800).Draw(t, "iat")
		c := presenceClaims()
		c.IssuedAt, c.PatientProofTime = iat, max(1, iat-rapid.Int64Range(0, 1e6).Draw(t, "age"))
		token, err := SignPresence(deviceKey, c, presenceOnly)
		if err != nil {
			t.Fatal(err)
		}
		data, err := PresenceKeys(PracticeKey{Device: device()})
		if err != nil {
			t.Fatal(err)
		}
		keys, err := ParseKeySet(data)
		if err != nil {
			t.Fatal(err)
		}
		issued := time.Unix(iat, 0).UTC()
		at := issued.Add(time.Duration(rapid.Int64Range(-200, 200*86400).Draw(t, "later")) * time.Second)
		quarter := func(t time.Time) int { return t.Year()*4 + int(t.Month()-1)/3 }
		holds := !at.Before(issued.Add(-time.Minute)) && quarter(at.Add(-time.Minute)) <= quarter(issued)
		if _, err := Verify(token, keys, Rules{At: at}); (err == nil) != holds {
			t.Fatalf("issued %s, at %s: %v", issued, at, err)
		}
	})
}

func enrolmentOf(t *testing.T, ca *card.TestCA, key ed25519.PublicKey, from time.Time) []byte {
	t.Helper()
	s := card.Statement{
		Sealing: [32]byte{1}, Name: "Praxis Dr. Beispiel", Street: "Domstr. 1", PLZ: "50667", Place: "Köln", TelematikID: vectorClaims.ActorID,
		NotBefore: uint64(from.Unix()), NotAfter: uint64(from.Add(90 * 24 * time.Hour).Unix()),
	}
	copy(s.Device[:], key)
	cms, err := card.EnrolVirtual(ca, s, [32]byte{1}, from)
	if err != nil {
		t.Fatal(err)
	}
	return cms
}

func TestEnrolment(t *testing.T) {
	ca, err := card.NewTestCA([32]byte{1}, noon.Add(-100*24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	roots := card.Roots{CAs: [][]byte{ca.Certificate()}, Professions: card.DefaultProfessions()}
	token := func(change func(*Claims)) *Token {
		c := presenceClaims()
		change(&c)
		compact, err := SignPresence(deviceKey, c, presenceOnly)
		if err != nil {
			t.Fatal(err)
		}
		verified, err := Verify(compact, presenceKeys(t, PracticeKey{Device: device()}), Rules{At: noon})
		if err != nil {
			t.Fatal(err)
		}
		return verified
	}
	same := func(*Claims) {}
	now := presenceKeys(t, PracticeKey{device(), enrolmentOf(t, ca, device(), noon.Add(-time.Hour))})
	l, err := CheckEnrolment(token(same), now, roots, noon)
	if err != nil || l.TelematikID != vectorClaims.ActorID || l.Statement.Name != "Praxis Dr. Beispiel" {
		t.Fatalf("%+v, %v", l, err)
	}
	renewed := presenceKeys(t, PracticeKey{device(), enrolmentOf(t, ca, device(), noon.Add(20*24*time.Hour))})
	if _, err := CheckEnrolment(token(same), renewed, roots, noon.Add(30*24*time.Hour)); err != nil {
		t.Errorf("renewed since: %v", err)
	}
	if _, err := CheckEnrolment(token(same), renewed, roots, noon.Add(10*24*time.Hour)); !errors.Is(err, card.ErrStatementNotYetValid) {
		t.Errorf("neither then nor now: %v", err)
	}
	ended := presenceKeys(t, PracticeKey{device(), enrolmentOf(t, ca, device(), noon.Add(-80*24*time.Hour))})
	if _, err := CheckEnrolment(token(same), ended, roots, noon.Add(30*24*time.Hour)); err != nil {
		t.Errorf("ended since: %v", err)
	}
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32)).Public().(ed25519.PublicKey)
	for name, test := range map[string]struct {
		token *Token
		keys  *KeySet
		roots card.Roots
		want  error
	}{
		"none":                {token(same), presenceKeys(t, PracticeKey{Device: device()}), roots, ErrNoEnrolment},
		"of another device":   {token(same), presenceKeys(t, PracticeKey{device(), enrolmentOf(t, ca, other, noon)}), roots, ErrEnrolled},
		"another institution": {token(func(c *Claims) { c.ActorID = "1-2" }), now, roots, ErrEnrolled},
		"another profession":  {token(func(c *Claims) { c.ActorProfessionOID = "1.2.276.0.76.4.51" }), now, roots, ErrEnrolled},
		"no root":             {token(same), now, card.Roots{Professions: card.DefaultProfessions()}, card.ErrUntrusted},
		"revoked": {token(same), now, card.Roots{CAs: roots.CAs, Professions: roots.Professions, Revoked: [][32]byte{[32]byte(device())}},
			card.ErrRevoked},
		"a PoPP token": {&Token{Kind: KindPoPP}, now, roots, ErrKind},
	} {
		if _, err := CheckEnrolment(test.token, test.keys, test.roots, noon); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

func TestKeySet(t *testing.T) {
	cms := []byte("an enrolment")
	set := presenceKeys(t, PracticeKey{device(), cms}, PracticeKey{Device: ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey)})
	if set.Len() != 2 || !bytes.Equal(set.Enrolment(PresenceKeyID(device())), cms) || set.Enrolment("x") != nil {
		t.Errorf("%d keys, enrolment %q", set.Len(), set.Enrolment(PresenceKeyID(device())))
	}
	jwk := func(member string) []byte {
		return []byte(`{"keys":[` + strings.Replace(vectorJWK, "{", "{"+member+",", 1) + `]}`)
	}
	for name, test := range map[string]struct {
		data []byte
		want error
	}{
		"no JSON":             {[]byte("x"), jose.ErrKeySet},
		"too large":           {bytes.Repeat([]byte(" "), MaxKeySet+1), jose.ErrKeySet},
		"enrolment a number":  {jwk(`"pieks_enrolment":1`), jose.ErrKey},
		"enrolment empty":     {jwk(`"pieks_enrolment":""`), jose.ErrKey},
		"enrolment in base64": {jwk(`"pieks_enrolment":"AA=="`), jose.ErrKey},
		"enrolment too large": {jwk(`"pieks_enrolment":"` + strings.Repeat("AAAA", card.MaxEnrolment/3+1) + `"`), jose.ErrKey},
		"secret":              {jwk(`"d":"x"`), jose.ErrPrivateKey},
	} {
		if _, err := ParseKeySet(test.data); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

func FuzzVerify(f *testing.F) {
	presence, err := SignPresence(deviceKey, presenceClaims(), presenceOnly)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(vectorToken)
	f.Add(presence)
	service, practice := vectorKeys(f), presenceKeys(f, PracticeKey{Device: device()})
	f.Fuzz(func(t *testing.T, token string) {
		if got, err := Verify(token, service, Rules{At: vectorTime}); err == nil && got.Claims != vectorClaims {
			t.Fatalf("%q is taken", token)
		}
		if _, err := Verify(token, practice, Rules{At: noon}); err == nil && token != presence {
			t.Fatalf("%q is taken", token)
		}
	})
}

func FuzzParseKeySet(f *testing.F) {
	f.Add([]byte(`{"keys":[` + vectorJWK + `]}`))
	f.Add([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","pieks_enrolment":"AA"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := ParseKeySet(data)
		if err != nil {
			return
		}
		again, err := json.Marshal(set.set)
		if err != nil {
			t.Fatal(err)
		}
		// A key that was told its id, algorithm and use is larger; it has to fit for the comparison only.
		if len(again) <= MaxKeySet {
			if other, err := ParseKeySet(again); err != nil || other.Len() != set.Len() {
				t.Fatalf("%s: %v", again, err)
			}
		}
	})
}
