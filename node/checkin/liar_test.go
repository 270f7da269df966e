package checkin

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"

	"pieks/gossip/wire"
	"pieks/node/checkin/popp"
	"pieks/node/host/hosttest"
)

// liar is a desk that says what it likes, in this order, and a patient's host that knows it.
func liar(t *testing.T, says ...[]byte) host.Host {
	t.Helper()
	desk, patient := hosttest.New(t, deskKey, hosttest.Loopback), hosttest.New(t, nil, hosttest.Loopback)
	desk.SetStreamHandler(ProtocolID, func(s network.Stream) {
		defer s.Close()
		for _, reply := range says {
			if _, err := wire.ReadFrame(s, MaxMessage); err != nil {
				return
			}
			if _, err := s.Write(reply); err != nil {
				return
			}
		}
	})
	patient.Peerstore().AddAddrs(desk.ID(), desk.Addrs(), time.Hour)
	return patient
}

// echo is a card that says yes to everything.
type echo struct{}

func (echo) Transmit(context.Context, []byte) ([]byte, error) { return []byte{0x90, 0x00}, nil }

func framed(msg []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(msg))), msg...)
}

// A patient's program goes on only with the next step of its own session, within the bounds of a command.
func TestDeskThatLies(t *testing.T) {
	k := newKit(t)
	a := k.attempt("")
	say := func(s step) []byte { return framed(must(encodeObject(kindStep, s))) }
	good := step{Session: [16]byte{1}, Command: []byte{0, 0xa4, 4, 0x0c}, Expected: []uint16{0x9000}}
	with := func(change func(*step)) []byte {
		s := good
		change(&s)
		return say(s)
	}
	other := k.attempt("")
	foreign := must(signOutcome(deskKey, outcome{ID: other.statement.ID, Key: other.statement.Key, State: stateSuccess, Time: 1}))
	for name, c := range map[string]struct {
		says [][]byte
		want error
	}{
		"does not begin at 0":        {[][]byte{with(func(s *step) { s.Seq = 1 })}, ErrMessage},
		"the same step again":        {[][]byte{say(good), say(good)}, ErrMessage},
		"a step is left out":         {[][]byte{say(good), with(func(s *step) { s.Seq = 2 })}, ErrMessage},
		"another session":            {[][]byte{say(good), with(func(s *step) { s.Seq, s.Session = 1, [16]byte{2} })}, ErrMessage},
		"a command without header":   {[][]byte{with(func(s *step) { s.Command = s.Command[:3] })}, ErrMessage},
		"a command that is too long": {[][]byte{with(func(s *step) { s.Command = make([]byte, maxCommand+1) })}, ErrMessage},
		"no status word is expected": {[][]byte{with(func(s *step) { s.Expected = nil })}, ErrMessage},
		"nine are":                   {[][]byte{with(func(s *step) { s.Expected = make([]uint16, 9) })}, ErrMessage},
		"a step that comes too late": {[][]byte{with(func(s *step) { s.Seq = maxSteps })}, ErrMessage},
		"the outcome of another one": {[][]byte{framed(foreign)}, ErrMessage},
		"a proof":                    {[][]byte{framed(must(a.MailLogin("x")))}, ErrMessage},
		"a frame without end":        {[][]byte{{0xff, 0xff, 0xff, 0xff}}, wire.ErrFrameSize},
		"a refusal without reason":   {[][]byte{framed(must(encode(kindRefusal, nil)))}, ErrMessage},
		"a reason of the future":     {[][]byte{framed(refuse(99))}, ErrVersion},
	} {
		o, err := present(hosttest.Within(t), liar(t, c.says...), a, echo{})
		if !errors.Is(err, c.want) || o != nil {
			t.Errorf("%s: %+v %v, want %v", name, o, err, c.want)
		}
	}
	// Unknown is unknown to this question: an answer that was kept from another one could hide an arrival.
	old := outcome{ID: a.statement.ID, Key: a.statement.Key, State: stateUnknown, Time: 1, Nonce: make([]byte, 16)}
	if _, err := a.Ask(hosttest.Within(t), liar(t, framed(must(signOutcome(deskKey, old))))); !errors.Is(err, ErrMessage) {
		t.Errorf("an old answer: %v", err)
	}
	if _, err := a.Ask(hosttest.Within(t), liar(t, say(good))); !errors.Is(err, ErrMessage) {
		t.Errorf("a step for a question: %v", err)
	}
}

// A session is used in its order by the patient's side, too.
func TestSessionOrder(t *testing.T) {
	w := newWired(t)
	s, err := w.attempt("").Begin(hosttest.Within(t), w.patient)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, _, err = s.Next(t.Context(), []byte{0x90, 0x00})
	is(t, err, ErrOrder)
	if _, _, err := s.Next(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	_, _, err = s.Next(t.Context(), nil)
	is(t, err, ErrOrder)
	// It outlives the context that it was begun with, and ends with the one of a step.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.Next(ctx, []byte{0x90, 0x00}); err == nil {
		t.Error("a step without time was answered")
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	if _, err := w.attempt("").Begin(ended, w.patient); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// One peer, and all dialogues together, have their limits; who comes from elsewhere is served.
func TestLimits(t *testing.T) {
	w := newWired(t)
	a, ctx := w.attempt(""), hosttest.Within(t)
	for i := range peerBurst {
		if _, err := a.Ask(ctx, w.patient); !errors.Is(err, ErrUnknown) {
			t.Fatalf("%d: %v", i, err)
		}
	}
	_, err := a.Ask(ctx, w.patient)
	is(t, err, ErrLimit)
	other := hosttest.New(t, nil, hosttest.Loopback)
	other.Peerstore().AddAddrs(w.host.ID(), w.host.Addrs(), time.Hour)
	if o, err := present(ctx, other, a, person(t, 2, erika, erikaKVNR)); err != nil || o.State != popp.Success {
		t.Errorf("another peer: %+v %v", o, err)
	}
	w.clock.Advance(peerEvery)
	if o, err := a.Ask(ctx, w.patient); err != nil || o.State != popp.Success {
		t.Errorf("later: %+v %v", o, err)
	}
}

func TestDialoguesAtOnce(t *testing.T) {
	k := newKit(t)
	var open []*raw
	for range maxDialogues {
		r := k.raw(k.attempt(""))
		if kd, reason := reasonIn(t, r.open(), r.a); kd != kindStep {
			t.Fatal(reason.err())
		}
		open = append(open, r)
	}
	r := k.raw(k.attempt(""))
	if kd, reason := reasonIn(t, r.open(), r.a); kd != kindRefusal || reason != reasonLimit {
		t.Errorf("kind %d, reason %d", kd, reason)
	}
	open[0].talk.over()
	open[0].talk.over() // counts once
	if kd, reason := reasonIn(t, r.open(), r.a); kd != kindStep {
		t.Errorf("after one ended: %v", reason.err())
	}
	more := k.raw(k.attempt(""))
	if kd, reason := reasonIn(t, more.open(), more.a); kd != kindRefusal || reason != reasonLimit {
		t.Errorf("kind %d, reason %d", kd, reason)
	}
}

// Times that are told: no proof is later than its token, whatever the patient's clock says; and a question is for one desk.
func TestSmallThings(t *testing.T) {
	k := newKit(t)
	a := k.attemptAt("", noon.Add(maxSkew))
	if _, err := k.desk.HandleMail(t.Context(), must(a.Mail(answersTo(t, person(t, 2, erika, erikaKVNR), a.Nonce())))); err != nil {
		t.Fatal(err)
	}
	if got := k.list(); len(got) != 1 || !got[0].Proved.Equal(noon) {
		t.Errorf("%+v", got)
	}
	b := k.attempt("")
	cose := must(wire.SignObject(typeStatus, b.key, question{Version: version, ID: b.statement.ID, Key: b.statement.Key, Device: [32]byte{1}}))
	if kd, r := reasonIn(t, k.raw(b).sayRaw(must(encode(kindStatus, cose))), b); kd != kindRefusal || r != reasonElsewhere {
		t.Errorf("kind %d, reason %d", kd, r)
	}
	forged := must(wire.SignObject(typeStatus, a.key, question{Version: version, ID: b.statement.ID, Key: b.statement.Key, Device: b.statement.Device}))
	if kd, r := reasonIn(t, k.raw(b).sayRaw(must(encode(kindStatus, forged))), b); kd != kindRefusal || r != reasonSignature {
		t.Errorf("kind %d, reason %d", kd, r)
	}
}
