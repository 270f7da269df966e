package practice

import (
	"context"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"pieks/card"
	"pieks/card/egk"
	"pieks/node/checkin"
	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/client"
	"pieks/node/control"
)

const (
	// readingLife: a dialogue of the service lives for two minutes (package service), as one of a patient's does.
	readingLife = 2 * time.Minute
	// maxReadings: readers of a large reception, each with a WebSocket of its own.
	maxReadings = 8
	// maxCardAnswer: 65,536 bytes and the status word (ISO 7816-3).
	maxCardAnswer = 65538
)

var (
	errNoReading  = errors.New("no dialogue with this card is under way: begin anew")
	errReadings   = errors.New("too many cards are read at the moment: wait for one of them")
	errReaderGone = errors.New("the reader broke off: put the card onto it again")
	errReadingEnd = errors.New("the card took too long: put it onto the reader again")
)

// reading is a dialogue of the service with a card that somebody else has: the service's end takes it for the card. Between two turns a command is out.
type reading struct {
	turn     sync.Mutex // of who brings answers: one at a time
	commands chan []byte
	answers  chan []byte
	end      context.CancelCauseFunc

	done chan struct{} // closed when the two below are known
	out  control.ArrivalStep
	err  error
}

// Transmit hands a command out and waits for its answer.
func (r *reading) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	select {
	case r.commands <- command:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	select {
	case answer := <-r.answers:
		return answer, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// readings are those under way, by a name that nobody guesses.
type readings struct {
	mu  sync.Mutex
	all map[string]*reading
}

func (rs *readings) add(name string, r *reading) error {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if len(rs.all) >= maxReadings {
		return control.Coded(control.KindConflict, control.CodeCheckinFull, "%w", errReadings)
	}
	if rs.all == nil {
		rs.all = map[string]*reading{}
	}
	rs.all[name] = r
	return nil
}

func (rs *readings) find(name string) *reading {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	return rs.all[name]
}

func (rs *readings) remove(name string) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	delete(rs.all, name)
}

// readCard goes on with a dialogue: the caller brings the card's answer and takes the next command to it, unchanged.
func (n *Node) readCard(ctx context.Context, in control.ArrivalAnswer) (control.ArrivalStep, error) {
	var none control.ArrivalStep
	if n.service == nil {
		return none, control.Coded(control.KindConflict, control.CodeCheckinService, "%w", errNoService)
	}
	if in.Reading == "" {
		return n.service.beginReading(ctx, in)
	}
	r := n.service.readings.find(in.Reading)
	if r == nil || !r.turn.TryLock() {
		return none, control.Coded(control.KindConflict, control.CodeSession, "%w", errNoReading)
	}
	defer r.turn.Unlock()
	if in.Failure {
		r.end(errReaderGone)
		<-r.done
		return none, nil
	}
	response, err := hex.DecodeString(in.Response)
	if err != nil || len(response) < 2 || len(response) > maxCardAnswer {
		return none, control.Errorf(control.KindUsage, "The answer is not the hex of data and a status word.")
	}
	select {
	case r.answers <- response:
	case <-r.done:
	}
	return r.next(ctx, in.Reading)
}

// next waits for the next command or the end. A caller that does not wait for it ends the dialogue: nobody else brings the answer.
func (r *reading) next(ctx context.Context, name string) (control.ArrivalStep, error) {
	select {
	case command := <-r.commands:
		return control.ArrivalStep{Reading: name, Command: hex.EncodeToString(command)}, nil
	case <-r.done:
		return r.out, r.err
	case <-ctx.Done():
		r.end(context.Cause(ctx))
		<-r.done
		return control.ArrivalStep{}, ctx.Err()
	}
}

func (s *poppService) beginReading(ctx context.Context, in control.ArrivalAnswer) (control.ArrivalStep, error) {
	var none control.ArrivalStep
	var workplace popp.WorkplaceID
	var err error
	if in.Workplace != "" {
		if workplace, err = popp.ParseWorkplaceID(in.Workplace); err != nil {
			return none, control.Coded(control.KindUsage, control.CodeWorkplace, "%w", err)
		}
	}
	if in.Response != "" || in.Failure {
		return none, control.Coded(control.KindConflict, control.CodeSession, "%w", errNoReading)
	}
	if _, err := s.own(); err != nil {
		return none, control.Errorf(control.KindConflict, "%w", err)
	}
	c, id, err := s.start(ctx)
	if err != nil {
		return none, serviceRefusal(err)
	}
	name := checkin.NewID().String()
	life, cut := context.WithTimeoutCause(s.life, readingLife, errReadingEnd)
	life, end := context.WithCancelCause(life)
	r := &reading{commands: make(chan []byte), answers: make(chan []byte), end: end, done: make(chan struct{})}
	if err := s.readings.add(name, r); err != nil {
		cut()
		return none, err
	}
	r.turn.Lock()
	defer r.turn.Unlock()
	s.node.wg.Go(func() {
		defer cut()
		defer close(r.done)
		defer s.readings.remove(name)
		r.out, r.err = s.prove(life, c, client.Place{TelematikID: id, Workplace: workplace}, in.Contactless, r)
	})
	return r.next(ctx, name)
}

// prove has the service prove the card.
func (s *poppService) prove(ctx context.Context, c *client.Practice, at client.Place, contactless bool, r *reading) (control.ArrivalStep, error) {
	token, err := c.Generate(ctx, r, contactless)
	if err != nil {
		return control.ArrivalStep{}, cardRefusal(s.failed(context.WithoutCancel(ctx), err))
	}
	return s.take(ctx, at, token)
}

// take makes an arrival of a token that was made here. It is written down before anything else, as those that are pulled are.
func (s *poppService) take(ctx context.Context, at client.Place, token string) (control.ArrivalStep, error) {
	var none control.ArrivalStep
	var got control.ArrivalsFetched
	d := checkin.Delivered{Token: token, Workplace: at.Workplace}
	list := addressed([]client.Delivery{{Token: token, Workplace: at.Workplace}}, at.TelematikID, &got)
	if len(list) == 0 {
		s.note(got)
		return none, serviceRefusal(client.ErrProtocol)
	}
	if _, err := s.node.arrivals.Keep(context.WithoutCancel(ctx), list); err != nil {
		return none, err
	}
	s.settling.Lock()
	defer s.settling.Unlock()
	a, err := s.judge(ctx, at.TelematikID, d)
	if errors.Is(err, checkin.ErrUsedToken) { // whoever judges all that waits was faster
		a, err = s.node.arrivals.Of(token)
	}
	switch {
	case err == nil:
		s.note(control.ArrivalsFetched{Added: 1})
		shown := s.node.shownArrival(a, s.node.today())
		return control.ArrivalStep{Arrival: &shown}, nil
	case final(err):
		s.note(control.ArrivalsFetched{Refused: 1})
		return none, serviceRefusal(err)
	}
	s.node.log.Warn("a token of the PoPP service waits to be verified", "err", err)
	return control.ArrivalStep{Waiting: true}, nil
}

// cardRefusal is an error of a dialogue for reception.
func cardRefusal(err error) error {
	if status, ok := errors.AsType[*card.StatusError](err); ok { // the card's doing, whatever the service says to it
		return control.Coded(control.KindConflict, control.CodeCardRefused, "%w", status)
	}
	for _, known := range []struct {
		err  error
		code string
	}{
		{egk.ErrBlocked, control.CodeCardBlocked}, {egk.ErrOldCard, control.CodeCardForeign}, {egk.ErrPair, control.CodeCardUnproven},
		{egk.ErrChallenge, control.CodeCardUnproven}, {client.ErrUnknownCard, control.CodeCardUnproven},
		{errReaderGone, control.CodeCardRemoved}, {errReadingEnd, control.CodeCardRemoved},
	} {
		if errors.Is(err, known.err) {
			return control.Coded(control.KindConflict, known.code, "%w", known.err)
		}
	}
	return serviceRefusal(err)
}
