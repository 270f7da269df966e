package patient

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

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

// reading is a card dialogue under way.
type reading struct {
	dialogue
	step  egk.Step
	begun time.Time
}

var errNoReading = errors.New("no dialogue with a card is under way: begin it with an empty answer")

// card goes on with the dialogue: the caller brings the card's answer and takes the next command to it, unchanged (A_28517).
func (c *checkins) card(ctx context.Context, in control.CheckinAnswer) (control.CheckinStep, error) {
	var none control.CheckinStep
	e, err := c.find(in.ID)
	if err != nil {
		return none, checkinRefusal(err)
	}
	if err := e.takeTurn(ctx); err != nil {
		return none, err
	}
	defer e.endTurn()
	if in.Failure != "" {
		return c.cardFailed(ctx, e, in)
	}
	if err := c.mayProve(e, control.ProofEGK); err != nil {
		c.endReading(e)
		return none, err
	}
	var response []byte
	switch {
	case in.Response == "":
		err = c.beginReading(ctx, e)
	case e.reading == nil:
		err = control.Coded(control.KindConflict, control.CodeSession, "%w", errNoReading)
	default:
		if response, err = readAnswer(in.Response); err == nil && e.look().Via == viaMesh { // the service wants to know
			err = expects(e.reading.step, response)
		}
	}
	if err != nil {
		c.failReading(ctx, e, err)
		return none, err
	}
	return c.nextStep(ctx, e, response)
}

// readAnswer reads what a card said.
func readAnswer(text string) ([]byte, error) {
	if len(text) > 2*maxCardAnswer {
		return nil, control.Errorf(control.KindUsage, "A card answers with at most %d bytes.", maxCardAnswer)
	}
	response, err := hex.DecodeString(text)
	if err != nil || len(response) < 2 {
		return nil, control.Errorf(control.KindUsage, "The answer is not the hex of data and a status word.")
	}
	return response, nil
}

// expects refuses a status word that a step does not name: nothing of the answer goes on, and the card gets no further command (T22).
func expects(step egk.Step, response []byte) error {
	sw := binary.BigEndian.Uint16(response[len(response)-2:])
	if slices.Contains(step.Expected, sw) {
		return nil
	}
	return control.Coded(control.KindConflict, control.CodeCardRefused, "The card refused a command (status %04X): put it onto the reader again.", sw)
}

// nextStep asks for the next command, or takes the verdict.
func (c *checkins) nextStep(ctx context.Context, e *checkinEntry, response []byte) (control.CheckinStep, error) {
	var none control.CheckinStep
	asking, cancel := context.WithTimeout(ctx, cardStepWithin)
	defer cancel()
	e.unsure = e.unsure || response != nil
	step, v, err := e.reading.next(asking, response)
	if err != nil {
		c.spend(e, err)
		err = readingRefusal(err)
		c.failReading(ctx, e, err)
		return none, err
	}
	if v == nil {
		e.reading.step = step
		out := control.CheckinStep{Command: hex.EncodeToString(step.Command)}
		for _, sw := range step.Expected {
			out.Expected = append(out.Expected, fmt.Sprintf("%04x", sw))
		}
		return out, nil
	}
	c.endReading(e)
	if err := c.settle(ctx, e, control.ProofEGK, *v); err != nil {
		return none, err
	}
	shown := c.shown(e)
	return control.CheckinStep{Checkin: &shown}, nil
}

// readingRefusal is an error of a dialogue for people. The check-in stays where it is, so that its user can try again.
func readingRefusal(err error) error {
	if known, ok := errors.AsType[*control.Error](err); ok {
		return known
	}
	if status, ok := errors.AsType[*card.StatusError](err); ok {
		return control.Coded(control.KindConflict, control.CodeCardRefused, "%w", status)
	}
	if answered(err) {
		return deskRefusal(err)
	}
	return control.Errorf(control.KindUnavailable, "The dialogue broke off: put the card onto the reader again. (%w)", err)
}

// cardTroubles are what a reader may report in place of an answer.
var cardTroubles = []string{
	control.CodeWrongCAN, control.CodeCardRemoved, control.CodeCardRefused, control.CodeCardForeign, control.CodeCardUnproven, control.CodeCardExpired,
}

// cardFailed notes the reader's trouble. Nothing is sent, and the card can be tried again.
func (c *checkins) cardFailed(ctx context.Context, e *checkinEntry, in control.CheckinAnswer) (control.CheckinStep, error) {
	var none control.CheckinStep
	if in.Response != "" || !slices.Contains(cardTroubles, in.Failure) {
		return none, control.Errorf(control.KindUsage, "A failure is one of %v, in place of an answer.", cardTroubles)
	}
	if r := e.look(); r.State != control.CheckinStateProof {
		return none, checkinRefusal(errCheckinState)
	}
	c.endReading(e)
	if err := c.change(ctx, e, func(r *checkinRecord) { r.Why, r.Message = in.Failure, "" }); err != nil {
		return none, err
	}
	shown := c.shown(e)
	return control.CheckinStep{Checkin: &shown}, nil
}

// failReading ends a dialogue that came to nothing, and notes why for who looks at the check-in.
func (c *checkins) failReading(ctx context.Context, e *checkinEntry, err error) {
	c.endReading(e)
	if e.look().State != control.CheckinStateProof {
		return
	}
	_ = c.change(context.WithoutCancel(ctx), e, func(r *checkinRecord) { r.Why, r.Message = control.CodeOf(err), err.Error() })
}

// endReading ends the dialogue of an entry, if there is one. The caller has its turn.
func (c *checkins) endReading(e *checkinEntry) {
	if e.reading != nil {
		e.reading.close()
		e.reading = nil
	}
}

// endReadings is for the end of the node.
func (c *checkins) endReadings() {
	for _, e := range c.all() {
		if e.takeTurn(context.Background()) == nil {
			c.endReading(e)
			e.endTurn()
		}
	}
}

// beginReading begins a dialogue, in place of one that was under way. The practice drives it; if it is away this node does, for the practice to verify
// when it is back.
func (c *checkins) beginReading(ctx context.Context, e *checkinEntry) error {
	c.endReading(e)
	if e.look().Why != "" {
		if err := c.change(ctx, e, func(r *checkinRecord) { r.Why, r.Message = "", "" }); err != nil {
			return err
		}
	}
	var d dialogue
	var err error
	if e.look().Via == viaService {
		d, err = c.askServiceForCard(ctx, e)
	} else {
		d, err = c.openDesk(ctx, e)
	}
	if err != nil {
		return err
	}
	e.reading = &reading{dialogue: d, begun: c.node.home.Now()}
	return nil
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
	code := control.CodeCardUnproven
	for _, known := range []struct {
		err  error
		code string
	}{
		{card.ErrExpired, control.CodeCardExpired}, {egk.ErrBlocked, control.CodeCardBlocked}, {card.ErrRevokedCard, control.CodeCardBlocked},
		{egk.ErrNotEGK, control.CodeCardForeign}, {egk.ErrOldCard, control.CodeCardForeign},
	} {
		if errors.Is(err, known.err) {
			code = known.code
			break
		}
	}
	return control.Coded(control.KindConflict, code, "%w", err)
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

// settle takes the verdict on a proof, and posts what is to wait.
func (c *checkins) settle(ctx context.Context, e *checkinEntry, way string, v verdict) error {
	ctx = context.WithoutCancel(ctx) // the proof is given: who goes away now has it all the same
	now := c.node.home.Now()
	own := way == control.ProofEGK && !e.look().OtherPerson && v.State != control.CheckinStateCanceled
	if own {
		if err := c.changeOptions(ctx, func(o *checkinOptions) { o.OwnCards++ }); err != nil {
			return err
		}
	}
	options := c.optionsNow()
	err := c.change(ctx, e, func(r *checkinRecord) {
		r.proved(way, now)
		if r.tell(v, now) && v.envelope != nil {
			r.Envelope, r.Kept = v.envelope, 0
		}
		if v.record != "" {
			r.Record = v.record
		}
		if r.Via == viaService && r.State == control.CheckinStatePending {
			r.Until = unix(now.Add(maxGiveUp)) // the service gives up in its own time, and says so; this is for one that never does
		}
		r.GiveUp = uint64((c.cfg.GiveUp + time.Hour - 1) / time.Hour)
		r.Offer = own && offersHealthID(options.OwnCards, c.cfg.SetupURL != "", options.Insurer != "")
	})
	if err != nil {
		return err
	}
	e.unsure, e.asked = false, now
	if v.State == control.CheckinStatePending {
		if err := c.post(ctx, e); err != nil {
			c.node.log.Debug("a check-in is not posted yet", "err", err)
		}
		c.wake()
	}
	return nil
}
