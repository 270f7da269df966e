package checkin

import (
	"bytes"
	"testing"

	"pieks/card/egk"
	"pieks/gossip/wire"
)

// FuzzDesk: whatever a stranger says, a desk answers with a message of this protocol, and nobody arrives.
func FuzzDesk(f *testing.F) {
	k := newKit(f)
	a := k.attempt("REZEPTION-1")
	f.Add(must(encodeObject(kindOpen, open{a.statement.cose})))
	f.Add(must(encodeObject(kindAnswer, answer{[16]byte{1}, 0, []byte{0x90, 0}})))
	f.Add(must(a.Mail(egk.Answers{Version2: []byte{1}, Signature: make([]byte, 64)})))
	f.Add(must(a.MailLogin("a.b.c")))
	q := question{Version: version, ID: a.statement.ID, Key: a.statement.Key, Device: a.statement.Device}
	f.Add(must(encode(kindStatus, must(wire.SignObject(typeStatus, a.key, q)))))
	f.Add(refuse(reasonBusy))
	f.Fuzz(func(t *testing.T, data []byte) {
		talk := &talk{desk: k.desk}
		defer talk.over()
		for range 2 {
			reply, more := talk.hear(t.Context(), data)
			m, err := decode(reply)
			if err != nil || m.Kind < kindStep {
				t.Fatalf("%x: %v", reply, err)
			}
			if more != (m.Kind == kindStep) {
				t.Errorf("kind %d and more=%v", m.Kind, more)
			}
		}
		_ = IsMail(data)
		mailed, err := k.desk.HandleMail(t.Context(), data)
		if err == nil && mailed.Message != nil && said(t, mailed.Message).Kind != kindOutcome {
			t.Error("a letter was answered with something else than an outcome")
		}
		if list, err := k.arrivals.Since(noon, ""); err != nil || len(list) != 0 {
			t.Errorf("%d arrivals, %v", len(list), err)
		}
	})
}

// FuzzPatient: whatever a desk says, a patient's program takes nothing that D has not signed.
func FuzzPatient(f *testing.F) {
	k := newKit(f)
	a := k.attempt("")
	good := must(signOutcome(deskKey, outcome{ID: a.statement.ID, Key: a.statement.Key, State: stateSuccess, Time: 1}))
	f.Add(good)
	f.Add(must(encodeObject(kindStep, step{Command: []byte{0, 1, 2, 3}, Expected: []uint16{0x9000}})))
	f.Add(refuse(reasonCard))
	f.Fuzz(func(t *testing.T, data []byte) {
		if o, err := a.Take(data); err == nil && !bytes.Equal(data, good) {
			t.Errorf("taken: %+v", o)
		}
		if m, err := decode(data); err == nil && m.Kind == kindStep {
			if s, err := readStep(m); err == nil && (len(s.Command) < 4 || len(s.Command) > maxCommand || len(s.Expected) > maxExpected) {
				t.Error("a step out of its bounds")
			}
		}
		_, _ = LoadAttempt(data)
	})
}

// FuzzStatement: a statement that is read has its bounds, and one encoding.
func FuzzStatement(f *testing.F) {
	k := newKit(f)
	f.Add(k.attempt("REZEPTION-1").statement.cose)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := readStatement(data)
		if err != nil {
			return
		}
		if err := s.check(); err != nil {
			t.Error(err)
		}
		if again := must(wire.Marshal(s.Statement)); !bytes.Equal(again, s.payload) {
			t.Error("a second encoding")
		}
	})
}

func FuzzParseID(f *testing.F) {
	f.Add("237cc7b7-f85e-42c3-981c-ad7f9d97ddca")
	f.Fuzz(func(t *testing.T, text string) {
		if id, err := ParseID(text); err == nil && (len(text) != 36 || must(ParseID(id.String())) != id) {
			t.Errorf("%q", text)
		}
	})
}
