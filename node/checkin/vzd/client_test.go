package vzd

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"pieks/node/control"
)

// A search is one GET over TLS at the patients' path; the answer is bounded, and errors do not say who was looked for.
func TestClient(t *testing.T) {
	var asked *http.Request
	var elsewhere int
	answer := func(w http.ResponseWriter) { _, _ = w.Write(bundleOf(1, hit{n: 1})) }
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/fdv/search/HealthcareService" {
			elsewhere++
		}
		asked = r
		w.Header().Set("Content-Type", "application/fhir+json;charset=UTF-8")
		answer(w)
	}))
	defer server.Close()
	c := Client{Base: server.URL, Transport: server.Client().Transport, Token: func(context.Context) (string, error) { return "secret", nil }}
	const id = "1-2arvtst-ap000052"
	request, err := Request(control.InstitutionQuery{TelematikID: id})
	if err != nil {
		t.Fatal(err)
	}
	for _, base := range []string{server.URL, server.URL + "/", server.URL + "/fdv/search/"} {
		c.Base = base
		got, err := c.Search(t.Context(), request)
		if err != nil || len(got.Institutions) != 1 || got.More {
			t.Fatalf("%s: %+v %v", base, got, err)
		}
		if asked.Method != http.MethodGet || asked.Header.Get("Authorization") != "Bearer secret" || asked.Header.Get("Referer") != "" ||
			asked.URL.Query().Get("organization.identifier") != systemTelematikID+"|"+id || asked.URL.Query().Get("organization.active") != "true" {
			t.Errorf("%s %s %v", asked.Method, asked.URL, asked.Header)
		}
	}
	for name, test := range map[string]struct {
		answer func(http.ResponseWriter)
		want   error
	}{
		"redirect": {func(w http.ResponseWriter) { w.Header().Set("Location", server.URL+"/other"); w.WriteHeader(302) }, ErrUnavailable},
		"no token": {func(w http.ResponseWriter) { w.WriteHeader(401) }, ErrAccess}, "refused": {func(w http.ResponseWriter) { w.WriteHeader(400) }, ErrRefused},
		"down": {func(w http.ResponseWriter) { w.WriteHeader(503) }, ErrUnavailable},
		"HTML": {func(w http.ResponseWriter) { w.Header().Set("Content-Type", "text/html"); w.WriteHeader(200) }, ErrBundle},
		"too much": {func(w http.ResponseWriter) {
			for { // until nobody listens any more
				if _, err := w.Write([]byte(strings.Repeat(" ", 1<<20))); err != nil {
					return
				}
			}
		}, ErrTooLarge},
		"broken off": {func(w http.ResponseWriter) { w.Header().Set("Content-Length", "100"); _, _ = w.Write([]byte("{")) }, ErrUnavailable},
	} {
		answer = test.answer
		if _, err := c.Search(t.Context(), request); !errors.Is(err, test.want) || strings.Contains(err.Error(), id) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if elsewhere != 0 {
		t.Errorf("%d requests went elsewhere", elsewhere)
	}
	asked = nil
	for _, base := range []string{
		"", "http://" + server.Listener.Addr().String(), "https://u:p@x.example/", "https://x.example/?a=b", "https://x.example/#a", "https:x", "file:///etc",
	} {
		if _, err := (Client{Base: base, Transport: c.Transport}).Search(t.Context(), request); !errors.Is(err, ErrBase) {
			t.Errorf("%s: %v", base, err)
		}
	}
	if _, err := c.Search(t.Context(), "PractitionerRole?name=a"); !errors.Is(err, ErrRequest) || asked != nil {
		t.Errorf("%v", err)
	}
	server.Close()
	if _, err := c.Search(t.Context(), request); !errors.Is(err, ErrUnavailable) || strings.Contains(err.Error(), id) {
		t.Errorf("nobody there: %v", err)
	}
	if _, err := Search(t.Context(), server.URL, request); !errors.Is(err, ErrUnavailable) || strings.Contains(err.Error(), id) {
		t.Errorf("without settings: %v", err)
	}
}
