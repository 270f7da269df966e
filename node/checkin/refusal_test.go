package checkin

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"pieks/card"
	"pieks/card/egk"
	"pieks/gossip/wire"
	"pieks/node/checkin/popp"
	"pieks/node/host/hosttest"
)

// Everything out of its order, of another session, or used before, has its own reason; nothing of it makes an arrival, and a proper check-in goes through
// afterwards.
func TestOrder(t *testing.T) {
	for _, c := range []struct {
		name string
		want Reason
		kind kind
		do   func(k *kit, r *raw, ch card.Channel) []byte
	}{
		{"answer before any command", reasonSession, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			return r.answer([]byte{0x90, 0x00})
		}},
		{"answer before its command", reasonOrder, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			r.upTo(ch, 3)
			return r.say(kindAnswer, answer{r.last.Session, r.last.Seq + 1, []byte{0x90, 0x00}})
		}},
		{"answer twice", reasonReplay, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			r.upTo(ch, 3)
			return r.say(kindAnswer, answer{r.last.Session, r.last.Seq - 1, []byte{0x90, 0x00}})
		}},
		{"answer of an unknown session", reasonSession, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			r.upTo(ch, 3)
			return r.say(kindAnswer, answer{[16]byte{1}, r.last.Seq, []byte{0x90, 0x00}})
		}},
		{"answer of another session under way", reasonSession, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			other := k.raw(k.attempt(""))
			other.upTo(ch, 3)
			r.upTo(ch, 3)
			return r.say(kindAnswer, answer{other.last.Session, r.last.Seq, []byte{0x90, 0x00}})
		}},
		{"answer of a session that is over", reasonReplay, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			r.upTo(ch, lastStep)
			id, response := r.last.Session, must(ch.Transmit(context.Background(), r.last.Command))
			r.talk.over()
			r.talk = &talk{desk: k.desk}
			return r.say(kindAnswer, answer{id, lastStep, response})
		}},
		{"a second dialogue on one stream", reasonOrder, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			r.upTo(ch, 3)
			return r.open()
		}},
		{"a proof within a dialogue", reasonOrder, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			r.upTo(ch, 3)
			return r.sayRaw(must(r.a.Mail(answersTo(k.t, ch, r.a.Nonce()))))
		}},
		{"after two minutes", reasonSession, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			r.upTo(ch, lastStep)
			k.clock.Advance(sessionLife + time.Second)
			return r.answer(must(ch.Transmit(context.Background(), r.last.Command)))
		}},
		{"the clock was set back", reasonSession, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			r.upTo(ch, lastStep)
			k.clock.Advance(-time.Second)
			return r.answer(must(ch.Transmit(context.Background(), r.last.Command)))
		}},
		{"an answer without status word", reasonMalformed, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			r.upTo(ch, 3)
			return r.answer([]byte{0x90})
		}},
		{"an answer that is too long", reasonMalformed, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			r.upTo(ch, 3)
			return r.answer(append(make([]byte, maxResponse-1), 0x90, 0x00))
		}},
		{"a status word that was not expected", reasonCard, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			r.upTo(ch, 3)
			return r.answer([]byte{0x69, 0x82})
		}},
		{"a card that is no eGK", reasonForeign, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			r.open()
			return r.answer([]byte{0x6a, 0x82})
		}},
		{"a signature over an earlier challenge", reasonReplay, kindOutcome, func(k *kit, r *raw, ch card.Channel) []byte {
			first := k.raw(k.attempt(""))
			first.upTo(ch, lastStep)
			response := must(ch.Transmit(context.Background(), first.last.Command))
			first.answer(response)
			k.forget()
			r.upTo(ch, lastStep)
			return r.answer(response)
		}},
		{"a signature over a challenge that the card chose", reasonUnproven, kindOutcome, func(k *kit, r *raw, ch card.Channel) []byte {
			r.upTo(ch, lastStep)
			a := answersTo(k.t, ch, egk.Nonce{1})
			return r.answer(append(bytes.Clone(a.Signature), 0x90, 0x00))
		}},
		{"a statement from the future", reasonClock, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			r.a = k.attemptAt("", noon.Add(maxSkew+time.Second))
			return r.open()
		}},
		{"a statement that was given up", reasonGiveUp, kindOutcome, func(k *kit, r *raw, ch card.Channel) []byte {
			r.a = k.attemptAt("", noon.Add(-72*time.Hour-time.Second))
			return r.open()
		}},
		{"another device", reasonElsewhere, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			to := k.target()
			to.Device[0]++
			r.a = must(NewAttempt(to, "", nil, time.Hour, noon))
			return r.open()
		}},
		{"another Telematik-ID", reasonElsewhere, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			to := k.target()
			to.TelematikID = "1-234567890"
			r.a = must(NewAttempt(to, "", nil, time.Hour, noon))
			return r.open()
		}},
		{"a workplace that is none", reasonMalformed, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			r.a = must(NewAttempt(k.target(), "a/b", nil, time.Hour, noon))
			return r.open()
		}},
		{"a statement that another key signed", reasonSignature, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			cose := must(wire.SignObject(typeStatement, hosttest.Key(1), r.a.statement.Statement))
			return r.say(kindOpen, open{cose})
		}},
		{"a statement that was signed as something else", reasonSignature, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			cose := must(wire.SignObject(typeOutcome, r.a.key, r.a.statement.Statement))
			return r.say(kindOpen, open{cose})
		}},
		{"a statement of a later version", reasonVersion, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			s := r.a.statement.Statement
			s.Version = 2
			return r.say(kindOpen, open{must(wire.SignObject(typeStatement, r.a.key, s))})
		}},
		{"a message of a later version", reasonVersion, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			return r.sayRaw(must(wire.Marshal(message{2, kindOpen, nil})))
		}},
		{"no message", reasonMalformed, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte { return r.sayRaw([]byte("x")) }},
		{"a message of the other side", reasonMalformed, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			return r.sayRaw(refuse(reasonBusy))
		}},
		{"a practice that is not enrolled", reasonClosed, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			k.closed.Store(true)
			defer k.closed.Store(false)
			return r.open()
		}},
		{"a practice whose card ran out within the dialogue", reasonClosed, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			r.upTo(ch, lastStep)
			k.closed.Store(true)
			defer k.closed.Store(false)
			return r.answer(must(ch.Transmit(context.Background(), r.last.Command)))
		}},
		{"no GesundheitsID here", reasonHealthID, kindRefusal, func(k *kit, r *raw, ch card.Channel) []byte {
			return r.sayRaw(must(r.a.MailLogin("token")))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newKit(t)
			ch, r := person(t, 2, erika, erikaKVNR), k.raw(k.attempt("REZEPTION-1"))
			kd, got := reasonIn(t, c.do(k, r, ch), r.a)
			if kd != c.kind || got != c.want {
				t.Errorf("kind %d, reason %d (%v); want kind %d, reason %d (%v)", kd, got, got.err(), c.kind, c.want, c.want.err())
			}
			if n := len(k.list()); n != 0 {
				t.Errorf("%d arrivals", n)
			}
			k.clock.Set(noon)
			proper := k.raw(k.attempt("REZEPTION-1"))
			if kd, got := reasonIn(t, proper.whole(ch), proper.a); kd != kindOutcome || got != reasonNone {
				t.Errorf("a proper check-in afterwards: kind %d, reason %d", kd, got)
			}
			k.arrived(1)
		})
	}
}

// forget takes the arrivals away, as if they had been long ago.
func (k *kit) forget() {
	k.t.Helper()
	if _, err := k.store.Sweep(k.t.Context(), noon.Add(3*365*24*time.Hour)); err != nil {
		k.t.Fatal(err)
	}
}

// An id that was used stands for its statement alone.
func TestSecondUseOfAnID(t *testing.T) {
	w := newWired(t)
	first := w.attempt("REZEPTION-1")
	ch := person(t, 2, erika, erikaKVNR)
	if _, err := w.present(first, ch); err != nil {
		t.Fatal(err)
	}
	s := first.statement.Statement
	s.Workplace = "REZEPTION-2"
	cose := must(wire.SignObject(typeStatement, first.key, s))
	other := &Attempt{must(readStatement(cose)), first.key, first.sealing}
	o, err := w.present(other, ch)
	if err != nil || o.State != popp.Canceled || !errors.Is(o.Err, ErrReplay) || o.Reason != Code(ErrReplay) {
		t.Errorf("%+v %v", o, err)
	}
	mailed, err := w.desk.HandleMail(t.Context(), must(other.Mail(answersTo(t, ch, other.Nonce()))))
	if err != nil {
		t.Fatal(err)
	}
	if kd, r := reasonIn(t, mailed.Message, other); kd != kindOutcome || r != reasonReplay {
		t.Errorf("by mail: kind %d, reason %d", kd, r)
	}
	// The question names id and key: somebody else's key learns nothing.
	thief := w.attempt("")
	thief.statement.ID = first.statement.ID
	if _, err := thief.Ask(hosttest.Within(t), w.patient); !errors.Is(err, ErrUnknown) {
		t.Errorf("a thief asked: %v", err)
	}
	w.arrived(1)
}

// Cards that prove nothing.
func TestBadCards(t *testing.T) {
	patient := func(seed byte, from time.Time) card.Patient {
		return must(egk.NewPatient(testPKI, egk.VirtualOptions{Seed: [32]byte{seed}, Name: erika, KVNR: erikaKVNR, Now: from}))
	}
	whole := func(p card.Patient) card.Channel { return must(card.VirtualPatient(p)) }
	foreignCA := must(card.NewTestCA([32]byte{66}, noon.AddDate(0, -1, 0)))
	foreign := must(egk.TestPKIOf(foreignCA, noon.AddDate(0, -1, 0)))
	for _, c := range []struct {
		name string
		want Reason
		card func(k *kit) card.Channel
	}{
		{"expired", reasonExpired, func(*kit) card.Channel { return whole(patient(2, noon.AddDate(-3, 0, 0))) }},
		{"of another PKI", reasonUnproven, func(*kit) card.Channel {
			return must(egk.NewVirtual(foreign, egk.VirtualOptions{Seed: [32]byte{2}, Now: noon.AddDate(0, 0, -3)}))
		}},
		{"with another's certificate, never seen", reasonNone, func(*kit) card.Channel {
			// What a practice cannot know: hence "unknown" at the arrival.
			p, q := patient(2, noon), patient(5, noon)
			p.X509 = q.X509
			return whole(p)
		}},
		{"with another's certificate, the card known", reasonPair, func(k *kit) card.Channel {
			p, q := patient(2, noon), patient(5, noon)
			r := k.raw(k.attempt(""))
			if _, got := reasonIn(k.t, r.whole(whole(p)), r.a); got != reasonNone {
				k.t.Fatal(got.err())
			}
			p.X509 = q.X509
			return whole(p)
		}},
		{"with a known certificate, the card new", reasonPair, func(k *kit) card.Channel {
			p, q := patient(2, noon), patient(5, noon)
			r := k.raw(k.attempt(""))
			if _, got := reasonIn(k.t, r.whole(whole(q)), r.a); got != reasonNone {
				k.t.Fatal(got.err())
			}
			p.X509 = q.X509
			return whole(p)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newKit(t)
			ch := c.card(k)
			before := len(k.list())
			r := k.raw(k.attempt(""))
			kd, got := reasonIn(t, r.whole(ch), r.a)
			if kd != kindOutcome || got != c.want {
				t.Errorf("kind %d, reason %d (%v), want %d", kd, got, got.err(), c.want)
			}
			if n := len(k.list()) - before; (n == 1) != (c.want == reasonNone) {
				t.Errorf("%d arrivals", n)
			}
		})
	}
}

// A desk that cannot read or write says so and not that the card is bad; it can be tried again.
func TestBusy(t *testing.T) {
	k := newKit(t)
	ch, r := person(t, 2, erika, erikaKVNR), k.raw(k.attempt(""))
	r.upTo(ch, lastStep)
	last := must(ch.Transmit(context.Background(), r.last.Command))
	letter := must(r.a.Mail(answersTo(t, ch, r.a.Nonce())))
	if err := k.store.Close(); err != nil {
		t.Fatal(err)
	}
	if kd, got := reasonIn(t, r.answer(last), r.a); kd != kindRefusal || got != reasonBusy {
		t.Errorf("kind %d, reason %d", kd, got)
	}
	fresh := k.raw(k.attempt(""))
	if kd, got := reasonIn(t, fresh.open(), fresh.a); kd != kindRefusal || got != reasonBusy {
		t.Errorf("open: kind %d, reason %d", kd, got)
	}
	if m, err := k.desk.HandleMail(t.Context(), letter); err != nil || m.Message != nil || !m.RetryAt.After(noon) {
		t.Errorf("mail: %+v %v", m, err)
	}
}

// What a patient's program takes from a desk.
func TestForgedOutcomes(t *testing.T) {
	k := newKit(t)
	a, b := k.attempt(""), k.attempt("")
	good := outcome{ID: a.statement.ID, Key: a.statement.Key, State: stateSuccess, Time: uint64(noon.Unix())}
	if o, err := a.Take(must(signOutcome(deskKey, good))); err != nil || o.State != popp.Success {
		t.Fatalf("%+v %v", o, err)
	}
	sign := func(typ string, key ed25519.PrivateKey, o outcome) []byte {
		o.Version, o.Device = version, k.licence.Statement.Device
		return must(encode(kindOutcome, must(wire.SignObject(typ, key, o))))
	}
	change := func(f func(*outcome)) outcome {
		o := good
		f(&o)
		return o
	}
	for name, msg := range map[string][]byte{
		"another desk":         sign(typeOutcome, hosttest.Key(8), good),
		"another type":         sign(typeStatement, deskKey, good),
		"another check-in":     must(b.Mail(egk.Answers{})),
		"a refusal":            refuse(reasonBusy),
		"another id":           sign(typeOutcome, deskKey, change(func(o *outcome) { o.ID = b.statement.ID })),
		"another key":          sign(typeOutcome, deskKey, change(func(o *outcome) { o.Key = b.statement.Key })),
		"success with reason":  sign(typeOutcome, deskKey, change(func(o *outcome) { o.Reason = reasonPair })),
		"canceled without one": sign(typeOutcome, deskKey, change(func(o *outcome) { o.State = stateCanceled })),
		"an unknown state":     sign(typeOutcome, deskKey, change(func(o *outcome) { o.State = 9 })),
		"no time":              sign(typeOutcome, deskKey, change(func(o *outcome) { o.Time = maxUnix + 1 })),
		"nothing":              nil,
	} {
		if o, err := a.Take(msg); err == nil {
			t.Errorf("%s was taken: %+v", name, o)
		}
	}
	// A desk that knows nothing says so to this question alone.
	if _, err := a.Take(sign(typeOutcome, deskKey, change(func(o *outcome) { o.State, o.Nonce = stateUnknown, make([]byte, 16) }))); !errors.Is(err, ErrUnknown) {
		t.Errorf("unknown by mail: %v", err)
	}
}
