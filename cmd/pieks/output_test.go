package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"pieks/node/control"
)

func TestMarkTest(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{`{"a":1}`, `{"a":1,"test":true}`},
		{`{}`, `{"test":true}`},
		{`{"test":true,"a":1}`, `{"test":true,"a":1}`},
		{`[{"a":1},{"test":true}]`, `[{"a":1,"test":true},{"test":true}]`},
		{`[]`, `[]`},
		{`null`, `null`},
		{`3`, `3`},
		{`["a"]`, `["a"]`},
		{`{"a":{"b":[]}}`, `{"a":{"b":[]},"test":true}`},
	} {
		got := string(markTest([]byte(test.in)))
		if got != test.want || !json.Valid([]byte(got)) {
			t.Errorf("%s became %s, want %s", test.in, got, test.want)
		}
	}
}

func TestTableIgnoresColours(t *testing.T) {
	for _, colour := range []bool{false, true} {
		p := &page{a: &app{colour: colour}}
		p.table([]string{"A", "B"}, [][]string{{p.a.green("ä"), "x"}, {"long", ""}, {"", p.a.red("y")}})
		lines := strings.Split(strings.TrimSuffix(p.String(), "\n"), "\n")
		plain := make([]string, len(lines))
		for i, line := range lines {
			plain[i] = strings.NewReplacer("\x1b[32m", "", "\x1b[31m", "", "\x1b[2m", "", "\x1b[0m", "").Replace(line)
		}
		want := []string{"A     B", "ä     x", "long", "      y"}
		if strings.Join(plain, "|") != strings.Join(want, "|") {
			t.Errorf("colour %v: %q", colour, plain)
		}
		if coloured := strings.Contains(p.String(), "\x1b"); coloured != colour {
			t.Errorf("colour %v, but coloured %v", colour, coloured)
		}
	}
}

func TestBigDigits(t *testing.T) {
	rows := bigDigits("17-0")
	want := []string{
		"  ██    ██████          ██████",
		"████        ██          ██  ██",
		"  ██        ██  ██████  ██  ██",
		"  ██      ██            ██  ██",
		"██████    ██            ██████",
	}
	for i := range rows {
		if rows[i] != want[i] {
			t.Errorf("row %d is\n%q, want\n%q", i, rows[i], want[i])
		}
	}
	for _, r := range "0123456789-" {
		if _, ok := glyphs[r]; !ok {
			t.Errorf("%c has no glyph", r)
		}
	}
}

// A token on a terminal is drawn large and as a QR code; elsewhere it is text that can be copied and searched.
func TestTokenPage(t *testing.T) {
	v := control.Visit{Digits: "067216-0069-9", Words: "tracht rest laufen kuchen", QR: "PIEKS:TEST"}
	for _, terminal := range []bool{true, false} {
		p := &page{a: &app{terminal: terminal}}
		codePage(p, v.Digits, v.Words, v.QR)
		if !strings.Contains(p.String(), v.Digits) || !strings.Contains(p.String(), v.Words) {
			t.Errorf("terminal %v: the token is missing", terminal)
		}
		if drawn := strings.ContainsAny(p.String(), "█▀▄"); drawn != terminal {
			t.Errorf("terminal %v: drawn %v", terminal, drawn)
		}
	}
}

func TestFail(t *testing.T) {
	for _, test := range []struct {
		err  error
		code int
		text string
	}{
		{nil, exitDone, ""},
		{errors.New("it broke"), exitFailed, "pieks: it broke.\n"},
		{usagef("Say when."), exitUsage, "pieks: Say when.\n"},
		{control.Errorf(control.KindUsage, "wrong postcode"), exitUsage, "pieks: wrong postcode.\n"},
		{control.Errorf(control.KindConflict, "taken"), exitFailed, "pieks: taken.\n"},
		{&reportedError{}, exitFailed, ""},
		{&control.NoNodeError{Home: "H", Role: "relay"}, exitFailed, "pieks: No node is running for H. Start one in another terminal with `pieks relay --home H` and try again.\n"},
	} {
		var out, errs bytes.Buffer
		a := &app{out: &out, errs: &errs}
		if code := a.fail(test.err); code != test.code || errs.String() != test.text || out.Len() > 0 {
			t.Errorf("%v: code %d, said %q", test.err, code, errs.String())
		}
	}
}

// What takes longer than a second says so once; what does not is quiet. Without a terminal there are lines, no bars.
func TestWaitSaysThatItTakesLonger(t *testing.T) {
	var errs bytes.Buffer
	a := &app{errs: &errs}
	if err := a.wait("Asking", func() error { return nil }); err != nil || errs.Len() > 0 {
		t.Errorf("said %q, %v", errs.String(), err)
	}
	err := a.wait("Asking", func() error { <-time.After(patience + 300*time.Millisecond); return errors.New("no") })
	if err == nil || errs.String() != "pieks: Asking ...\n" {
		t.Errorf("said %q, %v", errs.String(), err)
	}
}

func TestSpansAreBerlinTime(t *testing.T) {
	from := time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	if got := span(from, from.Add(10*time.Minute)); got != "Tue 2026-12-01 09:00-09:10" {
		t.Errorf("got %q", got)
	}
	if got := instant(time.Date(2026, 7, 1, 8, 0, 0, 0, time.UTC)); got != "Wed 2026-07-01 10:00" {
		t.Errorf("got %q", got)
	}
	if instant(time.Time{}) != "" {
		t.Error("no time is nothing")
	}
}
