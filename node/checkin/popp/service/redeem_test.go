package service

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"testing"
	"time"
)

// TestRedeem: each part of a code's redemption counts by itself, and a code goes once, whether it was taken or not.
func TestRedeem(t *testing.T) {
	now := time.Date(2026, 1, 2, 8, 0, 0, 0, time.UTC)
	s, err := New(Config{Issuer: "http://127.0.0.1:1", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("verifier"))
	for name, test := range map[string]struct {
		client, redirect, verifier string
		until                      time.Time
		ok                         bool
	}{
		"good":           {"me", "http://127.0.0.1:2/x", "verifier", now, true},
		"other client":   {"you", "http://127.0.0.1:2/x", "verifier", now, false},
		"other address":  {"me", "http://127.0.0.1:3/x", "verifier", now, false},
		"other verifier": {"me", "http://127.0.0.1:2/x", "verifiers", now, false},
		"no verifier":    {"me", "http://127.0.0.1:2/x", "", now, false},
		"late":           {"me", "http://127.0.0.1:2/x", "verifier", now.Add(-time.Second), false},
	} {
		s.codes["code"] = grant{
			client: "me", redirect: "http://127.0.0.1:2/x", challenge: base64.RawURLEncoding.EncodeToString(sum[:]), person: person{"X110540756", "109500969"},
			until: test.until,
		}
		form := url.Values{"code": {"code"}, "redirect_uri": {test.redirect}, "code_verifier": {test.verifier}}
		who, err := s.redeem(test.client, form)
		if (err == nil) != test.ok || test.ok && who.kvnr != "X110540756" || !test.ok && !errors.Is(err, invalidGrant) {
			t.Fatal(name, who, err)
		}
		form = url.Values{"code": {"code"}, "redirect_uri": {"http://127.0.0.1:2/x"}, "code_verifier": {"verifier"}}
		if _, err := s.redeem("me", form); !errors.Is(err, invalidGrant) {
			t.Fatal(name, "twice", err)
		}
	}
}

// TestConfig: a double is for this computer.
func TestConfig(t *testing.T) {
	for issuer, ok := range map[string]bool{
		"http://127.0.0.1:1": true, "https://localhost": true, "http://[::1]:1": true, "https://popp.example": false, "http://127.0.0.1:1/": false,
		"http://0.0.0.0:1": false, "127.0.0.1:1": false, "": false,
	} {
		if _, err := New(Config{Issuer: issuer}); (err == nil) != ok || !ok && !errors.Is(err, errConfig) {
			t.Fatal(issuer, err)
		}
	}
	if _, err := New(Config{Issuer: "http://127.0.0.1:1", Practices: []Practice{{TelematikID: "x"}}}); !errors.Is(err, errConfig) {
		t.Fatal(err)
	}
}
