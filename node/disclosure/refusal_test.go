package disclosure

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"

	"pieks/card"
	"pieks/node/host/hosttest"
)

// Case 57: the same package twice, after a lost answer, and by many at once: one of all is kept.
func TestAPackageIsTakenOnce(t *testing.T) {
	r := newRelay(t, t.TempDir(), 70, nil)
	consent := must(NewConsent([]byte("opaque")))
	cms := r.sign(t, physician(t), consent)
	phones := []host.Host{r.dial(t), r.dial(t), r.dial(t), r.dial(t)}
	var wg sync.WaitGroup
	errs := make([]error, 4*len(phones))
	for i := range errs {
		wg.Go(func() { errs[i] = Post(hosttest.Within(t), phones[i%len(phones)], r.id(), consent, cms) })
	}
	wg.Wait()
	taken := 0
	for _, err := range errs {
		switch {
		case err == nil:
			taken++
		case !errors.Is(err, ErrSpent):
			t.Error(err)
		}
	}
	if taken != 1 || r.Counts().Waiting != 1 {
		t.Errorf("taken %d times, %d wait", taken, r.Counts().Waiting)
	}
	again := r.sign(t, physician(t), consent) // a second signature over the same data
	if err := Post(hosttest.Within(t), phones[0], r.id(), consent, again); !errors.Is(err, ErrSpent) {
		t.Errorf("the same data under a second signature: %v", err)
	}
}

// Cases 53 and 56, and what else must not get into the queue.
func TestPostsThatAreRefused(t *testing.T) {
	r := newRelay(t, t.TempDir(), 70, nil)
	h := r.dial(t)
	doctor := physician(t)
	consent, cms := r.authorised(t, doctor, "opaque")
	_, foreign := r.authorised(t, doctor, "of another patient")
	raw := func(c card.Card, relay byte) []byte { return rawSign(t, c, relay, consent, r.clock.Now(), nil) }
	bit := consent
	bit.Data = append([]byte(nil), consent.Data...)
	bit.Data[3] ^= 4
	secret := consent
	secret.Secret[31] ^= 1
	for name, c := range map[string]struct {
		consent Consent
		cms     []byte
		want    error
	}{
		"a bit of O":              {bit, cms, ErrSwapped},
		"a bit of r":              {secret, cms, ErrSwapped},
		"of another patient":      {consent, foreign, ErrSwapped},
		"practice's card":         {consent, raw(virtualCard(t, testCA(), card.SMCB, ""), 70), ErrPerson},
		"profession not listed":   {consent, raw(virtualCard(t, testCA(), card.HBA, "1.2.276.0.76.4.33"), 70), ErrProfession},
		"foreign root":            {consent, raw(virtualCard(t, foreignCA(), card.HBA, ""), 70), ErrSignature},
		"for another relay":       {consent, raw(doctor, 71), ErrSignature},
		"no CMS":                  {consent, []byte{1}, ErrSignature},
		"nothing":                 {consent, nil, ErrMalformed},
		"no data":                 {Consent{}, cms, ErrMalformed},
		"one byte more than 64 K": {Consent{Data: make([]byte, MaxData+1)}, cms, ErrMalformed},
	} {
		if err := Post(hosttest.Within(t), h, r.id(), c.consent, c.cms); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if n := r.Counts().Waiting; n != 0 {
		t.Fatalf("%d items wait", n)
	}
	start := r.clock.Now()
	r.clock.Set(start.Add(Lifetime))
	if err := Post(hosttest.Within(t), h, r.id(), consent, cms); !errors.Is(err, ErrExpired) {
		t.Errorf("in the second in which it ends: %v", err)
	}
	r.clock.Set(start.Add(Lifetime - time.Second))
	if err := Post(hosttest.Within(t), h, r.id(), consent, cms); err != nil {
		t.Errorf("a second before: %v", err)
	}
}

func TestTheLargestDataIsPosted(t *testing.T) {
	r := newRelay(t, t.TempDir(), 70, nil)
	h := r.dial(t)
	consent := must(NewConsent(bytes.Repeat([]byte{7}, MaxData)))
	if err := Post(hosttest.Within(t), h, r.id(), consent, r.sign(t, physician(t), consent)); err != nil {
		t.Fatal(err)
	}
	r.clock.Set(noon.Add(defaultMaxWait))
	if n, err := r.Tick(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if l := r.lists(t, h, nil); len(l) != 1 || !bytes.Equal(l[0].Items[0], consent.Data) {
		t.Error("not published as it was posted")
	}
	if _, err := NewConsent(make([]byte, MaxData+1)); !errors.Is(err, ErrData) {
		t.Error(err)
	}
}

func TestAFullQueueTakesNoMore(t *testing.T) {
	r := newRelay(t, t.TempDir(), 70, nil)
	h := r.dial(t)
	consent, cms := r.authorised(t, physician(t), "opaque")
	coming := func(n int) {
		r.queue.mu.Lock()
		defer r.queue.mu.Unlock()
		r.queue.coming = n
	}
	coming(maxQueued)
	if err := Post(hosttest.Within(t), h, r.id(), consent, cms); !errors.Is(err, ErrBusy) {
		t.Errorf("with %d on their way: %v", maxQueued, err)
	}
	coming(maxQueued - 1)
	if err := Post(hosttest.Within(t), h, r.id(), consent, cms); err != nil {
		t.Errorf("with room for one: %v", err)
	}
	r.set(func(r *testRelay) { r.rules = Rules{} })
	consent, cms = r.authorised(t, physician(t), "opaque")
	coming(0)
	if err := Post(hosttest.Within(t), h, r.id(), consent, cms); !errors.Is(err, ErrFailed) {
		t.Errorf("with rules that cannot be followed: %v", err)
	}
}

func TestRegistrations(t *testing.T) {
	r := newRelay(t, t.TempDir(), 70, nil)
	patient, other, practice := r.dial(t), r.dial(t), r.practice(t)
	consent := must(NewConsent([]byte("opaque")))
	until, err := Register(hosttest.Within(t), patient, r.id(), consent)
	if err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(10 * time.Minute)
	if again, err := Register(hosttest.Within(t), patient, r.id(), consent); err != nil || !again.Equal(until) {
		t.Errorf("the same again: until %s, %v", again, err)
	}
	rival := must(NewConsent([]byte("rival")))
	rival.Code = consent.Code
	if _, err := Register(hosttest.Within(t), other, r.id(), rival); !errors.Is(err, ErrTaken) {
		t.Errorf("a taken reference: %v", err)
	}
	if _, err := Collect(hosttest.Within(t), other, r.id(), rival); !errors.Is(err, ErrUnknown) {
		t.Errorf("collect with another commitment: %v", err)
	}
	if _, err := Lookup(hosttest.Within(t), patient, r.id(), consent.Code); !errors.Is(err, ErrRefused) {
		t.Errorf("lookup by a stranger: %v", err)
	}
	_, unknown := Lookup(hosttest.Within(t), practice, r.id(), consent.Code^1<<20)
	r.clock.Set(until.Add(-1))
	if _, err := Lookup(hosttest.Within(t), practice, r.id(), consent.Code); err != nil {
		t.Errorf("at the last moment: %v", err)
	}
	r.clock.Set(until)
	_, over := Lookup(hosttest.Within(t), practice, r.id(), consent.Code)
	if !errors.Is(over, ErrUnknown) || unknown == nil || over.Error() != unknown.Error() {
		t.Errorf("unknown %v, over %v", unknown, over)
	}
	if _, err := Register(hosttest.Within(t), other, r.id(), rival); err != nil {
		t.Errorf("a reference that is free again: %v", err)
	}
	r.set(func(r *testRelay) { r.usable = false })
	if _, err := Register(hosttest.Within(t), other, r.id(), must(NewConsent([]byte("x")))); !errors.Is(err, ErrClosed) {
		t.Errorf("with an expired network file: %v", err)
	}
}

func TestDeliveries(t *testing.T) {
	r := newRelay(t, t.TempDir(), 70, nil)
	patient, practice := r.dial(t), r.practice(t)
	doctor := physician(t)
	consent := must(NewConsent([]byte("opaque")))
	found := Registered{Relay: r.id(), Reference: consent.Code.Reference()}
	good := r.sign(t, doctor, consent)
	if err := Deliver(hosttest.Within(t), practice, found, good); !errors.Is(err, ErrUnknown) {
		t.Errorf("nothing registered: %v", err)
	}
	if _, err := Register(hosttest.Within(t), patient, r.id(), consent); err != nil {
		t.Fatal(err)
	}
	if err := Deliver(hosttest.Within(t), patient, found, good); !errors.Is(err, ErrRefused) {
		t.Errorf("by a stranger: %v", err)
	}
	_, foreign := r.authorised(t, doctor, "other")
	if err := Deliver(hosttest.Within(t), practice, found, foreign); !errors.Is(err, ErrSwapped) {
		t.Errorf("over other data: %v", err)
	}
	if err := Deliver(hosttest.Within(t), practice, found, rawSign(t, virtualCard(t, testCA(), card.SMCB, ""), 70, consent, r.clock.Now(), nil)); !errors.Is(err, ErrPerson) {
		t.Errorf("practice's card: %v", err)
	}
	if err := Deliver(hosttest.Within(t), practice, found, rawSign(t, doctor, 70, consent, r.clock.Now(), func(a *Authorisation) { a.Reference = otherDigits(a.Reference) })); !errors.Is(err, ErrDigits) {
		t.Errorf("other reference: %v", err)
	}
	ahead := rawSign(t, doctor, 70, consent, r.clock.Now().Add(time.Minute), nil)
	if err := Deliver(hosttest.Within(t), practice, found, ahead); !errors.Is(err, ErrExpired) {
		t.Errorf("outlasts the registration: %v", err)
	}
	if _, err := Collect(hosttest.Within(t), patient, r.id(), consent); !errors.Is(err, ErrPending) {
		t.Errorf("after refused deliveries: %v", err)
	}
	// A slip in the pin, which only the patient can see, and then the right one: the last counts.
	wrong := rawSign(t, doctor, 70, consent, r.clock.Now(), func(a *Authorisation) { a.PIN = otherDigits(a.PIN) })
	for i, cms := range [][]byte{wrong, good, wrong, good, good} {
		if err := Deliver(hosttest.Within(t), practice, found, cms); err != nil {
			t.Fatalf("delivery %d: %v", i, err)
		}
		got, err := Collect(hosttest.Within(t), patient, r.id(), consent)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := consent.Check(got, r.id(), testRoots(), r.clock.Now()); (err == nil) != bytes.Equal(cms, good) {
			t.Errorf("delivery %d: %v", i, err)
		}
	}
	if err := Deliver(hosttest.Within(t), practice, found, good); !errors.Is(err, ErrBusy) {
		t.Errorf("a sixth signature: %v", err)
	}

}

// A relay that is restarted forgets registrations; app and professional go on where they were, and the package is good without a
// registration.
func TestRestartBetweenSignatureAndPost(t *testing.T) {
	dir := t.TempDir()
	r := newRelay(t, dir, 70, nil)
	patient := r.dial(t)
	consent := must(NewConsent([]byte("opaque")))
	if _, err := Register(hosttest.Within(t), patient, r.id(), consent); err != nil {
		t.Fatal(err)
	}
	cms := r.sign(t, physician(t), consent)
	stop(t, r)

	r = newRelay(t, dir, 70, nil)
	patient, practice := r.dial(t), r.practice(t)
	if _, err := Collect(hosttest.Within(t), patient, r.id(), consent); !errors.Is(err, ErrUnknown) {
		t.Fatalf("after a restart: %v", err)
	}
	asked := 0
	pause := func(context.Context, time.Duration) error {
		if asked++; asked == 1 { // registered again: the professional's delivery is tried again, too
			return Deliver(hosttest.Within(t), practice, Registered{Relay: r.id(), Reference: consent.Code.Reference()}, cms)
		}
		return errors.New("asked too often")
	}
	got, err := Await(hosttest.Within(t), patient, r.id(), consent, pause)
	if err != nil || !bytes.Equal(got, cms) {
		t.Fatal(err)
	}
	stop(t, r)

	r = newRelay(t, dir, 70, nil)
	if err := Post(hosttest.Within(t), r.dial(t), r.id(), consent, cms); err != nil {
		t.Errorf("without a registration: %v", err)
	}
	stop(t, r)

	r = newRelay(t, dir, 70, nil)
	if err := Post(hosttest.Within(t), r.dial(t), r.id(), consent, cms); !errors.Is(err, ErrSpent) {
		t.Errorf("a second time, after a restart: %v", err)
	}
	if _, err := r.store.Sweep(t.Context(), r.clock.Now().Add(Lifetime+maxSkew)); err != nil {
		t.Fatal(err)
	}
	if err := Post(hosttest.Within(t), r.dial(t), r.id(), consent, cms); !errors.Is(err, ErrSpent) {
		t.Errorf("a second time, after the sweeper: %v", err)
	}
	if n := r.Counts().Waiting; n != 1 {
		t.Errorf("%d wait", n)
	}
}

// stop ends a relay as a clean shutdown does.
func stop(t testing.TB, r *testRelay) {
	t.Helper()
	for _, end := range []func() error{r.Close, r.store.Close, r.host.Close} {
		if err := end(); err != nil {
			t.Fatal(err)
		}
	}
}

// Nobody's name, digits, or data are in the relay's log, whatever goes wrong.
func TestLogsSayNothing(t *testing.T) {
	r := newRelay(t, t.TempDir(), 70, nil)
	patient, practice := r.dial(t), r.practice(t)
	consent := must(NewConsent([]byte("canary in the data")))
	consent.Code = 1234567890
	for _, change := range []func(*Authorisation){nil, func(a *Authorisation) { a.PIN = otherDigits(a.PIN) }, func(a *Authorisation) { a.Expires++ }} {
		_, _ = Register(hosttest.Within(t), patient, r.id(), consent)
		found, err := Lookup(hosttest.Within(t), practice, r.id(), consent.Code)
		if err != nil {
			t.Fatal(err)
		}
		cms := rawSign(t, physician(t), 70, consent, r.clock.Now(), change)
		_ = Deliver(hosttest.Within(t), practice, found, cms)
		_ = Post(hosttest.Within(t), patient, r.id(), consent, cms)
		_, err = checkFor(cms, r.id(), Commitment{}, testRoots(), r.clock.Now())
		if text := err.Error(); strings.Contains(text, consent.Code.Reference()) || strings.Contains(text, canaryID) {
			t.Errorf("error says %q", text)
		}
	}
	r.clock.Set(noon.Add(defaultMaxWait))
	if _, err := r.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	log := r.log.String()
	if !strings.Contains(log, "published") {
		t.Error("the log has not even the number of items")
	}
	for _, canary := range []string{consent.Code.Reference(), consent.Code.PIN(), "anari", "CANARY", patient.ID().String(), practice.ID().String()} {
		if strings.Contains(log, canary) {
			t.Errorf("the log has %q", canary)
		}
	}
}
