package patient

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"

	"pieks/card"
	"pieks/card/cvc"
	"pieks/card/egk"
	"pieks/node/checkin"
	"pieks/node/control"
	"pieks/node/home/testnet"
)

// T22: on a status word that was not expected nothing more goes anywhere, and the card can be tried again.
func TestCardRefuses(t *testing.T) {
	clock := &testnet.Clock{}
	p := newEmpfang(t, testnet.New(t, testnet.Config{}), clock)
	n := p.patient(CheckinConfig{})
	s := agreed(t, n, control.CheckinBegin{})
	for refusedAt, sw := range map[int]string{1: "6a82", 4: "6982", 7: "6985"} {
		steps := 0
		_, err := dialogueWith(t.Context(), n, s.ID, func(step int, response []byte) []byte {
			steps = step
			if step == refusedAt {
				response, _ = hex.DecodeString(sw)
			}
			return response
		})
		if control.CodeOf(err) != control.CodeCardRefused || !strings.Contains(err.Error(), strings.ToUpper(sw)) || steps != refusedAt {
			t.Errorf("%s at step %d of %d: %v", sw, steps, refusedAt, err)
		}
		now, err := n.checkins.status(t.Context(), control.CheckinName{ID: s.ID})
		check(t, err)
		if now.State != control.CheckinStateProof || now.Why != control.CodeCardRefused {
			t.Errorf("%+v", now)
		}
	}
	if len(p.arrived()) != 0 {
		t.Error("arrived without a proof")
	}
	if done := tapped(t, n, s.ID); done.State != control.CheckinStateSuccess || done.Why != "" {
		t.Errorf("%+v", done)
	}
}

// A reader's trouble is noted, ends the dialogue, and can be mended; what is none is refused.
func TestCardTrouble(t *testing.T) {
	clock := &testnet.Clock{}
	p := newEmpfang(t, testnet.New(t, testnet.Config{}), clock)
	n := p.patient(CheckinConfig{})
	s := agreed(t, n, control.CheckinBegin{})
	for _, trouble := range []string{control.CodeWrongCAN, control.CodeCardRemoved, control.CodeCardForeign} {
		_, err := n.checkins.card(t.Context(), control.CheckinAnswer{ID: s.ID})
		check(t, err)
		step, err := n.checkins.card(t.Context(), control.CheckinAnswer{ID: s.ID, Failure: trouble})
		check(t, err)
		if step.Checkin == nil || step.Command != "" || step.Checkin.Why != trouble || step.Checkin.State != control.CheckinStateProof {
			t.Errorf("%+v", step)
		}
		if _, err := n.checkins.card(t.Context(), control.CheckinAnswer{ID: s.ID, Response: "9000"}); control.CodeOf(err) != control.CodeSession {
			t.Errorf("an answer after %s: %v", trouble, err)
		}
	}
	for what, in := range map[string]control.CheckinAnswer{
		"unknown trouble": {Failure: "flood"}, "success as a trouble": {Failure: control.CheckinStateSuccess},
		"both": {Failure: control.CodeWrongCAN, Response: "9000"},
	} {
		in.ID = s.ID
		if _, err := n.checkins.card(t.Context(), in); control.KindOf(err) != control.KindUsage {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, response := range map[string]string{"odd": "900", "no hex": "zz00", "short": "90", "long": strings.Repeat("00", maxCardAnswer) + "9000"} {
		_, err := n.checkins.card(t.Context(), control.CheckinAnswer{ID: s.ID})
		check(t, err)
		if _, err := n.checkins.card(t.Context(), control.CheckinAnswer{ID: s.ID, Response: response}); control.KindOf(err) != control.KindUsage {
			t.Errorf("%s: %v", what, err)
		}
	}
	if done := tapped(t, n, s.ID); done.State != control.CheckinStateSuccess {
		t.Errorf("%+v", done)
	}
}

// What is wrong with a card is said alike, whether the practice verified it or this node for one that is away.
func TestUnprovenAsThePractice(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{egk.ErrExpired, control.CodeCardExpired}, {egk.ErrBlocked, control.CodeCardBlocked}, {card.ErrRevokedCard, control.CodeCardBlocked},
		{egk.ErrNotEGK, control.CodeCardForeign}, {egk.ErrOldCard, control.CodeCardForeign}, {egk.ErrG3, control.CodeCardForeign},
		{egk.ErrChallenge, control.CodeCardUnproven}, {egk.ErrICCSN, control.CodeCardUnproven}, {cvc.ErrSignature, control.CodeCardUnproven},
	} {
		if got := unproven(fmt.Errorf("verify the card: %w", test.err)); got != test.want {
			t.Errorf("%v: %s, want %s", test.err, got, test.want)
		}
	}
}

// A card that signed something else, in every way that it is verified: by the practice, and here for one that is away.
func TestUnprovenCard(t *testing.T) {
	clock := &testnet.Clock{}
	p := newEmpfang(t, testnet.New(t, testnet.Config{}), clock)
	n := p.patient(CheckinConfig{})
	forge := func(_ int, response []byte) []byte {
		if len(response) == 66 { // the signature
			response[7] ^= 1
		}
		return response
	}
	s := agreed(t, n, control.CheckinBegin{})
	done, err := dialogueWith(t.Context(), n, s.ID, forge)
	check(t, err)
	if done.State != control.CheckinStateCanceled || done.Why != control.CodeCardUnproven || done.Message == "" {
		t.Errorf("%+v", done)
	}
	p.away(n)
	s = agreed(t, n, control.CheckinBegin{})
	if _, err = dialogueWith(t.Context(), n, s.ID, forge); control.CodeOf(err) != control.CodeCardUnproven {
		t.Errorf("%v", err)
	}
	if done := tapped(t, n, s.ID); done.State != control.CheckinStatePending {
		t.Errorf("after another try: %+v", done)
	}
	if len(p.arrived()) != 0 {
		t.Error("arrived")
	}
}

// When the line breaks the proof is begun again, and the practice has one arrival at most, whatever it had got.
func TestLineBreaks(t *testing.T) {
	clock := &testnet.Clock{}
	p := newEmpfang(t, testnet.New(t, testnet.Config{}), clock)
	n := p.patient(CheckinConfig{})
	s := agreed(t, n, control.CheckinBegin{})
	_, err := dialogueWith(t.Context(), n, s.ID, func(step int, response []byte) []byte {
		if step == 4 {
			_ = n.host.Network().ClosePeer(p.host.ID())
		}
		return response
	})
	if control.KindOf(err) != control.KindUnavailable {
		t.Errorf("%v", err)
	}
	if done := tapped(t, n, s.ID); done.State != control.CheckinStateSuccess || len(p.arrived()) != 1 {
		t.Errorf("%+v, %d arrivals", done, len(p.arrived()))
	}

	// The practice took it, and its last word got lost.
	s = agreed(t, n, control.CheckinBegin{Workplace: "LABOR"})
	lost := func(id string) {
		t.Helper()
		e, err := n.checkins.find(id)
		check(t, err)
		_, err = dialogueWith(t.Context(), n, id, func(step int, response []byte) []byte {
			if len(response) != 66 {
				return response
			}
			d := e.reading.dialogue.(*deskDialogue)
			_, o, err := d.session.Next(t.Context(), response) // heard by nobody
			if err != nil || o == nil {
				t.Errorf("%+v %v", o, err)
			}
			_ = n.host.Network().ClosePeer(p.host.ID())
			return response
		})
		if err == nil {
			t.Fatal("the line did not break")
		}
	}
	lost(s.ID)
	clock.Advance(freshFor) // the attempt is old, and the only one that the practice would know again
	if done := tapped(t, n, s.ID); done.State != control.CheckinStateSuccess || len(p.arrived()) != 2 {
		t.Errorf("%+v, %d arrivals", done, len(p.arrived()))
	}
	// Who gives up then is told that the practice has it.
	s = agreed(t, n, control.CheckinBegin{Workplace: "LABOR"})
	lost(s.ID)
	if _, err := n.checkins.end(t.Context(), control.CheckinName{ID: s.ID}); control.CodeOf(err) != control.CodeCheckinState {
		t.Errorf("%v", err)
	}
	now, err := n.checkins.status(t.Context(), control.CheckinName{ID: s.ID})
	if err != nil || now.State != control.CheckinStateSuccess || now.Proved.IsZero() || len(p.arrived()) != 3 {
		t.Errorf("%+v %v", now, err)
	}
}

// A practice that is there and takes no check-ins says so; it is not taken for one that is away.
func TestClosedPractice(t *testing.T) {
	clock := &testnet.Clock{}
	p := newEmpfang(t, testnet.New(t, testnet.Config{}), clock)
	n := p.patient(CheckinConfig{})
	licence := p.licence.Swap(nil)
	s := agreed(t, n, control.CheckinBegin{})
	if _, err := n.checkins.card(t.Context(), control.CheckinAnswer{ID: s.ID}); !errors.Is(err, checkin.ErrClosed) || control.KindOf(err) != control.KindConflict {
		t.Errorf("%v", err)
	}
	if now, _ := n.checkins.status(t.Context(), control.CheckinName{ID: s.ID}); now.State != control.CheckinStateProof {
		t.Errorf("%+v", now)
	}
	p.licence.Store(licence)
	if done := tapped(t, n, s.ID); done.State != control.CheckinStateSuccess {
		t.Errorf("%+v", done)
	}
}

// Without a relay nothing can wait anywhere: its user is told so, and tries again.
func TestNoWay(t *testing.T) {
	clock := &testnet.Clock{}
	p := newEmpfang(t, testnet.New(t, testnet.Config{}), clock)
	n := p.patient(CheckinConfig{})
	p.away(n)
	p.cut(n)
	s := agreed(t, n, control.CheckinBegin{})
	if _, err := n.checkins.card(t.Context(), control.CheckinAnswer{ID: s.ID}); control.CodeOf(err) != control.WhyUnreached {
		t.Errorf("%v", err)
	}
	n.gate.AllowPeer(p.relay.ID())
	if done := tapped(t, n, s.ID); done.State != control.CheckinStatePending {
		t.Errorf("%+v", done)
	}
}

// A card's answer is a stranger's: whatever it says, it is hex of a status word at least, or refused.
func FuzzReadAnswer(f *testing.F) {
	for _, seed := range []string{"9000", "", "90", "6a8", "zz", "00ff9000"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		response, err := readAnswer(text)
		if err == nil && (len(response) < 2 || len(response) > maxCardAnswer || !strings.EqualFold(hex.EncodeToString(response), text)) {
			t.Fatalf("%d bytes of %q", len(response), text)
		}
		if err == nil {
			_ = expects(egk.Step{Expected: []uint16{0x9000}}, response)
		}
	})
}

// Where a login comes back to is on this computer, whatever is said.
func FuzzComesBack(f *testing.F) {
	f.Add("http://127.0.0.1:7400/checkin/login/back")
	f.Add("http://localhost@evil.example/")
	f.Fuzz(func(t *testing.T, back string) {
		if !comesBack(back) {
			return
		}
		u, err := url.Parse(back)
		if err != nil || u.Scheme != "http" || u.User != nil {
			t.Fatalf("%q", back)
		}
		if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
			t.Fatalf("%q is not here", back)
		}
	})
}
