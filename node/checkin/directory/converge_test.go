package directory

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"maps"
	"net"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"pieks/gossip/wire"
	"pieks/store"
)

// tell has one shelf fetch from another, over a pipe.
func tell(ctx context.Context, from, to *shelf) error {
	_, err := tellCounting(ctx, from, to)
	return err
}

// counted is a pipe's end that counts what is read from it.
type counted struct {
	net.Conn
	bytes int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.bytes += n
	return n, err
}

// tellCounting is tell, and gives how many bytes came.
func tellCounting(ctx context.Context, from, to *shelf) (bytes int, err error) {
	for range maxRounds {
		end, there := net.Pipe()
		here := &counted{Conn: end}
		served := make(chan error, 1)
		go func() {
			var h head
			err := wire.ReadObject(there, headBytes, &h)
			if err == nil {
				err = from.serve(there, func() bool { return true })
			}
			served <- err
			_ = there.Close()
		}()
		n, more, err := to.exchange(ctx, here)
		_ = here.Close()
		bytes += here.bytes
		if served := <-served; err == nil && served != nil {
			err = fmt.Errorf("the other end: %w", served)
		}
		if err != nil || !more || n == 0 {
			return bytes, err
		}
	}
	return bytes, nil
}

// Only news comes: nothing when there is none, and a renewal without the card that is known.
func TestOnlyNewsComes(t *testing.T) {
	w := newWorld(t)
	from := must(openShelf(openStore(t, t.TempDir(), "relay", w.clock.Now), w.roots, w.clock.Now, false))
	to := must(openShelf(openStore(t, t.TempDir(), "patient", w.clock.Now), w.roots, w.clock.Now, true))
	for i := range 8 {
		d := w.desk(byte(1+i), detail{tid: fmt.Sprint("1-", i)})
		if err := from.takeNow(t.Context(), d.listing(1, w.clock.Now())); err != nil {
			t.Fatal(err)
		}
		l := d.listing(2, w.clock.Now())
		for _, step := range []struct {
			what        string
			least, most int
		}{{"the listing and its card", 1000, 2000}, {"nothing", 1, 32}, {"the renewed listing", 200, 600}, {"nothing", 1, 32}} {
			if step.what == "the renewed listing" {
				if err := from.takeNow(t.Context(), l); err != nil {
					t.Fatal(err)
				}
			}
			if n, err := tellCounting(t.Context(), from, to); err != nil || n < step.least || n > step.most {
				t.Errorf("%s: %d bytes, %v", step.what, n, err)
			}
		}
	}
}

// Whatever practices say to which of two relays, and whenever these and a patient compare, at the end all of them have of each practice the last
// that it said.
func TestCopiesConverge(t *testing.T) {
	w := newWorld(t)
	desks := map[[32]byte]*desk{}
	var devices [][32]byte
	for i := range 6 {
		d := w.desk(byte(1+i), detail{tid: fmt.Sprint("1-", i/2)}) // two of each institution
		desks[d.id()], devices = d, append(devices, d.id())
	}
	stores := make([]*store.Store, 3) // of two relays and a patient; emptied for each run
	for i := range stores {
		stores[i] = openStore(t, t.TempDir(), "relay", w.clock.Now)
	}
	rapid.Check(t, func(rt *rapid.T) {
		shelves := make([]*shelf, len(stores))
		for i := range shelves {
			shelves[i] = must(openShelf(stores[i], w.roots, w.clock.Now, i == 2))
			if err := shelves[i].drop(t.Context(), slices.Collect(maps.Keys(desks)), trust{}); err != nil {
				rt.Fatal(err)
			}
			shelves[i].index = newIndex()
		}
		said := map[[32]byte]uint64{}
		gone := map[[32]byte]bool{}
		for n := range rapid.IntRange(1, 15).Draw(rt, "steps") {
			seq := uint64(n + 1)
			at := shelves[rapid.IntRange(0, 1).Draw(rt, "relay")]
			switch d := desks[rapid.SampledFrom(devices).Draw(rt, "desk")]; rapid.IntRange(0, 3).Draw(rt, "what") {
			case 0, 1:
				l := d.listing(seq, w.clock.Now())
				if err := at.takeNow(t.Context(), l); err != nil {
					rt.Fatal(err)
				}
				said[d.id()], gone[d.id()] = seq, false
			case 2:
				if !at.has(d.id()) {
					continue
				}
				if err := at.takeNow(t.Context(), must(Withdraw(d.key, seq, w.clock.Now()))); err != nil {
					rt.Fatal(err)
				}
				said[d.id()], gone[d.id()] = seq, true
			case 3:
				to := rapid.IntRange(0, 2).Draw(rt, "to")
				if at != shelves[to] {
					if err := tell(t.Context(), at, shelves[to]); err != nil {
						rt.Fatal(err)
					}
				}
			}
		}
		for _, hop := range [][2]int{{0, 1}, {1, 0}, {rapid.IntRange(0, 1).Draw(rt, "last"), 2}} {
			if err := tell(t.Context(), shelves[hop[0]], shelves[hop[1]]); err != nil {
				rt.Fatal(err)
			}
		}
		for i, s := range shelves {
			if s.index.marks() != shelves[0].index.marks() {
				rt.Fatalf("shelf %d has other marks", i)
			}
			for device, seq := range said {
				if got := s.index.get(device); got == nil || got.seq != seq || got.withdrawn() != gone[device] {
					rt.Fatalf("shelf %d has %+v, said was %d", i, got, seq)
				}
			}
			again := must(openShelf(s.store, w.roots, w.clock.Now, false))
			if again.index.marks() != s.index.marks() {
				rt.Fatalf("shelf %d is another one on the disk", i)
			}
		}
	})
}

// A copy that lacks more than one question takes gets it in several, and the rest of a relay's index is not lost.
func TestMoreThanOneQuestion(t *testing.T) {
	if testing.Short() {
		t.Skip("4,000 signatures and what they take to be written down: 3 s, 20 with -race")
	}
	w := newWorld(t)
	from := must(openShelf(openStore(t, t.TempDir(), "relay", w.clock.Now), w.roots, w.clock.Now, false))
	to := must(openShelf(openStore(t, t.TempDir(), "patient", w.clock.Now), w.roots, w.clock.Now, true))
	many := maxWants + 50
	list := make([]*taken, 0, many)
	for i := range many {
		l := must(Withdraw(ed25519.NewKeyFromSeed(fmt.Appendf(nil, "%032d", i)), 1, w.clock.Now())) // cheap to verify
		list = append(list, &taken{listing: l})
	}
	from.writing.Lock()
	if n, refused, err := from.keep(t.Context(), list); n != many || refused != nil || err != nil {
		t.Fatalf("%d %v %v", n, refused, err)
	}
	from.writing.Unlock()
	if err := tell(t.Context(), from, to); err != nil || to.index.marks() != from.index.marks() {
		t.Errorf("%d of %d: %v", to.index.withdrawn, many, err)
	}
}
