package popp

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"pieks/node/checkin/jose"
)

func TestVector(t *testing.T) { // T1
	token, err := Verify(vectorToken, vectorKeys(t), Rules{At: vectorTime, Actor: "1-SMC-B-Testkarte-883110000168650", Issuer: "https://popp.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	if token.Claims != vectorClaims || token.Kind != KindPoPP || token.KeyID != vectorKID || token.Presence != (Presence{}) {
		t.Errorf("got %+v", token)
	}
	if want := sha256.Sum256([]byte(vectorToken[:strings.LastIndex(vectorToken, ".")])); token.Hash != want {
		t.Errorf("hash %x, want that of header and payload", token.Hash)
	}
	if want := time.Date(2026, 3, 31, 23, 59, 59, 0, time.UTC); !token.Until().Equal(want) {
		t.Errorf("until %s", token.Until())
	}
}

// part replaces one of the three parts of the vector.
func part(i int, text string) string {
	parts := strings.Split(vectorToken, ".")
	parts[i] = base64.RawURLEncoding.EncodeToString([]byte(text))
	return strings.Join(parts, ".")
}

func TestRefusals(t *testing.T) { // T2, T5, T6 and more; each has its own error
	header := func(typ, alg, kid string) string {
		return part(0, fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":%q}`, alg, kid, typ))
	}
	payload := strings.Split(vectorToken, ".")[1]
	claim := func(name string, value any) string { return signed(t, with(t, map[string]any{name: value})) }
	at := Rules{At: vectorTime}
	for _, test := range []struct {
		name, token string
		rules       Rules
		want        error
	}{
		{"payload changed", strings.Replace(vectorToken, payload, strings.Replace(payload, "MDc1NiI", "MDc1NyI", 1), 1), at, ErrSignature},
		{"alg none", header(TypePoPP, "none", vectorKID), at, ErrUnsigned},
		{"alg none, no signature", strings.TrimRight(header(TypePoPP, "none", vectorKID), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
			at, ErrUnsigned},
		{"alg ES384", header(TypePoPP, "ES384", vectorKID), at, ErrAlgorithm},
		{"alg HS256", header(TypePoPP, "HS256", vectorKID), at, ErrAlgorithm},
		{"alg of the other kind", header(TypePoPP, "EdDSA", vectorKID), at, ErrAlgorithm},
		{"typ JWT", header("JWT", "ES256", vectorKID), at, ErrType},
		{"typ in capitals", header("VND.telematik.popp+jwt", "ES256", vectorKID), at, ErrType},
		{"no kid", part(0, `{"alg":"ES256","typ":"vnd.telematik.popp+jwt"}`), at, ErrNoKeyID},
		{"unknown kid", header(TypePoPP, "ES256", "x"), at, ErrUnknownKey},
		{"no typ", part(0, `{"alg":"ES256","kid":"x"}`), at, ErrType},
		{"presence typ with a service's key", header(TypePresence, "EdDSA", vectorKID), at, ErrKeyKind},
		{"header member twice", part(0, `{"alg":"ES256","alg":"ES256","kid":"x","typ":"vnd.telematik.popp+jwt"}`), at, jose.ErrDuplicate},
		{"crit", part(0, `{"alg":"ES256","kid":"x","typ":"vnd.telematik.popp+jwt","crit":["exp"]}`), at, jose.ErrCritical},
		{"two parts", vectorToken[:strings.LastIndex(vectorToken, ".")], at, ErrCompact},
		{"line break", vectorToken[:20] + "\n" + vectorToken[20:], at, ErrCompact},
		{"padding", vectorToken + "==", at, ErrCompact},
		{"signature in DER", part(2, strings.Repeat("0", 70)), at, ErrSignature},
		{"signature of zeros", part(2, strings.Repeat("\x00", 64)), at, ErrSignature},
		{"too large", signed(t, with(t, map[string]any{"more": strings.Repeat("x", MaxToken)})), at, ErrTooLarge},

		{"claim twice", signed(t, []byte(strings.Replace(string(with(t, nil)), "{", `{"patientId":"A123456780",`, 1))), at, jose.ErrDuplicate},
		{"claims behind the claims", signed(t, append(with(t, nil), "{}"...)), at, ErrClaims},
		{"claims as a list", signed(t, []byte("[]")), at, ErrClaims},
		{"version", claim("version", "2.0.0"), at, ErrVersion},
		{"version as a number", claim("version", 1), at, ErrClaims},
		{"proof method", claim("proofMethod", "ehc-provider-foo"), at, ErrProofMethod},
		{"iss with a path", claim("iss", "https://popp.example.com/"), at, ErrIssuer},
		{"iss without TLS", claim("iss", "http://popp.example.com"), at, ErrIssuer},
		{"iss of a practice", claim("iss", "pieks:"+vectorKID), at, ErrIssuer},
		{"iss of another", vectorToken, Rules{At: vectorTime, Issuer: "https://other.example.com"}, ErrIssuer},
		{"iat as a text", claim("iat", "1767340801"), at, ErrClaims},
		{"iat with a fraction", claim("iat", 1767340801.5), at, ErrClaims},
		{"iat negative", claim("iat", -1), at, ErrClaims},
		{"iat in the year 10000", claim("iat", int64(253402300800)), at, ErrClaims},
		{"proof after the token", claim("patientProofTime", 1767340801+61), at, ErrClaims},
		{"no proof time", claim("patientProofTime", nil), at, ErrClaims},
		{"patientId", claim("patientId", "x110540756"), at, ErrClaims},
		{"insurerId", claim("insurerId", "10950096"), at, ErrClaims},
		{"actorId", claim("actorId", "1_2"), at, ErrClaims},
		{"profession", claim("actorProfessionOid", "1.2..3"), at, ErrClaims},
		{"profession with a leading zero", claim("actorProfessionOid", "1.02"), at, ErrClaims},
		{"name in capitals", claim("ACTORID", "1-2"), at, nil}, // another claim, ignored
		{"only in capitals", signed(t, []byte(strings.Replace(string(with(t, nil)), `"actorId"`, `"ActorId"`, 1))), at, ErrClaims},

		{"future", claim("iat", 1767340801+61), at, ErrFuture},
		{"a quarter later", vectorToken, Rules{At: time.Date(2026, 4, 1, 0, 1, 0, 0, time.UTC)}, ErrQuarter},
		{"another actor", vectorToken, Rules{At: vectorTime, Actor: "1-SMC-B-Testkarte-883110000168651"}, ErrActor}, // T5
		{"not the kind", vectorToken, Rules{At: vectorTime, Kind: KindPresence}, ErrKind},
	} {
		t.Run(test.name, func(t *testing.T) {
			token, err := Verify(test.token, vectorKeys(t), test.rules)
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if (token == nil) != (err != nil) {
				t.Errorf("a token with an error, or none without: %v", token)
			}
			if err == nil {
				return
			}
			for _, secret := range []string{"X110540756", "109500969", "Testkarte", vectorKID} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error says %s: %v", secret, err)
				}
			}
		})
	}
	if _, err := Verify(vectorToken, nil, at); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("no keys: %v", err)
	}
}

func TestDistinct(t *testing.T) { // T2 wants each refusal to be told from the others
	all := []error{ErrTooLarge, ErrCompact, ErrType, ErrKind, ErrUnsigned, ErrAlgorithm, ErrNoKeyID, ErrUnknownKey, ErrKeyKind, ErrSignature, ErrClaims,
		ErrVersion, ErrProofMethod, ErrIssuer, ErrFuture, ErrQuarter, ErrActor}
	for i, a := range all {
		if Class(a) == "" || Class(fmt.Errorf("verify token: %w", a)) != Class(a) {
			t.Errorf("%q has no class", a)
		}
		for _, b := range all[:i] {
			if errors.Is(a, b) || a.Error() == b.Error() || Class(a) == Class(b) {
				t.Errorf("%q and %q are the same", a, b)
			}
		}
	}
}

func TestUnknownClaims(t *testing.T) { // T3
	token := signed(t, with(t, map[string]any{"authorization_details": map[string]any{"type": "x", "list": []int{1, 2}}, "exp": 1}))
	got, err := Verify(token, vectorKeys(t), Rules{At: vectorTime})
	if err != nil || got.Claims != vectorClaims {
		t.Fatalf("got %+v, %v", got, err)
	}
	// The example of the interface has numbers with wrong check digits: a protocol takes them.
	token = signed(t, with(t, map[string]any{"patientId": "X123456789", "insurerId": "123456789", "actorId": "1-2012345678"}))
	if _, err := Verify(token, vectorKeys(t), Rules{At: vectorTime}); err != nil {
		t.Error(err)
	}
}

func TestQuarter(t *testing.T) { // T4
	date := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for iat, end := range map[string]string{
		"2026-05-15T12:00:00Z":      "2026-06-30T23:59:59Z",
		"2024-02-29T12:00:00Z":      "2024-03-31T23:59:59Z",
		"2026-10-01T00:00:00Z":      "2026-12-31T23:59:59Z",
		"2026-12-31T23:59:59Z":      "2026-12-31T23:59:59Z",
		"2026-07-01T01:00:00+02:00": "2026-06-30T23:59:59Z", // the quarter is that of UTC
	} {
		if got := EndOfQuarter(date(iat)); !got.Equal(date(end)) {
			t.Errorf("the quarter of %s ends %s, want %s", iat, got, end)
		}
	}
	for _, test := range []struct {
		iat, at string
		leeway  time.Duration
		want    error
	}{
		{"2026-05-15T12:00:00Z", "2026-06-30T23:59:59Z", 0, nil},
		{"2026-05-15T12:00:00Z", "2026-07-01T00:00:59.999Z", 0, nil},
		{"2026-05-15T12:00:00Z", "2026-07-01T00:01:00Z", 60 * time.Second, ErrQuarter},
		{"2026-05-15T12:00:00Z", "2026-07-01T00:01:00Z", 61 * time.Second, nil},
		{"2024-02-29T12:00:00Z", "2024-03-31T23:59:59Z", 0, nil},
		{"2026-05-15T12:00:00Z", "2026-05-15T11:59:00Z", 0, nil},
		{"2026-05-15T12:00:00Z", "2026-05-15T11:58:59Z", 0, ErrFuture},
		{"2026-05-15T12:00:00Z", "2026-05-15T11:59:59Z", time.Nanosecond, ErrFuture},
	} {
		iat := date(test.iat).Unix()
		token := signed(t, with(t, map[string]any{"iat": iat, "patientProofTime": iat}))
		if _, err := Verify(token, vectorKeys(t), Rules{At: date(test.at), Leeway: test.leeway}); !errors.Is(err, test.want) {
			t.Errorf("issued %s, at %s with %s: %v, want %v", test.iat, test.at, test.leeway, err, test.want)
		}
	}
}

func TestProofMethods(t *testing.T) { // T6
	for _, method := range []string{
		"healthid", "ehc-practitioner-trustedchannel", "ehc-practitioner-cvc-authenticated", "ehc-practitioner-user-x509", "ehc-practitioner-owner-x509",
		"ehc-provider-trustedchannel", "ehc-provider-cvc-authenticated", "ehc-provider-user-x509", "ehc-provider-owner-x509",
	} {
		token, err := Verify(signed(t, with(t, map[string]any{"proofMethod": method})), vectorKeys(t), Rules{At: vectorTime})
		if err != nil || string(token.Claims.ProofMethod) != method {
			t.Errorf("%s: %v", method, err)
		}
	}
}

// TestTwin: of a signature (r, s), (r, n-s) holds too. Whoever remembers tokens by Hash sees that they are one.
func TestTwin(t *testing.T) {
	parts := strings.Split(vectorToken, ".")
	signature, _ := base64.RawURLEncoding.DecodeString(parts[2])
	s := new(big.Int).SetBytes(signature[32:])
	new(big.Int).Sub(vectorKey(t).Curve.Params().N, s).FillBytes(signature[32:])
	twin := parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(signature)
	a, err := Verify(vectorToken, vectorKeys(t), Rules{At: vectorTime})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Verify(twin, vectorKeys(t), Rules{At: vectorTime})
	if err != nil {
		t.Fatal(err)
	}
	if a.Hash != b.Hash || twin == vectorToken {
		t.Error("a second signature makes a second token")
	}
}
