package healthid_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"pieks/node/checkin/healthid"
	"pieks/node/checkin/healthid/testidp"
	"pieks/node/control"
)

func TestLogin(t *testing.T) {
	for name, c := range map[string]testidp.Config{"federation": {}, "configured": {Plain: true}} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, c)
			insurers, err := s.client.Insurers(t.Context())
			if err != nil || len(insurers) != 1 || insurers[0] != (control.Insurer{ID: s.idp.Issuer, Name: "Testkasse"}) {
				t.Fatalf("insurers %v, %v", insurers, err)
			}
			back := s.begin(1)
			idToken, who, err := s.client.Finish(t.Context(), back.Get("state"), back.Get("code"))
			if err != nil {
				t.Fatal(err)
			}
			want := testidp.Persons[1]
			if who.KVNR != want.KVNR || who.IK != want.IK || who.ACR != healthid.LevelHigh || who.Issuer != s.idp.Issuer ||
				strings.Join(who.AMR, " ") != "urn:telematik:auth:eGK" || !who.Authenticated.Equal(s.clock.now()) {
				t.Errorf("got %+v", who)
			}
			again, err := s.practice.Verify(t.Context(), idToken, nonce)
			if err != nil || again.KVNR != want.KVNR {
				t.Errorf("the practice: %v, %v", again, err)
			}
		})
	}
}

// TestAddress: what the browser shows, and keeps in its history, says nothing of a person, a practice or a check-in.
func TestAddress(t *testing.T) {
	s := newStage(t, testidp.Config{})
	address, state, err := s.client.Begin(t.Context(), s.idp.Issuer, redirect, nonce)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil || len(u.Query()) != 2 || u.Query().Get("client_id") != clientID || !strings.HasPrefix(u.Query().Get("request_uri"), "urn:") {
		t.Errorf("address %s, %v", address, err)
	}
	if strings.Contains(address, state) || strings.Contains(address, nonce) {
		t.Error("the address has state or nonce")
	}
}

func TestStates(t *testing.T) {
	s := newStage(t, testidp.Config{})
	if _, _, err := s.client.Finish(t.Context(), "unknown", "code"); !errors.Is(err, healthid.ErrState) {
		t.Errorf("unknown: %v", err)
	}
	back := s.begin(0)
	if _, _, err := s.client.Finish(t.Context(), back.Get("state"), back.Get("code")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.client.Finish(t.Context(), back.Get("state"), back.Get("code")); !errors.Is(err, healthid.ErrState) {
		t.Errorf("replayed state: %v", err)
	}
	_, state, err := s.client.Begin(t.Context(), s.idp.Issuer, redirect, nonce)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.client.Finish(t.Context(), state, back.Get("code")); !errors.Is(err, healthid.ErrCode) {
		t.Errorf("replayed code: %v", err)
	}
	back = s.begin(0)
	if _, _, err := s.client.Finish(t.Context(), back.Get("state"), ""); !errors.Is(err, healthid.ErrCode) {
		t.Errorf("no code: %v", err)
	}
	back = s.begin(0)
	s.clock.add(10 * time.Minute)
	if _, _, err := s.client.Finish(t.Context(), back.Get("state"), back.Get("code")); !errors.Is(err, healthid.ErrState) {
		t.Errorf("after ten minutes: %v", err)
	}
	back = s.begin(0)
	s.clock.add(time.Minute)
	if _, _, err := s.client.Finish(t.Context(), back.Get("state"), back.Get("code")); !errors.Is(err, healthid.ErrCode) {
		t.Errorf("a code after its minute: %v", err)
	}
	// The seventeenth login makes the first one go.
	first := s.begin(0)
	var last url.Values
	for range 16 {
		s.clock.add(time.Second)
		last = s.begin(0)
	}
	if _, _, err := s.client.Finish(t.Context(), first.Get("state"), first.Get("code")); !errors.Is(err, healthid.ErrState) {
		t.Errorf("the first of seventeen: %v", err)
	}
	if _, _, err := s.client.Finish(t.Context(), last.Get("state"), last.Get("code")); err != nil {
		t.Errorf("the last of seventeen: %v", err)
	}
}

func TestDeclined(t *testing.T) {
	s := newStage(t, testidp.Config{})
	back := s.begin(testidp.Decline)
	if back.Get("code") != "" || back.Get("error") != "access_denied" {
		t.Fatalf("got %v", back)
	}
	if err := s.client.Failed(back.Get("state"), back.Get("error")); !errors.Is(err, healthid.ErrDeclined) {
		t.Errorf("declined: %v", err)
	}
	if err := s.client.Failed(back.Get("state"), back.Get("error")); !errors.Is(err, healthid.ErrState) {
		t.Errorf("declined twice: %v", err)
	}
	back = s.begin(0)
	if err := s.client.Failed(back.Get("state"), "X110639491 <script>"); !errors.Is(err, healthid.ErrLogin) || strings.Contains(err.Error(), "X11") {
		t.Errorf("another error: %v", err)
	}
	if _, _, err := s.client.Finish(t.Context(), back.Get("state"), back.Get("code")); !errors.Is(err, healthid.ErrState) {
		t.Errorf("finished after it failed: %v", err)
	}
}

func TestPKCE(t *testing.T) {
	s := newStage(t, testidp.Config{})
	for name, change := range map[string]func(url.Values){
		"verifier": func(f url.Values) {
			if f.Get("grant_type") != "" {
				f.Set("code_verifier", f.Get("code_verifier")+"x")
			}
		},
		"no verifier": func(f url.Values) { f.Del("code_verifier") },
		"redirect_uri": func(f url.Values) {
			if f.Get("grant_type") != "" {
				f.Set("redirect_uri", "http://127.0.0.1:1/")
			}
		},
	} {
		c := s.config
		c.HTTP = &http.Client{Transport: meddler{change}}
		s.client = s.newClient(c)
		back := s.begin(0)
		if _, _, err := s.client.Finish(t.Context(), back.Get("state"), back.Get("code")); !errors.Is(err, healthid.ErrCode) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What the provider wants to be pushed: without it, it refuses, and says so without more.
	for _, name := range []string{"client_id", "scope", "acr_values", "nonce", "state", "code_challenge", "code_challenge_method", "redirect_uri",
		"response_type"} {
		c := s.config
		c.HTTP = &http.Client{Transport: meddler{func(f url.Values) { f.Del(name) }}}
		if _, _, err := s.newClient(c).Begin(t.Context(), s.idp.Issuer, redirect, nonce); !errors.Is(err, healthid.ErrRefused) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

// TestCodeTwice: what comes with the right verifier a second time is refused, too.
func TestCodeTwice(t *testing.T) {
	s := newStage(t, testidp.Config{})
	var redeemed url.Values
	c := s.config
	c.HTTP = &http.Client{Transport: meddler{func(f url.Values) { redeemed = f }}}
	s.client = s.newClient(c)
	back := s.begin(0)
	if _, _, err := s.client.Finish(t.Context(), back.Get("state"), back.Get("code")); err != nil {
		t.Fatal(err)
	}
	response, err := http.PostForm(s.idp.Issuer+"/token", redeemed)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusBadRequest || redeemed.Get("code_verifier") == "" {
		t.Errorf("status %d", response.StatusCode)
	}
}

// TestPushed: what is asked for is what a check-in needs.
func TestPushed(t *testing.T) {
	s := newStage(t, testidp.Config{})
	var pushed url.Values
	c := s.config
	c.HTTP = &http.Client{Transport: meddler{func(f url.Values) { pushed = f }}}
	if _, _, err := s.newClient(c).Begin(t.Context(), s.idp.Issuer, redirect, nonce); err != nil {
		t.Fatal(err)
	}
	var claims map[string]map[string]any
	if err := json.Unmarshal([]byte(pushed.Get("claims")),
		&claims); err != nil || claims["id_token"][healthid.ClaimKVNR] == nil || claims["id_token"][healthid.ClaimIK] == nil {
		t.Errorf("claims %s, %v", pushed.Get("claims"), err)
	}
	if len(claims["id_token"]) != 4 {
		t.Errorf("more is asked for than is needed: %v", claims)
	}
	if pushed.Get("nonce") != nonce || pushed.Get("code_challenge_method") != "S256" || pushed.Get("acr_values") != healthid.LevelHigh {
		t.Errorf("pushed %v", pushed)
	}
}

func TestBegin(t *testing.T) {
	s := newStage(t, testidp.Config{})
	for _, back := range []string{"", "https://127.0.0.1/x", "http://app.example/x", "http://127.0.0.1/x?y", "http://127.0.0.1.example/", "javascript:x",
		"com.example.app:/x", "http://0.0.0.0/"} {
		if _, _, err := s.client.Begin(t.Context(), s.idp.Issuer, back, nonce); !errors.Is(err, healthid.ErrBack) {
			t.Errorf("back to %s: %v", back, err)
		}
	}
	for _, n := range []string{"", "short", strings.Repeat("x", 129), nonce + "\n"} {
		if _, _, err := s.client.Begin(t.Context(), s.idp.Issuer, redirect, n); !errors.Is(err, healthid.ErrNonceForm) {
			t.Errorf("nonce %q: %v", n, err)
		}
	}
	for _, insurer := range []string{"", "https://other.example", s.idp.Issuer + "/"} {
		if _, _, err := s.client.Begin(t.Context(), insurer, redirect, nonce); !errors.Is(err, healthid.ErrInsurer) {
			t.Errorf("insurer %s: %v", insurer, err)
		}
	}
	c := s.config
	c.ClientID = "https://other.example"
	if _, _, err := s.newClient(c).Begin(t.Context(), s.idp.Issuer, redirect, nonce); !errors.Is(err, healthid.ErrRefused) || !strings.Contains(err.Error(),
		"invalid_client") {
		t.Errorf("another client: %v", err)
	}
	s.idp.Close()
	if _, _, err := s.newClient(s.config).Begin(t.Context(), s.idp.Issuer, redirect, nonce); !errors.Is(err, healthid.ErrUnreachable) {
		t.Errorf("provider gone: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.newClient(s.config).Begin(ctx, s.idp.Issuer, redirect, nonce); err == nil {
		t.Error("a caller who left got an answer")
	}
}

func TestConfig(t *testing.T) {
	if c, err := healthid.New(healthid.Config{ClientID: clientID}); c != nil || err != nil {
		t.Errorf("nothing is set up: %v, %v", c, err)
	}
	if v, err := healthid.NewVerifier(healthid.Config{}); v != nil || err != nil {
		t.Errorf("nothing is set up: %v, %v", v, err)
	}
	good := control.Insurer{ID: "https://idp.example", Name: "Kasse"}
	for name, c := range map[string]healthid.Config{
		"no client id":     {Providers: []control.Insurer{good}},
		"list without TLS": {List: "http://list.example", ClientID: clientID},
		"provider":         {Providers: []control.Insurer{{ID: "http://idp.example", Name: "Kasse"}}, ClientID: clientID},
		"slash":            {Providers: []control.Insurer{{ID: "https://idp.example/", Name: "Kasse"}}, ClientID: clientID},
		"no name":          {Providers: []control.Insurer{{ID: "https://idp.example"}}, ClientID: clientID},
	} {
		if _, err := healthid.New(c); !errors.Is(err, healthid.ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
