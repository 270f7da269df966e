package practice

import (
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

func TestOfflineSince(t *testing.T) {
	begun := time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	at := func(s int) time.Time { return begun.Add(time.Duration(s) * time.Second) }
	type step struct {
		at    int
		relay string // "" only looks
		is    bool
		since int // seconds after the start; -1: not offline
	}
	for name, steps := range map[string][]step{
		"a start":                     {{1, "", false, -1}, {10, "", false, -1}, {11, "", false, 0}, {60, "a", true, -1}},
		"none at the first attempt":   {{2, "", false, -1}, {12, "", false, 0}},
		"reached and lost":            {{1, "a", true, -1}, {100, "a", false, 100}, {300, "", false, 100}, {301, "a", true, -1}},
		"another one is left":         {{1, "a", true, -1}, {2, "b", true, -1}, {50, "a", false, -1}, {70, "b", false, 70}},
		"lost twice":                  {{1, "a", true, -1}, {50, "a", false, 50}, {60, "a", false, 50}},
		"reached twice, lost once":    {{1, "a", true, -1}, {2, "a", true, -1}, {50, "a", false, 50}},
		"another one takes its place": {{1, "a", true, -1}, {50, "a", false, 50}, {60, "b", true, -1}, {90, "b", false, 90}},
	} {
		r := reach{begun: begun}
		for _, s := range steps {
			if s.relay != "" {
				r.set(peer.ID(s.relay), s.is, at(s.at))
			}
			want := time.Time{}
			if s.since >= 0 {
				want = at(s.since)
			}
			if got := r.since(at(s.at)); !got.Equal(want) {
				t.Errorf("%s: after %d s offline since %v, want %v", name, s.at, got, want)
			}
		}
	}
}
