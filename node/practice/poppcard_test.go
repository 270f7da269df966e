package practice

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"pieks/card"
	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/client"
	"pieks/node/control"
	"pieks/node/home/testnet"
)

// insert reads a card as the program with the reader does. change may alter what the card says to a command, from 1 on.
func (w *surgery) insert(ch card.Channel, workplace string, change func(command int, answer []byte) []byte) (control.ArrivalStep, error) {
	in := control.ArrivalAnswer{Workplace: workplace}
	for command := 1; ; command++ {
		step, err := w.n.readCard(w.t.Context(), in)
		if err != nil || step.Command == "" {
			return step, err
		}
		answer := must(ch.Transmit(w.t.Context(), must(hex.DecodeString(step.Command))))
		if change != nil {
			answer = change(command, answer)
		}
		in = control.ArrivalAnswer{Reading: step.Reading, Response: hex.EncodeToString(answer)}
	}
}

func (w *surgery) noReadings() {
	w.t.Helper()
	testnet.Until(w.t, "all dialogues are over", func() bool {
		w.n.service.readings.mu.Lock()
		defer w.n.service.readings.mu.Unlock()
		return len(w.n.service.readings.all) == 0
	})
}

// A whole dialogue over the WebSocket: the token of the card in the practice's reader is an arrival at once.
func TestReadCard(t *testing.T) {
	w := newSurgery(t)
	changed := w.n.Changes().Next()
	done, err := w.insert(w.holder(erikaKVNR), "REZEPTION-1", nil)
	if err != nil || done.Arrival == nil || done.Waiting || done.Arrival.KVNR != erikaKVNR || done.Arrival.Workplace != "REZEPTION-1" ||
		done.Arrival.Kind != "popp" || done.Arrival.Proof != string(popp.ProofPractitionerCVC) {
		t.Fatalf("%+v %v", done, err)
	}
	select {
	case <-changed:
	default:
		t.Error("pages were not woken")
	}
	if list := w.arrivals(); len(list) != 1 || list[0].ID != done.Arrival.ID {
		t.Errorf("%+v", list)
	}
	if got := w.fetch(); got != (control.ArrivalsFetched{}) {
		t.Errorf("it came once more: %+v", got)
	}
	if f := w.n.serviceFinding()[0]; !strings.HasPrefix(f.Detail, "1 check-ins") {
		t.Errorf("%+v", f)
	}
	w.noReadings()
	w.silent()
}

// What goes wrong with a card has its own word, and the next card is read all the same.
func TestReadCardRefused(t *testing.T) {
	w := newSurgery(t)
	says := func(at int, text string) func(int, []byte) []byte {
		return func(command int, answer []byte) []byte {
			if command == at {
				return must(hex.DecodeString(text))
			}
			return answer
		}
	}
	for name, c := range map[string]struct {
		card   card.Channel
		change func(int, []byte) []byte
		code   string
	}{
		"not listed":            {must(card.VirtualPatient(w.unlisted(maxKVNR))), nil, control.CodeCardUnproven},
		"refuses the first":     {w.holder(erikaKVNR), says(1, "6a82"), control.CodeCardRefused},
		"refuses the challenge": {w.holder(erikaKVNR), says(8, "6982"), control.CodeCardRefused},
		"another signature":     {w.holder(erikaKVNR), says(8, strings.Repeat("ab", 64)+"9000"), control.CodeCardUnproven},
	} {
		_, err := w.insert(c.card, "", c.change)
		if control.CodeOf(err) != c.code || control.KindOf(err) != control.KindConflict {
			t.Errorf("%s: %q %v", name, control.CodeOf(err), err)
		}
	}
	w.noReadings()
	if done, err := w.insert(w.holder(erikaKVNR), "", nil); err != nil || done.Arrival == nil {
		t.Errorf("%+v %v", done, err)
	}
	if len(w.arrivals()) != 1 {
		t.Errorf("%+v", w.arrivals())
	}
	w.silent()
}

// A service that makes a token for somebody else, one that does not hold, or one that was used makes no arrival of it.
func TestTakeRefuses(t *testing.T) {
	w := newSurgery(t)
	foreign := w.foreign()
	if _, err := w.insert(w.holder(erikaKVNR), "REZEPTION-1", nil); err != nil {
		t.Fatal(err)
	}
	first := w.arrivals()[0]
	token := must(w.n.arrivalToken(t.Context(), control.ArrivalName{ID: first.ID})).Token
	old := w.issuedAt(token, w.clock.Now().AddDate(0, 0, -100))
	for name, bad := range map[string]string{"for somebody else": foreign, "of another quarter": old, "none": "a.b.c"} {
		step, err := w.n.service.take(t.Context(), client.Place{TelematikID: w.id()}, bad)
		if control.CodeOf(err) != control.CodeCheckinService || step.Arrival != nil || step.Waiting {
			t.Errorf("%s: %+v %v", name, step, err)
		}
	}
	if f := w.n.serviceFinding()[0]; !strings.Contains(f.Detail, "not kept: 1 tokens for other institutions, 2 that do not hold") {
		t.Errorf("%+v", f)
	}
	again, err := w.n.service.take(t.Context(), client.Place{TelematikID: w.id(), Workplace: "LABOR"}, token)
	if err != nil || again.Arrival == nil || again.Arrival.ID != first.ID || again.Arrival.Workplace != "REZEPTION-1" {
		t.Errorf("%+v %v", again, err)
	}
	if len(w.arrivals()) != 1 || w.kept("checkin/waiting") != 0 {
		t.Errorf("%+v", w.arrivals())
	}
	w.silent()
}

// Answers belong to a dialogue, one after the other; a reader that breaks off, a caller that goes away and the node's end all end it.
func TestReadingEnds(t *testing.T) {
	w := newSurgery(t)
	begin := func(ctx context.Context) control.ArrivalStep {
		t.Helper()
		step, err := w.n.readCard(ctx, control.ArrivalAnswer{})
		if err != nil {
			t.Fatal(err)
		}
		return step
	}
	for name, in := range map[string]control.ArrivalAnswer{
		"unknown": {Reading: "x", Response: "9000"}, "before the first command": {Response: "9000"}, "trouble before it": {Failure: true},
	} {
		if _, err := w.n.readCard(t.Context(), in); control.CodeOf(err) != control.CodeSession {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.n.readCard(t.Context(), control.ArrivalAnswer{Workplace: "a/b"}); control.CodeOf(err) != control.CodeWorkplace {
		t.Errorf("%v", err)
	}
	open := begin(t.Context())
	for name, bad := range map[string]string{"no hex": "90xx", "odd": "900", "no status": "90", "too long": strings.Repeat("00", maxCardAnswer+1)} {
		if _, err := w.n.readCard(t.Context(), control.ArrivalAnswer{Reading: open.Reading, Response: bad}); control.KindOf(err) != control.KindUsage {
			t.Errorf("%s: %v", name, err)
		}
	}
	if step, err := w.n.readCard(t.Context(), control.ArrivalAnswer{Reading: open.Reading, Failure: true}); err != nil || step.Command != "" {
		t.Errorf("%+v %v", step, err)
	}
	w.noReadings()
	if _, err := w.n.readCard(t.Context(), control.ArrivalAnswer{Reading: open.Reading, Response: "9000"}); control.CodeOf(err) != control.CodeSession {
		t.Errorf("after its end: %v", err)
	}

	gone, leave := context.WithCancel(t.Context())
	step := begin(gone)
	leave()
	for { // what came at the same moment may be taken first
		next, err := w.n.readCard(gone, control.ArrivalAnswer{Reading: step.Reading, Response: "9000"})
		if err == nil && next.Command != "" {
			continue
		}
		if control.CodeOf(err) != control.CodeCardUnproven && control.CodeOf(err) != control.CodeSession && !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		break
	}
	w.noReadings()

	for range maxReadings {
		begin(t.Context())
	}
	if _, err := w.n.readCard(t.Context(), control.ArrivalAnswer{}); control.CodeOf(err) != control.CodeCheckinFull {
		t.Errorf("one more: %v", err)
	}
	stop(t, w.n) // all are under way
	w.noReadings()
}

// A card that was proved while the service's keys are not reached is not lost.
func TestReadCardKeysLater(t *testing.T) {
	w := newSurgery(t)
	w.entity.Store(new(string))
	done, err := w.insert(w.holder(erikaKVNR), "REZEPTION-1", nil)
	if err != nil || !done.Waiting || done.Arrival != nil {
		t.Fatalf("%+v %v", done, err)
	}
	w.restart()
	w.entity.Store(nil)
	w.clock.Advance(keysAgain)
	if got := w.fetch(); got != (control.ArrivalsFetched{Added: 1}) || w.arrivals()[0].Workplace != "REZEPTION-1" {
		t.Errorf("%+v", got)
	}
}
