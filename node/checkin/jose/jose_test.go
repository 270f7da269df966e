package jose

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The examples of RFC 7515 appendix A.3 and RFC 8037 appendix A.
const (
	p256JWK = `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`
	p256JWS = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ" +
		".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
	edJWK    = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	edJWS    = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
	edSecret = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
)

func key(t testing.TB, jwk string) Key {
	t.Helper()
	k, err := ParseKey([]byte(jwk))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestVectors(t *testing.T) {
	for name, test := range map[string]struct{ jwk, jws, payload, thumbprint string }{
		"RFC 7515 A.3": {p256JWK, p256JWS, "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}",
			"oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"},
		"RFC 8037 A.4": {edJWK, edJWS, "Example of Ed25519 signing", "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
	} {
		m, err := Parse(test.jws, 1000)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		k := key(t, test.jwk)
		if err := m.Verify(k); err != nil || string(m.Payload) != test.payload {
			t.Errorf("%s: %v, %q", name, err, m.Payload)
		}
		if k.Thumbprint() != test.thumbprint || k.ID != test.thumbprint {
			t.Errorf("%s: thumbprint %s, id %s", name, k.Thumbprint(), k.ID)
		}
	}
	seed, err := base64url.DecodeString(edSecret)
	if err != nil {
		t.Fatal(err)
	}
	got, err := SignEdDSA(ed25519.NewKeyFromSeed(seed), Header{}, []byte("Example of Ed25519 signing"))
	if err != nil || got != edJWS {
		t.Errorf("signed: %s, %v", got, err)
	}
}

func TestVerify(t *testing.T) {
	ed, p256 := key(t, edJWK), key(t, p256JWK)
	parse := func(jws string) *Message {
		m, err := Parse(jws, 1000)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	if err := parse(edJWS).Verify(p256); !errors.Is(err, ErrKeyKind) {
		t.Errorf("the other key: %v", err)
	}
	if err := parse(p256JWS).Verify(ed); !errors.Is(err, ErrKeyKind) {
		t.Errorf("the other key: %v", err)
	}
	// Any bit of any part that still parses makes the signature wrong.
	rapid.Check(t, func(t *rapid.T) {
		jws, k := edJWS, ed
		if rapid.Bool().Draw(t, "p256") {
			jws, k = p256JWS, p256
		}
		at := rapid.IntRange(0, len(jws)-1).Draw(t, "at")
		to := rapid.SampledFrom([]byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")).Draw(t, "to")
		if jws[at] == to {
			return
		}
		m, err := Parse(jws[:at]+string(rune(to))+jws[at+1:], 1000)
		if err == nil {
			err = m.Verify(k)
		}
		if err == nil {
			t.Fatalf("character %d as %c holds", at, to)
		}
	})
}

// TestSign: 300 signatures, so that one of those with a leading zero in r or s (1 of 128) is among them.
func TestSign(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k := Key{P256: &private.PublicKey}
	for i := range 300 {
		jws, err := SignES256(private, Header{KeyID: "k", Type: "t", Chain: []string{"c"}}, fmt.Append(nil, i))
		if err != nil {
			t.Fatal(err)
		}
		m, err := Parse(jws, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Verify(k); err != nil || m.KeyID != "k" || m.Type != "t" || m.Algorithm != ES256 || string(m.Payload) != fmt.Sprint(i) {
			t.Fatalf("%d: %v, %+v", i, err, m)
		}
	}
}

func TestParse(t *testing.T) {
	b := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	for jws, want := range map[string]error{
		"":                                      ErrCompact,
		"..":                                    ErrJSON,
		b(`{}`) + "..":                          nil,
		b(`{"alg":"none"}`) + ".x.":             ErrCompact, // one character is no byte
		b(`{}`) + ".AB.":                        ErrCompact, // loose last bits
		b(`{}`) + ".AA==.":                      ErrCompact,
		b(`{}`) + ".A/A.":                       ErrCompact,
		b(`{}`) + ".AA\n.":                      ErrCompact,
		b(`{}`) + "...":                         ErrCompact,
		b(`[]`) + "..":                          ErrJSON,
		b(`{"crit":[]}`) + "..":                 ErrCritical,
		b(`{"alg":1}`) + "..":                   ErrMember,
		b(`{"kid":null}`) + "..":                ErrMember,
		b(`{"kid":"a","kid":"b"}`) + "..":       ErrDuplicate,
		b(`{"x":{"y":[{"z":1,"z":2}]}}`) + "..": ErrDuplicate,
		b(`{"alg":"` + strings.Repeat("x", 1000)): ErrTooLarge,
	} {
		if _, err := Parse(jws, 1000); !errors.Is(err, want) {
			t.Errorf("%.60q: %v, want %v", jws, err, want)
		}
	}
}

func TestParseObject(t *testing.T) {
	for text, want := range map[string]error{
		`{"a":1,"A":2}`:           nil,
		`{"a":{"b":1},"b":1}`:     nil,
		`[{"a":1}]`:               ErrJSON,
		`null`:                    ErrJSON,
		`{"a":1}x`:                ErrJSON,
		`{"a":1}{"b":1}`:          ErrJSON,
		`{"a":01}`:                ErrJSON,
		`{"a":1e999999999}`:       nil,
		"{\"a\":\"\xc3\"}":        ErrJSON,
		"\ufeff{}":                ErrJSON,
		`{"a":1,"\u0061":2}`:      ErrDuplicate,
		`{"x":[[{"a":1,"a":1}]]}`: ErrDuplicate,
		strings.Repeat(`{"a":`, 16) + "1" + strings.Repeat("}", 16):             nil,
		strings.Repeat(`{"a":`, 17) + "1" + strings.Repeat("}", 17):             ErrJSON,
		`{"a":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + "}": ErrJSON,
	} {
		if _, err := ParseObject([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%.60q: %v, want %v", text, err, want)
		}
	}
}

func TestMembers(t *testing.T) {
	o, err := ParseObject([]byte(`{"s":"ä","n":12,"f":1.0,"l":["a","b"],"m":["a",1],"o":{"i":"x"},"null":null,"big":99999999999999999999}`))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := o.Text("s"); err != nil || s != "ä" {
		t.Errorf("text %q, %v", s, err)
	}
	if n, err := o.Integer("n"); err != nil || n != 12 {
		t.Errorf("integer %d, %v", n, err)
	}
	if l, err := o.Texts("l"); err != nil || strings.Join(l, " ") != "a b" {
		t.Errorf("texts %v, %v", l, err)
	}
	if l, err := o.Texts("s"); err != nil || len(l) != 1 {
		t.Errorf("one text %v, %v", l, err)
	}
	if inner, err := o.Object("o"); err != nil || len(inner) != 1 {
		t.Errorf("object %v, %v", inner, err)
	}
	if s, err := o.OptionalText("none"); err != nil || s != "" {
		t.Errorf("absent %q, %v", s, err)
	}
	for what, read := range map[string]func() error{
		"text of a number":     func() error { _, err := o.Text("n"); return err },
		"text of null":         func() error { _, err := o.OptionalText("null"); return err },
		"text in another case": func() error { _, err := o.Text("S"); return err },
		"fraction":             func() error { _, err := o.Integer("f"); return err },
		"integer of a text":    func() error { _, err := o.Integer("s"); return err },
		"large integer":        func() error { _, err := o.Integer("big"); return err },
		"absent integer":       func() error { _, err := o.Integer("none"); return err },
		"mixed list":           func() error { _, err := o.Texts("m"); return err },
		"list of a number":     func() error { _, err := o.Texts("n"); return err },
		"object of null":       func() error { _, err := o.Object("null"); return err },
		"object of a list":     func() error { _, err := o.Object("l"); return err },
	} {
		if err := read(); !errors.Is(err, ErrMember) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestKeys(t *testing.T) {
	edit := func(jwk, old, new string) string { return strings.Replace(jwk, old, new, 1) }
	for jwk, want := range map[string]error{
		p256JWK:                                                   nil,
		edJWK:                                                     nil,
		edit(p256JWK, `"kty"`, `"d":"AA","kty"`):                  ErrPrivateKey,
		edit(edJWK, `"kty"`, `"d":"AA","kty"`):                    ErrPrivateKey,
		`{"kty":"oct","k":"AAAA"}`:                                ErrPrivateKey,
		edit(p256JWK, `x_FE`, `x_FF`):                             ErrKey, // not on the curve
		edit(p256JWK, `"f83O`, `"83O`):                            ErrKey, // short
		edit(p256JWK, `"y":"`, `"y":"AA`):                         ErrKey,
		edit(p256JWK, `"y"`, `"Y"`):                               ErrKey,
		edit(edJWK, `"11q`, `"1q`):                                ErrKey,
		edit(p256JWK, `P-256`, `P-384`):                           ErrKey,
		edit(p256JWK, `"kty"`, `"use":"enc","kty"`):               ErrKey,
		edit(p256JWK, `"kty"`, `"alg":"EdDSA","kty"`):             ErrKey,
		edit(p256JWK, `"kty"`, `"use":"sig","alg":"ES256","kty"`): nil,
		edit(p256JWK, `"kty"`, `"kid":"`+strings.Repeat("x", 300)+`","kty"`):                                     ErrKey,
		edit(p256JWK, `"kty"`, `"kid":1,"kty"`):                                                                  ErrKey,
		`{"kty":"EC","crv":"P-256","x":"` + strings.Repeat("A", 43) + `","y":"` + strings.Repeat("A", 43) + `"}`: ErrKey,
		`{}`: ErrKey,
	} {
		if _, err := ParseKey([]byte(jwk)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", jwk, err, want)
		}
	}
}

func TestSets(t *testing.T) {
	set := func(keys ...string) []byte { return []byte(`{"keys":[` + strings.Join(keys, ",") + `]}`) }
	s, err := ParseSet(set(p256JWK, `{"kty":"RSA","n":"AQAB","e":"AQAB"}`, edJWK, `{"kty":"EC","crv":"P-384"}`))
	if err != nil || len(s.Keys()) != 2 {
		t.Fatalf("keys for something else are passed over: %v, %v", s, err)
	}
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseSet(data)
	if err != nil || len(again.Keys()) != 2 {
		t.Fatalf("%s: %v", data, err)
	}
	for i, k := range again.Keys() {
		if k.Thumbprint() != s.Keys()[i].Thumbprint() || k.ID != s.Keys()[i].ID {
			t.Errorf("key %d is another", i)
		}
	}
	if data, err := json.Marshal(NewSet()); err != nil || !bytes.Equal(data, []byte(`{"keys":[]}`)) {
		t.Errorf("no keys: %s, %v", data, err)
	}
	var many []string
	for i := range MaxKeys + 1 {
		many = append(many, fmt.Sprintf(`{"kid":"%d",%s`, i, p256JWK[1:]))
	}
	if s, err := ParseSet(set(many[:MaxKeys]...)); err != nil || len(s.Keys()) != MaxKeys {
		t.Errorf("%d keys: %v", MaxKeys, err)
	}
	for name, test := range map[string]struct {
		data []byte
		want error
	}{
		"too many":      {set(many...), ErrKeySet},
		"one id twice":  {set(p256JWK, p256JWK), ErrKeyTwice},
		"no list":       {[]byte(`{"keys":{}}`), ErrKeySet},
		"no keys":       {[]byte(`{}`), ErrKeySet},
		"a list":        {[]byte(`[]`), ErrKeySet},
		"keys in twice": {[]byte(`{"keys":[],"keys":[]}`), ErrDuplicate},
		"a text":        {set(`"x"`), ErrKeySet},
		"damaged":       {set(`{"kty":"EC","crv":"P-256"}`), ErrKey},
		"secret":        {set(strings.Replace(edJWK, "{", `{"d":"AA",`, 1)), ErrPrivateKey},
	} {
		if _, err := ParseSet(test.data); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(p256JWS)
	f.Add(edJWS)
	k, e := key(f, p256JWK), key(f, edJWK)
	f.Fuzz(func(t *testing.T, jws string) {
		m, err := Parse(jws, 8192)
		if err != nil {
			return
		}
		if !strings.HasPrefix(jws, m.Signed()) {
			t.Fatalf("what is signed is not the beginning")
		}
		if m.Verify(k) == nil && m.Signed() != p256JWS[:len(m.Signed())] || m.Verify(e) == nil && jws != edJWS {
			t.Fatalf("%q holds", jws)
		}
	})
}
