package service_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"pieks/node/checkin/healthid"
	"pieks/node/checkin/healthid/testidp"
	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/client"
	"pieks/node/checkin/popp/service"
)

// TestInsurer is the whole flow of spec 10.2.2 with an identity provider of an insurer: pushed request, page, code, ID token, guard, service.
func TestInsurer(t *testing.T) {
	now := func() time.Time { return start }
	idp, err := testidp.Start(testidp.Config{Now: now, Clients: []string{"https://popp.example"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(idp.Close)
	party, err := healthid.New(healthid.Config{List: idp.List(), ClientID: "https://popp.example", Now: now})
	if err != nil {
		t.Fatal(err)
	}
	w := setup(t, func(c *service.Config) { c.Login = service.HealthID(party) }, client.Compat{})
	for n, person := range testidp.Persons {
		came := w.login(t, idp.Issuer, n)
		status, err := w.patient.LoggedIn(t.Context(), came.Get("state"), came.Get("code"))
		if err != nil || status.State != popp.Success && status.State != popp.Pending {
			t.Fatal(status, err)
		}
		got, err := w.practice.Pull(t.Context(), practiceID)
		if err != nil || len(got) != 1 {
			t.Fatal(got, err)
		}
		token, err := popp.Verify(got[0].Token, w.keys(t), popp.Rules{At: w.now(), Actor: practiceID})
		if err != nil || token.Claims.PatientID != person.KVNR || token.Claims.InsurerID != person.IK || token.Claims.ProofMethod != popp.ProofHealthID {
			t.Fatal(token, err)
		}
	}
	if came := w.login(t, idp.Issuer, -1); came.Get("error") != "access_denied" || came.Get("code") != "" {
		t.Fatal(came)
	}
}

// login begins a check-in, clicks on the insurer's page (-1 declines), and follows the browser to where it comes back.
func (w *town) login(t *testing.T, provider string, n int) url.Values {
	t.Helper()
	_, err := w.patient.CheckInHealthID(t.Context(), reception, provider, back)
	login := loginOf(t, err)
	guard, err := testidp.Click(t.Context(), login.URL, n)
	if err != nil {
		t.Fatal(err)
	}
	c := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := c.Get(guard.String())
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	to, err := url.Parse(answer.Header.Get("Location"))
	if err != nil || to.Query().Get("state") != login.State {
		t.Fatal(answer.StatusCode, to, err)
	}
	return to.Query()
}
