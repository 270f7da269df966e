package healthid_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"pieks/node/checkin/healthid"
	"pieks/node/checkin/healthid/testidp"
	"pieks/node/checkin/jose"
	"pieks/node/control"
)

const (
	clientID = "https://pieks.example"
	redirect = "http://127.0.0.1:4711/checkin/back"
	nonce    = "0123456789abcdefghijklmnop"
)

// clock is one that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// stage is a provider on a real socket, and those who speak to it.
type stage struct {
	*testing.T
	clock    *clock
	idp      *testidp.Running
	config   healthid.Config
	client   *healthid.Client
	practice *healthid.Verifier
}

func newStage(t *testing.T, c testidp.Config) *stage {
	t.Helper()
	s := &stage{T: t, clock: &clock{at: time.Date(2026, 5, 15, 12, 0, 0, 0, time.UTC)}}
	c.Now, c.Clients = s.clock.now, []string{clientID}
	var err error
	if s.idp, err = testidp.Start(c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.idp.Close)
	s.config = healthid.Config{List: s.idp.List(), ClientID: clientID, Now: s.clock.now}
	if c.Plain {
		s.config.List, s.config.Providers = "", []control.Insurer{{ID: s.idp.Issuer, Name: "Testkasse"}}
	}
	s.client, s.practice = s.newClient(s.config), s.newVerifier(s.config)
	return s
}

func (s *stage) newClient(c healthid.Config) *healthid.Client {
	s.Helper()
	client, err := healthid.New(c)
	if err != nil {
		s.Fatal(err)
	}
	return client
}

func (s *stage) newVerifier(c healthid.Config) *healthid.Verifier {
	s.Helper()
	v, err := healthid.NewVerifier(c)
	if err != nil {
		s.Fatal(err)
	}
	return v
}

// begin begins a login and presses a button.
func (s *stage) begin(n int) url.Values {
	s.Helper()
	address, state, err := s.client.Begin(s.Context(), s.idp.Issuer, redirect, nonce)
	if err != nil {
		s.Fatal(err)
	}
	back, err := testidp.Click(s.Context(), address, n)
	if err != nil {
		s.Fatal(err)
	}
	if back.Query().Get("state") != state || !strings.HasPrefix(back.String(), redirect+"?") {
		s.Fatalf("sent to %s with another state", back)
	}
	return back.Query()
}

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

// meddler changes forms on their way.
type meddler struct{ change func(url.Values) }

func (m meddler) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost {
		if err := r.ParseForm(); err != nil {
			return nil, err
		}
		m.change(r.PostForm)
		body := r.PostForm.Encode()
		changed, err := http.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), strings.NewReader(body))
		if err != nil {
			return nil, err
		}
		changed.Header = r.Header
		r = changed
	}
	return http.DefaultTransport.RoundTrip(r)
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
	for _, name := range []string{"client_id", "scope", "acr_values", "nonce", "state", "code_challenge", "code_challenge_method", "redirect_uri", "response_type"} {
		c := s.config
		c.HTTP = &http.Client{Transport: meddler{func(f url.Values) { f.Del(name) }}}
		if _, _, err := s.newClient(c).Begin(t.Context(), s.idp.Issuer, redirect, nonce); !errors.Is(err, healthid.ErrRefused) {
			t.Errorf("without %s: %v", name, err)
		}
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
	if err := json.Unmarshal([]byte(pushed.Get("claims")), &claims); err != nil || claims["id_token"][healthid.ClaimKVNR] == nil || claims["id_token"][healthid.ClaimIK] == nil {
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
	for _, back := range []string{"", "https://127.0.0.1/x", "http://app.example/x", "http://127.0.0.1/x?y", "http://127.0.0.1.example/", "javascript:x", "com.example.app:/x", "http://0.0.0.0/"} {
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
	if _, _, err := s.newClient(c).Begin(t.Context(), s.idp.Issuer, redirect, nonce); !errors.Is(err, healthid.ErrRefused) || !strings.Contains(err.Error(), "invalid_client") {
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

// TestLists reads lists of other makers.
func TestLists(t *testing.T) {
	const kasse = `{"iss":"https://idp.example","organization_name":"Kasse","user_type_supported":"IP"}`
	clock := &clock{at: time.Date(2026, 5, 15, 12, 0, 0, 0, time.UTC)}
	body, down := "", false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if down {
			http.Error(w, "", http.StatusBadGateway)
			return
		}
		_, _ = w.Write([]byte(body))
	}))
	defer server.Close()
	read := func(text string) ([]control.Insurer, error) {
		body = text
		c, err := healthid.New(healthid.Config{List: server.URL, ClientID: clientID, Now: clock.now})
		if err != nil {
			t.Fatal(err)
		}
		return c.Insurers(t.Context())
	}
	list := func(entries ...string) string { return `{"iss":"x","idp_entity":[` + strings.Join(entries, ",") + `]}` }
	for name, text := range map[string]string{
		"one":           list(kasse),
		"twice":         list(kasse, strings.Replace(kasse, "Kasse", "Other", 1)),
		"institutions":  list(kasse, `{"iss":"https://b.example","organization_name":"B","user_type_supported":"HCI"}`),
		"without TLS":   list(kasse, `{"iss":"http://b.example","organization_name":"B"}`),
		"hidden name":   list(kasse, `{"iss":"https://b.example","organization_name":"B\u202e"}`),
		"no name":       list(kasse, `{"iss":"https://b.example"}`),
		"long name":     list(kasse, `{"iss":"https://b.example","organization_name":"`+strings.Repeat("x", 129)+`"}`),
		"other members": list(strings.Replace(kasse, "{", `{"pkv":false,"logo_uri":"https://idp.example/l.png",`, 1)),
	} {
		if got, err := read(text); err != nil || len(got) != 1 || got[0] != (control.Insurer{ID: "https://idp.example", Name: "Kasse"}) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	sorted, err := read(list(`{"iss":"https://b.example","organization_name":"b"}`, `{"iss":"https://c.example","organization_name":"C"}`, `{"iss":"https://a.example","organization_name":"A"}`))
	if err != nil || len(sorted) != 3 || sorted[0].Name != "A" || sorted[1].Name != "b" {
		t.Errorf("by name: %v, %v", sorted, err)
	}
	for name, text := range map[string]string{
		"empty": "", "no list": `{}`, "a list": `[]`, "expired": strings.Replace(list(kasse), "{", `{"exp":1,`, 1), "twice": `{"idp_entity":[],"idp_entity":[]}`,
		"too many": list(strings.Split(strings.Repeat(kasse+"|", 1000)+kasse, "|")...), "no JWS": "a.b.c", "another type": "eyJ0eXAiOiJKV1QifQ.e30.",
	} {
		if got, err := read(text); !errors.Is(err, healthid.ErrList) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	// A list that was fetched goes on while no newer one is to be had, until its end.
	body = list(kasse)
	c, err := healthid.New(healthid.Config{List: server.URL, ClientID: clientID, Now: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		after time.Duration
		down  bool
		ok    bool
	}{{0, false, true}, {time.Hour, true, true}, {22 * time.Hour, true, true}, {time.Hour, true, false}, {5 * time.Minute, false, true}} {
		clock.add(step.after)
		down = step.down
		if got, err := c.Insurers(t.Context()); (err == nil && len(got) == 1) != step.ok {
			t.Errorf("%s later, down %v: %v, %v", step.after, step.down, got, err)
		}
	}
	// Named providers are there without it.
	down = true
	c, err = healthid.New(healthid.Config{List: server.URL, Providers: []control.Insurer{{ID: "https://n.example", Name: "N"}}, ClientID: clientID, Now: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Insurers(t.Context()); err != nil || len(got) != 1 {
		t.Errorf("named: %v, %v", got, err)
	}
}
