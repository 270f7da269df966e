package zone

import (
	"errors"
	"testing"
	"time"
)

// TestCarried: without a zone database the clock in Germany is the same, summer time included.
func TestCarried(t *testing.T) {
	carried := load(func(string) (*time.Location, error) { return nil, errors.New("no zone database") })
	if carried.String() != Name {
		t.Errorf("the zone is called %q, want %q", carried, Name)
	}
	for _, test := range []struct {
		at   string
		want string
	}{
		{"2026-03-29T00:59:59Z", "2026-03-29T01:59:59+01:00"},
		{"2026-03-29T01:00:00Z", "2026-03-29T03:00:00+02:00"},
		{"2026-10-25T00:59:59Z", "2026-10-25T02:59:59+02:00"},
		{"2026-10-25T01:00:00Z", "2026-10-25T02:00:00+01:00"},
		{"2040-07-01T12:00:00Z", "2040-07-01T14:00:00+02:00"},
	} {
		at, err := time.Parse(time.RFC3339, test.at)
		if err != nil {
			t.Fatal(err)
		}
		for _, zone := range []*time.Location{carried, Berlin} {
			if got := at.In(zone).Format(time.RFC3339); got != test.want {
				t.Errorf("%s is %s in Germany, want %s", test.at, got, test.want)
			}
		}
	}
}
