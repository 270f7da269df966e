package mailbox

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pieks/node/host/hosttest"
)

// next waits for one mail.
func next(t *testing.T, w *Watching) Mail {
	t.Helper()
	select {
	case m, ok := <-w.Mail():
		if !ok {
			t.Fatalf("watch ended: %v", w.Err())
		}
		return m
	case <-time.After(20 * time.Second):
		t.Fatal("no mail in time")
	}
	return Mail{}
}

func TestWatchPushesWhatIsThereAndWhatComes(t *testing.T) {
	r := newRelay(t, t.TempDir(), hosttest.Loopback, false)
	sender, receiver := r.dial(t, hosttest.Loopback), r.dial(t, hosttest.Loopback)
	one, two, three := newKey(), newKey(), newKey()
	if err := r.put(t, sender, boxOf(one), envelopeOf(1)); err != nil {
		t.Fatal(err)
	}
	w, err := Watch(hosttest.Within(t), receiver, r.host.ID(), one, two)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if m := next(t, w); m.ID != IDOf(envelopeOf(1)) || m.Box != boxOf(one) {
		t.Fatal("not the mail that was there")
	}
	for i, key := range []BoxID{boxOf(two), boxOf(one), boxOf(two)} {
		if err := r.put(t, sender, key, envelopeOf(10+i)); err != nil {
			t.Fatal(err)
		}
		if m := next(t, w); m.ID != IDOf(envelopeOf(10+i)) || m.Box != key {
			t.Fatalf("mail %d is another", i)
		}
	}
	// The same again is not pushed again.
	if err := r.put(t, sender, boxOf(two), envelopeOf(10)); err != nil {
		t.Fatal(err)
	}
	if err := r.put(t, sender, boxOf(three), envelopeOf(20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Add(hosttest.Within(t), three); err != nil {
		t.Fatal(err)
	}
	if m := next(t, w); m.ID != IDOf(envelopeOf(20)) {
		t.Error("a box that was added later is not pushed, or an old envelope twice")
	}
	if err := w.Delete(hosttest.Within(t), one, IDOf(envelopeOf(1)), IDOf(envelopeOf(11))); err != nil {
		t.Fatal(err)
	}
	if got := r.fetch(t, receiver, one); len(got) != 0 {
		t.Errorf("%d left after deleting", len(got))
	}
	if c := r.Counts(); c.Watching != 1 {
		t.Errorf("counts %+v", c)
	}
}

// A caller that deletes each mail before it takes the next must not block what it waits for.
func TestDeleteBetweenTwoMails(t *testing.T) {
	r := newRelay(t, t.TempDir(), hosttest.Loopback, false)
	h, key := r.dial(t, hosttest.Loopback), newKey()
	for i := range MaxPerBox {
		if err := r.put(t, h, boxOf(key), envelopeOf(i)); err != nil {
			t.Fatal(err)
		}
	}
	w, err := Watch(hosttest.Within(t), h, r.host.ID(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for range MaxPerBox {
		if err := w.Delete(hosttest.Within(t), key, next(t, w).ID); err != nil {
			t.Fatal(err)
		}
	}
	if c := r.Counts(); c.Envelopes != 0 {
		t.Errorf("%d left", c.Envelopes)
	}
}

// Whoever watches again, at the same relay after its restart, gets what was not deleted and what came meanwhile.
func TestWatchAgainAfterARestart(t *testing.T) {
	dir := t.TempDir()
	r := newRelay(t, dir, hosttest.Loopback, false)
	h, key := r.dial(t, hosttest.Loopback), newKey()
	for i := range 3 {
		if err := r.put(t, h, boxOf(key), envelopeOf(i)); err != nil {
			t.Fatal(err)
		}
	}
	w, err := Watch(hosttest.Within(t), h, r.host.ID(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	got := map[EnvelopeID]int{}
	for range 3 {
		got[next(t, w).ID]++
	}
	if err := w.Delete(hosttest.Within(t), key, IDOf(envelopeOf(0))); err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	_ = r.store.Close()
	for range w.Mail() {
		t.Error("mail from a relay that has stopped")
	}
	if w.Err() == nil {
		t.Error("the watch does not say why it ended")
	}
	if err := w.Add(hosttest.Within(t), newKey()); err == nil {
		t.Error("a box was added to a watch that has ended")
	}
	r = newRelay(t, dir, hosttest.Loopback, false)
	r.connect(t, h)
	if err := r.put(t, h, boxOf(key), envelopeOf(3)); err != nil {
		t.Fatal(err)
	}
	if w, err = Watch(hosttest.Within(t), h, r.host.ID(), key); err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for range 3 {
		got[next(t, w).ID]++
	}
	for i, want := range []int{1, 2, 2, 1} {
		if got[IDOf(envelopeOf(i))] != want {
			t.Errorf("envelope %d came %d times, want %d", i, got[IDOf(envelopeOf(i))], want)
		}
	}
}

func TestSessionsAndBoxesAreBounded(t *testing.T) {
	r := newRelay(t, t.TempDir(), hosttest.Loopback, false)
	h := r.dial(t, hosttest.Loopback)
	w, err := Watch(hosttest.Within(t), h, r.host.ID(), newKey())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for i := range MaxBoxes - 1 {
		if err := w.Add(hosttest.Within(t), newKey()); err != nil {
			t.Fatalf("box %d: %v", i, err)
		}
	}
	if err := w.Add(hosttest.Within(t), newKey()); !errors.Is(err, ErrBusy) {
		t.Errorf("one box too many: %v", err)
	}
	for range maxWatchesPerPeer - 1 {
		w, err := Watch(hosttest.Within(t), h, r.host.ID(), newKey())
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
	}
	if _, err := Watch(hosttest.Within(t), h, r.host.ID(), newKey()); !errors.Is(err, ErrBusy) {
		t.Errorf("one session too many: %v", err)
	}
	if err := r.put(t, h, boxOf(newKey()), envelopeOf(1)); err != nil {
		t.Errorf("puts do not count as sessions: %v", err)
	}
}

func TestWatchEndsWithItsContextAndLeavesNothing(t *testing.T) {
	r := newRelay(t, t.TempDir(), hosttest.Loopback, false)
	h := r.dial(t, hosttest.Loopback)
	r.fetch(t, h, newKey()) // whatever libp2p starts at first use is running now
	before := goleak.IgnoreCurrent()
	ctx, cancel := context.WithCancel(hosttest.Within(t))
	w, err := Watch(ctx, h, r.host.ID(), newKey())
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for range w.Mail() {
		t.Error("mail from nobody")
	}
	_ = w.Close()
	if !errors.Is(w.Err(), context.Canceled) {
		t.Errorf("ended with %v", w.Err())
	}
	_ = r.Close()
	goleak.VerifyNone(t, before)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.watchers)+len(r.perPeer)+len(r.perFrom) != 0 {
		t.Error("the relay still remembers the session")
	}
}
