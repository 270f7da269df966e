package service

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"pieks/node/checkin/popp"
)

// FuzzRequests: whatever a patient's client sends, what is taken is what the interfaces have.
func FuzzRequests(f *testing.F) {
	f.Add("telematikid=1-2&apduresponse=9000", "application/json", []byte(`{"workplaceid":"A"}`))
	f.Add("", "application/json; charset=utf-8", []byte(
		`{"telematikid":"1-2","app_authorization_details":[{"type":"urn:ti:gematik:apdu:command","apdu_command_respose":"9000"}]}`))
	f.Add("", "application/x-www-form-urlencoded", []byte(`telematikId=1-2&app_details={"apdu_command_response":"9000"}`))
	f.Add("app_authorization_details=[{\"type\":\"urn:ti:gematik:auth:provider\",\"auth_preferences\":{\"openIdProviderUrl\":\"x\"}}]", "", []byte{})
	f.Fuzz(func(t *testing.T, query, kind string, body []byte) {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			r := httptest.NewRequest(method, "/x", bytes.NewReader(body))
			r.URL.RawQuery = query
			r.Header.Set("Content-Type", kind)
			p, err := readParameters(r)
			if err != nil {
				continue
			}
			for name, value := range p {
				if name != strings.ToLower(name) || !utf8.ValidString(value) {
					t.Fatalf("%q: %q", name, value)
				}
			}
			if at, err := p.place(); err == nil {
				if _, err := popp.ParseTelematikID(string(at.institution)); err != nil || utf8.RuneCountInString(string(at.workplace)) > popp.MaxWorkplace {
					t.Fatal(at)
				}
			}
			if answer, err := p.response(); err == nil && answer != nil && (len(answer) < 2 || len(answer) > maxAnswer) {
				t.Fatal(len(answer))
			}
		}
		if q, err := url.ParseQuery(query); err == nil {
			if provider, err := providerOf(q); err == nil && provider == "" {
				t.Fatal("a provider without a name")
			}
		}
	})
}

// FuzzMessages: whatever a practice's client says on its socket, or a client as its registration or proof.
func FuzzMessages(f *testing.F) {
	f.Add([]byte(`{"type":"Start","version":"1.0.0","cardConnectionType":"contactless-standard","clientSessionId":"s"}`))
	f.Add([]byte(`{"type":"ScenarioResponse","steps":["9000","6f00"]}`))
	f.Add([]byte(`{"jwks":{"keys":[{"kty":"EC","crv":"P-256",` + // the key of RFC 7515 appendix A.3
		`"x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}}`))
	f.Add([]byte("eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2In0.e30.AAAA"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if o, kind, err := readMessage(raw); err == nil {
			if name, err := readStart(o, kind); err == nil && (name == "" || len(name) > maxName) {
				t.Fatal(name)
			}
			if answers, err := readAnswers(o, kind); err == nil && len(answers) > maxScenario {
				t.Fatal(len(answers))
			}
		}
		if key, err := readRegistration(bytes.NewReader(raw)); err == nil && key.P256 == nil {
			t.Fatal("a client without a key")
		}
		if p, err := readProof(string(raw)); err == nil && (p.key == "" || p.number == "") {
			t.Fatal(p)
		}
	})
}
