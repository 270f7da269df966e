package service_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"pieks/node/checkin/jose"
	"pieks/node/checkin/popp/client"
	"pieks/node/checkin/popp/zeta"
)

// repeat sends a request that was seen, changed.
func (w *town) repeat(t *testing.T, r seen, change func(h http.Header)) (int, string) {
	t.Helper()
	out, err := http.NewRequest(r.method, w.url+r.uri, strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	out.Header = r.header.Clone()
	change(out.Header)
	answer, err := http.DefaultClient.Do(out)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// last is the last request whose address has part.
func (w *town) last(t *testing.T, part string) seen {
	t.Helper()
	all := w.saw()
	for i := len(all) - 1; i >= 0; i-- {
		if strings.Contains(all[i].uri, part) {
			return all[i]
		}
	}
	t.Fatal("no request of " + part)
	return seen{}
}

// proofOf makes one as its owner would.
func proofOf(t *testing.T, key *ecdsa.PrivateKey, kind string, claims map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	p, err := jose.SignES256(key, jose.Header{Type: kind, Key: &jose.Key{P256: &key.PublicKey}}, payload)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestStolenToken: a token that is bound to a key is of no use without, and a request cannot be made twice.
func TestStolenToken(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	if _, _, err := w.patient.EGK(reception).Next(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	r := w.last(t, cardPath)
	access, _ := strings.CutPrefix(r.header.Get("Authorization"), "DPoP ")
	sum := sha256.Sum256([]byte(access))
	ath := base64.RawURLEncoding.EncodeToString(sum[:])
	thief := newKey(t)
	for name, change := range map[string]func(h http.Header){
		"the same request":        func(http.Header) {},
		"without a proof":         func(h http.Header) { h.Del("DPoP") },
		"as a bearer's":           func(h http.Header) { h.Set("Authorization", "Bearer "+access); h.Del("DPoP") },
		"as a bearer's, proof":    func(h http.Header) { h.Set("Authorization", "Bearer "+access) },
		"without a token":         func(h http.Header) { h.Del("Authorization") },
		"with another token":      func(h http.Header) { h.Set("Authorization", "DPoP x"+access) },
		"with two proofs":         func(h http.Header) { h.Add("DPoP", h.Get("DPoP")) },
		"with a thief's own key":  func(h http.Header) { h.Set("DPoP", proofOf(t, thief, "dpop+jwt", claims(w, ath, cardPath, "POST"))) },
		"with a proof of no kind": func(h http.Header) { h.Set("DPoP", "a.b.c") },
	} {
		if status, body := w.repeat(t, r, change); status != 401 || body != `{"errorCode":"unauthorized"}` {
			t.Fatalf("%s: %d %s", name, status, body)
		}
	}
}

func claims(w *town, ath, path, method string) map[string]any {
	return map[string]any{"jti": rand.Text(), "htm": method, "htu": w.url + path, "iat": w.now().Unix(), "ath": ath}
}

// TestProofs: each member of a proof counts, and its key.
func TestProofs(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	key := newKey(t)
	access := w.tokenFor(t, key)
	sum := sha256.Sum256([]byte(access))
	ath := base64.RawURLEncoding.EncodeToString(sum[:])
	for name, test := range map[string]struct {
		change func(c map[string]any)
		kind   string
		key    *ecdsa.PrivateKey
		ok     bool
	}{
		"good":            {func(map[string]any) {}, "dpop+jwt", key, true},
		"other method":    {func(c map[string]any) { c["htm"] = "GET" }, "dpop+jwt", key, false},
		"other address":   {func(c map[string]any) { c["htu"] = w.url + "/token" }, "dpop+jwt", key, false},
		"other host":      {func(c map[string]any) { c["htu"] = "https://popp.example" + cardPath }, "dpop+jwt", key, false},
		"other token":     {func(c map[string]any) { c["ath"] = "x" }, "dpop+jwt", key, false},
		"no token":        {func(c map[string]any) { delete(c, "ath") }, "dpop+jwt", key, false},
		"no number":       {func(c map[string]any) { c["jti"] = "" }, "dpop+jwt", key, false},
		"old":             {func(c map[string]any) { c["iat"] = w.now().Add(-61 * time.Second).Unix() }, "dpop+jwt", key, false},
		"from the future": {func(c map[string]any) { c["iat"] = w.now().Add(61 * time.Second).Unix() }, "dpop+jwt", key, false},
		"other type":      {func(map[string]any) {}, "JWT", key, false},
		"other key":       {func(map[string]any) {}, "dpop+jwt", newKey(t), false},
	} {
		c := claims(w, ath, cardPath, "POST")
		test.change(c)
		status, body := w.repeat(t, seen{"POST", cardPath, `{"telematikid":"` + string(practiceID) + `"}`, http.Header{
			"Authorization": {"DPoP " + access}, "Dpop": {proofOf(t, test.key, test.kind, c)}, "X-Useragent": {"A/1"}, "Content-Type": {zeta.TypeJSON},
		}}, func(http.Header) {})
		if ok := status == 200; ok != test.ok || !ok && status != 401 {
			t.Fatalf("%s: %d %s", name, status, body)
		}
	}
}

// register makes a client by hand.
func (w *town) register(t *testing.T, own *ecdsa.PrivateKey) (id string) {
	t.Helper()
	jwks, err := json.Marshal(map[string]any{"jwks": jose.NewSet(jose.Key{P256: &own.PublicKey})})
	if err != nil {
		t.Fatal(err)
	}
	var made struct {
		ID string `json:"client_id"`
	}
	_, body := w.repeat(t, seen{"POST", "/register", string(jwks), http.Header{"Content-Type": {zeta.TypeJSON}}}, func(http.Header) {})
	if err := json.Unmarshal([]byte(body), &made); err != nil || made.ID == "" {
		t.Fatal(body, err)
	}
	return made.ID
}

// assertion are the claims of a client that proves itself.
func (w *town) assertion(id string) map[string]any {
	return map[string]any{"iss": id, "sub": id, "aud": w.url + "/token", "jti": rand.Text(), "exp": w.now().Add(time.Minute).Unix()}
}

// ask asks for a token.
func (w *town) ask(t *testing.T, id, assertion, proof string) (status int, body string) {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_assertion": {assertion}}
	h := http.Header{"Content-Type": {zeta.TypeForm}}
	if proof != "" {
		h.Set("DPoP", proof)
	}
	return w.repeat(t, seen{"POST", "/token", form.Encode(), h}, func(http.Header) {})
}

// tokenFor gets a token that is bound to key.
func (w *town) tokenFor(t *testing.T, key *ecdsa.PrivateKey) string {
	t.Helper()
	own := newKey(t)
	id := w.register(t, own)
	c := claims(w, "", "/token", "POST")
	delete(c, "ath")
	_, body := w.ask(t, id, proofOf(t, own, "JWT", w.assertion(id)), proofOf(t, key, "dpop+jwt", c))
	var token struct {
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(body), &token); err != nil || token.Access == "" {
		t.Fatal(body, err)
	}
	return token.Access
}

// TestAssertions: a client's proof of who it is goes once, to whom it is for, in its time, by its key.
func TestAssertions(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	own := newKey(t)
	id, other := w.register(t, own), w.register(t, newKey(t))
	for name, test := range map[string]struct {
		change func(c map[string]any)
		kind   string
		key    *ecdsa.PrivateKey
		ok     bool
	}{
		"good":           {func(map[string]any) {}, "JWT", own, true},
		"wrong key":      {func(map[string]any) {}, "JWT", newKey(t), false},
		"other audience": {func(c map[string]any) { c["aud"] = "https://popp.example/token" }, "JWT", own, false},
		"other subject":  {func(c map[string]any) { c["sub"] = other }, "JWT", own, false},
		"other client":   {func(c map[string]any) { c["iss"], c["sub"] = other, other }, "JWT", own, false},
		"no number":      {func(c map[string]any) { delete(c, "jti") }, "JWT", own, false},
		"no end":         {func(c map[string]any) { delete(c, "exp") }, "JWT", own, false},
		"over":           {func(c map[string]any) { c["exp"] = w.now().Add(-61 * time.Second).Unix() }, "JWT", own, false},
		"for a year":     {func(c map[string]any) { c["exp"] = w.now().AddDate(1, 0, 0).Unix() }, "JWT", own, false},
		"other type":     {func(map[string]any) {}, "dpop+jwt", own, false},
	} {
		c := w.assertion(id)
		test.change(c)
		assertion := proofOf(t, test.key, test.kind, c)
		status, body := w.ask(t, id, assertion, "")
		if ok := status == 200; ok != test.ok || !ok && body != `{"error":"invalid_client"}` {
			t.Fatal(name, status, body)
		}
		if status, body := w.ask(t, id, assertion, ""); status != 401 || body != `{"error":"invalid_client"}` {
			t.Fatal(name, "was taken twice", status, body)
		}
	}
	if status, body := w.ask(t, "test-nobody", proofOf(t, own, "JWT", w.assertion("test-nobody")), ""); status != 401 {
		t.Fatal(status, body)
	}
}
