package service_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/client"
	"pieks/node/checkin/popp/service"
	"pieks/node/checkin/popp/zeta"
)

// bundle is a directory's answer.
const bundle = `{"resourceType":"Bundle","type":"searchset","total":0,"entry":[]}`

// compats are each switch in each position, alone, and all of OpenAPI.
func compats() map[string]client.Compat {
	return map[string]client.Compat{
		"default":               {},
		"CheckIn GET":           {CheckIn: client.GET},
		"Directory GET":         {Directory: client.GET},
		"InForm":                {Parameters: client.InForm},
		"InQuery":               {Parameters: client.InQuery},
		"NameCamel":             {Name: client.NameCamel},
		"AnswerResponse":        {Answer: client.AnswerResponse},
		"AnswerQuery":           {Answer: client.AnswerQuery},
		"AnswerQuery in a form": {Answer: client.AnswerQuery, Parameters: client.InForm},
		"DetailsFlow":           {Details: client.DetailsFlow},
		"DetailsZETA":           {Details: client.DetailsZETA},
		"details in a form":     {Details: client.DetailsZETA, Parameters: client.InForm},
		"ProviderZETA":          {Provider: client.ProviderZETA},
		"WorkplaceExact":        {Workplace: client.WorkplaceExact},
		"OpenAPI":               client.OpenAPI,
	}
}

// someCompats are enough to come past each line.
var someCompats = []string{"default", "details in a form", "DetailsFlow", "OpenAPI"}

// TestCompat: each reading of the interface comes to the same end, with card, login, directory and status.
func TestCompat(t *testing.T) {
	for name, compat := range compats() {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && !slices.Contains(someCompats, name) {
				t.Skip("each proves a card, four seconds in all under the race detector")
			}
			idp := newInsurer()
			w := setup(t, func(c *service.Config) {
				c.Login, c.Directory = idp, directoryOf(bundle)
				c.Compat.WorkplaceExact = compat.Workplace == client.WorkplaceExact
			}, compat)
			w.list(t)
			w.service.SetOnline(practiceID, true)
			_, status, err := prove(t.Context(), w.patient, reception, cardA(t))
			if err != nil || status.State != popp.Success {
				t.Fatal(status, err)
			}
			if again, err := w.patient.ReadStatus(t.Context(), status.ID); err != nil || again != *status {
				t.Fatal(again, err)
			}
			came := idp.browse(t, begin(t, w.patient, reception).URL, "idp-code")
			if status, err := w.patient.LoggedIn(t.Context(), came.Get("state"), came.Get("code")); err != nil || status.State != popp.Success {
				t.Fatal(status, err)
			}
			if got, err := w.patient.LoadPractitionerInformation(t.Context(), request); err != nil || string(got) != bundle {
				t.Fatal(string(got), err)
			}
			got, err := w.practice.Pull(t.Context(), practiceID)
			if err != nil || len(got) != 2 || got[0].Workplace != "REZEPTION-1" || got[1].Workplace != "REZEPTION-1" {
				t.Fatal(got, err)
			}
			checkWire(t, w.saw(), compat)
		})
	}
}

// checkWire holds what was sent against the switches.
func checkWire(t *testing.T, requests []seen, compat client.Compat) {
	t.Helper()
	verb := map[client.Verb]string{client.POST: http.MethodPost, client.GET: http.MethodGet}
	answer := map[client.AnswerKey]string{
		client.AnswerRespose: "apdu_command_respose", client.AnswerResponse: "apdu_command_response", client.AnswerQuery: "apduresponse",
	}[compat.Answer]
	var cards, logins, directories int
	for _, r := range requests {
		where := r.uri + " " + r.body
		switch {
		case strings.Contains(r.uri, "open-communication-ehc"):
			if cards++; cards > 1 && !strings.Contains(where, answer) || r.method != verb[compat.CheckIn] {
				t.Fatalf("%s %s without %s", r.method, where, answer)
			}
		case strings.Contains(r.uri, "checkin-request-healthid"):
			if logins++; r.method != verb[compat.CheckIn] {
				t.Fatal(r.method, where)
			}
		case strings.Contains(r.uri, "practitioner-information"):
			if directories++; r.method != verb[compat.Directory] {
				t.Fatal(r.method, where)
			}
		case strings.HasPrefix(r.uri, "/authorize"):
			for _, want := range []string{
				map[client.DetailsForm]string{
					client.DetailsApp: "app_authorization_details=", client.DetailsFlow: "app_details=", client.DetailsZETA: "?authorization_details=",
				}[compat.Details],
				map[client.ProviderKey]string{client.ProviderURL: "openIdProviderUrl", client.ProviderZETA: "openid_provider"}[compat.Provider],
			} {
				if !strings.Contains(r.uri, want) {
					t.Fatalf("%s without %s", r.uri, want)
				}
			}
		}
	}
	if cards != 9 || logins != 1 || directories != 1 {
		t.Fatal(cards, logins, directories)
	}
}

// TestWorkplaceExact: a service that wants 64 characters gets them, and where there is no workplace says so before anybody logs in.
func TestWorkplaceExact(t *testing.T) {
	exact := client.Compat{Workplace: client.WorkplaceExact}
	idp := newInsurer()
	strict := func(c *service.Config) { c.Login, c.Compat.WorkplaceExact = idp, true }
	w := setup(t, strict, exact)
	nowhere := client.Place{TelematikID: practiceID}
	if _, err := w.patient.CheckInHealthID(t.Context(), nowhere, "https://idp.krankenkasse.example", back); !errors.Is(err, client.ErrWorkplace) {
		t.Fatal(err)
	}
	free := w.newPatient(t, zeta.Config{}, client.Compat{})
	came := idp.browse(t, begin(t, free, reception).URL, "idp-code")
	var report *client.ServiceError
	if _, err := free.LoggedIn(t.Context(), came.Get("state"), came.Get("code")); !errors.As(err, &report) || report.Status != 400 {
		t.Fatal(err)
	}
}

// TestPersonInAddress: with the zero Compat nothing of a card or a person is in an address, whatever is done.
func TestPersonInAddress(t *testing.T) {
	idp := newInsurer()
	w := setup(t, func(c *service.Config) { c.Login, c.Directory = idp, directoryOf(bundle) }, client.Compat{})
	w.list(t)
	_, status, err := prove(t.Context(), w.patient, reception, cardA(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.patient.ReadStatus(t.Context(), status.ID); err != nil {
		t.Fatal(err)
	}
	came := idp.browse(t, begin(t, w.patient, reception).URL, "idp-code")
	if _, err := w.patient.LoggedIn(t.Context(), came.Get("state"), came.Get("code")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.patient.LoadPractitionerInformation(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	bodies := 0
	for _, r := range w.saw() {
		if strings.Contains(r.body, string(practiceID)) {
			bodies++
		}
		for _, never := range []string{string(practiceID), "REZEPTION", "X110540756", idp.kvnr, fmt.Sprintf("%x", "X110540756"), "30820326", "HealthcareService"} {
			if strings.Contains(r.uri, never) {
				t.Fatalf("%s has %s", r.uri, never)
			}
		}
	}
	if bodies < 9 {
		t.Fatal("the test does not see what is sent")
	}
}
