package patient

import (
	"context"
	"errors"
	"fmt"

	"pieks/card"
	"pieks/card/egk"
	"pieks/node/checkin"
	"pieks/node/control"
	"pieks/node/mailbox"
)

// dialogue is who says what the card is asked next, until there is a verdict: the practice, the PoPP service, or this node for a practice that is away.
type dialogue interface {
	// next takes the card's answer to the step before, nil at first. An error ends the dialogue and decides nothing.
	next(ctx context.Context, response []byte) (step egk.Step, v *verdict, err error)
	close()
}

// openDesk begins a dialogue for a practice in the mesh.
func (c *checkins) openDesk(ctx context.Context, e *checkinEntry) (dialogue, error) {
	n := c.node
	if err := n.home.Network.Usable(); err != nil {
		return nil, refused(err)
	}
	attempt, err := c.ready(ctx, e)
	if err != nil {
		return nil, err
	}
	var session *checkin.Session
	leave, err := c.reach(ctx, e, func(ctx context.Context) (err error) {
		session, err = attempt.Begin(ctx, n.host)
		return err
	})
	switch {
	case err == nil:
		return &deskDialogue{session, leave}, nil
	case !errors.Is(err, errAway):
		c.spend(e, err)
		return nil, deskRefusal(err)
	case !c.canMail(ctx, e):
		return nil, control.Coded(control.KindUnavailable, control.WhyUnreached, "%w", errNoWay)
	}
	return &ownDialogue{node: n, attempt: attempt, own: egk.NewDialogue(attempt.Nonce(), egk.Options{}), to: e.look()}, nil
}

// deskDialogue is driven by the practice.
type deskDialogue struct {
	session *checkin.Session
	leave   func()
}

func (d *deskDialogue) next(ctx context.Context, response []byte) (egk.Step, *verdict, error) {
	step, o, err := d.session.Next(ctx, response)
	if err != nil || o == nil {
		return step, nil, err
	}
	v := verdictOf(*o)
	return egk.Step{}, &v, nil
}

func (d *deskDialogue) close() {
	d.session.Close()
	d.leave()
}

// ownDialogue is driven by this node: the card signs the statement of the attempt. What it said goes to the practice sealed.
type ownDialogue struct {
	node    *Node
	attempt *checkin.Attempt
	own     *egk.Dialogue
	to      checkinRecord
}

func (d *ownDialogue) next(_ context.Context, response []byte) (egk.Step, *verdict, error) {
	step, done, err := d.own.Next(response)
	if err != nil || !done {
		return step, nil, err
	}
	if err := d.verify(); err != nil {
		return egk.Step{}, nil, err
	}
	msg, err := d.attempt.Mail(d.own.Answers())
	if err != nil {
		return egk.Step{}, nil, err
	}
	envelope, err := sealFor(&d.to, msg)
	if err != nil {
		return egk.Step{}, nil, err
	}
	return egk.Step{}, &verdict{State: control.CheckinStatePending, envelope: envelope}, nil
}

func (d *ownDialogue) close() {}

// verify checks the card as the practice will, by the same network file: its user hears now what would otherwise be found when the practice is back. Which
// certificates belong together the practice alone has seen before.
func (d *ownDialogue) verify() error {
	now := d.node.home.Now()
	trust, err := d.node.home.Network.Get().PatientCards()
	if err != nil {
		return err
	}
	_, err = d.own.Answers().Verify(d.attempt.Nonce(), trust, now)
	if err == nil {
		return nil
	}
	return control.Coded(control.KindConflict, unproven(err), "%w", err)
}

// unproven is the code of what is wrong with a card, as a practice's own verification would have it.
func unproven(err error) string {
	for _, known := range []struct {
		err  error
		code string
	}{
		{egk.ErrExpired, control.CodeCardExpired},
		{egk.ErrBlocked, control.CodeCardBlocked}, {card.ErrRevokedCard, control.CodeCardBlocked},
		{egk.ErrNotEGK, control.CodeCardForeign}, {egk.ErrOldCard, control.CodeCardForeign}, {egk.ErrG3, control.CodeCardForeign},
	} {
		if errors.Is(err, known.err) {
			return known.code
		}
	}
	return control.CodeCardUnproven
}

// sealFor seals a message to the practice of a check-in.
func sealFor(r *checkinRecord, msg []byte) ([]byte, error) {
	if len(r.Device) != 32 || len(r.Sealing) != 32 {
		return nil, errUnlisted
	}
	envelope, err := mailbox.SealEnvelope(mailbox.BoxID(r.Device), [32]byte(r.Sealing), msg)
	if err != nil {
		return nil, fmt.Errorf("seal the check-in for the practice: %w", err)
	}
	return envelope, nil
}
