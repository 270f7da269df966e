package service_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/client"
	"pieks/node/checkin/popp/zeta"
)

const cardPath = "/popp/service/v1/open-communication-ehc"

// guardOf is a client that says what it likes.
func (w *town) guardOf(t *testing.T, c zeta.Config) *zeta.Guard {
	t.Helper()
	c.Now = w.now
	g, err := zeta.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Init(t.Context(), w.url); err != nil {
		t.Fatal(err)
	}
	return g
}

// say sends parameters to the card's interface in a session, and gives what comes.
func say(t *testing.T, g *zeta.Guard, session string, parameters map[string]string) (status int, code string, command []byte) {
	t.Helper()
	body, err := json.Marshal(parameters)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := g.Execute(t.Context(), zeta.Request{
		Method: http.MethodPost, Path: cardPath, Header: http.Header{"X-Useragent": {"A/1"}}, Type: zeta.TypeJSON, Body: body, Most: 1 << 18, Session: session,
	}, zeta.Details{})
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ ErrorCode, CommandAPDU string }
	if err := json.Unmarshal(answer.Body, &got); err != nil {
		t.Fatal(err)
	}
	if command, err = hex.DecodeString(got.CommandAPDU); err != nil {
		t.Fatal(err)
	}
	return answer.Status, got.ErrorCode, command
}

func at(id popp.TelematikID, workplace, answer string) map[string]string {
	p := map[string]string{"telematikid": string(id)}
	if workplace != "" {
		p["workplaceid"] = workplace
	}
	if answer != "" {
		p["apduresponse"] = answer
	}
	return p
}

// TestSessions: an answer before its command, of another session, for another place, too late, or after the end.
func TestSessions(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	w.list(t)
	g, other := w.guardOf(t, zeta.Config{}), w.guardOf(t, zeta.Config{})
	refused := func(t *testing.T, g *zeta.Guard, session string, p map[string]string) {
		t.Helper()
		if status, code, _ := say(t, g, session, p); status != 400 || code != "79511" {
			t.Fatal(status, code)
		}
	}
	first := func(t *testing.T, session string) {
		t.Helper()
		if status, _, command := say(t, g, session, at(practiceID, "A", "")); status != 200 || len(command) == 0 {
			t.Fatal(status)
		}
	}
	t.Run("before the command", func(t *testing.T) { refused(t, g, "1", at(practiceID, "A", "9000")) })
	t.Run("other session", func(t *testing.T) {
		first(t, "2")
		refused(t, g, "3", at(practiceID, "A", "9000"))
	})
	t.Run("other client", func(t *testing.T) {
		first(t, "4")
		refused(t, other, "4", at(practiceID, "A", "9000"))
	})
	t.Run("other workplace", func(t *testing.T) {
		first(t, "5")
		refused(t, g, "5", at(practiceID, "B", "9000"))
		refused(t, g, "5", at(practiceID, "A", "9000")) // and it is over
	})
	t.Run("too late", func(t *testing.T) {
		first(t, "6")
		w.add(2*time.Minute + time.Second)
		refused(t, g, "6", at(practiceID, "A", "9000"))
	})
	t.Run("after the end", func(t *testing.T) {
		ch, answer := cardA(t), ""
		for range 9 {
			status, _, command := say(t, g, "7", at(practiceID, "A", answer))
			if status != 200 {
				t.Fatal(status)
			}
			if len(command) == 0 {
				refused(t, g, "7", at(practiceID, "A", answer)) // the challenge, answered once more
				return
			}
			raw, err := ch.Transmit(t.Context(), command)
			if err != nil {
				t.Fatal(err)
			}
			answer = hex.EncodeToString(raw)
		}
		t.Fatal("no end")
	})
	t.Run("begun again", func(t *testing.T) { // the first dialogue's answer does not fit the second
		first(t, "8")
		if status, _, _ := say(t, g, "8", at(practiceID, "A", "9000")); status != 200 {
			t.Fatal(status)
		}
		first(t, "8")
		if status, code, _ := say(t, g, "8", at(practiceID, "A", "ef2b9000")); status != 400 || code != "79511" {
			t.Fatal(status, code)
		}
	})
}

// TestRequests: what is no request of the interface.
func TestRequests(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	g := w.guardOf(t, zeta.Config{})
	good := `{"telematikid":"` + string(practiceID) + `"}`
	agent := http.Header{"X-Useragent": {"A/1"}}
	details := func(inner string) string {
		return fmt.Sprintf(`{"telematikid":%q,"app_authorization_details":%s}`, practiceID, inner)
	}
	of := func(body string) zeta.Request { return zeta.Request{Type: zeta.TypeJSON, Body: []byte(body)} }
	with := func(beginning string) zeta.Request { return of(strings.Replace(good, "{", beginning, 1)) }
	apdu := `"type":"urn:ti:gematik:apdu:command"`
	for name, test := range map[string]struct {
		r      zeta.Request
		status int
		code   string
	}{
		"good":                 {zeta.Request{Type: zeta.TypeJSON, Body: []byte(good)}, 200, ""},
		"no user agent":        {zeta.Request{Type: zeta.TypeJSON, Body: []byte(good), Header: http.Header{"X-A": {"b"}}}, 400, "79030"},
		"bad user agent":       {zeta.Request{Type: zeta.TypeJSON, Body: []byte(good), Header: http.Header{"X-Useragent": {"a b/1"}}}, 400, "79030"},
		"two user agents":      {zeta.Request{Type: zeta.TypeJSON, Body: []byte(good), Header: http.Header{"X-Useragent": {"A/1", "B/1"}}}, 400, "79030"},
		"other media type":     {zeta.Request{Type: "text/plain", Body: []byte(good)}, 400, "79031"},
		"no media type":        {zeta.Request{Body: []byte(good)}, 400, "79031"},
		"no JSON":              {zeta.Request{Type: zeta.TypeJSON, Body: []byte("{")}, 400, "malformedRequest"},
		"member twice":         {with(`{"telematikid":"1-2",`), 400, "malformedRequest"},
		"twice in other case":  {with(`{"telematikId":"1-2",`), 400, "malformedRequest"},
		"address and body":     {zeta.Request{Type: zeta.TypeJSON, Body: []byte(good), Query: url.Values{"telematikid": {"1-2"}}}, 400, "malformedRequest"},
		"no Telematik-ID":      {zeta.Request{Type: zeta.TypeJSON, Body: []byte(`{"workplaceid":"A"}`)}, 400, "malformedRequest"},
		"bad workplace":        {with(`{"workplaceid":"a/b",`), 400, "malformedRequest"},
		"65 characters":        {with(`{"workplaceid":"` + strings.Repeat("ä", 65) + `",`), 400, "malformedRequest"},
		"64 characters":        {with(`{"workplaceid":"` + strings.Repeat("ä", 64) + `",`), 200, ""},
		"too large":            {zeta.Request{Type: zeta.TypeJSON, Body: []byte(`{"x":"` + strings.Repeat("a", 200<<10) + `"}`)}, 400, "malformedRequest"},
		"answer of odd length": {with(`{"apduresponse":"900",`), 400, "malformedRequest"},
		"answer twice": {
			with(`{"apduresponse":"9000","app_authorization_details":[{` + apdu + `,"apdu_command_respose":"9000"}],`), 400, "malformedRequest",
		},
		"both spellings":            {of(details(`[{` + apdu + `,"apdu_command_respose":"9000","apdu_command_response":"9000"}]`)), 400, "malformedRequest"},
		"no spelling":               {of(details(`[{` + apdu + `}]`)), 400, "malformedRequest"},
		"details twice":             {of(details(`[{` + apdu + `,"apdu_command_respose":"9000"},{}]`)), 400, "malformedRequest"},
		"details of another":        {of(details(`[{"type":"x","apdu_command_respose":"9000"}]`)), 400, "malformedRequest"},
		"an answer, but no command": {of(details(`[{` + apdu + `,"apdu_command_respose":"9000"}]`)), 400, "79511"},
	} {
		t.Run(name, func(t *testing.T) {
			test.r.Method, test.r.Path, test.r.Most, test.r.Session = http.MethodPost, cardPath, 1<<16, name
			defer g.EndSession(name)
			if test.r.Header == nil {
				test.r.Header = agent
			}
			answer, err := g.Execute(t.Context(), test.r, zeta.Details{})
			if err != nil {
				t.Fatal(err)
			}
			var got struct{ ErrorCode string }
			if err := json.Unmarshal(answer.Body, &got); err != nil || answer.Status != test.status || got.ErrorCode != test.code {
				t.Fatal(answer.Status, got.ErrorCode, err)
			}
		})
	}
}

// TestParallel: two dialogues of one app at the same time do not meet.
func TestParallel(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	w.list(t)
	one, two := w.patient.EGK(reception), w.patient.EGK(client.Place{TelematikID: practiceID, Workplace: "2"})
	cards := []struct {
		d        *client.EGK
		answer   []byte
		finished bool
	}{{d: one}, {d: two}}
	chA, chB := cardA(t), cardA(t)
	for range 9 {
		for i := range cards {
			step, status, err := cards[i].d.Next(t.Context(), cards[i].answer)
			if err != nil {
				t.Fatal(err)
			}
			if status != nil {
				cards[i].finished = true
				continue
			}
			ch := chA
			if i == 1 {
				ch = chB
			}
			if cards[i].answer, err = ch.Transmit(t.Context(), step.Command); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !cards[0].finished || !cards[1].finished {
		t.Fatal("no end")
	}
	if _, _, err := one.Next(t.Context(), []byte{0x90, 0x00}); !errors.Is(err, client.ErrOver) {
		t.Fatal(err)
	}
}
