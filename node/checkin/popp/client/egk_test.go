package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pieks/card"
	"pieks/card/egk"
	"pieks/node/checkin/popp"
)

var reception = Place{TelematikID: "1-234567890", Workplace: "REZEPTION-1"}

const (
	step = `{"commandApdu":"00a4040c","expectedStatusWords":["9000","6f00"]}` // the example of the OpenAPI file
	done = `{"state":"success","message":"Check-in erfolgreich abgeschlossen","id":"237cc7b7-f85e-42c3-981c-ad7f9d97ddca"}`
)

// TestSteps is T23: what is no answer of the interface, and T24.
func TestSteps(t *testing.T) {
	long := func(n int) string {
		return `{"commandApdu":"` + strings.Repeat("00", n) + `","expectedStatusWords":["9000"]}`
	}
	for name, test := range map[string]struct {
		body string
		want error
	}{
		"command":              {step, nil},
		"state":                {done, nil},
		"canceled":             {`{"state":"canceled"}`, nil},
		"cancelled":            {`{"state":"cancelled","message":"x"}`, nil},
		"longest command":      {long(65544), nil},
		"both":                 {`{"commandApdu":"00a4040c","expectedStatusWords":["9000"],"state":"success"}`, ErrProtocol},
		"both, state null":     {`{"commandApdu":"00a4040c","expectedStatusWords":["9000"],"state":null}`, ErrProtocol},
		"neither":              {`{}`, ErrProtocol},
		"neither, message":     {`{"message":"success","id":"237cc7b7-f85e-42c3-981c-ad7f9d97ddca"}`, ErrProtocol},
		"other case":           {`{"CommandApdu":"00a4040c","expectedStatusWords":["9000"]}`, ErrProtocol},
		"command twice":        {`{"commandApdu":"00a4040c","commandApdu":"00a4040d","expectedStatusWords":["9000"]}`, ErrProtocol},
		"odd length":           {`{"commandApdu":"00a4040","expectedStatusWords":["9000"]}`, ErrProtocol},
		"no hex":               {`{"commandApdu":"00a4040g","expectedStatusWords":["9000"]}`, ErrProtocol},
		"too short":            {`{"commandApdu":"00a404","expectedStatusWords":["9000"]}`, ErrProtocol},
		"too long":             {long(65545), ErrProtocol},
		"command a number":     {`{"commandApdu":12345678,"expectedStatusWords":["9000"]}`, ErrProtocol},
		"no status words":      {`{"commandApdu":"00a4040c"}`, ErrProtocol},
		"none of them":         {`{"commandApdu":"00a4040c","expectedStatusWords":[]}`, ErrProtocol},
		"17 of them":           {`{"commandApdu":"00a4040c","expectedStatusWords":["9000"` + strings.Repeat(`,"9000"`, 16) + `]}`, ErrProtocol},
		"status word of 3":     {`{"commandApdu":"00a4040c","expectedStatusWords":["900"]}`, ErrProtocol},
		"status word of 6":     {`{"commandApdu":"00a4040c","expectedStatusWords":["900000"]}`, ErrProtocol},
		"status words no list": {`{"commandApdu":"00a4040c","expectedStatusWords":"9000"}`, ErrProtocol},
		"unknown state":        {`{"state":"done","id":"237cc7b7-f85e-42c3-981c-ad7f9d97ddca"}`, ErrProtocol},
		"unanchored pattern":   {`{"state":"no success","id":"237cc7b7-f85e-42c3-981c-ad7f9d97ddca"}`, ErrProtocol},
		"pending without id":   {`{"state":"pending","message":"x"}`, ErrProtocol},
		"id is none":           {`{"state":"success","id":"1"}`, ErrProtocol},
		"array":                {`[` + step + `]`, ErrProtocol},
		"two objects":          {step + step, ErrProtocol},
		"HTML":                 {`<html>`, ErrProtocol},
		"nothing":              {``, ErrProtocol},
	} {
		t.Run(name, func(t *testing.T) {
			s := says(test.body)
			d := newClient(t, s, Compat{}).EGK(reception)
			got, status, err := d.Next(t.Context(), nil)
			if !errors.Is(err, test.want) {
				t.Fatalf("%v, want %v", err, test.want)
			}
			if (err == nil) != (len(got.Command) > 0 || status != nil) || status != nil && len(got.Command) > 0 {
				t.Fatal(got, status)
			}
			if strings.HasPrefix(name, "cancel") && status.State != popp.Canceled {
				t.Fatal(status)
			}
			over := err != nil || status != nil
			if over != (len(s.ended) == 1) {
				t.Fatal("the session goes on")
			}
			if _, _, err := d.Next(t.Context(), []byte{0x90, 0x00}); over != errors.Is(err, ErrOver) {
				t.Fatal(err)
			}
		})
	}
}

// TestOrder: an answer has a command before it, and is one.
func TestOrder(t *testing.T) {
	s := says(step, step)
	d := newClient(t, s, Compat{}).EGK(reception)
	if _, _, err := d.Next(t.Context(), []byte{0x90, 0x00}); !errors.Is(err, ErrOrder) || len(s.requests) != 0 {
		t.Fatal(err)
	}
	if _, _, err := d.Next(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]byte{nil, {}, {0x90}, make([]byte, 65539)} {
		if _, _, err := d.Next(t.Context(), bad); !errors.Is(err, ErrResponse) || len(s.requests) != 1 {
			t.Fatal(len(bad), err)
		}
	}
	if _, _, err := d.Next(t.Context(), []byte{0x6f, 0x00}); err != nil {
		t.Fatal(err)
	}
}

// TestNoFurtherCommand is T22: whatever the service says to a status word that it did not expect, no command comes of it.
func TestNoFurtherCommand(t *testing.T) {
	for name, s := range map[string]*script{
		"a command": says(step, step), "a state": says(step, done), "nonsense": says(step, "x"),
	} {
		d := newClient(t, s, Compat{}).EGK(reception)
		if _, _, err := d.Next(t.Context(), nil); err != nil {
			t.Fatal(name, err)
		}
		got, status, err := d.Next(t.Context(), []byte{0x69, 0x82})
		var word *card.StatusError
		if !errors.As(err, &word) || word.SW != 0x6982 || status != nil || got.Command != nil || len(s.requests) != 2 {
			t.Fatal(name, got, status, err)
		}
		if _, _, err := d.Next(t.Context(), []byte{0x90, 0x00}); !errors.Is(err, ErrOver) {
			t.Fatal(name, err)
		}
	}
}

// TestEndless: a service that never comes to an end is left.
func TestEndless(t *testing.T) {
	bodies := make([]string, 100)
	for i := range bodies {
		bodies[i] = step
	}
	s := says(bodies...)
	d := newClient(t, s, Compat{}).EGK(reception)
	var err error
	var answer []byte
	n := 0
	for ; err == nil; n++ {
		_, _, err = d.Next(t.Context(), answer)
		answer = []byte{0x90, 0x00}
	}
	if !errors.Is(err, ErrProtocol) || n != maxSteps+1 {
		t.Fatal(n, err)
	}
}

// TestCardUnchanged: command and answer go through as they are (A_28517), in their own session.
func TestCardUnchanged(t *testing.T) {
	s := says(`{"commandApdu":"00B08400000000","expectedStatusWords":["9000"]}`, done)
	d := newClient(t, s, Compat{}).EGK(reception)
	got, _, err := d.Next(t.Context(), nil)
	if err != nil || !bytes.Equal(got.Command, []byte{0x00, 0xb0, 0x84, 0, 0, 0, 0}) || len(got.Expected) != 1 || got.Expected[0] != 0x9000 {
		t.Fatal(got, err)
	}
	if _, _, err := d.Next(t.Context(), []byte{0xca, 0xfe, 0x90, 0x00}); err != nil {
		t.Fatal(err)
	}
	if string(s.details[1].JSON) != `[{"apdu_command_respose":"cafe9000","type":"urn:ti:gematik:apdu:command"}]` || s.details[0].Name != "" {
		t.Fatal(string(s.details[1].JSON))
	}
	if s.requests[0].Session == "" || s.requests[0].Session != s.requests[1].Session || s.requests[0].User {
		t.Fatal("not one session")
	}
	c := newClient(t, says(), Compat{})
	if one, two := c.EGK(reception), c.EGK(reception); one.session == two.session {
		t.Fatal("two dialogues in one session")
	}
}

// TestErrors: what an error of the service amounts to, and when to come back. Its words are not in the error.
func TestErrors(t *testing.T) {
	all := []error{
		egk.ErrChallenge, egk.ErrBlocked, egk.ErrPair, egk.ErrOldCard, ErrUnknownCard, ErrCard, ErrProtocol, ErrWorkflow, ErrUnavailable, ErrRefused,
	}
	for name, test := range map[string]struct {
		status int
		body   string
		code   string
		want   []error
	}{
		"challenge":       {403, `{"errorCode":"79500","errorDetail":"of X110540756"}`, "79500", []error{egk.ErrChallenge, ErrRefused}},
		"blocked":         {403, `{"errorCode":"ErrorEgkBlocked"}`, "ErrorEgkBlocked", []error{egk.ErrBlocked, ErrRefused}},
		"pair":            {403, `{"errorCode":"79118"}`, "79118", []error{egk.ErrPair, ErrRefused}},
		"version":         {403, `{"errorCode":"79503"}`, "79503", []error{egk.ErrOldCard, ErrRefused}},
		"unknown card":    {403, `{"errorCode":"79510"}`, "79510", []error{ErrUnknownCard, ErrRefused}},
		"status word":     {403, `{"errorCode":"79504"}`, "79504", []error{ErrCard, ErrRefused}},
		"message":         {400, `{"errorCode":"79511"}`, "79511", []error{ErrProtocol, ErrRefused}},
		"workflow":        {400, `{"errorCode":"UnsupportedWorkflow"}`, "UnsupportedWorkflow", []error{ErrWorkflow, ErrRefused}},
		"malformed":       {400, `{"errorCode":"malformedRequest"}`, "malformedRequest", []error{ErrRefused}},
		"unauthorized":    {401, `{"errorCode":"unauthorized"}`, "unauthorized", []error{ErrRefused}},
		"not there":       {404, `{"errorCode":"noResource"}`, "noResource", []error{ErrRefused}},
		"too many":        {429, ``, "unknown", []error{ErrUnavailable}},
		"internal":        {500, `{"errorCode":"internalError","errorDetail":"a` + "\u202e" + `\nb"}`, "internalError", []error{ErrUnavailable}},
		"internal, HTML":  {502, `<html>`, "unknown", []error{ErrUnavailable}},
		"code of nothing": {403, `{"errorCode":"X110540756 is wrong"}`, "unknown", []error{ErrRefused}},
		"long code":       {403, `{"errorCode":"` + strings.Repeat("a", 65) + `"}`, "unknown", []error{ErrRefused}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := newClient(t, fails(test.status, test.body), Compat{}).EGK(reception).Next(t.Context(), nil)
			var report *ServiceError
			if !errors.As(err, &report) || report.Code != test.code || report.Status != test.status {
				t.Fatal(err)
			}
			for _, one := range all {
				wanted := false
				for _, w := range test.want {
					wanted = wanted || w == one
				}
				if errors.Is(err, one) != wanted {
					t.Fatalf("%v is %v: %v", err, one, !wanted)
				}
			}
			if (report.RetryAfter == retryAfter) != (test.status >= 500) {
				t.Fatal(report.RetryAfter)
			}
			if strings.Contains(err.Error(), "X110540756") || strings.ContainsAny(report.Detail, "\n\u202e") {
				t.Fatalf("%q %q", err, report.Detail)
			}
		})
	}
}

// TestStatusAnswers: the state is that of the check-in asked for.
func TestStatusAnswers(t *testing.T) {
	id := "237cc7b7-f85e-42c3-981c-ad7f9d97ddca"
	for body, want := range map[string]error{
		done: nil,
		`{"state":"pending","id":"00000000-f85e-42c3-981c-ad7f9d97ddca"}`: ErrProtocol,
		`{"state":"canceled","message":"a"}`:                              nil,
		`{"state":"x"}`:                                                   ErrProtocol,
		`{"state":["success"]}`:                                           ErrProtocol,
	} {
		if _, err := newClient(t, says(body), Compat{}).ReadStatus(t.Context(), id); !errors.Is(err, want) {
			t.Fatal(body, err)
		}
	}
	long := fmt.Sprintf(`{"state":"canceled","message":%q}`, strings.Repeat("ä", 5000))
	if got, err := newClient(t, says(long), Compat{}).ReadStatus(t.Context(), id); err != nil || len([]rune(got.Message)) != maxMessage {
		t.Fatal(err)
	}
}

// TestDirectoryAnswers: a bundle is JSON in a string in JSON.
func TestDirectoryAnswers(t *testing.T) {
	for body, want := range map[string]error{
		`{"searchresult":"{\"resourceType\":\"Bundle\"}"}`: nil,
		`{"searchresult":{"resourceType":"Bundle"}}`:       ErrProtocol,
		`{"searchresult":"{"}`:                             ErrProtocol,
		`{"searchresult":""}`:                              ErrProtocol,
		`{"searchResult":"{}"}`:                            ErrProtocol,
		`{}`:                                               ErrProtocol,
	} {
		got, err := newClient(t, says(body), Compat{}).LoadPractitionerInformation(t.Context(), "HealthcareService?organization.active=true")
		if !errors.Is(err, want) || err == nil && string(got) != `{"resourceType":"Bundle"}` {
			t.Fatal(body, string(got), err)
		}
	}
	for _, request := range []string{"", "a\nb", strings.Repeat("a", maxSearch+1)} {
		s := says()
		if _, err := newClient(t, s, Compat{}).LoadPractitionerInformation(t.Context(), request); !errors.Is(err, ErrSearch) || len(s.requests) != 0 {
			t.Fatal(err)
		}
	}
}

// TestUserAgent: the pattern of the interface, and the default, which tells no version.
func TestUserAgent(t *testing.T) {
	for agent, ok := range map[string]bool{"": true, "A/1": true, "CLIENTID1234567890AB/2.1.12-45": true, "A": false, "A/": false, "/1": false,
		"CLIENTID1234567890ABC/1": false, "A/1234567890123456": false, "A B/1": false, "A/1\n": false} {
		if _, err := New(Config{UserAgent: agent}); (err == nil) != ok {
			t.Fatal(agent, err)
		}
	}
	s := says(done)
	c, err := New(Config{ZETA: s})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.EGK(reception).Next(context.Background(), nil); err != nil || s.requests[0].Header.Get("X-Useragent") != "PIEKS/1" {
		t.Fatal(err)
	}
}
