package service_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/client"
	"pieks/node/checkin/popp/service"
	"pieks/node/checkin/popp/zeta"
)

const back = "http://127.0.0.1:1/checkin/login/back"

// insurer is an identity provider that logs in whoever comes, in place of package healthid.
type insurer struct {
	lock     sync.Mutex
	kvnr, ik string
	refuse   bool
	asked    []string          // providers
	open     map[string]string // redirect by state
}

var errInsurer = errors.New("the insurer does not know them")

func (i *insurer) Begin(_ context.Context, provider, redirect, nonce string) (string, string, error) {
	i.lock.Lock()
	defer i.lock.Unlock()
	if provider == "https://idp.nobody.example" || nonce == "" {
		return "", "", errInsurer
	}
	i.asked = append(i.asked, provider)
	state := "idp-" + nonce
	i.open[state] = redirect
	return "https://idp.example/auth?request_uri=urn:x&state=" + url.QueryEscape(state), state, nil
}

func (i *insurer) Finish(_ context.Context, state, code string) (string, string, error) {
	i.lock.Lock()
	defer i.lock.Unlock()
	if i.open[state] == "" || code != "idp-code" || i.refuse {
		return "", "", errInsurer
	}
	delete(i.open, state)
	return i.kvnr, i.ik, nil
}

func newInsurer() *insurer {
	return &insurer{kvnr: "X110411319", ik: "109500969", open: map[string]string{}}
}

// browse is the browser: from the insurer's page to the guard, and where that sends it.
func (i *insurer) browse(t *testing.T, at string, code string) url.Values {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	state := u.Query().Get("state")
	i.lock.Lock()
	redirect := i.open[state]
	i.lock.Unlock()
	c := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := c.Get(redirect + "?" + url.Values{"state": {state}, "code": {code}}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	to, err := url.Parse(answer.Header.Get("Location"))
	if err != nil || to.Scheme+"://"+to.Host+to.Path != back {
		t.Fatalf("HTTP %d, to %q", answer.StatusCode, answer.Header.Get("Location"))
	}
	return to.Query()
}

// begin asks for a check-in and gives the login that it wants.
func begin(t *testing.T, c *client.Client, at client.Place) *zeta.LoginError {
	t.Helper()
	_, err := c.CheckInHealthID(t.Context(), at, "https://idp.krankenkasse.example", back)
	return loginOf(t, err)
}

func loginOf(t *testing.T, err error) *zeta.LoginError {
	t.Helper()
	var login *zeta.LoginError
	if !errors.As(err, &login) {
		t.Fatal(err)
	}
	return login
}

// TestHealthID: the login's numbers come into the token by way of the guard alone.
func TestHealthID(t *testing.T) {
	idp := newInsurer()
	w := setup(t, func(c *service.Config) { c.Login = idp }, client.Compat{})
	w.service.SetOnline(practiceID, true)
	login := begin(t, w.patient, reception)
	came := idp.browse(t, login.URL, "idp-code")
	if came.Get("state") != login.State || came.Get("code") == "" || came.Get("error") != "" {
		t.Fatal(came)
	}
	status, err := w.patient.LoggedIn(t.Context(), came.Get("state"), came.Get("code"))
	if err != nil || status.State != popp.Success {
		t.Fatal(status, err)
	}
	got, err := w.practice.Pull(t.Context(), practiceID)
	if err != nil || len(got) != 1 || got[0].Workplace != "REZEPTION-1" {
		t.Fatal(got, err)
	}
	token, err := popp.Verify(got[0].Token, w.keys(t), popp.Rules{At: w.now(), Actor: practiceID})
	if err != nil || token.Claims.PatientID != idp.kvnr || token.Claims.InsurerID != idp.ik || token.Claims.ProofMethod != popp.ProofHealthID {
		t.Fatal(token, err)
	}
	// Once is once: the same state and code, and the user's token for another check-in.
	if _, err := w.patient.LoggedIn(t.Context(), came.Get("state"), came.Get("code")); !errors.Is(err, zeta.ErrLogin) {
		t.Fatal(err)
	}
	begin(t, w.patient, reception)
	if len(idp.asked) != 2 || idp.asked[0] != "https://idp.krankenkasse.example" {
		t.Fatal(idp.asked)
	}
}

// TestLoginFails: each way in which a login comes to nothing has an error, and no check-in.
func TestLoginFails(t *testing.T) {
	idp := newInsurer()
	w := setup(t, func(c *service.Config) { c.Login = idp }, client.Compat{})
	w.service.SetOnline(practiceID, true)
	for name, test := range map[string]struct {
		do   func(t *testing.T) error
		want error
	}{
		"declined": {func(t *testing.T) error {
			came := idp.browse(t, begin(t, w.patient, reception).URL, "")
			if came.Get("error") != "access_denied" || came.Get("code") != "" {
				t.Fatal(came)
			}
			_, err := w.patient.LoggedIn(t.Context(), came.Get("state"), came.Get("code"))
			return err
		}, zeta.ErrLogin},
		"wrong code": {func(t *testing.T) error {
			came := idp.browse(t, begin(t, w.patient, reception).URL, "idp-code")
			_, err := w.patient.LoggedIn(t.Context(), came.Get("state"), "x"+came.Get("code"))
			return err
		}, zeta.ErrDenied},
		"another client's code": {func(t *testing.T) error {
			other := w.newPatient(t, zeta.Config{}, client.Compat{})
			stolen := idp.browse(t, begin(t, w.patient, reception).URL, "idp-code")
			_, err := other.LoggedIn(t.Context(), begin(t, other, reception).State, stolen.Get("code"))
			return err
		}, zeta.ErrDenied},
		"another login's code": {func(t *testing.T) error { // PKCE
			stolen := idp.browse(t, begin(t, w.patient, reception).URL, "idp-code")
			_, err := w.patient.LoggedIn(t.Context(), begin(t, w.patient, reception).State, stolen.Get("code"))
			return err
		}, zeta.ErrDenied},
		"late code": {func(t *testing.T) error {
			came := idp.browse(t, begin(t, w.patient, reception).URL, "idp-code")
			w.add(91 * time.Second)
			_, err := w.patient.LoggedIn(t.Context(), came.Get("state"), came.Get("code"))
			return err
		}, zeta.ErrDenied},
		"late browser": {func(t *testing.T) error {
			login := begin(t, w.patient, reception)
			w.add(11 * time.Minute)
			_, err := w.patient.LoggedIn(t.Context(), login.State, "code")
			return err
		}, zeta.ErrLogin},
		"unknown state": {func(t *testing.T) error {
			_, err := w.patient.LoggedIn(t.Context(), "state", "code")
			return err
		}, zeta.ErrLogin},
		"forgotten": {func(t *testing.T) error {
			login := begin(t, w.patient, reception)
			w.patient.Forget(login.State)
			_, err := w.patient.LoggedIn(t.Context(), login.State, "code")
			return err
		}, zeta.ErrLogin},
		"unknown insurer": {func(t *testing.T) error {
			_, err := w.patient.CheckInHealthID(t.Context(), reception, "https://idp.nobody.example", back)
			return err
		}, zeta.ErrDenied},
		"browser elsewhere": {func(t *testing.T) error {
			_, err := w.patient.CheckInHealthID(t.Context(), reception, "https://idp.krankenkasse.example", "http://evil.example/back")
			return err
		}, zeta.ErrBack},
	} {
		t.Run(name, func(t *testing.T) {
			if err := test.do(t); !errors.Is(err, test.want) {
				t.Fatalf("%v, want %v", err, test.want)
			}
		})
	}
	if got, err := w.practice.Pull(t.Context(), practiceID); err != nil || len(got) != 0 {
		t.Fatal("a token without a login", err)
	}
}

// TestNoHealthID: a service without insurers offers none.
func TestNoHealthID(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	if _, err := w.patient.CheckInHealthID(t.Context(), reception, "https://idp.krankenkasse.example", back); !errors.Is(err, zeta.ErrDenied) {
		t.Fatal(err)
	}
}

// TestOwnHeaders: numbers of a patient that a client sends itself are taken off by the guard.
func TestOwnHeaders(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	guard, err := zeta.New(zeta.Config{Now: w.now})
	if err != nil {
		t.Fatal(err)
	}
	if err := guard.Init(t.Context(), w.url); err != nil {
		t.Fatal(err)
	}
	answer, err := guard.Execute(t.Context(), zeta.Request{
		Method: http.MethodPost, Path: "/popp/patient/api/checkin/v1/checkin-request-healthid", Most: 1 << 16,
		Type: zeta.TypeJSON, Body: []byte(`{"telematikid":"` + string(practiceID) + `"}`),
		Header: http.Header{"X-Useragent": {"A/1"}, "X-Kvnr": {"X110411319"}, "X-Iknr": {"109500969"}},
	}, zeta.Details{})
	if err != nil || answer.Status != http.StatusForbidden || string(answer.Body) != `{"errorCode":"79205","errorDetail":"no header of the guard"}` {
		t.Fatal(answer.Status, string(answer.Body), err)
	}
}
