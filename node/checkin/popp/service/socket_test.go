package service_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"pieks/card"
	"pieks/card/egk"
	"pieks/card/published"
	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/client"
	"pieks/node/checkin/popp/service"
	"pieks/node/checkin/popp/zeta"
)

// TestGenerate: a practice proves a card in its own reader.
func TestGenerate(t *testing.T) {
	for name, contactless := range map[string]bool{"contact": false, "contactless": true} {
		t.Run(name, func(t *testing.T) {
			w := setup(t, nil, client.Compat{})
			w.list(t)
			raw, err := w.practice.Generate(t.Context(), cardA(t), contactless)
			if err != nil {
				t.Fatal(err)
			}
			token, err := popp.Verify(raw, w.keys(t), popp.Rules{At: w.now(), Actor: practiceID, Issuer: w.url})
			if err != nil || token.Claims.ProofMethod != popp.ProofPractitionerCVC || token.Claims.PatientID != "X110540756" ||
				token.Claims.ActorProfessionOID != profession {
				t.Fatal(token, err)
			}
			if got, err := w.practice.Pull(t.Context(), practiceID); err != nil || len(got) != 0 {
				t.Fatal("the token comes once more", err)
			}
		})
	}
}

// TestGenerateRefused: T18 and T22 in a practice's reader.
func TestGenerateRefused(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	if _, err := w.practice.Generate(t.Context(), cardA(t), true); !errors.Is(err, client.ErrUnknownCard) {
		t.Fatal(err)
	}
	if err := w.pairs.Add(hashOf(published.CardA().EndEntity), sha256.Sum256(nil)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.practice.Generate(t.Context(), cardA(t), true); !errors.Is(err, egk.ErrPair) {
		t.Fatal(err)
	}
	for at, code := range map[int]string{1: "79506", 2: "79506", 3: "79504", 5: "79504", 8: "79504"} {
		good, commands := cardA(t), 0
		_, err := w.practice.Generate(t.Context(), channel(func(ctx context.Context, command []byte) ([]byte, error) {
			if commands++; commands == at {
				return []byte{0x69, 0x82}, nil
			}
			return good.Transmit(ctx, command)
		}), true)
		var word *card.StatusError
		var report *client.ServiceError
		if !errors.As(err, &word) || word.SW != 0x6982 || !errors.As(err, &report) || report.Code != code || commands != at {
			t.Fatalf("at %d: %d commands, %v", at, commands, err)
		}
	}
	_, err := w.practice.Generate(t.Context(), channel(func(context.Context, []byte) ([]byte, error) { return nil, errPulled }), true)
	if !errors.Is(err, errPulled) {
		t.Fatal(err)
	}
}

// TestGenerateEnds: whoever gives up gets out, also while the service is silent.
func TestGenerateEnds(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("they went away")
	_, err := w.practice.Generate(ctx, channel(func(context.Context, []byte) ([]byte, error) {
		cancel(gone)
		return []byte{0x90, 0x00}, nil
	}), true)
	if !errors.Is(err, gone) {
		t.Fatal(err)
	}
}

// connect opens a socket of the practice as any client may.
func (w *town) connect(t *testing.T) *websocket.Conn {
	t.Helper()
	guard, err := zeta.New(zeta.Config{Subject: service.Subject(practiceID, w.key, w.now), Now: w.now})
	if err != nil {
		t.Fatal(err)
	}
	if err := guard.Init(t.Context(), w.url); err != nil {
		t.Fatal(err)
	}
	conn, err := guard.Connect(t.Context(), zeta.Request{Path: socketPath, Header: http.Header{"X-Useragent": {"A/1"}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

const socketPath = "/popp/practitioner/api/v1/token-generation-ehc"

const goodStart = `{"type":"Start","version":"1.0.0","cardConnectionType":"contactless-standard","clientSessionId":"123e4567-e89b-12d3-a456-426614174000"}`

// TestSocketMessages is T33: messages out of order, of the wrong number, or none at all. Each ends the socket with its code.
func TestSocketMessages(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	version, subCA := hex.EncodeToString(published.CardA().Version2), hex.EncodeToString(published.CardA().SubCA)
	six := `"9000","9000","9000","9000","9000","9000"`
	for name, test := range map[string]struct {
		say  []string
		code string
	}{
		"second Start":            {[]string{goodStart, goodStart}, "79513"},
		"fewer answers":           {[]string{goodStart, `{"type":"ScenarioResponse","steps":["9000"]}`}, "79511"},
		"no answers":              {[]string{goodStart, `{"type":"ScenarioResponse","steps":[]}`}, "79511"},
		"more answers":            {[]string{goodStart, `{"type":"ScenarioResponse","steps":["9000","9000","9000"]}`}, "79511"},
		"an answer ahead":         {[]string{goodStart, `{"type":"ScenarioResponse","steps":["9000","` + version + `9000","` + subCA + `9000"]}`}, "79511"},
		"answer before Start":     {[]string{`{"type":"ScenarioResponse","steps":["9000"]}`}, "79511"},
		"Konnektor":               {[]string{strings.Replace(goodStart, "less-standard", "-connector", 1)}, "79513"},
		"unknown connection":      {[]string{strings.Replace(goodStart, "less-standard", "less", 1)}, "79511"},
		"unknown version":         {[]string{strings.Replace(goodStart, "1.0.0", "2.0.0", 1)}, "79513"},
		"no session":              {[]string{strings.Replace(goodStart, "123e4567-e89b-12d3-a456-426614174000", "", 1)}, "79511"},
		"long session":            {[]string{strings.Replace(goodStart, "123e", strings.Repeat("1", 65), 1)}, "79511"},
		"odd hex":                 {[]string{goodStart, `{"type":"ScenarioResponse","steps":["9000","900"]}`}, "79511"},
		"no hex":                  {[]string{goodStart, `{"type":"ScenarioResponse","steps":["9000","90xx"]}`}, "79511"},
		"64 answers":              {[]string{goodStart, `{"type":"ScenarioResponse","steps":["9000"` + strings.Repeat(`,"9000"`, 63) + `]}`}, "79511"},
		"steps twice":             {[]string{goodStart, `{"type":"ScenarioResponse","steps":[],"steps":[` + six + `]}`}, "79511"},
		"no JSON":                 {[]string{"Start"}, "79511"},
		"array":                   {[]string{"[" + goodStart + "]"}, "79511"},
		"a service's own message": {[]string{goodStart, `{"type":"Token","token":"a.b.c"}`}, "79511"},
	} {
		t.Run(name, func(t *testing.T) {
			conn := w.connect(t)
			for i, text := range test.say {
				if err := conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
					t.Fatal(err)
				}
				if i == len(test.say)-1 {
					break
				}
				expect(t, conn, `"type":"StandardScenario"`)
			}
			expect(t, conn, `"errorCode":"`+test.code+`"`)
			if _, _, err := conn.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
				t.Fatal(err)
			}
		})
	}
	conn := w.connect(t)
	if err := conn.WriteMessage(websocket.BinaryMessage, []byte(goodStart)); err != nil {
		t.Fatal(err)
	}
	expect(t, conn, `"errorCode":"79511"`)
}

func expect(t *testing.T, conn *websocket.Conn, part string) {
	t.Helper()
	_, raw, err := conn.ReadMessage()
	if err != nil || !strings.Contains(string(raw), part) {
		t.Fatalf("%s, want %s: %v", raw, part, err)
	}
}

// TestNoSocket: what is no WebSocket, or not the practice's, gets none.
func TestNoSocket(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	guard, err := zeta.New(zeta.Config{Subject: service.Subject(practiceID, w.key, w.now), Now: w.now})
	if err != nil {
		t.Fatal(err)
	}
	if err := guard.Init(t.Context(), w.url); err != nil {
		t.Fatal(err)
	}
	header := http.Header{"X-Useragent": {"A/1"}}
	answer, err := guard.Execute(t.Context(), zeta.Request{Method: http.MethodGet, Path: socketPath, Header: header, Most: 1 << 10}, zeta.Details{})
	if err != nil || answer.Status != http.StatusUpgradeRequired {
		t.Fatal(answer.Status, err)
	}
	patient, err := zeta.New(zeta.Config{Now: w.now})
	if err != nil {
		t.Fatal(err)
	}
	if err := patient.Init(t.Context(), w.url); err != nil {
		t.Fatal(err)
	}
	_, err = patient.Connect(t.Context(), zeta.Request{Path: socketPath, Header: header})
	if !errors.Is(err, zeta.ErrGuard) || !strings.Contains(err.Error(), "403") {
		t.Fatal(err)
	}
}
