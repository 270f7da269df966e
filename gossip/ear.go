package gossip

import "time"

// State is how a cycle went.
type State uint8

// States of a cycle. All but InStep ask for a pool sync.
const (
	InStep  State = iota // the pool has the relay's digest
	Differs              // all parts came, and the pool has another digest: earlier cycles were missed
	Partial              // parts did not come, and the pool has another digest
	Silent               // nothing came although a tick is long past: the relay is away or has forgotten this patient
)

var stateNames = [...]string{"in step", "differs", "partial", "silent"}

func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}

// Report says how a cycle of a region went.
type Report struct {
	Region string
	Cycle  uint64 // of the relay; for Silent the last one that was heard, 0 = none
	State  State
	Missed uint64   // cycles between the one heard before and this; with InStep they changed nothing that is still open
	Digest [32]byte // of the relay; zero for Silent
	Added  int      // sheets that changed the pool
}

// ear is the rule of what a patient makes of one region's cycle messages. It is handed messages and times, and holds no
// lock.
type ear struct {
	since time.Time // when it last heard something, or began to listen

	cycle  uint64 // being heard; 0 = none yet
	missed uint64
	digest [32]byte
	parts  uint16
	got    map[uint16]bool
	first  time.Time // when the first part of it came
	added  int
	judged bool
}

// accepts says whether a message is to be read: its cycle is not over, is near to the clock, and the part is new. Relay
// and patient clocks may differ by MaxSkew; beyond that a replay could pass for news, or one message from the future for
// all that follows.
func (e *ear) accepts(m *CycleMessage, rules Rules, now time.Time) bool {
	latest := rules.CycleAt(now.Add(rules.MaxSkew)) + 1
	if m.Cycle+1 < rules.CycleAt(now.Add(-rules.MaxSkew)) || m.Cycle > latest {
		return false
	}
	if e.cycle > latest { // counted by a clock that was set back since, or by rules with shorter cycles
		*e = ear{since: e.since}
	}
	if m.Cycle != e.cycle {
		return m.Cycle > e.cycle
	}
	return !e.judged && m.Parts == e.parts && m.Digest == e.digest && !e.got[m.Part]
}

// interrupts says of an accepted message that the cycle before its own is still open: judge that first.
func (e *ear) interrupts(m *CycleMessage) bool { return e.cycle != 0 && m.Cycle > e.cycle && !e.judged }

// begin notes a message whose sheets are about to be read.
func (e *ear) begin(m *CycleMessage, now time.Time) {
	e.since = now
	if m.Cycle > e.cycle {
		missed := uint64(0)
		if e.cycle != 0 {
			missed = m.Cycle - e.cycle - 1
		}
		*e = ear{
			since: now, cycle: m.Cycle, missed: missed, digest: m.Digest, parts: m.Parts,
			got: make(map[uint16]bool), first: now,
		}
	}
	e.got[m.Part] = true
}

func (e *ear) complete() bool { return e.cycle != 0 && len(e.got) == int(e.parts) }

// judge ends the cycle being heard. own is the digest of the patient's pool at its tick.
func (e *ear) judge(region string, own [32]byte) Report {
	e.judged = true
	r := Report{Region: region, Cycle: e.cycle, Missed: e.missed, Digest: e.digest, Added: e.added}
	switch {
	case own == e.digest:
		r.State = InStep
	case e.complete():
		r.State = Differs
	default:
		r.State = Partial
	}
	return r
}

// overdueAt is when missing parts are given up; zero when none are missing.
func (e *ear) overdueAt(rules Rules) time.Time {
	if e.cycle == 0 || e.judged {
		return time.Time{}
	}
	return e.first.Add(min(partGrace, rules.Cycle/4))
}

// silentAt is when a tick must have passed unheard, by the time between messages alone: clocks may differ.
func (e *ear) silentAt(rules Rules) time.Time {
	return e.since.Add(rules.Cycle + min(silenceGrace, rules.Cycle/2))
}

// silent starts the wait for the tick after the one that was not heard.
func (e *ear) silent(region string, rules Rules) Report {
	e.since = e.since.Add(rules.Cycle)
	return Report{Region: region, Cycle: e.cycle, State: Silent}
}
