package gossip

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// heard plays a script of messages to an ear whose own digest is always 1.
type heard struct {
	t       *testing.T
	ear     ear
	rules   Rules
	now     time.Time
	reports []Report
}

func newHeard(t *testing.T) *heard {
	return &heard{t: t, rules: DefaultRules(), now: noon, ear: ear{since: noon}}
}

func (h *heard) say(cycle int, part, parts uint16, digest byte) bool {
	m := &CycleMessage{Cycle: h.rules.CycleAt(noon) + uint64(cycle), Part: part, Parts: parts, Digest: [32]byte{digest}}
	if !h.ear.accepts(m, h.rules, h.now) {
		return false
	}
	if h.ear.interrupts(m) {
		h.judge()
	}
	h.ear.begin(m, h.now)
	if h.ear.complete() {
		h.judge()
	}
	return true
}

func (h *heard) judge() { h.reports = append(h.reports, h.ear.judge("506", [32]byte{1})) }

// wait lets time pass and takes the reports that come by it.
func (h *heard) wait(d time.Duration) {
	h.now = h.now.Add(d)
	if at := h.ear.overdueAt(h.rules); !at.IsZero() && !h.now.Before(at) {
		h.judge()
	}
	for !h.now.Before(h.ear.silentAt(h.rules)) {
		h.reports = append(h.reports, h.ear.silent("506", h.rules))
	}
}

func (h *heard) want(states ...State) {
	h.t.Helper()
	if len(h.reports) != len(states) {
		h.t.Fatalf("reports %+v, want %v", h.reports, states)
	}
	for i, s := range states {
		if h.reports[i].State != s {
			h.t.Errorf("report %d is %q, want %q", i, h.reports[i].State, s)
		}
	}
}

func TestEar(t *testing.T) {
	const minutes = time.Minute
	for name, play := range map[string]func(*heard){
		"in step": func(h *heard) {
			h.say(0, 0, 1, 1)
			h.wait(10 * minutes)
			h.say(1, 0, 1, 1)
			h.want(InStep, InStep)
		},
		"another digest": func(h *heard) {
			h.say(0, 0, 1, 2)
			h.want(Differs)
		},
		"parts in any order, each once": func(h *heard) {
			if !h.say(0, 2, 3, 1) || !h.say(0, 0, 3, 1) || h.say(0, 0, 3, 1) || !h.say(0, 1, 3, 1) || h.say(0, 1, 3, 1) {
				t.Error("accepted a part twice, or not once")
			}
			h.want(InStep)
		},
		"parts of another story": func(h *heard) {
			h.say(0, 0, 3, 1)
			if h.say(0, 1, 3, 2) || h.say(0, 1, 4, 1) {
				t.Error("accepted a part with another digest or count")
			}
			h.want()
		},
		"parts missing": func(h *heard) {
			h.say(0, 0, 3, 2)
			h.wait(partGrace)
			h.want(Partial)
			if h.say(0, 1, 3, 2) {
				t.Error("accepted a part after the cycle was judged")
			}
		},
		"parts missing that did not matter": func(h *heard) {
			h.say(0, 0, 3, 1)
			h.wait(partGrace)
			h.want(InStep)
		},
		"next cycle before the last part": func(h *heard) {
			h.say(0, 0, 3, 2)
			h.say(1, 0, 1, 1)
			h.want(Partial, InStep)
		},
		"missed cycles": func(h *heard) {
			h.say(-5, 0, 1, 1) // too old: cycles of ten minutes, skew of ten minutes
			h.want()
			h.say(0, 0, 1, 1)
			h.wait(41 * minutes)
			h.reports = nil
			h.say(4, 0, 1, 2)
			h.want(Differs)
			if h.reports[0].Missed != 3 {
				h.t.Errorf("missed %d", h.reports[0].Missed)
			}
		},
		"replay of an older cycle": func(h *heard) {
			h.say(1, 0, 1, 1)
			if h.say(0, 0, 1, 1) || h.say(1, 0, 1, 1) {
				t.Error("accepted an older cycle")
			}
		},
		"clocks ten minutes apart": func(h *heard) {
			if !h.say(-1, 0, 1, 1) || !h.say(1, 0, 1, 1) {
				t.Error("refused a relay with another clock")
			}
		},
		"from the future": func(h *heard) {
			if h.say(1000, 0, 1, 1) || !h.say(0, 0, 1, 1) {
				t.Error("one message from the future silences the relay")
			}
		},
		"the network's cycles become longer": func(h *heard) {
			h.say(0, 0, 1, 1)
			h.rules.Cycle *= 3
			if !h.say(0, 0, 1, 1) || h.say(0, 0, 1, 1) {
				t.Error("deaf after a change of the rules")
			}
		},
		"the patient's clock is set back": func(h *heard) {
			h.say(0, 0, 1, 1)
			h.now, h.ear.since = h.now.Add(-5*time.Hour), h.ear.since.Add(-5*time.Hour)
			if !h.say(-30, 0, 1, 1) {
				t.Error("deaf after the clock was set")
			}
		},
		"silence": func(h *heard) {
			h.wait(10*minutes + silenceGrace - 1)
			h.want()
			h.wait(1)
			h.want(Silent)
			h.wait(10 * minutes)
			h.want(Silent, Silent)
			h.say(2, 0, 1, 1)
			h.wait(10 * minutes)
			h.want(Silent, Silent, InStep)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHeard(t)
			h.t = t
			play(h)
		})
	}
}

// TestEarProperties: whatever comes in whatever order, each cycle is judged at most once, in ascending order.
func TestEarProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := &heard{rules: DefaultRules(), now: noon, ear: ear{since: noon}}
		for range rapid.IntRange(1, 100).Draw(t, "messages") {
			parts := rapid.Uint16Range(1, 4).Draw(t, "parts")
			h.say(rapid.IntRange(-3, 5).Draw(t, "cycle"), rapid.Uint16Range(0, parts-1).Draw(t, "part"), parts, rapid.ByteRange(1, 2).Draw(t, "digest"))
			if rapid.IntRange(0, 5).Draw(t, "pause") == 0 {
				h.wait(time.Duration(rapid.IntRange(0, 900).Draw(t, "seconds")) * time.Second)
			}
		}
		last := uint64(0)
		for _, r := range h.reports {
			if r.State != Silent {
				if r.Cycle <= last {
					t.Fatalf("cycle %d judged after %d", r.Cycle, last)
				}
				last = r.Cycle
			}
		}
	})
}
