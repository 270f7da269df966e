package checkin

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"

	"pieks/gossip/wire"
	"pieks/node/admission/inbound"
	"pieks/node/checkin/popp"
)

// Server serves the protocol on a desk host until Close.
type Server struct {
	desk     *Desk
	sources  *inbound.Sources
	source   *inbound.Rate
	peer     *inbound.Rate
	listener *inbound.Listener
}

// Listen serves the protocol on the desk host.
func (d *Desk) Listen(h host.Host) *Server {
	s := &Server{desk: d, sources: inbound.NewSources(d.cfg.LimitLocal),
		source: inbound.NewRate(sourceBurst, sourceEvery, d.cfg.Now), peer: inbound.NewRate(peerBurst, peerEvery, d.cfg.Now)}
	s.listener = inbound.Listen(h, inbound.Protocol{
		ID: ProtocolID, Service: ServiceName, Memory: streamMemory, Timeout: sessionLife, Handle: s.handle, Log: d.cfg.Log,
	})
	return s
}

// Close takes no new streams, resets the open ones and waits for what is under way.
func (s *Server) Close() error { return s.listener.Close() }

func (s *Server) handle(ctx context.Context, st network.Stream) error {
	t := &talk{desk: s.desk}
	defer t.over()
	first, end := true, time.Now().Add(sessionLife)
	for {
		if err := st.SetDeadline(soonest(time.Now().Add(idleStream), end)); err != nil {
			return err
		}
		msg, err := wire.ReadFrame(st, MaxMessage)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		reply, more := refuse(reasonLimit), false
		if !first || s.allowed(st.Conn()) {
			reply, more = t.hear(ctx, msg)
		}
		if err := wire.WriteFrame(st, reply); err != nil || !more {
			return err
		}
		first = false
	}
}

// allowed counts a stream for who opened it and where from.
func (s *Server) allowed(c network.Conn) bool {
	return s.peer.Allow(string(c.RemotePeer())) && s.source.Allow(string(s.sources.Of(c.RemoteMultiaddr())))
}

func soonest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// talk is what a desk says on one stream: one dialogue with a card, one proof, or one question.
type talk struct {
	desk *Desk
	card *dialogue // nil before open
}

// over ends what is under way: its challenge is used up.
func (t *talk) over() {
	if t.card != nil {
		t.desk.open.Add(-1)
		t.desk.spent.add("session", t.card.id[:], t.desk.cfg.Now())
		t.card = nil
	}
}

// hear answers one message and says whether another one may follow.
func (t *talk) hear(ctx context.Context, msg []byte) (reply []byte, more bool) {
	m, err := decode(msg)
	if err != nil {
		return refuse(reasonOfForm(err)), false
	}
	switch {
	case m.Kind == kindAnswer:
		return t.answer(ctx, m)
	case t.card != nil:
		return refuse(reasonOrder), false // a second dialogue on one stream
	case m.Kind == kindOpen:
		return t.begin(m)
	case m.Kind == kindProof:
		return t.prove(ctx, m), false
	case m.Kind == kindStatus:
		return t.desk.status(m), false
	}
	return refuse(reasonMalformed), false
}

func (t *talk) begin(m message) (reply []byte, more bool) {
	var o open
	if err := readBody(m, &o); err != nil {
		return refuse(reasonMalformed), false
	}
	s, err := readStatement(o.Statement)
	if err != nil {
		return refuse(reasonOfForm(err)), false
	}
	now := t.desk.cfg.Now()
	_, outcome, r := t.desk.admit(s, now)
	if outcome != nil {
		return outcome, false
	}
	if r != reasonNone {
		return t.desk.reply(&s.Statement, r), false
	}
	if t.desk.open.Add(1) > maxDialogues {
		t.desk.open.Add(-1)
		return refuse(reasonLimit), false
	}
	card, first, r := newDialogue(s, now)
	if r != reasonNone {
		t.desk.open.Add(-1)
		return refuse(r), false
	}
	t.card = card
	return sayStep(first)
}

func (t *talk) answer(ctx context.Context, m message) (reply []byte, more bool) {
	var a answer
	if err := readBody(m, &a); err != nil {
		return refuse(reasonMalformed), false
	}
	d := t.desk
	if t.card == nil {
		return refuse(d.foreign(a.Session)), false
	}
	now := d.cfg.Now()
	next, done, r := t.card.take(a, now)
	switch {
	case r == reasonSession:
		return refuse(d.foreign(a.Session)), false
	case r != reasonNone:
		return refuse(r), false // what a step's order or a status word broke can be tried again
	case !done:
		return sayStep(next)
	}
	s := t.card.statement
	found, r := d.verifyCard(t.card.card.Answers(), t.card.nonce, popp.ChallengePractice, now)
	if r == reasonNone {
		// The licence is asked for again: minutes may have passed, and the token says who the practice is.
		l, outcome, again := d.admit(s, now)
		if outcome != nil {
			return outcome, false
		}
		if r = again; r == reasonNone {
			if outcome, r = d.settle(ctx, l, s, found); r == reasonNone {
				return outcome, false
			}
		}
	}
	return d.reply(&s.Statement, r), false
}

// foreign is why an answer of another session, or of none that goes on, is not taken.
func (d *Desk) foreign(session [16]byte) Reason {
	if d.spent.has("session", session[:]) {
		return reasonReplay
	}
	return reasonSession
}

func sayStep(s step) ([]byte, bool) {
	msg, err := encodeObject(kindStep, s)
	if err != nil {
		return refuse(reasonBusy), false
	}
	return msg, true
}

func (t *talk) prove(ctx context.Context, m message) []byte {
	p, s, err := readProof(m)
	if err != nil {
		return refuse(reasonOfForm(err))
	}
	outcome, r := t.desk.prove(ctx, p, s)
	if r != reasonNone {
		return t.desk.reply(&s.Statement, r)
	}
	return outcome
}
