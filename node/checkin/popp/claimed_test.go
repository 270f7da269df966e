package popp

import (
	"errors"
	"strings"
	"testing"
)

// What a token claims is read without a key, whoever signed it and when; what is no token, or says what no token may, is not.
func TestClaimed(t *testing.T) {
	for name, good := range map[string]string{
		"vector": vectorToken, "another signature": vectorToken[:strings.LastIndexByte(vectorToken, '.')+1] + "AAAA",
		"long ago": signed(t, with(t, map[string]any{"iat": 2, "patientProofTime": 1})),
	} {
		c, err := Claimed(good)
		if err != nil || c.ActorID != vectorClaims.ActorID || c.PatientID != vectorClaims.PatientID {
			t.Errorf("%s: %+v %v", name, c, err)
		}
	}
	for name, c := range map[string]struct {
		token string
		want  error
	}{
		"nothing": {"", ErrCompact}, "another type": {part(0, `{"alg":"ES256","kid":"x","typ":"JWT"}`), ErrType},
		"no claims": {part(1, `[]`), ErrClaims}, "too long": {strings.Repeat("a", MaxToken+1), ErrTooLarge},
		"unsigned":    {part(0, `{"alg":"none","kid":"x","typ":"`+TypePoPP+`"}`), ErrUnsigned},
		"no actor":    {signed(t, with(t, map[string]any{"actorId": nil})), ErrClaims},
		"other actor": {signed(t, with(t, map[string]any{"actorId": "<script>"})), ErrTelematikID},
		"issuer":      {signed(t, with(t, map[string]any{"iss": "http://popp.example.com"})), ErrIssuer},
	} {
		if got, err := Claimed(c.token); !errors.Is(err, c.want) || got != (Claims{}) {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	if HashOf("a.b.c") != HashOf("a.b.d") || HashOf("a.b.c") == HashOf("a.c.c") || HashOf("") != HashOf("x") {
		t.Error("the hash is not that of header and payload")
	}
}

// Whatever is taken by Verify says the same to Claimed, and has the same hash.
func FuzzClaimed(f *testing.F) {
	f.Add(vectorToken)
	f.Add("a.b.c")
	keys := vectorKeys(f)
	f.Fuzz(func(t *testing.T, compact string) {
		claims, err := Claimed(compact)
		if err == nil && claims.ActorID == "" {
			t.Fatal("claims without an actor")
		}
		token, verified := Verify(compact, keys, Rules{At: vectorTime})
		if verified == nil && (err != nil || claims != token.Claims || token.Hash != HashOf(compact)) {
			t.Fatal("what holds is not read", err)
		}
	})
}
