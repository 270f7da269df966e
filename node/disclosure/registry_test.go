package disclosure

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pieks/node/admission/inbound"
	"pieks/node/host/hosttest"
)

// Case 55: a million registrations, from one network and from as many as there are, leave those that live untouched.
func TestFloodLeavesLiveRegistrationsAlone(t *testing.T) {
	const flood = 1_000_000
	for name, source := range map[string]func(int) inbound.Source{
		"one network":   func(int) inbound.Source { return "attacker" },
		"many networks": func(i int) inbound.Source { return inbound.Source(fmt.Sprint(i)) },
	} {
		r := newRegistry()
		mine := Commitment{1}
		until, status := r.register("123456", mine, false, "patient", noon)
		if status != StatusOK {
			t.Fatal(status)
		}
		taken := 0
		for i := range flood {
			_, status := r.register(fmt.Sprintf("%06d", i), Commitment{2}, false, source(i), noon.Add(time.Duration(i)*time.Microsecond))
			switch {
			case status == StatusOK:
				taken++
			case i == 123456 && status == StatusTaken:
			case status != StatusBusy:
				t.Fatalf("%s: code %d", name, status)
			}
		}
		if want := map[string]int{"one network": maxPerSource, "many networks": maxRegistrations - 1}[name]; taken != want {
			t.Errorf("%s: %d taken, want %d", name, taken, want)
		}
		if c, end, status := r.lookup("123456", until.Add(-1)); c != mine || !end.Equal(until) || status != StatusOK {
			t.Errorf("%s: the live registration: code %d", name, status)
		}
		if r.count(until.Add(Lifetime)) != 0 || len(r.perSrc) != 0 {
			t.Errorf("%s: registrations or sources are left after their time", name)
		}
		if _, status := r.register("777777", mine, false, source(1), until.Add(Lifetime)); status != StatusOK {
			t.Errorf("%s: no place after the flood: code %d", name, status)
		}
	}
}

// A clock that is set back ends registrations: else one would live, and hold its reference, until the clock has caught up.
func TestClockThatIsSetBackEndsRegistrations(t *testing.T) {
	r := newRegistry()
	until, _ := r.register("123456", Commitment{1}, false, "s", noon)
	if _, _, status := r.lookup("123456", noon); status != StatusOK {
		t.Errorf("at its beginning: code %d", status)
	}
	if _, _, status := r.lookup("123456", until.Add(-Lifetime-time.Second)); status != StatusUnknown {
		t.Errorf("before its beginning: code %d", status)
	}
}

// The registry does what a plain map with times would do, whatever order things come in.
func TestRegistryAgainstModel(t *testing.T) {
	type entry struct {
		c     Commitment
		until time.Time
		cms   bool
	}
	rapid.Check(t, func(t *rapid.T) {
		r, model, now := newRegistry(), map[string]*entry{}, noon
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 1200).Draw(t, "seconds")) * time.Second)
			for k, e := range model {
				if !now.Before(e.until) {
					delete(model, k)
				}
			}
			ref := fmt.Sprintf("%06d", rapid.IntRange(0, 3).Draw(t, "reference"))
			c := Commitment{byte(rapid.IntRange(0, 2).Draw(t, "commitment"))}
			e, dummy := model[ref], rapid.Bool().Draw(t, "dummy")
			switch rapid.IntRange(0, 3).Draw(t, "action") {
			case 0:
				until, got := r.register(ref, c, dummy, "s", now)
				want := StatusOK
				if e != nil && e.c != c {
					want = StatusTaken
				}
				if got != want || (got == StatusOK && e != nil && !until.Equal(e.until)) {
					t.Fatalf("register: %d, want %d", got, want)
				}
				if e == nil && !dummy {
					model[ref] = &entry{c: c, until: now.Add(Lifetime)}
				}
			case 1:
				got := r.deliver(&Authorisation{Reference: ref, Commitment: c, Expires: uint64(now.Unix())}, []byte{1}, now)
				want := StatusUnknown
				if e != nil && e.c != c {
					want = StatusCommitment
				} else if e != nil {
					want = StatusOK
				}
				if got != want && got != StatusBusy {
					t.Fatalf("deliver: %d, want %d", got, want)
				}
				if got == StatusOK {
					e.cms = true
				}
			case 2:
				_, got := r.collect(ref, c, now)
				want := StatusUnknown
				if e != nil && e.c == c {
					want = StatusPending
					if e.cms {
						want = StatusOK
					}
				}
				if got != want {
					t.Fatalf("collect: %d, want %d", got, want)
				}
			case 3:
				r.end(ref, c)
				if e != nil && e.c == c {
					delete(model, ref)
				}
			}
			if got := r.count(now.Add(0)); got > len(model)+4 {
				t.Fatalf("%d live, want %d", got, len(model))
			}
		}
		if got := r.count(now.Add(2 * time.Second)); got > len(model) {
			t.Fatalf("%d live, want %d", got, len(model))
		}
	})
}

// One network is held to its rates, at the wire.
func TestRatesOfOneNetwork(t *testing.T) {
	r := newRelay(t, t.TempDir(), 70, func(c *Config) { c.LimitLocal = true })
	patient, practice := r.dial(t), r.practice(t)
	first := must(NewConsent([]byte("opaque")))
	if _, err := Register(hosttest.Within(t), patient, r.id(), first); err != nil {
		t.Fatal(err)
	}
	refused := func(n int, ask func() error) int {
		busy := 0
		for range n {
			if err := ask(); errors.Is(err, ErrBusy) {
				busy++
			}
		}
		return busy
	}
	for name, c := range map[string]struct {
		burst int
		ask   func() error
	}{
		"register": {registerBurst - 1, func() error {
			_, err := Register(hosttest.Within(t), patient, r.id(), must(NewConsent([]byte("x"))))
			return err
		}},
		"collect": {collectBurst, func() error { _, err := Collect(hosttest.Within(t), patient, r.id(), first); return err }},
		"lookup":  {professionalBurst, func() error { _, err := Lookup(hosttest.Within(t), practice, r.id(), 5); return err }},
		"post":    {postBurst, func() error { return Post(hosttest.Within(t), patient, r.id(), first, []byte{1}) }},
		"lists": {listsBurst, func() error {
			return FetchLists(hosttest.Within(t), patient, r.id(), Reading{Relays: r.trusted, Now: r.clock.Now}, func(List) error { return nil })
		}},
	} {
		if busy := refused(c.burst+3, c.ask); busy != 3 {
			t.Errorf("%s: %d refused, want 3", name, busy)
		}
	}
	if _, err := Lookup(hosttest.Within(t), r.practice(t), r.id(), first.Code); err != nil {
		t.Errorf("another professional: %v", err)
	}
	r.clock.Advance(registerEvery)
	if busy := refused(2, func() error {
		_, err := Register(hosttest.Within(t), patient, r.id(), must(NewConsent([]byte("x"))))
		return err
	}); busy != 1 {
		t.Errorf("after one step %d of 2 refused", busy)
	}
}
