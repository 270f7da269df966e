package disclosure

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"pieks/node/host/hosttest"
)

// watched is a host whose owner's line somebody watches: the bytes of each stream, each way, in order.
type watched struct {
	host.Host
	seen []*traffic
}

type traffic struct{ out, in int }

func (w *watched) NewStream(ctx context.Context, p peer.ID, protos ...protocol.ID) (network.Stream, error) {
	s, err := w.Host.NewStream(ctx, p, protos...)
	if err != nil {
		return nil, err
	}
	w.seen = append(w.seen, &traffic{})
	return &watchedStream{Stream: s, traffic: w.seen[len(w.seen)-1]}, nil
}

type watchedStream struct {
	network.Stream
	traffic *traffic
}

func (s *watchedStream) Write(p []byte) (int, error) {
	n, err := s.Stream.Write(p)
	s.traffic.out += n
	return n, err
}

func (s *watchedStream) Read(p []byte) (int, error) {
	n, err := s.Stream.Read(p)
	s.traffic.in += n
	return n, err
}

func (w *watched) shapes() []string {
	var out []string
	for _, t := range w.seen {
		out = append(out, fmt.Sprintf("%d out, %d in", t.out, t.in))
	}
	return out
}

// Who watches a line cannot tell a dummy from a disclosure, whatever the data, whether a card has signed, and whether the relay takes it.
func TestRealAndDummyLookAlike(t *testing.T) {
	r := newRelay(t, t.TempDir(), 70, nil)
	practice := r.practice(t)
	shapes := map[string][]string{}
	for name, data := range map[string]int{"a byte": 1, "a warning": WarningBytes, "64 KiB": MaxData} {
		w := &watched{Host: r.dial(t)}
		consent, _, err := Begin(hosttest.Within(t), w, r.id(), bytesOf(7, data))
		if err != nil {
			t.Fatal(err)
		}
		found, err := Lookup(hosttest.Within(t), practice, r.id(), consent.Code)
		if err != nil {
			t.Fatal(err)
		}
		cms := r.sign(t, physician(t), consent)
		pauses := 0
		got, err := Await(hosttest.Within(t), w, r.id(), consent, func(context.Context, time.Duration) error {
			if pauses++; pauses == minCollects {
				return Deliver(hosttest.Within(t), practice, found, cms)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := Post(hosttest.Within(t), w, r.id(), consent, got); err != nil {
			t.Fatal(err)
		}
		shapes[name] = w.shapes()
	}
	before := r.Counts()
	for range 20 {
		w, pauses := &watched{Host: r.dial(t)}, 0
		if err := Dummy(hosttest.Within(t), w, r.id(), NewDummySource(), func(_ context.Context, d time.Duration) error {
			if pauses++; d != CollectEvery {
				t.Errorf("a pause of %s", d)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		got := w.shapes()
		if pauses < minCollects || pauses > maxCollects || len(got) != pauses+3 {
			t.Fatalf("%d pauses, %d streams", pauses, len(got))
		}
		// One with as many collects as the real ones had.
		same := slices.Concat(got[:1+minCollects], got[len(got)-2:])
		if len(slices.Compact(slices.Clone(got[1:len(got)-1]))) != 1 {
			t.Fatalf("collects of a dummy differ: %v", got)
		}
		shapes["dummy"] = same
	}
	for name, got := range shapes {
		if !slices.Equal(got, shapes["dummy"]) {
			t.Errorf("%s: %v\ndummy: %v", name, got, shapes["dummy"])
		}
	}
	if after := r.Counts(); after != before {
		t.Errorf("dummies are counted: %+v, before %+v", after, before)
	}
}

// Answers of one kind have one size, whatever they say.
func TestRefusalsHaveTheSizeOfSuccess(t *testing.T) {
	r := newRelay(t, t.TempDir(), 70, nil)
	w := &watched{Host: r.practice(t)}
	consent, cms := r.authorised(t, physician(t), "opaque")
	for name, ask := range map[string]func() error{
		"register": func() error { _, err := Register(hosttest.Within(t), w, r.id(), consent); return err },
		"collect":  func() error { _, err := Collect(hosttest.Within(t), w, r.id(), consent); return err },
		"lookup":   func() error { _, err := Lookup(hosttest.Within(t), w, r.id(), consent.Code); return err },
		"deliver": func() error {
			return Deliver(hosttest.Within(t), w, Registered{Relay: r.id(), Reference: consent.Code.Reference()}, cms)
		},
		"post": func() error { return Post(hosttest.Within(t), w, r.id(), consent, cms) },
	} {
		w.seen = nil
		var answers []error
		r.registry.end(consent.Code.Reference(), consent.Commitment())
		answers = append(answers, ask())
		_, _ = r.registry.register(consent.Code.Reference(), consent.Commitment(), false, "", r.clock.Now())
		answers = append(answers, ask())
		rival := Commitment{1}
		r.registry.end(consent.Code.Reference(), consent.Commitment())
		_, _ = r.registry.register(consent.Code.Reference(), rival, false, "", r.clock.Now())
		answers = append(answers, ask())
		r.registry.end(consent.Code.Reference(), rival)
		if shapes := w.shapes(); len(shapes) != 3 || len(slices.Compact(shapes)) != 1 {
			t.Errorf("%s: %v to %v", name, w.shapes(), answers)
		}
	}
}

// A dummy leaves nothing on the disk or in memory, and the relay refuses it where it would refuse a real one.
func TestDummiesLeaveNothing(t *testing.T) {
	r := newRelay(t, t.TempDir(), 70, nil)
	h := r.dial(t)
	noPause := func(context.Context, time.Duration) error { return nil }
	for range 5 {
		if err := Dummy(hosttest.Within(t), h, r.id(), NewDummySource(), noPause); err != nil {
			t.Fatal(err)
		}
	}
	if c := r.Counts(); c != (Counts{}) {
		t.Errorf("%+v", c)
	}
	r.clock.Set(noon.Add(48 * time.Hour))
	if n, err := r.Tick(t.Context()); n != 0 || err != nil {
		t.Errorf("dummies were published: %d %v", n, err)
	}
	removed, err := r.store.Sweep(t.Context(), noon.AddDate(1, 0, 0))
	if removed != 0 || err != nil {
		t.Errorf("dummies left %d records, %v", removed, err)
	}
	r.set(func(r *testRelay) { r.usable = false })
	if err := Dummy(hosttest.Within(t), h, r.id(), NewDummySource(), noPause); !errors.Is(err, ErrClosed) {
		t.Errorf("with an expired network file: %v", err)
	}
}

// Waiting times are exponential with a mean of five days: so is the share of those that are longer than one day, and than ten.
func TestDummiesAreAPoissonProcess(t *testing.T) {
	r := plainRandom(7)
	const n = 20000
	var sum time.Duration
	longer := map[time.Duration]int{24 * time.Hour: 0, 240 * time.Hour: 0}
	for range n {
		d := NextDummy(r)
		if d < 0 {
			t.Fatalf("waits %s", d)
		}
		sum += d / n
		for limit := range longer {
			if d > limit {
				longer[limit]++
			}
		}
	}
	if mean := sum.Hours() / 24; math.Abs(mean-5) > 0.2 {
		t.Errorf("every %.2f days", mean)
	}
	for limit, got := range longer {
		want := math.Exp(-0.2 * limit.Hours() / 24)
		if share := float64(got) / n; math.Abs(share-want) > 0.02 {
			t.Errorf("longer than %s: %.3f, want %.3f", limit, share, want)
		}
	}
}
