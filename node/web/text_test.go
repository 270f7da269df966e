package web

import (
	"slices"
	"testing"
	"time"
)

func TestEveryTextInEveryLanguage(t *testing.T) {
	text, err := LoadText()
	if err != nil {
		t.Fatal(err)
	}
	de, en := text.Keys(German), text.Keys(English)
	slices.Sort(de)
	slices.Sort(en)
	if !slices.Equal(de, en) || len(de) < 20 {
		t.Errorf("German has %d texts, English %d: %v", len(de), len(en), en)
	}
}

func TestDates(t *testing.T) {
	at := time.Date(2026, 12, 1, 8, 30, 0, 0, time.UTC)
	summer := time.Date(2027, 3, 28, 1, 5, 0, 0, time.UTC) // the clocks were put forward at this hour
	for _, test := range []struct{ got, want string }{
		{Instant(German, at), "Dienstag, 1. Dezember 2026, 09:30 Uhr"},
		{Instant(English, at), "Tuesday, 1 December 2026, 9:30"},
		{Instant(German, summer), "Sonntag, 28. März 2027, 03:05 Uhr"},
		{Instant(English, summer), "Sunday, 28 March 2027, 3:05"},
		{Birth(German, "1950-03-01"), "01.03.1950"},
		{Birth(English, "1950-03-01"), "1 March 1950"},
		{Weekday(German, 7), "Sonntag"},
		{Weekday(English, 1), "Monday"},
	} {
		if test.got != test.want {
			t.Errorf("%q, want %q", test.got, test.want)
		}
	}
}

func TestPlural(t *testing.T) {
	text, err := LoadText()
	if err != nil {
		t.Fatal(err)
	}
	for d, want := range map[time.Duration]string{time.Second: "gerade eben", 7 * time.Second: "vor 7 Sekunden", 90 * time.Second: "vor 1 Minute", 5 * time.Hour: "vor 5 Stunden", 49 * time.Hour: "vor 2 Tagen"} {
		if got := text.Ago(German, d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
	if got := text.Say(German, "nothing_says_this"); got != "[nothing_says_this]" {
		t.Errorf("a missing text: %q", got)
	}
}
