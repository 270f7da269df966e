package mailbox

import (
	"slices"
	"time"

	"pieks/node/admission/inbound"
)

// entry is one envelope that the store holds, or is about to hold.
type entry struct {
	id   EnvelopeID
	box  BoxID
	at   time.Time
	from inbound.Source // "" after a restart

	seq  uint64        // order of becoming durable, 0 until then
	done chan struct{} // closed when it is durable, or failed and was removed
}

// index is what a relay knows of its mail in memory, so that quotas and lists need no look at the disk. The store is
// the truth: the index is made from it at start. The server's lock guards it.
type index struct {
	boxes   map[BoxID][]*entry
	sources map[inbound.Source]int
	count   int
	seq     uint64
	pruned  time.Time
}

func newIndex() *index {
	return &index{boxes: map[BoxID][]*entry{}, sources: map[inbound.Source]int{}}
}

func (x *index) find(box BoxID, id EnvelopeID) *entry {
	for _, e := range x.boxes[box] {
		if e.id == id {
			return e
		}
	}
	return nil
}

// room says whether one more envelope for box from a source may be kept.
func (x *index) room(box BoxID, from inbound.Source) Code {
	inBox := x.boxes[box]
	switch {
	case x.count >= MaxEnvelopes:
		return CodeBusy
	case len(inBox) >= MaxPerBox:
		return CodeBoxFull
	case from == "":
		return CodeOK
	case x.sources[from] >= MaxPerSource:
		return CodeBusy
	}
	own := 0
	for _, e := range inBox {
		if e.from == from {
			own++
		}
	}
	if own >= MaxPerSourceAndBox {
		return CodeBoxFull
	}
	return CodeOK
}

// reserve counts an envelope against its quotas before it is durable.
func (x *index) reserve(box BoxID, id EnvelopeID, at time.Time, from inbound.Source) *entry {
	e := &entry{id: id, box: box, at: at, from: from, done: make(chan struct{})}
	x.boxes[box] = append(x.boxes[box], e)
	x.count++
	if from != "" {
		x.sources[from]++
	}
	return e
}

// durable makes a reserved envelope visible to its owner.
func (x *index) durable(e *entry) {
	x.seq++
	e.seq = x.seq
	close(e.done)
}

// remove takes an envelope out. It may be called twice.
func (x *index) remove(e *entry) {
	list := x.boxes[e.box]
	i := slices.Index(list, e)
	if i < 0 {
		return
	}
	if len(list) == 1 {
		delete(x.boxes, e.box)
	} else {
		x.boxes[e.box] = slices.Delete(list, i, i+1)
	}
	x.count--
	if e.from == "" {
		return
	}
	if x.sources[e.from]--; x.sources[e.from] == 0 {
		delete(x.sources, e.from)
	}
}

// after lists the durable envelopes of a box that became so after seq, oldest first.
func (x *index) after(box BoxID, seq uint64) []*entry {
	var out []*entry
	for _, e := range x.boxes[box] {
		if e.seq > seq {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b *entry) int {
		if a.seq < b.seq {
			return -1
		}
		return 1
	})
	return out
}

// prune forgets what the store's sweeper drops. The box at hand is always looked at, all others once in pruneEvery.
func (x *index) prune(box BoxID, now time.Time) {
	x.pruneBox(box, now)
	if now.Sub(x.pruned) < pruneEvery {
		return
	}
	x.pruned = now
	for b := range x.boxes {
		x.pruneBox(b, now)
	}
}

func (x *index) pruneBox(box BoxID, now time.Time) {
	for _, e := range slices.Clone(x.boxes[box]) {
		if e.seq > 0 && expired(e.at, now) {
			x.remove(e)
		}
	}
}

// expired is the rule of retention. What was put by a clock that ran far ahead does not stay until that time comes.
func expired(at, now time.Time) bool { return now.Sub(at).Abs() >= Retention }
