package healthid_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pieks/node/checkin/healthid"
	"pieks/node/checkin/healthid/testidp"
	"pieks/node/checkin/jose"
)

func TestIDTokens(t *testing.T) {
	set := func(name string, value any) func(map[string]any) {
		return func(all map[string]any) { all[name] = value }
	}
	now := time.Date(2026, 5, 15, 12, 0, 0, 0, time.UTC).Unix()
	for name, test := range map[string]struct {
		change func(map[string]any)
		want   error
	}{
		"as it is":            {func(map[string]any) {}, nil},
		"substantial":         {set("acr", healthid.LevelSubstantial), nil},
		"amr as a text":       {set("amr", "urn:telematik:auth:eID"), nil},
		"no amr":              {set("amr", nil), nil},
		"no auth_time":        {set("auth_time", nil), nil},
		"several audiences":   {func(all map[string]any) { all["aud"], all["azp"] = []string{"x", clientID}, clientID }, nil},
		"wrong nonce":         {set("nonce", nonce+"x"), healthid.ErrNonce},
		"no nonce":            {set("nonce", nil), healthid.ErrNonce},
		"wrong aud":           {set("aud", "https://other.example"), healthid.ErrAudience},
		"no aud":              {set("aud", nil), healthid.ErrAudience},
		"aud without azp":     {set("aud", []string{"x", clientID}), healthid.ErrAudience},
		"azp of another":      {set("azp", "x"), healthid.ErrAudience},
		"expired":             {set("exp", now-60), healthid.ErrExpired},
		"no exp":              {set("exp", nil), healthid.ErrIDToken},
		"exp as a text":       {set("exp", "1"), healthid.ErrIDToken},
		"iat in the future":   {set("iat", now+61), healthid.ErrFuture},
		"login in the future": {set("auth_time", now+61), healthid.ErrFuture},
		"no iat":              {set("iat", nil), healthid.ErrIDToken},
		"low acr":             {set("acr", "gematik-ehealth-loa-low"), healthid.ErrLevel},
		"no acr":              {set("acr", nil), healthid.ErrLevel},
		"acr as a list":       {set("acr", []string{healthid.LevelHigh}), healthid.ErrLevel},
		"another issuer":      {set("iss", "https://other.example"), healthid.ErrIssuer},
		"no KVNR":             {set(healthid.ClaimKVNR, nil), healthid.ErrPerson},
		"bad KVNR":            {set(healthid.ClaimKVNR, "x110639491"), healthid.ErrPerson},
		"no IK":               {set(healthid.ClaimIK, nil), healthid.ErrPerson},
		"bad IK":              {set(healthid.ClaimIK, "10950096"), healthid.ErrPerson},
		"amr of numbers":      {set("amr", []int{1}), healthid.ErrIDToken},
		"many amr":            {set("amr", strings.Split(strings.Repeat("x,", 9), ",")), healthid.ErrIDToken},
		"too large":           {set("x", strings.Repeat("x", healthid.MaxIDToken)), healthid.ErrIDToken},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, testidp.Config{Change: test.change})
			back := s.begin(0)
			idToken, who, err := s.client.Finish(t.Context(), back.Get("state"), back.Get("code"))
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if err != nil && (idToken != "" || who != nil) {
				t.Error("something came with the error")
			}
			if err != nil && (strings.Contains(err.Error(), "110639491") || strings.Contains(err.Error(), "109500969")) {
				t.Errorf("the error says who it is: %v", err)
			}
			direct, err := s.idp.IDToken(testidp.Persons[0], clientID, nonce)
			if err != nil {
				t.Fatal(err)
			}
			want := test.want
			if name == "another issuer" {
				want = healthid.ErrInsurer // nobody told the practice which one to expect
			}
			if _, err := s.practice.Verify(t.Context(), direct, nonce); !errors.Is(err, want) {
				t.Errorf("the practice: %v, want %v", err, want)
			}
		})
	}
}

func TestLate(t *testing.T) {
	s := newStage(t, testidp.Config{})
	began := s.clock.now()
	s.clock.add(9 * time.Minute) // the login took that long
	idToken, err := s.idp.IDToken(testidp.Persons[0], clientID, nonce)
	if err != nil {
		t.Fatal(err)
	}
	s.clock.add(71 * time.Hour)
	if _, err := s.practice.Verify(t.Context(), idToken, nonce); !errors.Is(err, healthid.ErrExpired) {
		t.Errorf("after its minutes: %v", err)
	}
	if _, err := s.practice.VerifyAt(t.Context(), idToken, nonce+"x", began); !errors.Is(err, healthid.ErrNonce) {
		t.Errorf("for another check-in: %v", err)
	}
	for after, want := range map[time.Duration]error{
		0: nil, 19 * time.Minute: nil, 20 * time.Minute: healthid.ErrExpired, -11 * time.Minute: nil, -12 * time.Minute: healthid.ErrExpired,
	} {
		who, err := s.practice.VerifyAt(t.Context(), idToken, nonce, began.Add(after))
		if !errors.Is(err, want) || err == nil && who.KVNR != testidp.Persons[0].KVNR {
			t.Errorf("of a check-in %s later: %v, %v, want %v", after, who, err, want)
		}
	}
	s.idp.Close()
	if _, err := s.newVerifier(s.config).VerifyAt(t.Context(), idToken, nonce, began); !errors.Is(err, healthid.ErrUnreachable) {
		t.Errorf("without its provider: %v", err)
	}
}

func TestForgery(t *testing.T) {
	s := newStage(t, testidp.Config{})
	idToken, err := s.idp.IDToken(testidp.Persons[0], clientID, nonce)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(idToken, ".")
	other, err := s.idp.IDToken(testidp.Persons[1], clientID, nonce)
	if err != nil {
		t.Fatal(err)
	}
	swapped := parts[0] + "." + strings.Split(other, ".")[1] + "." + parts[2]
	if _, err := s.practice.Verify(t.Context(), swapped, nonce); !errors.Is(err, jose.ErrSignature) {
		t.Errorf("claims of another: %v", err)
	}
	for _, token := range []string{"", "x", "e30.e30.", "bm9uZQ.e30.e30"} {
		if _, err := s.practice.Verify(t.Context(), token, nonce); err == nil {
			t.Errorf("%q is taken", token)
		}
	}
	// A key that the provider does not have, or has no more.
	if err := s.idp.Roll(); err != nil {
		t.Fatal(err)
	}
	rolled, err := s.idp.IDToken(testidp.Persons[0], clientID, nonce)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.practice.Verify(t.Context(), rolled, nonce); !errors.Is(err, healthid.ErrTokenKey) {
		t.Errorf("the provider is asked again at once: %v", err)
	}
	s.clock.add(5 * time.Minute)
	if _, err := s.practice.Verify(t.Context(), rolled, nonce); err != nil {
		t.Errorf("a new key: %v", err)
	}
	if _, err := s.practice.Verify(t.Context(), idToken, nonce); !errors.Is(err, healthid.ErrTokenKey) {
		t.Errorf("a key that is gone: %v", err)
	}
}
