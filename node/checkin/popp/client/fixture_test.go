package client

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"pieks/node/checkin/popp/zeta"
)

// script is a ZETA client whose service says what a test wants, one answer after the other. It keeps what it was asked.
type script struct {
	answers  []zeta.Response
	requests []zeta.Request
	details  []zeta.Details
	ended    []string
	socket   string // address of a WebSocket
}

var errScript = errors.New("the service of this test has nothing more to say")

func (s *script) Init(context.Context, string) error { return nil }

func (s *script) Execute(_ context.Context, r zeta.Request, d zeta.Details) (zeta.Response, error) {
	s.requests, s.details = append(s.requests, r), append(s.details, d)
	if len(s.answers) == 0 {
		return zeta.Response{}, errScript
	}
	next := s.answers[0]
	s.answers = s.answers[1:]
	return next, nil
}

func (s *script) LoggedIn(ctx context.Context, _, _ string) (zeta.Response, error) {
	return s.Execute(ctx, zeta.Request{}, zeta.Details{})
}
func (s *script) Forget(string)             {}
func (s *script) EndSession(session string) { s.ended = append(s.ended, session) }

func (s *script) Connect(ctx context.Context, _ zeta.Request) (*websocket.Conn, error) {
	c, _, err := websocket.DefaultDialer.DialContext(ctx, s.socket, nil)
	return c, err
}

// says is an answer of 200, or of another status when it begins with one.
func says(bodies ...string) *script {
	s := &script{}
	for _, body := range bodies {
		s.answers = append(s.answers, zeta.Response{Status: http.StatusOK, Body: []byte(body), Header: http.Header{}})
	}
	return s
}

func fails(status int, body string) *script {
	return &script{answers: []zeta.Response{{Status: status, Body: []byte(body)}}}
}

func newClient(t testing.TB, s *script, compat Compat) *Client {
	t.Helper()
	c, err := New(Config{FQDN: "popp.example", ZETA: s, UserAgent: "CLIENTID1234567890AB/2.1.12-45", Compat: compat})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newPractice(t testing.TB, s *script, compat Compat) *Practice {
	t.Helper()
	p, err := NewPractice(Config{FQDN: "popp.example", ZETA: s, Compat: compat})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// speaking is a service's WebSocket that says these messages, each after one of the client but the last ones, which have "+" before them. heard is what the
// client said.
func speaking(t *testing.T, heard chan<- string, messages ...string) *script {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		upgrader := websocket.Upgrader{}
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		defer close(heard)
		session := ""
		for _, m := range messages {
			text, unasked := strings.CutPrefix(m, "+")
			if !unasked {
				_, raw, err := conn.ReadMessage()
				if err != nil {
					return
				}
				heard <- string(raw)
				if _, after, ok := strings.Cut(string(raw), `"clientSessionId":"`); ok {
					session, _, _ = strings.Cut(after, `"`)
				}
			}
			if err := conn.WriteMessage(websocket.TextMessage, []byte(strings.ReplaceAll(text, "SESSION", session))); err != nil {
				return
			}
		}
		for { // what it says last is read, too
			_, raw, err := conn.ReadMessage()
			if err != nil {
				return
			}
			heard <- string(raw)
		}
	}))
	t.Cleanup(server.Close)
	return &script{socket: "ws" + strings.TrimPrefix(server.URL, "http")}
}

// channel is a card that is stood in for.
type channel func(ctx context.Context, command []byte) ([]byte, error)

func (c channel) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	return c(ctx, command)
}

// willing says 9000 to everything.
var willing = channel(func(context.Context, []byte) ([]byte, error) { return []byte{0x90, 0x00}, nil })

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
