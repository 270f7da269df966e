package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pieks/card"
	"pieks/node/checkin/jose"
	"pieks/node/checkin/popp/zeta"
)

// aToken has the form of one; whoever gets it verifies it.
const aToken = "eyJhbGciOiJFUzI1NiJ9.e30.AAAA"

func tokens(n int) string {
	return "[" + strings.TrimSuffix(strings.Repeat(`"`+aToken+`",`, n), ",") + "]"
}

// TestPull: an answer, its workplace, and the end.
func TestPull(t *testing.T) {
	for name, test := range map[string]struct {
		answers []string
		headers [][]string
		want    []string // workplaces
		err     error
	}{
		"nothing":              {answers: []string{"[]"}},
		"one":                  {answers: []string{tokens(1), "[]"}, want: []string{""}},
		"workplaces":           {answers: []string{tokens(2), tokens(1), "[]"}, headers: [][]string{{"A"}, {"B"}}, want: []string{"A", "A", "B"}},
		"filled up":            {answers: []string{tokens(1), "[]"}, headers: [][]string{{"A" + strings.Repeat(" ", 63)}}, want: []string{"A"}},
		"blank":                {answers: []string{tokens(1), "[]"}, headers: [][]string{{"  "}}, want: []string{""}},
		"bad workplace":        {answers: []string{tokens(1)}, headers: [][]string{{"a/b"}}, want: []string{""}, err: ErrProtocol},
		"long workplace":       {answers: []string{tokens(1)}, headers: [][]string{{strings.Repeat("a", 65)}}, want: []string{""}, err: ErrProtocol},
		"two workplaces":       {answers: []string{tokens(1)}, headers: [][]string{{"A", "B"}}, want: []string{""}, err: ErrProtocol},
		"object":               {answers: []string{"{}"}, err: ErrProtocol},
		"null":                 {answers: []string{"null"}, err: ErrProtocol},
		"empty":                {answers: []string{""}, err: ErrProtocol},
		"no tokens":            {answers: []string{`["a"]`}, err: ErrProtocol},
		"one no token":         {answers: []string{`["a","` + aToken + `","b"]`}, headers: [][]string{{"A"}}, want: []string{"A"}, err: ErrProtocol},
		"numbers":              {answers: []string{`[1]`}, err: ErrProtocol},
		"too many":             {answers: []string{tokens(maxTokens + 1)}, err: ErrProtocol},
		"failure after tokens": {answers: []string{tokens(1), "{"}, want: []string{""}, err: ErrProtocol},
		"gone after tokens":    {answers: []string{tokens(1)}, want: []string{""}, err: errScript},
	} {
		t.Run(name, func(t *testing.T) {
			s := says(test.answers...)
			for i, h := range test.headers {
				s.answers[i].Header = http.Header{http.CanonicalHeaderKey("X-WorkplaceID"): h}
			}
			got, err := newPractice(t, s, Compat{}).Pull(t.Context(), "1-234567890")
			var workplaces []string
			for _, one := range got {
				workplaces = append(workplaces, string(one.Workplace))
				if one.Token != aToken {
					t.Fatal(one)
				}
			}
			if !errors.Is(err, test.err) || !slices.Equal(workplaces, test.want) {
				t.Fatal(got, err)
			}
		})
	}
	many := make([]string, 100)
	for i := range many {
		many[i] = tokens(1)
	}
	if got, err := newPractice(t, says(many...), Compat{}).Pull(t.Context(), "1-234567890"); err != nil || len(got) != maxPulls {
		t.Fatal(len(got), err)
	}
	s := fails(500, `{"errorCode":"internalError"}`)
	var report *ServiceError
	_, err := newPractice(t, s, Compat{}).Pull(t.Context(), "1-234567890")
	if !errors.Is(err, ErrUnavailable) || !errors.As(err, &report) || report.RetryAfter != retryAfter {
		t.Fatal(err)
	}
	if r := s.requests[0]; r.Method != http.MethodGet || r.Path != pathPull || r.Query.Get("telematikid") != "1-234567890" {
		t.Fatal(r)
	}
}

// TestPullEach: nothing is asked for before what came was kept, nor after that failed or was enough.
func TestPullEach(t *testing.T) {
	full := errors.New("full")
	for name, test := range map[string]struct {
		keep  func([]Delivery) (bool, error)
		asked int
		err   error
	}{
		"all":    {func([]Delivery) (bool, error) { return true, nil }, 3, nil},
		"enough": {func([]Delivery) (bool, error) { return false, nil }, 1, nil},
		"fails":  {func([]Delivery) (bool, error) { return true, full }, 1, full},
	} {
		s := says(tokens(2), tokens(1), "[]")
		kept := 0
		err := newPractice(t, s, Compat{}).PullEach(t.Context(), "1-234567890", func(some []Delivery) (bool, error) {
			if kept++; len(s.requests) != kept {
				t.Errorf("%s: %d requests before answer %d was kept", name, len(s.requests), kept)
			}
			return test.keep(some)
		})
		if !errors.Is(err, test.err) || len(s.requests) != test.asked {
			t.Errorf("%s: %d requests, %v", name, len(s.requests), err)
		}
	}
}

// scenarioText is a scenario of the service.
func scenarioText(session string, counter, span int, steps string) string {
	return fmt.Sprintf(`{"type":"StandardScenario","version":"1.0.0","clientSessionId":%q,"sequenceCounter":%d,"timeSpan":%d,"steps":[%s]}`,
		session, counter, span, steps)
}

// TestScenarios is T33 from the practice's side, and all else that a service may not say.
func TestScenarios(t *testing.T) {
	first, last := scenarioText("SESSION", 0, 1000, step), scenarioText("SESSION", 1, 0, step+","+step)
	token := `{"type":"Token","token":"` + aToken + `"}`
	signed := connectorScenario(t, strings.ReplaceAll(first, "SESSION", "%s"))
	for name, test := range map[string]struct {
		say    []string
		compat Compat
		want   error
	}{
		"good":                   {say: []string{first, last, token}},
		"without steps":          {say: []string{first, scenarioText("SESSION", 1, 0, ""), token}},
		"counter repeated":       {say: []string{first, scenarioText("SESSION", 0, 0, step)}, want: ErrProtocol},
		"counter skipped":        {say: []string{first, scenarioText("SESSION", 2, 0, step)}, want: ErrProtocol},
		"counter begins with 1":  {say: []string{scenarioText("SESSION", 1, 0, step)}, want: ErrProtocol},
		"counter too large":      {say: []string{scenarioText("SESSION", 32768, 0, step)}, want: ErrProtocol},
		"another session":        {say: []string{scenarioText("123e4567-e89b-12d3-a456-426614174000", 0, 0, step)}, want: ErrProtocol},
		"after the last":         {say: []string{scenarioText("SESSION", 0, 0, step), scenarioText("SESSION", 1, 0, step)}, want: ErrProtocol},
		"timeSpan too large":     {say: []string{scenarioText("SESSION", 0, 32768, step)}, want: ErrProtocol},
		"timeSpan below zero":    {say: []string{scenarioText("SESSION", 0, -1, step)}, want: ErrProtocol},
		"64 steps":               {say: []string{scenarioText("SESSION", 0, 0, step+strings.Repeat(","+step, 63))}, want: ErrProtocol},
		"bad step":               {say: []string{scenarioText("SESSION", 0, 0, `{"commandApdu":"00"}`)}, want: ErrProtocol},
		"another version":        {say: []string{strings.Replace(first, "1.0.0", "1.0.1", 1)}, want: ErrProtocol},
		"token at once":          {say: []string{token}, want: ErrProtocol},
		"no token":               {say: []string{first, `{"type":"Token","token":"a"}`}, want: ErrProtocol},
		"Konnektor":              {say: []string{signed}, want: ErrWorkflow},
		"its own message":        {say: []string{`{"type":"Start"}`}, want: ErrProtocol},
		"type in other case":     {say: []string{`{"Type":"Token"}`}, want: ErrProtocol},
		"error":                  {say: []string{`{"type":"Error","errorCode":"79513"}`}, want: ErrWorkflow},
		"error without a code":   {say: []string{`{"type":"Error"}`}, want: ErrRefused},
		"error after the answer": {say: []string{first, `{"type":"Error","errorCode":"79510"}`}, want: ErrUnknownCard},
		"nonsense":               {say: []string{`x`}, want: ErrProtocol},
	} {
		t.Run(name, func(t *testing.T) {
			heard := make(chan string, 100)
			got, err := newPractice(t, speaking(t, heard, test.say...), test.compat).Generate(t.Context(), willing, true)
			if !errors.Is(err, test.want) || (err == nil) != (got == aToken) {
				t.Fatal(got, err)
			}
			for n, text := 0, ""; ; n++ {
				var more bool
				if text, more = <-heard; !more {
					break
				}
				if n == 0 && !strings.HasPrefix(text, `{"type":"Start","version":"1.0.0","cardConnectionType":"contactless-standard","clientSessionId":"`) {
					t.Fatal(text)
				}
				if n == 1 && strings.TrimSpace(text) != `{"type":"ScenarioResponse","steps":["9000"]}` {
					t.Fatal(text)
				}
			}
		})
	}
}

// connectorScenario wraps a scenario as for a Konnektor.
func connectorScenario(t *testing.T, inner string) string {
	t.Helper()
	key := newKey(t)
	signed, err := jose.SignES256(key, jose.Header{Type: "JWT"}, []byte(`{"message":`+inner+`}`))
	if err != nil {
		t.Fatal(err)
	}
	return `{"type":"ConnectorScenario","version":"1.0.0","signedScenario":"` + signed + `"}`
}

// TestConnector: a signed scenario is opened where it was set up so.
func TestConnector(t *testing.T) {
	m, err := readMessage([]byte(connectorScenario(t, scenarioText("s", 0, 0, step))), ConnectorOpened)
	if err != nil || m.scenario == nil || m.scenario.session != "s" || len(m.scenario.steps) != 1 || !m.scenario.last {
		t.Fatal(m, err)
	}
	for _, bad := range []string{
		`{"type":"ConnectorScenario"}`, `{"type":"ConnectorScenario","signedScenario":"a.b.c"}`, connectorScenario(t, `1`), connectorScenario(t, `{}`),
	} {
		if _, err := readMessage([]byte(bad), ConnectorOpened); !errors.Is(err, ErrProtocol) {
			t.Fatal(bad, err)
		}
	}
}

// TestStopsAtWord: nothing goes to the card after a status word that was not expected, and the service gets what there is.
func TestStopsAtWord(t *testing.T) {
	heard := make(chan string, 100)
	s := speaking(t, heard, scenarioText("SESSION", 0, 0, step+","+step+","+step), `{"type":"Error","errorCode":"79506"}`)
	commands := 0
	_, err := newPractice(t, s, Compat{}).Generate(t.Context(), channel(func(context.Context, []byte) ([]byte, error) {
		if commands++; commands == 2 {
			return []byte{0x6a, 0x82}, nil
		}
		return []byte{0x90, 0x00}, nil
	}), false)
	var word *card.StatusError
	if !errors.As(err, &word) || word.SW != 0x6a82 || !errors.Is(err, ErrCard) || commands != 2 {
		t.Fatal(commands, err)
	}
	<-heard
	if text := <-heard; strings.TrimSpace(text) != `{"type":"ScenarioResponse","steps":["9000","6a82"]}` {
		t.Fatal(text)
	}
	for _, bad := range [][]byte{nil, {0x90}, make([]byte, maxResponse+1)} {
		heard := make(chan string, 100)
		s := speaking(t, heard, scenarioText("SESSION", 0, 0, step))
		card := channel(func(context.Context, []byte) ([]byte, error) { return bad, nil })
		if _, err := newPractice(t, s, Compat{}).Generate(t.Context(), card, false); !errors.Is(err, ErrResponse) {
			t.Fatal(err)
		}
	}
}

// TestNoEndOfScenarios: a service that goes on for ever is left.
func TestNoEndOfScenarios(t *testing.T) {
	var say []string
	for i := range maxScenarios + 1 {
		say = append(say, scenarioText("SESSION", i, 1, step))
	}
	if _, err := newPractice(t, speaking(t, make(chan string, 100), say...), Compat{}).Generate(t.Context(), willing, false); !errors.Is(err, ErrProtocol) {
		t.Fatal(err)
	}
}

// TestNotReached: without a service there is no token.
func TestNotReached(t *testing.T) {
	s := says()
	s.socket = "ws://127.0.0.1:1"
	if _, err := newPractice(t, s, Compat{}).Generate(t.Context(), willing, false); err == nil {
		t.Fatal("a token of nobody")
	}
}

// FuzzAnswers: whatever a service says, there is no panic, and what is taken is within the limits.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		step, done, tokens(2), scenarioText("s", 0, 0, step), `{"type":"Token","token":"` + aToken + `"}`, `{"type":"Error","errorCode":"79511"}`,
		`{"searchresult":"{\"resourceType\":\"Bundle\"}"}`, `{"errorCode":"a","errorDetail":"b"}`,
	} {
		f.Add(200, []byte(seed))
		f.Add(403, []byte(seed))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		answer := zeta.Response{Status: status, Body: body}
		got, state, err := readStep(answer)
		if err == nil && (state == nil) == (len(got.Command) == 0) {
			t.Fatal("not exactly one", got, state)
		}
		if err == nil && state == nil && (len(got.Command) < minCommand || len(got.Command) > maxCommand || len(got.Expected) == 0) {
			t.Fatal(got)
		}
		if state, err := readStatus(answer); err == nil && state.Check() != nil {
			t.Fatal(state)
		}
		if all, err := readTokens(body); err == nil && len(all) > maxTokens {
			t.Fatal(len(all))
		}
		_, _ = readBundle(answer)
		for _, c := range []ConnectorCards{ConnectorRefused, ConnectorOpened} {
			m, err := readMessage(body, c)
			if err != nil {
				continue
			}
			n := 0
			for _, there := range []bool{m.scenario != nil, m.token != "", m.failure != nil} {
				if there {
					n++
				}
			}
			if n != 1 || m.scenario != nil && len(m.scenario.steps) > maxScenarioSteps {
				t.Fatal(m)
			}
		}
		if e := serviceError(status, body); !plain(e.Code) || len([]rune(e.Detail)) > maxDetail {
			t.Fatal(e)
		}
	})
}
