package network

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"
)

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

func currentOf(t testing.TB, m Memory, files ...[]byte) *Current {
	t.Helper()
	c, err := NewCurrent(CurrentConfig{Memory: m, Now: at(noon)})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if ok, err := c.Offer(f); !ok || err != nil {
			t.Fatalf("offer: %v %v", ok, err)
		}
	}
	return c
}

func TestFirstBundlePinsAndIsKept(t *testing.T) {
	made := fixtureOf(t)
	m := new(shelf)
	c := currentOf(t, m)
	if c.Get() != nil || c.Policy() != nil || c.Signed() != nil || !errors.Is(c.Usable(), ErrNone) || c.Expired(noon) {
		t.Error("an empty home knows something")
	}
	if ok, err := c.Offer(made.Signed); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if c.Get().ID() != made.Bundle.ID() || c.Policy() == nil || !bytes.Equal(c.Signed(), made.Signed) || c.Usable() != nil || !bytes.Equal(m.data, made.Signed) {
		t.Error("not taken up")
	}
	if ok, err := c.Offer(made.Signed); ok || err != nil {
		t.Errorf("the same again: %v %v", ok, err)
	}
	again := currentOf(t, m)
	if again.Get() == nil || again.Get().Number != 1 || again.Policy() == nil || m.saved != 1 {
		t.Error("forgotten at the next start")
	}
	if _, err := again.Offer(foreign(t, 99)); !errors.Is(err, ErrForeign) {
		t.Errorf("the pin is forgotten at the next start: %v", err)
	}
}

func TestWhichBundleWins(t *testing.T) {
	made := fixtureOf(t)
	three, err := Sign(mustVerify(t, next(t, 5)), made.OperatorKeys[:]...)
	if err != nil {
		t.Fatal(err)
	}
	span := func(from, to time.Duration) []byte {
		return variant(t, func(b *Bundle) {
			b.Number = 6
			b.Issued, b.Expires = uint64(noon.Add(from).Unix()), uint64(noon.Add(to).Unix())
		})
	}
	oneSigner, err := Sign(mustVerify(t, next(t, 6)), made.OperatorKeys[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file     []byte
		accepted bool
		want     error
	}{
		"newer":                      {next(t, 6), true, nil},
		"much newer":                 {next(t, 1<<40), true, nil},
		"older":                      {next(t, 4), false, ErrRolledBack},
		"first":                      {made.Signed, false, ErrRolledBack},
		"same, three signers":        {three, false, nil},
		"same number, other content": {variant(t, func(b *Bundle) { b.Number, b.Name = 5, "other" }), false, ErrEquivocation},
		"foreign":                    {foreign(t, 6), false, ErrForeign},
		"foreign and older":          {foreign(t, 1), false, ErrForeign},
		"one of three":               {oneSigner, false, ErrSignatures},
		"garbage":                    {[]byte("garbage"), false, ErrForm},
		"empty":                      {nil, false, ErrForm},
		"expired":                    {span(-8*24*time.Hour, -24*time.Hour), false, ErrExpired},
		"expires this second":        {span(-time.Hour, 0), false, ErrExpired},
		"expires in a second":        {span(-time.Hour, time.Second), true, nil},
		"issued in ten minutes":      {span(MaxSkew, time.Hour), true, nil},
		"issued later":               {span(MaxSkew+time.Second, time.Hour), false, ErrNotYet},
	} {
		m := new(shelf)
		current := currentOf(t, m, next(t, 5))
		heard := 0
		current.OnChange(func(*Bundle) { heard++ })
		before := current.Get()
		ok, err := current.Offer(c.file)
		if ok != c.accepted || !errors.Is(err, c.want) {
			t.Errorf("%s: %v %v, want %v %v", name, ok, err, c.accepted, c.want)
		}
		if !c.accepted && (current.Get() != before || m.saved != 1 || heard != 0) {
			t.Errorf("%s: was refused and changed something", name)
		}
		if c.accepted && (current.Get().Number <= 5 || m.saved != 2 || heard != 1) {
			t.Errorf("%s: was accepted and changed nothing", name)
		}
	}
}

func TestExpiredMeansReadOnly(t *testing.T) {
	made := fixtureOf(t)
	now := noon
	c, err := NewCurrent(CurrentConfig{Memory: &shelf{data: made.Signed}, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	now = made.Bundle.ExpiresAt().Add(-time.Second)
	if c.Usable() != nil || c.Expired(now) {
		t.Error("expired too early")
	}
	now = made.Bundle.ExpiresAt()
	if !errors.Is(c.Usable(), ErrExpired) || !c.Expired(now) {
		t.Error("not expired")
	}
	if c.Get() == nil || c.Policy() == nil {
		t.Error("what is expired can still be read")
	}
	// A home that starts with an expired bundle starts.
	late, err := NewCurrent(CurrentConfig{Memory: &shelf{data: made.Signed}, Now: at(now.AddDate(1, 0, 0))})
	if err != nil || late.Get() == nil || !errors.Is(late.Usable(), ErrExpired) {
		t.Errorf("late start: %v", err)
	}
	renewed := variant(t, func(b *Bundle) { b.Number, b.Issued, b.Expires = 2, uint64(now.Unix()), uint64(now.Unix())+86400 })
	if ok, err := c.Offer(renewed); !ok || err != nil || c.Usable() != nil {
		t.Errorf("renewed: %v %v", ok, err)
	}
}

func TestDiskThatFails(t *testing.T) {
	made := fixtureOf(t)
	if _, err := NewCurrent(CurrentConfig{Memory: &shelf{err: errDisk}}); !errors.Is(err, errDisk) {
		t.Errorf("load: %v", err)
	}
	if _, err := NewCurrent(CurrentConfig{Memory: &shelf{data: made.Signed[:500]}}); !errors.Is(err, ErrForm) {
		t.Errorf("damaged: %v", err)
	}
	m := new(shelf)
	c := currentOf(t, m, made.Signed)
	m.err = errDisk
	if ok, err := c.Offer(next(t, 2)); ok || !errors.Is(err, errDisk) || c.Get().Number != 1 {
		t.Errorf("what is not saved does not count: %v %v", ok, err)
	}
	m.err = nil
	if ok, err := c.Offer(next(t, 2)); !ok || err != nil {
		t.Errorf("and comes back: %v %v", ok, err)
	}
}

func TestListenersHearEachChangeOnceAndInOrder(t *testing.T) {
	c := currentOf(t, nil, fixtureOf(t).Signed)
	var heard []uint64
	stop := c.OnChange(func(b *Bundle) {
		if c.Get() != b || c.Policy() == nil {
			t.Error("told before it counts")
		}
		heard = append(heard, b.Number)
	})
	files := make([][]byte, 20)
	for i := range files {
		files[i] = next(t, uint64(i+2))
	}
	var done sync.WaitGroup
	for _, f := range files {
		done.Go(func() {
			if _, err := c.Offer(f); err != nil && !errors.Is(err, ErrRolledBack) {
				t.Error(err)
			}
		})
	}
	done.Wait()
	if len(heard) == 0 || heard[len(heard)-1] != 21 || !slices.IsSorted(heard) || c.Get().Number != 21 {
		t.Errorf("heard %v, holds %d", heard, c.Get().Number)
	}
	stop()
	n := len(heard)
	if ok, err := c.Offer(next(t, 100)); !ok || err != nil || len(heard) != n {
		t.Errorf("heard after stop: %v", heard)
	}
}

func TestBufferOfTheCallerIsNotKept(t *testing.T) {
	data := bytes.Clone(fixtureOf(t).Signed)
	c := currentOf(t, nil, data)
	clear(data)
	if _, err := Verify(c.Signed()); err != nil {
		t.Error(err)
	}
}

func mustVerify(t testing.TB, data []byte) *Bundle {
	t.Helper()
	b, err := Verify(data)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
