package checkin

import (
	"bytes"
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"pieks/card"
	"pieks/card/egk"
	"pieks/node/checkin/popp"
	"pieks/node/control"
	"pieks/node/host/hosttest"
)

// The whole dialogue with a card: the practice has the arrival at the right workplace, and a token that anybody verifies with its keys and its card.
func TestCheckIn(t *testing.T) {
	w := newWired(t)
	a := w.attempt("REZEPTION-1")
	o, err := w.present(a, person(t, 2, erika, erikaKVNR))
	if err != nil || o.State != popp.Success || o.Reason != "" || o.Err != nil || !o.At.Equal(noon) {
		t.Fatalf("%+v %v", o, err)
	}
	list := w.list()
	if len(list) != 1 {
		t.Fatalf("%d arrivals", len(list))
	}
	want := Arrival{
		ID: a.statement.ID, Workplace: "REZEPTION-1", Name: "Erika Mustermann TEST-ONLY", KVNR: erikaKVNR, IK: "109500969", Proof: popp.ProofProviderCVC,
		Proved: noon, Received: noon, Pair: egk.Unknown, Kind: popp.KindPresence,
	}
	if list[0] != want {
		t.Errorf("arrival\n%+v, want\n%+v", list[0], want)
	}
	if w.changed.Load() != 1 {
		t.Error("pages were not woken")
	}
	token := w.token(a.statement.ID)
	if token.Claims != (popp.Claims{
		Version: "1.0.0", Issuer: "pieks:" + popp.PresenceKeyID(deskKey.Public().(ed25519.PublicKey)), IssuedAt: noon.Unix(),
		ProofMethod: popp.ProofProviderCVC, PatientProofTime: noon.Unix(), PatientID: erikaKVNR, InsurerID: "109500969",
		ActorID: w.licence.TelematikID, ActorProfessionOID: card.ProfessionPractice,
	}) || token.Presence != (popp.Presence{ID: a.ID(), Workplace: "REZEPTION-1", Challenge: popp.ChallengePractice, Pair: "unknown"}) {
		t.Errorf("%+v", token)
	}
	// The same again gets what was recorded, on all ways of asking.
	w.clock.Advance(time.Hour)
	again, err := w.present(a, person(t, 2, erika, erikaKVNR))
	if err != nil || *again != *o {
		t.Errorf("again: %+v %v", again, err)
	}
	asked, err := a.Ask(hosttest.Within(t), w.patient)
	if err != nil || asked != *o {
		t.Errorf("asked: %+v %v", asked, err)
	}
	w.arrived(1)
}

// token is the token of an arrival, verified with the practice's keys down to its card.
func (k *kit) token(id ID) *popp.Token {
	k.t.Helper()
	kind, compact, err := k.arrivals.Token(id)
	if err != nil || kind != popp.KindPresence {
		k.t.Fatal(kind, err)
	}
	keys := must(popp.ParseKeySet(must(popp.PresenceKeys(popp.PracticeKey{Device: deskKey.Public().(ed25519.PublicKey), Enrolment: enrolled}))))
	token, err := popp.Verify(compact, keys, popp.Rules{At: k.clock.Now(), Actor: popp.TelematikID(k.licence.TelematikID)})
	if err != nil {
		k.t.Fatal(err)
	}
	if _, err := popp.CheckEnrolment(token, keys, roots(), k.clock.Now()); err != nil {
		k.t.Error(err)
	}
	if strings.Contains(compact, "popp+jwt") {
		k.t.Error("a presence token calls itself a PoPP token")
	}
	return token
}

// Two workplaces: each has its own arrivals (T32), and a second visit of the same card is a match.
func TestWorkplaces(t *testing.T) {
	w := newWired(t)
	for _, c := range []struct {
		workplace popp.WorkplaceID
		card      card.Channel
		pair      egk.Pair
	}{
		{"REZEPTION-1", person(t, 2, erika, erikaKVNR), egk.Unknown},
		{"Arbeitsplatz 2", person(t, 4, "Max Beispiel", otherKVNR), egk.Unknown},
		{"", person(t, 2, erika, erikaKVNR), egk.Match},
	} {
		w.clock.Advance(time.Minute)
		a := w.attempt(c.workplace)
		if o, err := w.present(a, c.card); err != nil || o.State != popp.Success {
			t.Fatalf("%+v %v", o, err)
		}
		if got := w.list()[0]; got.Workplace != string(c.workplace) || got.Pair != c.pair || got.ID != a.statement.ID {
			t.Errorf("%+v", got)
		}
	}
	for workplace, n := range map[string]int{"REZEPTION-1": 1, "Arbeitsplatz 2": 1, "": 3, "REZEPTION-9": 0} {
		if list := must(w.arrivals.Since(noon, workplace)); len(list) != n {
			t.Errorf("%d at %q", len(list), workplace)
		}
	}
	if list := must(w.arrivals.Since(noon.Add(2*time.Minute), "")); len(list) != 2 || list[0].Received.Before(list[1].Received) {
		t.Errorf("since: %v", list)
	}
}

// An attempt that was written down goes on after a restart, and one with other keys is refused.
func TestAttemptIsKept(t *testing.T) {
	k := newKit(t)
	a := k.attempt("REZEPTION-1")
	data := must(a.Marshal())
	b, err := LoadAttempt(data)
	if err != nil || b.ID() != a.ID() || !b.Box().Equal(a.Box()) || !b.Sealing().Equal(a.Sealing()) || b.Nonce() != a.Nonce() ||
		b.LoginNonce() != a.LoginNonce() || !b.Until().Equal(noon.Add(72*time.Hour)) || !b.Began().Equal(noon) || b.Device() != a.Device() {
		t.Fatalf("%v %v", b, err)
	}
	if !popp.IsUUID(a.ID()) {
		t.Errorf("%s is no UUID", a.ID())
	}
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 8 // no bit that X25519 leaves out
		if c, err := LoadAttempt(bad); err == nil {
			t.Fatalf("byte %d changed and taken: %v", i, c.ID())
		}
	}
	for name, giveUp := range map[string]time.Duration{"no time": 0, "past": -time.Hour, "a week and a second": MaxGiveUp + time.Second} {
		if _, err := NewAttempt(k.target(), "", nil, giveUp, noon); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if _, err := NewAttempt(k.target(), "", []string{"1", "2", "3", "4"}, time.Hour, noon); err == nil {
		t.Error("four relays were taken")
	}
	if one, two := k.attempt(""), k.attempt(""); one.Nonce() == two.Nonce() {
		t.Error("two attempts have one nonce")
	}
}

func TestIDs(t *testing.T) {
	seen := map[ID]bool{}
	for range 100 {
		id := NewID()
		got, err := ParseID(strings.ToUpper(id.String()))
		if err != nil || got != id || seen[id] {
			t.Fatalf("%s: %v %v", id, got, err)
		}
		seen[id] = true
	}
	for _, bad := range []string{"", "237cc7b7f85e42c3981cad7f9d97ddca", "237cc7b7-f85e-42c3-981c-ad7f9d97ddc", "237cc7b7-f85e-42c3-981c-ad7f9d97ddcag",
		"237cc7b7-f85e-12c3-981c-ad7f9d97ddca", "237cc7b7-f85e-42c3-c81c-ad7f9d97ddca", "{237cc7b7-f85e-42c3-981c-ad7f9d97ddca}"} {
		if id, err := ParseID(bad); err == nil {
			t.Errorf("%q was taken as %s", bad, id)
		}
	}
	if id, err := ParseID("237cc7b7-f85e-42c3-981c-ad7f9d97ddca"); err != nil || id.String() != "237cc7b7-f85e-42c3-981c-ad7f9d97ddca" {
		t.Error(err)
	}
}

// Every reason has an error of its own, and those that a program is to translate a code.
func TestReasons(t *testing.T) {
	seen := map[error]Reason{}
	for r := reasonMalformed; r <= reasonLogin; r++ {
		known, ok := reasons[r]
		if !ok || known.err == nil {
			t.Fatalf("reason %d has no error", r)
		}
		if other, twice := seen[known.err]; twice {
			t.Errorf("reasons %d and %d have one error", r, other)
		}
		seen[known.err] = r
		if Code(r.err()) != r.code() {
			t.Errorf("reason %d: %q and %q", r, Code(r.err()), r.code())
		}
		if r.ends() && r.code() == "" {
			t.Errorf("reason %d ends a check-in without a code", r)
		}
	}
	is(t, Reason(200).err(), ErrVersion)
	if Code(ErrReplay) != control.CodeReplay || Code(ErrSession) != control.CodeSession || Code(ErrUnknown) != "" {
		t.Error("codes")
	}
}
