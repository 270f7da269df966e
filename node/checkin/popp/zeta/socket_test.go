package zeta

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/crypto/ocsp"
)

// TestConnect: a WebSocket over TLS at a server that speaks HTTP/2, too, with the same rules for its certificate, and with token and proof.
func TestConnect(t *testing.T) {
	ca := newCA(t, "a CA")
	server := issue(t, ca.leaf(t, true), ca)
	good := staple(t, ca.cert, ca, nil, ocsp.Response{Status: ocsp.Good, SerialNumber: server.cert.SerialNumber})
	revoked := staple(t, ca.cert, ca, nil, ocsp.Response{Status: ocsp.Revoked, SerialNumber: server.cert.SerialNumber})
	s := httptest.NewUnstartedServer(nil)
	var protocol atomic.Value
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/.well-known/oauth-protected-resource":
			protocol.Store(r.Proto)
			_, _ = w.Write([]byte(`{"authorization_servers":["` + s.URL + `"]}`))
		case "/.well-known/oauth-authorization-server":
			_, _ = w.Write([]byte(strings.ReplaceAll(`{"issuer":"U","authorization_endpoint":"U/a","token_endpoint":"U/t","registration_endpoint":"U/r"}`, "U", s.URL)))
		case "/r":
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte(`{"client_id":"me"}`))
		case "/t":
			_, _ = w.Write([]byte(`{"access_token":"abc","token_type":"DPoP","expires_in":300}`))
		case "/socket":
			if r.Header.Get("Authorization") != "DPoP abc" || r.Header.Get("DPoP") == "" {
				http.Error(w, "", http.StatusUnauthorized)
				return
			}
			upgrader := websocket.Upgrader{}
			c, err := upgrader.Upgrade(w, r, nil)
			if err != nil {
				return
			}
			defer c.Close()
			_ = c.WriteMessage(websocket.TextMessage, []byte("hello"))
		}
	})
	var stapled atomic.Value
	stapled.Store(good)
	s.TLS = &tls.Config{NextProtos: []string{"h2", "http/1.1"}, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return &tls.Config{NextProtos: []string{"h2", "http/1.1"}, Certificates: []tls.Certificate{{
			Certificate: [][]byte{server.cert.Raw}, PrivateKey: server.key, OCSPStaple: stapled.Load().([]byte),
		}}}, nil
	}}
	s.EnableHTTP2, s.Config.ErrorLog = true, quietLog
	s.StartTLS()
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	config := TLS(roots, func() time.Time { return testNow })
	config.ServerName = "popp.example"
	g := newGuard(t, Config{TLS: config})
	// With HTTP/2 where the program has it (the Makefile leaves it out), which the WebSocket must not inherit.
	if err := g.Init(t.Context(), s.URL); err != nil || protocol.Load() == nil {
		t.Fatal(protocol.Load(), err)
	}
	c, err := g.Connect(t.Context(), Request{Path: "/socket"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, text, err := c.ReadMessage(); err != nil || string(text) != "hello" {
		t.Fatal(string(text), err)
	}
	stapled.Store(revoked)
	if _, err := g.Connect(t.Context(), Request{Path: "/socket"}); !errors.Is(err, ErrStatus) {
		t.Fatal(err)
	}
}
