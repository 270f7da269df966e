package federation

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"errors"
	"net/http"
	"testing"
	"time"

	"pieks/node/checkin/jose"
)

func TestAddress(t *testing.T) {
	for _, raw := range []string{"https://a.example", "https://a.example:8443/x/y?z=1", "http://127.0.0.1:80/", "http://[::1]:8080", "http://localhost/x",
		"HTTPS://a.example"} {
		if _, err := CheckAddress(raw); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
	}
	for _, raw := range []string{
		"", "a.example", "//a.example", "http://a.example", "http://127.0.0.1.example", "http://localhost.example", "ftp://a.example", "https://", "https:///x",
		"https://u@a.example",
		"https://a.example/#x", "https://a.example/ x", "https://a.example/\n", "https:a.example", "file:///etc/passwd", "https://ä.example", "http://0.0.0.0/",
		"http://169.254.169.254/",
	} {
		if _, err := CheckAddress(raw); !errors.Is(err, ErrAddress) {
			t.Errorf("%q: %v", raw, err)
		}
	}
	for _, test := range []struct {
		issuer, address string
		want            error
	}{
		{"https://a.example", "https://a.example/x", nil},
		{"https://a.example", "https://A.example/x", nil},
		{"https://a.example", "https://b.example/x", ErrOtherHost},
		{"https://a.example", "https://a.example.b.example/x", ErrOtherHost},
		{"https://a.example", "https://a.example:444/x", ErrOtherHost},
		{"https://127.0.0.1", "http://127.0.0.1/x", ErrOtherHost},
		{"https://a.example", "http://a.example/x", ErrAddress},
	} {
		if err := SameHost(test.issuer, test.address); !errors.Is(err, test.want) {
			t.Errorf("%s of %s: %v, want %v", test.address, test.issuer, err, test.want)
		}
	}
}

// TestClient: a caller's client follows redirects and keeps cookies no more than one's own.
func TestClient(t *testing.T) {
	theirs := &http.Client{Timeout: time.Hour}
	f := NewFetcher(theirs, nil)
	if f.client == theirs || f.client.CheckRedirect == nil || f.client.Timeout != time.Hour || theirs.CheckRedirect != nil {
		t.Error("the client is the caller's own, or follows redirects")
	}
	if NewFetcher(nil, nil).client.Timeout != requestTimeout {
		t.Error("one's own has no deadline")
	}
}

func TestTimes(t *testing.T) {
	now := time.Unix(1767340801, 0).UTC()
	for _, test := range []struct {
		text   string
		needed bool
		end    time.Time
		want   error
	}{
		{`{"iat":1767340801,"exp":1767340802}`, true, now.Add(time.Second), nil},
		{`{"iat":1767340861,"exp":1767340862}`, true, now.Add(61 * time.Second), nil},
		{`{"iat":1767340862,"exp":1767340863}`, true, time.Time{}, ErrFuture},
		{`{"iat":1767340801,"exp":1767340801}`, true, time.Time{}, ErrExpired},
		{`{"iat":1767340801}`, true, time.Time{}, ErrStatement},
		{`{"exp":1767340802}`, true, time.Time{}, ErrStatement},
		{`{}`, false, time.Time{}, nil},
		{`{"exp":1767340800}`, false, time.Time{}, ErrExpired},
		{`{"iat":"x"}`, false, time.Time{}, ErrStatement},
		{`{"iat":1767340801,"exp":9999999999999}`, true, now.Add(maxLife), nil},
	} {
		o, err := jose.ParseObject([]byte(test.text))
		if err != nil {
			t.Fatal(err)
		}
		if end, err := times(o, now, test.needed); !errors.Is(err, test.want) || !end.Equal(test.end) {
			t.Errorf("%s: %s, %v", test.text, end, err)
		}
	}
}

func FuzzParseStatement(f *testing.F) {
	d, err := base64.RawURLEncoding.DecodeString("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI") // RFC 7515 appendix A.3
	if err != nil {
		f.Fatal(err)
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d)
	if err != nil {
		f.Fatal(err)
	}
	const issuer = "https://a.example"
	now := time.Unix(1767340801, 0)
	claims := map[string]any{
		"iss": issuer, "sub": issuer, "iat": now.Unix(), "exp": now.Unix() + 60, "metadata": map[string]any{"oauth_resource": map[string]any{}},
		"jwks": jose.NewSet(jose.Key{P256: &key.PublicKey}),
	}
	statement, err := Sign(key, TypeStatement, claims)
	if err != nil {
		f.Fatal(err)
	}
	own, err := ParseStatement(statement, issuer, now)
	if err != nil {
		f.Fatal(err)
	}
	set, err := Sign(key, TypeKeys, map[string]any{"keys": []any{}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(statement)
	f.Add(set)
	f.Fuzz(func(t *testing.T, raw string) {
		if s, err := ParseStatement(raw, issuer, now); err == nil && (s.Issuer != issuer || !s.Expires.After(now)) {
			t.Fatalf("%q is taken", raw)
		}
		if k, err := ParseSignedKeys(raw, own, now); err == nil && k.Expires.After(own.Expires) {
			t.Fatalf("%q outlives its statement", raw)
		}
	})
}
