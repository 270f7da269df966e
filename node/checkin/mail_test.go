package checkin

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"pieks/card/egk"
	"pieks/node/checkin/healthid"
	"pieks/node/checkin/popp"
	"pieks/node/control"
	"pieks/node/host/hosttest"
	"pieks/node/mailbox"
)

// A practice that was away verifies what was left for it, and answers into the patient's box.
func TestLetter(t *testing.T) {
	w := newWired(t)
	a := w.attempt("REZEPTION-1")
	letter := must(a.Mail(answersTo(t, person(t, 2, erika, erikaKVNR), a.Nonce())))
	if !IsMail(letter) || IsMail([]byte("x")) {
		t.Fatal("a letter is not told from others")
	}
	// It travels in one envelope.
	if envelope, err := mailbox.SealEnvelope(mailbox.BoxID(a.Device()), [32]byte(a.Sealing().PublicKey().Bytes()), letter); err != nil ||
		len(envelope) != mailbox.LargeEnvelope {
		t.Fatal(len(envelope), err)
	}
	t.Logf("a letter has %d bytes", len(letter))
	w.clock.Advance(20 * time.Hour)
	m, err := w.desk.HandleMail(t.Context(), letter)
	if err != nil || m.Box != a.statement.Key || m.Sealing != a.statement.Sealing || len(m.Relays) != 1 || !m.RetryAt.IsZero() {
		t.Fatalf("%+v %v", m, err)
	}
	o, err := a.Take(m.Message)
	if err != nil || o.State != popp.Success || !o.At.Equal(noon.Add(20*time.Hour)) {
		t.Fatalf("%+v %v", o, err)
	}
	got := w.list()[0]
	if !got.Late || !got.Proved.Equal(noon) || !got.Received.Equal(noon.Add(20*time.Hour)) || got.Workplace != "REZEPTION-1" {
		t.Errorf("%+v", got)
	}
	token := w.token(a.statement.ID)
	if token.Presence.Challenge != popp.ChallengeStatement || token.Claims.PatientProofTime != noon.Unix() ||
		token.Claims.IssuedAt != noon.Add(20*time.Hour).Unix() {
		t.Errorf("%+v", token)
	}
	// The same letter came to another relay, too; and the patient met the practice before that.
	w.clock.Advance(time.Minute)
	again, err := w.desk.HandleMail(t.Context(), letter)
	if err != nil || !bytes.Equal(again.Message, m.Message) {
		t.Errorf("the second copy: %v", err)
	}
	brought, err := a.Bring(hosttest.Within(t), w.patient, letter)
	if err != nil || brought != o {
		t.Errorf("brought: %+v %v", brought, err)
	}
	w.arrived(1)
}

// Letters that come too late, or are not what they should be (T28).
func TestRefusedLetters(t *testing.T) {
	for _, c := range []struct {
		name string
		want Reason // reasonNone: dropped without an answer
		make func(k *kit) (*Attempt, []byte)
	}{
		{"given up", reasonGiveUp, func(k *kit) (*Attempt, []byte) {
			a := k.attempt("")
			letter := must(a.Mail(answersTo(k.t, person(k.t, 2, erika, erikaKVNR), a.Nonce())))
			k.clock.Set(a.Until().Add(time.Second))
			return a, letter
		}},
		{"from the future", reasonClock, func(k *kit) (*Attempt, []byte) {
			a := k.attemptAt("", noon.Add(time.Hour))
			return a, must(a.Mail(answersTo(k.t, person(k.t, 2, erika, erikaKVNR), a.Nonce())))
		}},
		{"the answers of another attempt", reasonUnproven, func(k *kit) (*Attempt, []byte) {
			a, b := k.attempt(""), k.attempt("")
			return a, must(a.Mail(answersTo(k.t, person(k.t, 2, erika, erikaKVNR), b.Nonce())))
		}},
		{"the answers of another attempt that arrived", reasonReplay, func(k *kit) (*Attempt, []byte) {
			a, b := k.attempt(""), k.attempt("")
			answers := answersTo(k.t, person(k.t, 2, erika, erikaKVNR), b.Nonce())
			must(k.desk.HandleMail(k.t.Context(), must(b.Mail(answers))))
			k.forget()
			return a, must(a.Mail(answers))
		}},
		{"another Telematik-ID at this desk", reasonElsewhere, func(k *kit) (*Attempt, []byte) {
			to := k.target()
			to.TelematikID = "1-234567890"
			a := must(NewAttempt(to, "", nil, time.Hour, noon))
			return a, must(a.Mail(answersTo(k.t, person(k.t, 2, erika, erikaKVNR), a.Nonce())))
		}},
		{"for another desk", reasonNone, func(k *kit) (*Attempt, []byte) {
			to := k.target()
			to.Device[0]++
			a := must(NewAttempt(to, "", nil, time.Hour, noon))
			return a, must(a.Mail(answersTo(k.t, person(k.t, 2, erika, erikaKVNR), a.Nonce())))
		}},
		{"a GesundheitsID that is not taken here", reasonHealthID, func(k *kit) (*Attempt, []byte) {
			a := k.attempt("")
			return a, must(a.MailLogin("header.payload.signature"))
		}},
		{"a question", reasonNone, func(k *kit) (*Attempt, []byte) {
			a := k.attempt("")
			return a, must(encodeObject(kindOpen, open{a.statement.cose}))
		}},
		{"both proofs at once", reasonNone, func(k *kit) (*Attempt, []byte) {
			a := k.attempt("")
			return a, must(encodeObject(kindProof, proof{Statement: a.statement.cose, Answers: &egk.Answers{}, IDToken: "x"}))
		}},
		{"no proof", reasonNone, func(k *kit) (*Attempt, []byte) {
			a := k.attempt("")
			return a, must(encodeObject(kindProof, proof{Statement: a.statement.cose}))
		}},
		{"nothing of a card", reasonUnproven, func(k *kit) (*Attempt, []byte) {
			a := k.attempt("")
			return a, must(a.Mail(egk.Answers{Version2: []byte{1}}))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newKit(t)
			a, letter := c.make(k)
			before := len(k.list())
			m, err := k.desk.HandleMail(t.Context(), letter)
			if c.want == reasonNone {
				if err == nil || m.Message != nil {
					t.Errorf("%+v %v", m, err)
				}
			} else if kd, r := reasonIn(t, m.Message, a); err != nil || kd != kindOutcome || r != c.want {
				t.Errorf("kind %d, reason %d (%v), %v; want %d", kd, r, r.err(), err, c.want)
			} else if o, err := a.Take(m.Message); err != nil || o.State != popp.Canceled || o.Reason != c.want.code() || !errors.Is(o.Err, c.want.err()) {
				t.Errorf("%+v %v", o, err)
			}
			k.arrived(before)
		})
	}
}

// A practice that cannot take check-ins yet, or whose identity provider does not answer, keeps the letter.
func TestLetterIsKept(t *testing.T) {
	unreachable := true
	k := newKit(t, func(k *kit) {
		k.login = func(context.Context, string, string, time.Time) (*healthid.Person, error) {
			if unreachable {
				return nil, ErrBusy
			}
			return &healthid.Person{KVNR: erikaKVNR, IK: "109500969", Authenticated: noon.Add(time.Minute)}, nil // by another clock
		}
	})
	a := k.attempt("")
	letter := must(a.MailLogin("header.payload.signature"))
	if m, err := k.desk.HandleMail(t.Context(), letter); err != nil || m.Message != nil || !m.RetryAt.After(noon) {
		t.Errorf("%+v %v", m, err)
	}
	unreachable = false
	k.closed.Store(true)
	if m, err := k.desk.HandleMail(t.Context(), letter); err != nil || m.Message != nil || !m.RetryAt.After(noon) {
		t.Errorf("closed: %+v %v", m, err)
	}
	k.closed.Store(false)
	m, err := k.desk.HandleMail(t.Context(), letter)
	if err != nil {
		t.Fatal(err)
	}
	if o, err := a.Take(m.Message); err != nil || o.State != popp.Success {
		t.Errorf("%+v %v", o, err)
	}
	if list := k.list(); len(list) != 1 || !list[0].Proved.Equal(noon) {
		t.Errorf("%+v", list)
	}
}

// The login with the GesundheitsID: bound to this check-in, and checked at the time at which it was made.
func TestLogin(t *testing.T) {
	type asked struct {
		token, nonce string
		at           time.Time
	}
	var mu sync.Mutex // the desk asks in a goroutine of its own
	var got asked
	var who *healthid.Person
	answer := func(p *healthid.Person) {
		mu.Lock()
		defer mu.Unlock()
		who = p
	}
	w := newWired(t, func(k *kit) {
		k.login = func(_ context.Context, token, nonce string, at time.Time) (*healthid.Person, error) {
			mu.Lock()
			defer mu.Unlock()
			got = asked{token, nonce, at}
			if who == nil {
				return nil, errors.New("no")
			}
			return who, nil
		}
	})
	a := w.attempt("REZEPTION-1")
	o, err := a.Login(hosttest.Within(t), w.patient, "header.payload.signature")
	if err != nil || o.State != popp.Canceled || o.Reason != control.CodeLogin {
		t.Errorf("%+v %v", o, err)
	}
	answer(&healthid.Person{KVNR: "nobody", IK: "109500969", Authenticated: noon})
	if o, err := a.Login(hosttest.Within(t), w.patient, "header.payload.signature"); err != nil || o.Reason != control.CodeLogin {
		t.Errorf("without an insurance number: %+v %v", o, err)
	}
	w.clock.Advance(time.Hour)
	answer(&healthid.Person{KVNR: otherKVNR, IK: "109500969", Authenticated: noon.Add(59 * time.Minute)})
	o, err = a.Login(hosttest.Within(t), w.patient, "header.payload.signature")
	if err != nil || o.State != popp.Success {
		t.Fatalf("%+v %v", o, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if got != (asked{"header.payload.signature", a.LoginNonce(), noon}) {
		t.Errorf("%+v", got)
	}
	arrival := w.list()[0]
	if arrival.Proof != popp.ProofHealthID || arrival.Name != "" || arrival.KVNR != otherKVNR || arrival.Pair != "" || arrival.Late ||
		!arrival.Proved.Equal(noon.Add(59*time.Minute)) {
		t.Errorf("%+v", arrival)
	}
	if p := w.token(a.statement.ID).Presence; p.Challenge != popp.ChallengeLogin || p.Pair != "" {
		t.Errorf("%+v", p)
	}
	for _, bad := range []string{"", strings.Repeat("x", maxIDToken+1)} {
		if _, err := a.MailLogin(bad); !errors.Is(err, ErrTooLong) {
			t.Errorf("%d bytes: %v", len(bad), err)
		}
	}
}

// The longest that any message gets still fits.
func TestSizes(t *testing.T) {
	k := newKit(t)
	to := k.target()
	to.TelematikID = popp.TelematikID("1-" + strings.Repeat("ß", 127))
	relay := strings.Repeat("R", maxRelayText)
	a, err := NewAttempt(to, popp.WorkplaceID(strings.Repeat("😀", 64)), []string{relay, relay, relay}, MaxGiveUp, noon)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(a.statement.cose); n > maxStatement {
		t.Errorf("a statement has %d bytes", n)
	}
	full := func(n int) []byte { return bytes.Repeat([]byte{1}, n) }
	answers := egk.Answers{Version2: full(64), GDO: full(16), SubCA: full(256), EndEntity: full(256), X509: full(1900), Signature: full(64)}
	letter, err := a.Mail(answers)
	if err != nil {
		t.Fatal(err)
	}
	login, err := a.MailLogin(strings.Repeat("x", maxIDToken))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("statement %d, letter %d, login %d of %d", len(a.statement.cose), len(letter), len(login), MaxMessage)
	answers.X509 = full(4000)
	if _, err := a.Mail(answers); !errors.Is(err, ErrTooLong) {
		t.Errorf("a card that says too much: %v", err)
	}
}
