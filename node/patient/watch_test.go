package patient

import (
	"testing"
	"time"

	"pieks/gossip"
	"pieks/node/control"
	"pieks/node/home/testnet"
)

// The rule when a search that goes on has news.
func TestWatchFinds(t *testing.T) {
	now := time.Unix(1e9, 0)
	r := watchRecord{}
	for _, step := range []struct {
		name    string
		found   int
		listed  bool
		seen    bool // its user looks before
		finding bool
		since   int64
		wantSee bool
	}{
		{"nothing yet", 0, true, false, false, 0, false},
		{"it begins", 3, true, false, true, 1e9, false},
		{"it goes on", 5, true, true, true, 1e9, true},
		{"a node that starts knows nothing", 0, false, false, true, 1e9, true},
		{"and hears of it again", 2, true, false, true, 1e9, true},
		{"all gone", 0, true, false, false, 1e9, true},
		{"anew", 1, true, false, true, 1e9 + 60, false},
	} {
		if step.seen {
			r.Seen = true
		}
		at := now
		if step.name == "anew" {
			at = now.Add(time.Minute)
		}
		r.finds(step.found, step.listed, at)
		if r.Finding != step.finding || int64(r.Since) != step.since || r.Seen != step.wantSee {
			t.Errorf("%s: %+v", step.name, r)
		}
	}
}

// watched is the one watch of a node.
func watched(t *testing.T, n *Node) control.Watch {
	t.Helper()
	list, err := n.listWatches(t.Context())
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v %v", list, err)
	}
	return list[0]
}

// A search goes on over restarts, tells when it begins to find something, is quiet once that was seen, and ends with its days.
func TestWatch(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{Good: 25 * 24 * time.Hour})
	n := startNode(t, net, net.File, clock)
	third := gossip.DayOf(clock.Now()) + 3
	day, next := gossip.DateOf(third).Format(time.DateOnly), gossip.DateOf(third+1).Format(time.DateOnly) // the hour below may end the day
	in := control.SearchRequest{RadiusKM: 20, Vaccine: "comirnaty", Days: []string{day, next}, Limit: 1}
	w, err := n.watch(t.Context(), in)
	if err != nil || w.Found != 0 || !w.Since.IsZero() || w.Seen || w.Ended || w.Search.Vaccine != "comirnaty" {
		t.Fatalf("%+v %v", w, err)
	}
	if again, err := n.watch(t.Context(), in); err != nil || again.ID != w.ID {
		t.Errorf("the same again: %+v %v", again, err)
	}
	woken(t, n, "what is found", func() {
		listed(t, n, net, clock)
		testnet.Until(t, "it finds", func() bool { return watched(t, n).Found == 1 })
	})
	found := watched(t, n)
	if found.Since.IsZero() || found.Seen {
		t.Errorf("%+v", found)
	}
	woken(t, n, "that it was seen", func() {
		if seen, err := n.seeWatch(t.Context(), control.WatchName{ID: w.ID}); err != nil || !seen.Seen {
			t.Errorf("%+v %v", seen, err)
		}
	})
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Hour)
	n = startNode(t, net, "", clock)
	n.watches.look(t.Context()) // before any relay was heard
	if kept := watched(t, n); !kept.Seen || !kept.Since.Equal(found.Since) || kept.Ended || kept.Search.Days[0] != day {
		t.Errorf("after a restart %+v", kept)
	}
	listed(t, n, net, clock)
	testnet.Until(t, "it finds again", func() bool { return watched(t, n).Found == 1 })
	if kept := watched(t, n); !kept.Seen || !kept.Since.Equal(found.Since) {
		t.Errorf("the restart is news: %+v", kept)
	}
	clock.Advance(5 * 24 * time.Hour)
	n.watches.look(t.Context())
	if over := watched(t, n); !over.Ended || over.Found != 0 {
		t.Errorf("its day is over: %+v", over)
	}
	clock.Advance((keepWatch + 1) * 24 * time.Hour)
	n.watches.look(t.Context())
	if _, err := n.home.Store.Sweep(t.Context(), clock.Now()); err != nil {
		t.Fatal(err)
	}
	kept, err := loadWatches(n.home.Store)
	if list, _ := n.listWatches(t.Context()); err != nil || len(kept) != 0 || len(list) != 0 {
		t.Errorf("%d on disk, %d in memory: %v", len(kept), len(list), err)
	}
}

// At most five go on; what cannot be watched is refused by a code; one that was ended is gone.
func TestWatchLimits(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := startNode(t, net, net.File, clock)
	for _, c := range []struct {
		in   control.SearchRequest
		code string
	}{
		{control.SearchRequest{Days: []string{"2020-01-01"}}, control.CodeDaysOver},
		{control.SearchRequest{RadiusKM: 300}, control.CodeRadius},
		{control.SearchRequest{After: "x"}, ""},
		{control.SearchRequest{Vaccine: "snakeoil"}, ""},
	} {
		if _, err := n.watch(t.Context(), c.in); control.KindOf(err) != control.KindUsage || control.CodeOf(err) != c.code {
			t.Errorf("%+v: %v", c.in, err)
		}
	}
	var first control.Watch
	for i := range maxWatches {
		w, err := n.watch(t.Context(), control.SearchRequest{RadiusKM: float64(10 + i)})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = w
		}
	}
	more := control.SearchRequest{RadiusKM: 99}
	if _, err := n.watch(t.Context(), more); control.CodeOf(err) != control.CodeWatches || control.KindOf(err) != control.KindConflict {
		t.Errorf("a sixth: %v", err)
	}
	if _, err := n.endWatch(t.Context(), control.WatchName{ID: first.ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := n.endWatch(t.Context(), control.WatchName{ID: first.ID}); control.KindOf(err) != control.KindNotFound {
		t.Errorf("ended twice: %v", err)
	}
	if _, err := n.watch(t.Context(), more); err != nil {
		t.Errorf("after one was ended: %v", err)
	}
	kept, err := loadWatches(n.home.Store)
	if err != nil || len(kept) != maxWatches {
		t.Errorf("%d on disk: %v", len(kept), err)
	}
}
