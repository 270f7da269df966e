package mailbox

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"pieks/node/admission/inbound"
)

func fill(x *index, n int, box BoxID, from inbound.Source) {
	for i := range n {
		id := EnvelopeID{byte(i), byte(i >> 8), byte(i >> 16), box[0], box[1]}
		copy(id[6:], from)
		x.durable(x.reserve(box, id, time.Unix(1000, 0), from))
	}
}

func TestRoomOfBoxSourceAndRelay(t *testing.T) {
	x := newIndex()
	fill(x, MaxPerBox-1, BoxID{1}, "")
	if got := x.room(BoxID{1}, ""); got != CodeOK {
		t.Errorf("one below the limit: %d", got)
	}
	fill(x, 1, BoxID{1}, "z")
	if got := x.room(BoxID{1}, ""); got != CodeBoxFull {
		t.Errorf("full box: %d", got)
	}

	fill(x, MaxPerSourceAndBox, BoxID{2}, "a")
	if got := x.room(BoxID{2}, "a"); got != CodeBoxFull {
		t.Errorf("one source filled its share of the box: %d", got)
	}
	if got := x.room(BoxID{2}, "b"); got != CodeOK {
		t.Errorf("another source of the same box: %d", got)
	}

	for i := 0; x.sources["c"] < MaxPerSource; i++ {
		fill(x, MaxPerSourceAndBox, BoxID{3, byte(i), byte(i >> 8)}, "c")
	}
	if got := x.room(BoxID{4}, "c"); got != CodeBusy {
		t.Errorf("source with all it may keep: %d", got)
	}
	for i := 0; x.count < MaxEnvelopes; i++ {
		fill(x, 1, BoxID{5, byte(i), byte(i >> 8), byte(i >> 16)}, "")
	}
	if got := x.room(BoxID{6}, ""); got != CodeBusy {
		t.Errorf("full relay: %d", got)
	}
	x.prune(BoxID{}, time.Unix(1000, 0).Add(Retention-1))
	if x.count != MaxEnvelopes {
		t.Errorf("pruned a nanosecond early: %d left", x.count)
	}
	x.prune(BoxID{}, time.Unix(1000, 0).Add(Retention+pruneEvery))
	if x.count != 0 || len(x.boxes) != 0 || len(x.sources) != 0 {
		t.Errorf("left after retention: %d envelopes, %d boxes, %d sources", x.count, len(x.boxes), len(x.sources))
	}
}

func TestExpiredHasBothEnds(t *testing.T) {
	at := time.Unix(10_000_000, 0)
	for _, c := range []struct {
		now  time.Time
		want bool
	}{
		{at, false}, {at.Add(Retention - 1), false}, {at.Add(Retention), true},
		{at.Add(-time.Hour), false}, {at.Add(-Retention), true},
	} {
		if got := expired(at, c.now); got != c.want {
			t.Errorf("now %s from put: %v", c.now.Sub(at), got)
		}
	}
}

// Reference model of the index: after any run of operations the counts are those of a plain list, and a watcher that
// remembers the last seq sees each durable envelope exactly once.
func TestIndexAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, seen := newIndex(), map[EnvelopeID]int{}
		var all, pending []*entry
		cursor := uint64(0)
		box := BoxID{1}
		next := byte(0)
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			switch rapid.IntRange(0, 4).Draw(t, "op") {
			case 0:
				next++
				pending = append(pending, x.reserve(box, EnvelopeID{next}, time.Unix(1000, 0), "s"))
			case 1: // any of the pending ones becomes durable first
				if len(pending) > 0 {
					i := rapid.IntRange(0, len(pending)-1).Draw(t, "which")
					x.durable(pending[i])
					all = append(all, pending[i])
					pending = append(pending[:i:i], pending[i+1:]...)
				}
			case 2: // or fails
				if len(pending) > 0 {
					x.remove(pending[0])
					x.remove(pending[0])
					pending = pending[1:]
				}
			case 3:
				if len(all) > 0 {
					x.remove(all[0])
					seen[all[0].id]++ // deleted: need not be seen any more
					all = all[1:]
				}
			case 4:
				for _, e := range x.after(box, cursor) {
					cursor = e.seq
					if seen[e.id]++; seen[e.id] > 1 {
						t.Fatal("pushed twice")
					}
				}
			}
			if x.count != len(all)+len(pending) || x.sources["s"] != x.count || len(x.boxes[box]) != x.count {
				t.Fatalf("count %d, sources %d, model %d", x.count, x.sources["s"], len(all)+len(pending))
			}
		}
		for _, e := range x.after(box, cursor) {
			seen[e.id]++
		}
		for _, e := range all {
			if seen[e.id] != 1 {
				t.Fatalf("durable envelope seen %d times", seen[e.id])
			}
		}
	})
}
