package directory

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pieks/node/home/testnet"
	"pieks/node/host/hosttest"
	"pieks/node/network"
	"pieks/store"
)

// What a practice puts at one relay is in a patient's copy through the other one, survives restarts of all, and goes when it is withdrawn.
func TestListingReachesACopyThroughTheOtherRelay(t *testing.T) {
	w := newWorld(t)
	dirB, dirCopy := t.TempDir(), t.TempDir()
	a, b := w.relay(101), w.relayIn(102, dirB, nil)
	d := w.desk(1, detail{})
	hours := []Hours{{1, 8 * 60, 12 * 60}, {1, 14 * 60, 24 * 60}}
	if err := d.put(t, a, d.listing(1, w.clock.Now(), func(d *Draft) { d.Alias, d.Hours = "Hausarzt am Dom", hours })); err != nil {
		t.Fatal(err)
	}
	connect(t, b.host, a.host)
	if n, err := b.Sync(hosttest.Within(t), a.host.ID()); n != 1 || err != nil {
		t.Fatalf("%d %v", n, err)
	}
	c := w.copy(dirCopy)
	if !c.sync(b) || c.sync(b) || c.sync(a) {
		t.Error("it is news once")
	}
	got := c.With("1-20123456789")
	if len(got) != 1 || got[0].Alias != "Hausarzt am Dom" || !slices.Equal(got[0].Hours, hours) || got[0].Device != d.id() || got[0].Sealing != [32]byte{7} ||
		len(got[0].Relays) != 1 || got[0].Licence.Statement.Name != "Praxis Dr. Müller" {
		t.Fatalf("%+v", got)
	}
	// Both are restarted.
	if err := errors.Join(b.Close(), b.host.Close(), b.store.Close(), c.shelf.store.Close()); err != nil {
		t.Fatal(err)
	}
	b, c = w.relayIn(102, dirB, nil), w.copy(dirCopy)
	if again := c.With("1-20123456789"); len(again) != 1 || again[0].Licence != got[0].Licence || !again[0].Expires.Equal(got[0].Expires) {
		t.Errorf("after a restart: %+v", again)
	}
	if c.sync(b) || b.Counts().Listed != 1 {
		t.Error("a restart lost something")
	}
	gone := must(Withdraw(d.key, 2, w.clock.Now()))
	if err := d.put(t, b, gone); err != nil {
		t.Fatal(err)
	}
	if !c.sync(b) || len(c.All()) != 0 {
		t.Errorf("withdrawn, and still there: %v", c.names())
	}
	// A relay that has not heard of it does not bring it back.
	if c.sync(a) || len(c.All()) != 0 {
		t.Errorf("it came back: %v", c.names())
	}
	connect(t, a.host, b.host)
	if _, err := a.Sync(hosttest.Within(t), b.host.ID()); err != nil || a.Counts() != (Counts{0, 1}) {
		t.Errorf("%+v %v", a.Counts(), err)
	}
	w.clock.Advance(maxLife + time.Second)
	if a.Counts() != (Counts{}) {
		t.Errorf("a week later: %+v", a.Counts())
	}
	if n, err := a.store.Sweep(t.Context(), w.clock.Now()); n != 1 || err != nil {
		t.Errorf("swept %d %v", n, err)
	}
}

// A device or card that the network revoked is gone from relays and copies with the next network file, and is not taken again.
func TestRevoked(t *testing.T) {
	w := newWorld(t)
	a := w.relay(101)
	first, second := w.desk(1, detail{}), w.desk(2, detail{name: "Praxis Zwei", tid: "1-2"})
	for _, d := range []*desk{first, second} {
		if err := d.put(t, a, d.listing(1, w.clock.Now())); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	c := w.copy(dir)
	c.sync(a)
	if len(c.All()) != 2 {
		t.Fatalf("%v", c.names())
	}
	w.change(func(b *network.Bundle) { b.Revoked = [][32]byte{first.id()} })
	if got := c.names(); !slices.Equal(got, []string{"Praxis Zwei"}) {
		t.Errorf("a revoked device: %v", got)
	}
	if c.shelf.trust != trustOf(w.roots()) {
		t.Error("all would be verified again")
	}
	if c.sync(a) || len(c.All()) != 1 {
		t.Error("a relay that has not heard of it brings it back")
	}
	if err := a.Judge(t.Context()); err != nil || a.Counts().Listed != 1 {
		t.Errorf("%+v %v", a.Counts(), err)
	}
	if err := first.put(t, a, first.listing(2, w.clock.Now())); !errors.Is(err, ErrCard) {
		t.Errorf("put again: %v", err)
	}
	// The other card, while the patient's node is off.
	if err := c.shelf.store.Close(); err != nil {
		t.Fatal(err)
	}
	w.change(func(b *network.Bundle) { b.RevokedCards = [][32]byte{cardOf(t, second.enrolment)} })
	c = w.copy(dir)
	if len(c.All()) != 0 || c.sync(a) {
		t.Errorf("a revoked card: %v", c.names())
	}
	if err := a.Judge(t.Context()); err != nil || a.Counts().Listed != 0 {
		t.Errorf("%+v %v", a.Counts(), err)
	}
}

// A listing that a relay is about to write down is not given out before, and then it is: nobody gets its number with the one before it.
func TestAboutToBeWritten(t *testing.T) {
	w := newWorld(t)
	r, c, d := w.relay(101), w.copy(t.TempDir()), w.desk(1, detail{})
	if err := d.put(t, r, d.listing(1, w.clock.Now())); err != nil || !c.sync(r) {
		t.Fatal(err)
	}
	held, release, written := make(chan struct{}), make(chan struct{}), make(chan error, 2)
	go func() {
		written <- r.store.Update(t.Context(), func(*store.Tx) error {
			close(held)
			<-release
			return nil
		})
	}()
	<-held
	next := d.listing(2, w.clock.Now(), func(d *Draft) { d.Alias = "Am Dom" })
	go func() { written <- r.shelf.takeNow(t.Context(), next) }()
	testnet.Until(t, "the listing is taken", func() bool {
		if r.shelf.writing.TryLock() {
			r.shelf.writing.Unlock()
			return false
		}
		return true
	})
	for range 20 {
		if c.sync(r) {
			t.Error("given out before it is on the disk")
		}
	}
	close(release)
	if err := errors.Join(<-written, <-written); err != nil {
		t.Fatal(err)
	}
	if !c.sync(r) || c.All()[0].Alias != "Am Dom" {
		t.Errorf("%+v", c.All())
	}
}
