package checkin

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"

	"pieks/card/egk"
	"pieks/gossip/wire"
	nodehost "pieks/node/host"
)

const (
	// ProtocolID is the protocol on a desk host.
	ProtocolID protocol.ID = "/pieks/checkin/1"
	// ServiceName names it at the resource manager.
	ServiceName = "pieks.checkin"
)

// Session is a dialogue that the practice drives on one stream, for at most two minutes. One goroutine at a time may use it.
type Session struct {
	attempt *Attempt
	line    *line
	now     message // what the desk said last
	id      [16]byte
	seq     uint16
	begun   bool
}

// Begin opens it and waits for what the desk says. The host must know an address of the desk. The session outlives ctx; Close ends it. An error that
// none of this package's is says that the desk was not reached.
func (a *Attempt) Begin(ctx context.Context, h host.Host) (*Session, error) {
	l, err := a.dial(ctx, h)
	if err != nil {
		return nil, err
	}
	msg, err := encodeObject(kindOpen, open{a.statement.cose})
	if err == nil {
		var m message
		if m, err = l.ask(ctx, msg); err == nil {
			return &Session{attempt: a, line: l, now: m}, nil
		}
	}
	l.close()
	return nil, fmt.Errorf("begin a check-in: %w", err)
}

// Next sends the card's answer to the step before, nil at first, and gives the next step, or the outcome. After an error, and with the outcome, the
// session is over. The answer has to be the card's own: nothing but the status words of the step says that it may be sent.
func (s *Session) Next(ctx context.Context, response []byte) (step egk.Step, outcome *Outcome, err error) {
	if s.begun == (response == nil) {
		return egk.Step{}, nil, fmt.Errorf("check in: %w", ErrOrder)
	}
	if s.begun {
		msg, err := encodeObject(kindAnswer, answer{s.id, s.seq, response})
		if err != nil {
			return egk.Step{}, nil, err
		}
		if s.now, err = s.line.ask(ctx, msg); err != nil {
			return egk.Step{}, nil, fmt.Errorf("check in: %w", err)
		}
	}
	step, outcome, err = s.heard()
	s.begun = true
	return step, outcome, err
}

// heard reads what the desk said last.
func (s *Session) heard() (egk.Step, *Outcome, error) {
	if s.now.Kind != kindStep {
		o, err := s.attempt.take(s.now)
		if err != nil {
			return egk.Step{}, nil, err
		}
		return egk.Step{}, &o, nil
	}
	next, err := readStep(s.now)
	if err != nil {
		return egk.Step{}, nil, err
	}
	want := uint16(0)
	if s.begun {
		want = s.seq + 1
	}
	if next.Seq != want || s.begun && next.Session != s.id {
		return egk.Step{}, nil, fmt.Errorf("%w: a step out of its order", ErrMessage)
	}
	s.id, s.seq = next.Session, next.Seq
	return egk.Step{Command: next.Command, Expected: next.Expected}, nil, nil
}

// Close ends the stream.
func (s *Session) Close() { s.line.close() }

// Login hands over an ID token of an identity provider on a stream.
func (a *Attempt) Login(ctx context.Context, h host.Host, idToken string) (Outcome, error) {
	msg, err := a.MailLogin(idToken)
	if err != nil {
		return Outcome{}, err
	}
	return a.Bring(ctx, h, msg)
}

// Bring hands over on a stream what Mail or MailLogin made, when the practice is back before it has read its letters.
func (a *Attempt) Bring(ctx context.Context, h host.Host, msg []byte) (Outcome, error) {
	m, err := a.once(ctx, h, msg)
	if err != nil {
		return Outcome{}, fmt.Errorf("hand a proof over: %w", err)
	}
	return a.take(m)
}

// Ask asks the desk how it stands: ErrUnknown when it has nothing, since nothing came yet, or nothing came of it.
func (a *Attempt) Ask(ctx context.Context, h host.Host) (Outcome, error) {
	q := question{Version: version, ID: a.statement.ID, Key: a.statement.Key, Device: a.statement.Device}
	rand.Read(q.Nonce[:])
	cose, err := wire.SignObject(typeStatus, a.key, q)
	if err != nil {
		return Outcome{}, fmt.Errorf("ask for a check-in: %w", err)
	}
	msg, err := encode(kindStatus, cose)
	if err != nil {
		return Outcome{}, fmt.Errorf("ask for a check-in: %w", err)
	}
	m, err := a.once(ctx, h, msg)
	if err != nil {
		return Outcome{}, fmt.Errorf("ask for a check-in: %w", err)
	}
	if m.Kind != kindOutcome {
		return Outcome{}, fmt.Errorf("%w: kind %d", ErrMessage, m.Kind)
	}
	o, err := readOutcome(m, &a.statement.Statement)
	if err != nil {
		return Outcome{}, err
	}
	if o.State == stateUnknown && !bytes.Equal(o.Nonce, q.Nonce[:]) {
		return Outcome{}, fmt.Errorf("%w: the answer to another question", ErrMessage)
	}
	return o.told()
}

func (a *Attempt) once(ctx context.Context, h host.Host, msg []byte) (message, error) {
	l, err := a.dial(ctx, h)
	if err != nil {
		return message{}, err
	}
	defer l.close()
	return l.ask(ctx, msg)
}

// line is a stream to a desk.
type line struct {
	stream network.Stream
	stop   func()
}

// dial opens a stream that ctx does not end once it is open.
func (a *Attempt) dial(ctx context.Context, h host.Host) (*line, error) {
	id, err := nodehost.PeerID(a.statement.Device[:])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrElsewhere, err)
	}
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	dialling := context.AfterFunc(ctx, cancel)
	st, stop, err := nodehost.Stream(life, h, id, ProtocolID, ServiceName, sessionLife)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("reach the practice: %w", err)
	}
	if !dialling() {
		stop()
		cancel()
		return nil, fmt.Errorf("reach the practice: %w", ctx.Err())
	}
	return &line{st, func() { stop(); cancel() }}, nil
}

func (l *line) close() { l.stop() }

// ask says one thing and hears one; a refusal is its error.
func (l *line) ask(ctx context.Context, msg []byte) (message, error) {
	stop := context.AfterFunc(ctx, func() { _ = l.stream.Reset() })
	defer stop()
	if err := l.stream.SetDeadline(time.Now().Add(patience)); err != nil {
		return message{}, fmt.Errorf("ask the practice: %w", err)
	}
	if err := wire.WriteFrame(l.stream, msg); err != nil {
		return message{}, fmt.Errorf("ask the practice: %w", err)
	}
	raw, err := wire.ReadFrame(l.stream, MaxMessage)
	if err != nil {
		return message{}, fmt.Errorf("hear the practice: %w", err)
	}
	m, err := decode(raw)
	if err != nil || m.Kind != kindRefusal {
		return m, err
	}
	var r refusal
	if err := readBody(m, &r); err != nil {
		return m, err
	}
	return m, r.Reason.err()
}
