package booking

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pieks/node/control"

	"pgregory.net/rapid"
)

func TestExpand(t *testing.T) {
	good := control.SlotsAdd{Day: "2026-12-01", From: "09:00", To: "12:00", Every: "10m", Vaccine: "comirnaty", Dose: 1}
	got, err := Expand(good, noon)
	if err != nil || len(got) != 18 {
		t.Fatalf("%d %v", len(got), err)
	}
	if s := got[0].Start.UTC().Format(time.RFC3339); s != "2026-12-01T08:00:00Z" {
		t.Errorf("first start %s", s)
	}
	if e := got[17].End.UTC().Format(time.RFC3339); e != "2026-12-01T11:00:00Z" {
		t.Errorf("last end %s", e)
	}
	for name, c := range map[string]struct {
		change func(*control.SlotsAdd)
		want   string // in the sentence
	}{
		"no day":         {func(a *control.SlotsAdd) { a.Day = "1.12.2026" }, "write it like 2026-12-01"},
		"31 February":    {func(a *control.SlotsAdd) { a.Day = "2027-02-31" }, "is no day"},
		"Arabic digits":  {func(a *control.SlotsAdd) { a.From = "٠٩:00" }, "is no time of day"},
		"past day":       {func(a *control.SlotsAdd) { a.Day = "2026-10-04" }, "is past"},
		"past hour":      {func(a *control.SlotsAdd) { a.Day = "2026-10-05"; a.From = "13:00"; a.To = "15:00" }, "is past"},
		"far":            {func(a *control.SlotsAdd) { a.Day = "2036-12-01" }, "check the year"},
		"25:00":          {func(a *control.SlotsAdd) { a.To = "25:00" }, "is no time of day"},
		"ends first":     {func(a *control.SlotsAdd) { a.To = "08:00" }, "no room"},
		"too short":      {func(a *control.SlotsAdd) { a.To = "09:05" }, "no room"},
		"every nothing":  {func(a *control.SlotsAdd) { a.Every = "0s" }, "length of an appointment"},
		"every 90s":      {func(a *control.SlotsAdd) { a.Every = "90s" }, "length of an appointment"},
		"every junk":     {func(a *control.SlotsAdd) { a.Every = "often" }, "write it like 10m"},
		"no vaccine":     {func(a *control.SlotsAdd) { a.Vaccine = " " }, "which vaccine"},
		"dose -1":        {func(a *control.SlotsAdd) { a.Dose = -1 }, "a dose is"},
		"dose 257":       {func(a *control.SlotsAdd) { a.Dose = 257 }, "a dose is"},
		"201":            {func(a *control.SlotsAdd) { a.From = "00:00"; a.To = "24:00"; a.Every = "5m" }, "more than 200"},
		"no end":         {func(a *control.SlotsAdd) { a.To = "" }, "until when or how many"},
		"too few fit":    {func(a *control.SlotsAdd) { a.Count = 19 }, "only 18 of 19"},
		"skipped":        {func(a *control.SlotsAdd) { a.Day = "2027-03-28"; a.From = "02:30"; a.To = "04:00" }, "02:30 does not exist on 2027-03-28"},
		"skipped inside": {func(a *control.SlotsAdd) { a.Day = "2027-03-28"; a.From = "01:00"; a.To = "04:00" }, "02:00 does not exist"},
		"twice":          {func(a *control.SlotsAdd) { a.Day = "2026-10-25"; a.From = "02:30"; a.To = "04:00" }, "02:30 exists twice on 2026-10-25"},
		"odd fold":       {func(a *control.SlotsAdd) { a.Fold = "third" }, "write first or second"},
	} {
		bad := good
		c.change(&bad)
		if got, err := Expand(bad, noon); !errors.Is(err, ErrSeries) || !strings.Contains(err.Error(), c.want) || got != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	twice := good
	twice.Day, twice.From, twice.To, twice.Every = "2026-10-25", "02:30", "03:00", "30m"
	for fold, want := range map[string]string{"first": "2026-10-25T00:30:00Z", "second": "2026-10-25T01:30:00Z"} {
		twice.Fold = fold
		got, err := Expand(twice, noon)
		if err != nil || got[0].Start.UTC().Format(time.RFC3339) != want {
			t.Errorf("%s: %v %v", fold, got, err)
		}
	}
	counted := good
	counted.To, counted.Count = "", 3
	if got, err := Expand(counted, noon); err != nil || len(got) != 3 {
		t.Errorf("%v %v", got, err)
	}
}

// Every appointment that comes out shows on a German wall clock what was asked for.
func TestExpandKeepsWallClock(t *testing.T) {
	days := []string{"2026-10-24", "2026-10-25", "2026-10-26", "2027-03-27", "2027-03-28", "2027-03-29", "2026-12-31", "2028-02-29"}
	rapid.Check(t, func(t *rapid.T) {
		from, every := rapid.IntRange(0, 23*60).Draw(t, "from"), rapid.IntRange(5, 120).Draw(t, "every")
		add := control.SlotsAdd{Day: rapid.SampledFrom(days).Draw(t, "day"), From: clockText(from), To: "24:00", Every: (time.Duration(every) * time.Minute).String(),
			Vaccine: "x", Fold: rapid.SampledFrom([]string{"", "first", "second"}).Draw(t, "fold")}
		got, err := Expand(add, noon)
		if err != nil {
			return
		}
		for i, a := range got {
			if want := add.Day + " " + clockText(from+i*every); a.Start.Format("2006-01-02 15:04") != want || a.End.Sub(a.Start) != time.Duration(every)*time.Minute {
				t.Fatalf("%v for %s", a, want)
			}
		}
	})
}

func clockText(minutes int) string {
	return time.Date(2000, 1, 1, minutes/60, minutes%60, 0, 0, time.UTC).Format("15:04")
}
