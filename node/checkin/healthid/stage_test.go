package healthid_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"pieks/node/checkin/healthid"
	"pieks/node/checkin/healthid/testidp"
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
