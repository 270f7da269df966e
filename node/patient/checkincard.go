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
	"pieks/node/control"
)

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
	e, err := c.turnOf(ctx, in.ID)
	if err != nil {
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
