package checkin

import (
	"crypto/rand"
	"errors"
	"time"

	"pieks/card"
	"pieks/card/egk"
)

// dialogue is what a desk knows of one card that it asks. Its challenge was never used before and is never used again.
type dialogue struct {
	statement *signedStatement
	id        [16]byte
	nonce     egk.Nonce
	begun     time.Time
	card      *egk.Dialogue
	seq       uint16 // of the step that is out
}

// newDialogue begins one and gives its first step.
func newDialogue(s *signedStatement, now time.Time) (*dialogue, step, Reason) {
	d := &dialogue{statement: s, begun: now}
	rand.Read(d.id[:])
	rand.Read(d.nonce[:])
	d.card = egk.NewDialogue(d.nonce, egk.Options{})
	next, _, err := d.card.Next(nil)
	if err != nil {
		return nil, step{}, reasonBusy
	}
	return d, d.step(next), reasonNone
}

func (d *dialogue) step(s egk.Step) step {
	return step{Session: d.id, Seq: d.seq, Command: s.Command, Expected: s.Expected}
}

// take takes the answer to the step that is out and gives the next one, or done. Any reason ends the dialogue.
func (d *dialogue) take(a answer, now time.Time) (next step, done bool, r Reason) {
	switch {
	case a.Session != d.id, now.After(d.begun.Add(sessionLife)), now.Before(d.begun):
		return step{}, false, reasonSession
	case a.Seq < d.seq:
		return step{}, false, reasonReplay
	case a.Seq > d.seq:
		return step{}, false, reasonOrder
	case len(a.Response) < 2 || len(a.Response) > maxResponse || d.seq+1 >= maxSteps:
		return step{}, false, reasonMalformed
	}
	s, done, err := d.card.Next(a.Response)
	if err != nil {
		return step{}, false, reasonOfCard(err)
	}
	if done {
		return step{}, true, reasonNone
	}
	d.seq++
	return d.step(s), false, reasonNone
}

// reasonOfCard is why a dialogue ended before the card had proved anything: another try may do.
func reasonOfCard(err error) Reason {
	status := (*card.StatusError)(nil)
	switch {
	case errors.Is(err, egk.ErrNotEGK), errors.Is(err, egk.ErrOldCard), errors.Is(err, egk.ErrG3):
		return reasonForeign
	case errors.As(err, &status), errors.Is(err, egk.ErrAnswer):
		return reasonCard
	}
	return reasonMalformed
}
