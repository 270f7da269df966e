package healthid_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pieks/node/checkin/federation"
	"pieks/node/checkin/healthid"
	"pieks/node/checkin/healthid/testidp"
	"pieks/node/checkin/jose"
	"pieks/node/control"
)

// TestForeignList: whoever serves the list of another federation does not get in by it, and one that was changed is refused.
func TestForeignList(t *testing.T) {
	s := newStage(t, testidp.Config{})
	response, err := http.Get(s.idp.List())
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	signed, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	serve := func(body string) *httptest.Server {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
		t.Cleanup(server.Close)
		return server
	}
	c := s.config
	c.List = serve(string(signed)).URL
	if got, err := s.newClient(c).Insurers(t.Context()); !errors.Is(err, healthid.ErrList) || !errors.Is(err, federation.ErrOtherHost) {
		t.Errorf("from another host: %v, %v", got, err)
	}
	c.HTTP = &http.Client{Transport: changed{[]byte(`organization_name":"Testkasse`), []byte(`organization_name":"Testkassf`)}}
	c.List = s.idp.List()
	if got, err := s.newClient(c).Insurers(t.Context()); !errors.Is(err, jose.ErrSignature) {
		t.Errorf("changed on its way: %v, %v", got, err)
	}
}

// changed changes the payload of a list on its way.
type changed struct{ from, to []byte }

func (c changed) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || !strings.HasSuffix(r.URL.Path, "/list") {
		return response, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	parts := strings.Split(string(body), ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || !bytes.Contains(payload, c.from) {
		return nil, errors.New("not the list that was expected")
	}
	parts[1] = base64.RawURLEncoding.EncodeToString(bytes.Replace(payload, c.from, c.to, 1))
	response.Body, response.ContentLength = io.NopCloser(strings.NewReader(strings.Join(parts, "."))), -1
	return response, nil
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
	sorted, err := read(list(`{"iss":"https://b.example","organization_name":"b"}`, `{"iss":"https://c.example","organization_name":"C"}`,
		`{"iss":"https://a.example","organization_name":"A"}`))
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
	c, err = healthid.New(healthid.Config{List: server.URL, Providers: []control.Insurer{{ID: "https://n.example", Name: "N"}}, ClientID: clientID,
		Now: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Insurers(t.Context()); err != nil || len(got) != 1 {
		t.Errorf("named: %v, %v", got, err)
	}
}
