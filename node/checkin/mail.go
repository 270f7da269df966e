package checkin

import (
	"context"
	"fmt"
	"time"
)

// Mailed is what becomes of a message out of the desk's box.
type Mailed struct {
	Message []byte // nil: nothing to send
	Box     [32]byte
	Sealing [32]byte
	Relays  []string
	RetryAt time.Time // not zero: keep the message and handle it again then
}

// mailAgain: what kept a letter from being handled passes, such as a login whose keys cannot be fetched offline.
const mailAgain = 10 * time.Second

// HandleMail handles a proof that was left while the practice was away. It may be deleted at the relay once the answer was sent, or at once when
// there is an error; not while RetryAt is ahead. The answer is always an outcome: nobody waits on a stream to be told to try again.
func (d *Desk) HandleMail(ctx context.Context, msg []byte) (Mailed, error) {
	m, err := decode(msg)
	if err != nil {
		return Mailed{}, err
	}
	if m.Kind != kindProof {
		return Mailed{}, fmt.Errorf("%w: kind %d by mail", ErrMessage, m.Kind)
	}
	p, s, err := readProof(m)
	if err != nil {
		return Mailed{}, err
	}
	outcome, r := d.prove(ctx, p, s)
	to := Mailed{Message: outcome, Box: s.Key, Sealing: s.Sealing, Relays: s.Relays}
	switch r {
	case reasonNone:
	case reasonBusy, reasonClosed:
		return Mailed{RetryAt: d.cfg.Now().Add(mailAgain)}, nil
	case reasonElsewhere:
		if s.Device != d.device() {
			return Mailed{}, fmt.Errorf("%w: a letter for another desk", ErrElsewhere)
		}
		to.Message = d.cancel(&s.Statement, r)
	default:
		to.Message = d.cancel(&s.Statement, r)
	}
	return to, nil
}
