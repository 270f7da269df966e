package service_test

import (
	"bytes"
	"crypto/ecdsa"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/client"
	"pieks/node/checkin/popp/service"
	"pieks/node/checkin/popp/zeta"
)

// TestTokenLife: a token that has run out is renewed, but for a dialogue with a card, which is over with it.
func TestTokenLife(t *testing.T) {
	for _, bearer := range []bool{false, true} {
		w := setup(t, nil, client.Compat{})
		c := w.newPatient(t, zeta.Config{Bearer: bearer}, client.Compat{})
		unknown := "237cc7b7-f85e-42c3-981c-ad7f9d97ddca"
		ask := func() {
			t.Helper()
			var report *client.ServiceError
			if _, err := c.ReadStatus(t.Context(), unknown); !errors.As(err, &report) || report.Status != 404 {
				t.Fatal(err)
			}
		}
		tokens := func() (n int) {
			for _, r := range w.saw() {
				if r.uri == "/token" {
					n++
				}
			}
			return n
		}
		ask()
		ask()
		if tokens() != 1 {
			t.Fatal(tokens())
		}
		if scheme, _, _ := strings.Cut(w.last(t, "status-popp").header.Get("Authorization"), " "); (scheme == "Bearer") != bearer {
			t.Fatal(scheme)
		}
		d := c.EGK(reception)
		if _, _, err := d.Next(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		w.add(291 * time.Second)
		if _, _, err := d.Next(t.Context(), []byte{0x90, 0x00}); !errors.Is(err, zeta.ErrSession) {
			t.Fatal(err)
		}
		ask()
		if tokens() != 3 {
			t.Fatal(tokens())
		}
	}
}

// TestRegistration: a client comes back as itself.
func TestRegistration(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	g := w.guardOf(t, zeta.Config{})
	kept, err := g.Registration()
	if err != nil || !bytes.Contains(kept, []byte("client_id")) {
		t.Fatal(err)
	}
	registered := func() (n int) {
		for _, r := range w.saw() {
			if r.uri == "/register" {
				n++
			}
		}
		return n
	}
	before := registered()
	again := w.guardOf(t, zeta.Config{Registration: kept})
	if _, err := again.Execute(t.Context(), zeta.Request{Method: http.MethodGet, Path: "/", Most: 1 << 10}, zeta.Details{}); err != nil || registered() != before {
		t.Fatal(err, registered(), before)
	}
	other := setup(t, nil, client.Compat{})
	moved, err := zeta.New(zeta.Config{Registration: kept, Now: other.now})
	if err != nil {
		t.Fatal(err)
	}
	if err := moved.Init(t.Context(), other.url); err != nil {
		t.Fatal(err)
	}
	if now, err := moved.Registration(); err != nil || bytes.Equal(now, kept) {
		t.Fatal("a registration of another guard was used", err)
	}
	if _, err := zeta.New(zeta.Config{Registration: []byte(`{"issuer":"x","client_id":"y","key":"AAAA"}`)}); err == nil {
		t.Fatal("a damaged registration was taken")
	}
}

// TestSubject: a practice's proof of who it is, likewise.
func TestSubject(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	for name, test := range map[string]struct {
		id  popp.TelematikID
		key *ecdsa.PrivateKey
		now func() time.Time
	}{
		"another's key": {practiceID, newKey(t), w.now},
		"another's id":  {"1-234567890", w.key, w.now},
		"old":           {practiceID, w.key, func() time.Time { return w.now().Add(-3 * time.Minute) }},
	} {
		g := w.guardOf(t, zeta.Config{Subject: service.Subject(test.id, test.key, test.now)})
		_, err := g.Execute(t.Context(), zeta.Request{Method: http.MethodGet, Path: "/", Most: 1}, zeta.Details{})
		var refused *zeta.OAuthError
		if !errors.As(err, &refused) || refused.Code != "invalid_grant" || !errors.Is(err, zeta.ErrDenied) {
			t.Fatal(name, err)
		}
	}
	patient := w.guardOf(t, zeta.Config{Scope: "token:generate"})
	if _, err := patient.Execute(t.Context(), zeta.Request{Method: http.MethodGet, Path: "/", Most: 1}, zeta.Details{}); !errors.Is(err, zeta.ErrDenied) {
		t.Fatal("a patient's client got a practice's scope", err)
	}
	answer, err := w.guardOf(t, zeta.Config{}).Execute(t.Context(), zeta.Request{
		Method: http.MethodGet, Path: "/popp/practitioner/api/v1/token-generation-ckeck-in", Most: 1 << 10,
		Query: url.Values{"telematikid": {string(practiceID)}}, Header: http.Header{"X-Useragent": {"A/1"}},
	}, zeta.Details{})
	if err != nil || answer.Status != http.StatusForbidden {
		t.Fatal("a patient's client fetched tokens", answer.Status, err)
	}
}
