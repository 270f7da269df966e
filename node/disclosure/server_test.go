package disclosure

import (
	"bytes"
	"errors"
	"testing"

	"go.uber.org/goleak"

	"pieks/node/host/hosttest"
)

// One disclosure from consent to the list in which it is published, by every form of the code.
func TestFromConsentToList(t *testing.T) {
	for form, shown := range map[string]func(*testRelay, Consent) string{
		"QR":     func(r *testRelay, c Consent) string { return must(QR(r.id(), c.Code, c.Commitment())) },
		"digits": func(_ *testRelay, c Consent) string { return c.Code.Digits() },
		"words":  func(_ *testRelay, c Consent) string { return c.Code.Words() },
	} {
		t.Run(form, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			t.Cleanup(func() { goleak.VerifyNone(t, before) })
			r := newRelay(t, t.TempDir(), 70, nil)
			patient, practice := r.dial(t), r.practice(t)
			consent := must(NewConsent([]byte("opaque")))
			until, err := Register(hosttest.Within(t), patient, r.id(), consent)
			if err != nil || !until.Equal(r.clock.Now().Add(Lifetime)) {
				t.Fatal(until, err)
			}
			if _, err := Collect(hosttest.Within(t), patient, r.id(), consent); !errors.Is(err, ErrPending) {
				t.Fatalf("before a card has signed: %v", err)
			}

			scanned := must(ParseCode(shown(r, consent)))
			found, err := Lookup(hosttest.Within(t), practice, r.id(), scanned.Code)
			if err != nil || found.Commitment != consent.Commitment() || !found.Until.Equal(until) {
				t.Fatal(found, err)
			}
			cms, err := Sign(t.Context(), physician(t), testRoots(), scanned, found, r.clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			if err := Deliver(hosttest.Within(t), practice, found, cms); err != nil {
				t.Fatal(err)
			}

			collected, err := Collect(hosttest.Within(t), patient, r.id(), consent)
			if err != nil || !bytes.Equal(collected, cms) {
				t.Fatal(err)
			}
			by, err := consent.Check(collected, r.id(), testRoots(), r.clock.Now())
			if err != nil || by.TelematikID != canaryID {
				t.Fatal(by, err)
			}
			if err := Post(hosttest.Within(t), patient, r.id(), consent, collected); err != nil {
				t.Fatal(err)
			}
			if c := r.Counts(); c.Registered != 0 || c.Waiting != 1 || c.Lists != 0 {
				t.Errorf("%+v", c)
			}

			r.fill(t, defaultK-1)
			r.clock.Set(noon.Add(defaultCycle))
			if n, err := r.Tick(t.Context()); err != nil || n != 1 {
				t.Fatal(n, err)
			}
			lists := r.lists(t, patient, nil)
			if len(lists) != 1 || len(lists[0].Items) != defaultK || lists[0].Number != 1 || !lists[0].Issued.Equal(noon.Add(defaultCycle)) {
				t.Fatalf("%d lists", len(lists))
			}
			there := 0
			for _, item := range lists[0].Items {
				if bytes.Equal(item, consent.Data) {
					there++
				}
			}
			if there != 1 {
				t.Errorf("the data are in the list %d times", there)
			}
			if again := r.lists(t, patient, Known{}.With(r.id(), 1)); len(again) != 0 {
				t.Error("a known list was given out again")
			}
		})
	}
}
