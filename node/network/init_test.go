package network

import (
	"context"
	"crypto/ed25519"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pieks/card"
	"pieks/gossip"
)

func TestInitMakesATestNetwork(t *testing.T) {
	made := initiatedOf(t)
	b := made.Bundle
	if b.Test == nil || b.Name != testName || b.Number != 1 || !slices.Equal(b.Professions, DefaultProfessions()) || len(b.Vaccines) != len(DefaultVaccines()) {
		t.Errorf("%+v", b)
	}
	if b.IssuedAt() != noon || b.ExpiresAt() != noon.AddDate(0, 0, 7) {
		t.Errorf("good from %s to %s", b.IssuedAt(), b.ExpiresAt())
	}
	if _, err := card.LoadTestCA(b.Test.PrivateKey, b.Test.Certificate); err != nil {
		t.Error(err)
	}
	for i, key := range made.OperatorKeys {
		if [32]byte(key.Public().(ed25519.PublicKey)) != b.Operators[i] {
			t.Errorf("operator key %d is not in its place", i)
		}
	}
	for i, h := range made.Relays {
		n := slices.IndexFunc(b.Relays, func(r Relay) bool { return r.Peer == h.Peer })
		if n < 0 || b.Relays[n].Operator != []string{"operator 1", "operator 2"}[i] || !strings.Contains(b.Relays[n].Addrs[0], []string{"/4100/", "/4101/"}[i]) {
			t.Errorf("relay %d: %+v", i, b.Relays)
		}
		keys, err := h.PrivateKeys()
		if err != nil || len(keys) != 2 { // Wednesday to Wednesday touches two weeks
			t.Fatalf("relay %d: %d keys, %v", i, len(keys), err)
		}
		for id, key := range keys {
			public := b.Issuers[slices.IndexFunc(b.Issuers, func(k gossip.IssuerKey) bool { return k.ID == id })]
			if public.Issuer != h.Peer || !public.Key.Equal(&key.PublicKey) {
				t.Errorf("key %s is not the relay's", id)
			}
		}
	}
}

func TestInitWithRootsCarriesNoKey(t *testing.T) {
	// The test CA stands in for a real one, but for its name.
	made := fixtureOf(t)
	if _, err := Init(t.Context(), InitConfig{Relays: LoopbackRelays(1, 4100), Roots: [][]byte{made.Bundle.Roots[0]}}); !errors.Is(err, ErrCardKey) {
		t.Errorf("a test CA as real root: %v", err)
	}
	if _, err := Init(t.Context(), InitConfig{Relays: LoopbackRelays(1, 4100), Roots: [][]byte{made.Bundle.Test.PrivateKey}}); !errors.Is(err, ErrCardKey) {
		t.Errorf("a private key as root: %v", err)
	}
	cfg := InitConfig{Relays: LoopbackRelays(1, 4100), Roots: [][]byte{renamedRoot(t)}, Weeks: 1}
	b, err := cfg.draft(noon)
	if err != nil || b.Test != nil || b.Name != realName {
		t.Errorf("%+v %v", b, err)
	}
}

func TestInitRefusesBeforeTheLongWork(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // a key that is begun would end with another error
	for name, c := range map[string]struct {
		cfg  InitConfig
		want error
	}{
		"no relay":        {InitConfig{}, ErrNoRelay},
		"no address":      {InitConfig{Relays: make([]RelayPlan, 1)}, ErrContent},
		"five weeks":      {InitConfig{Relays: LoopbackRelays(1, 1), Weeks: 5}, ErrWeeks},
		"negative weeks":  {InitConfig{Relays: LoopbackRelays(1, 1), Weeks: -1}, ErrWeeks},
		"no such zone":    {InitConfig{Relays: []RelayPlan{{Addrs: []string{"/ip4/127.0.0.1/tcp/1"}, Zones: []string{"00"}}}}, ErrContent},
		"too many keys":   {InitConfig{Relays: LoopbackRelays(250, 1)}, ErrSize},
		"long name":       {InitConfig{Relays: LoopbackRelays(1, 1), Name: strings.Repeat("x", 100)}, ErrContent},
		"stopped already": {InitConfig{Relays: LoopbackRelays(1, 1)}, context.Canceled},
	} {
		if made, err := Init(ctx, c.cfg); !errors.Is(err, c.want) || made != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestInitProgress(t *testing.T) {
	var seen [][2]int
	_, err := Init(t.Context(), InitConfig{
		Relays: LoopbackRelays(1, 4100), Weeks: 1, Now: at(noon),
		Progress: func(done, total int) { seen = append(seen, [2]int{done, total}) },
	})
	if err != nil || !slices.Equal(seen, [][2]int{{1, 2}, {2, 2}}) {
		t.Errorf("%v %v", seen, err)
	}
}

func TestRenew(t *testing.T) {
	made := initiatedOf(t)
	now := noon.AddDate(0, 0, 6) // Tuesday: the second week of the fixture has begun
	next, err := Renew(t.Context(), made.Bundle, 1, now, nil)
	if err != nil {
		t.Fatal(err)
	}
	if next.Signed != nil || next.Bundle.Number != 2 || next.Bundle.IssuedAt() != now {
		t.Errorf("%+v", next.Bundle)
	}
	for i, r := range next.Bundle.Relays {
		if len(next.Relays[i].Issuers) != 1 || next.Relays[i].Peer != r.Peer {
			t.Errorf("relay %d got %d new keys, one week is new", i, len(next.Relays[i].Issuers))
		}
	}
	if n := len(next.Bundle.Issuers); n != 6 {
		t.Errorf("%d keys: passes of the old week are good until their second epoch has ended", n)
	}
	data, err := Sign(next.Bundle, made.OperatorKeys[0], made.OperatorKeys[2])
	if err != nil {
		t.Fatal(err)
	}
	c := currentOf(t, nil, made.Signed)
	c.cfg.Now = at(now)
	if ok, err := c.Offer(data); !ok || err != nil {
		t.Errorf("offered: %v %v", ok, err)
	}
	home := made.Relays[0]
	home.Issuers = slices.Clone(home.Issuers)
	home.Add(next.Relays[slices.IndexFunc(next.Relays, func(h RelayHome) bool { return h.Peer == home.Peer })].Issuers)
	if keys, err := home.PrivateKeys(); err != nil || len(keys) != 3 {
		t.Errorf("%d keys: %v", len(keys), err)
	}
	if made.Bundle.Number != 1 || len(made.Bundle.Issuers) != 4 {
		t.Error("the old bundle was changed")
	}
	third, err := Renew(t.Context(), next.Bundle, 1, now.AddDate(0, 0, 2), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range third.Bundle.Issuers {
		if k.To <= uint64(now.AddDate(0, 0, -1).Unix()) {
			t.Errorf("key %s is long over", k.ID)
		}
	}
}

func TestWeeks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		when := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "time"), 0)
		w := weekOf(when)
		if w.from.Weekday() != time.Monday || w.from.Unix()%86400 != 0 || w.to.Sub(w.from) != 7*24*time.Hour || when.Before(w.from) || !when.Before(w.to) {
			t.Fatalf("%s is in %v", when.UTC(), w)
		}
	})
	sunday := time.Date(2026, 11, 29, 23, 59, 59, 0, time.UTC)
	for name, c := range map[string]struct {
		issued  time.Time
		for_    time.Duration
		epoch   time.Duration
		weeks   int
		firstOn string
	}{
		"a second before the week ends": {sunday, time.Second, 24 * time.Hour, 1, "2026-11-23"},
		"over its end":                  {sunday, 2 * time.Second, 24 * time.Hour, 2, "2026-11-23"},
		"epoch begun last week":         {sunday.Add(time.Second), time.Hour, 17 * time.Hour, 2, "2026-11-23"},
		"30 days":                       {noon, MaxValidity, 24 * time.Hour, 5, "2026-11-23"},
		"30 days from Sunday":           {sunday, MaxValidity, 24 * time.Hour, 6, "2026-11-23"},
	} {
		rules := gossip.DefaultRules()
		rules.Epoch = c.epoch
		b := &Bundle{Issued: uint64(c.issued.Unix()), Expires: uint64(c.issued.Add(c.for_).Unix()), Rules: rules}
		if got := weeksOf(b); len(got) != c.weeks || got[0].from.Format(time.DateOnly) != c.firstOn {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestRelayHome(t *testing.T) {
	made := initiatedOf(t)
	data, err := MarshalRelayHome(made.Relays[0])
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseRelayHome(data)
	if err != nil || !reflect.DeepEqual(*got, made.Relays[0]) {
		t.Fatalf("%v", err)
	}
	for name, change := range map[string]func(*RelayHome){
		"other identity":   func(h *RelayHome) { h.Identity = made.Relays[1].Identity },
		"other peer":       func(h *RelayHome) { h.Peer = made.Relays[1].Peer },
		"no identity":      func(h *RelayHome) { h.Identity = nil },
		"half an identity": func(h *RelayHome) { h.Identity = slices.Concat(h.Identity[:32], made.Relays[1].Identity[32:]) },
		"other key":        func(h *RelayHome) { h.Issuers[0].Key = h.Issuers[1].Key },
		"card key":         func(h *RelayHome) { h.Issuers[0].Key = made.Bundle.Test.PrivateKey },
		"no key":           func(h *RelayHome) { h.Issuers[0].Key = nil },
		"out of order":     func(h *RelayHome) { slices.Reverse(h.Issuers) },
	} {
		h := made.Relays[0]
		h.Issuers = slices.Clone(h.Issuers)
		change(&h)
		if _, err := MarshalRelayHome(h); !errors.Is(err, ErrRelayHome) {
			t.Errorf("%s: written: %v", name, err)
		}
		if _, err := ParseRelayHome(mustMarshal(t, h)); !errors.Is(err, ErrRelayHome) {
			t.Errorf("%s: read: %v", name, err)
		}
	}
	if _, err := ParseRelayHome(data[:100]); !errors.Is(err, ErrRelayHome) {
		t.Errorf("cut: %v", err)
	}
}

func TestDefaultsAreInOrder(t *testing.T) {
	if !ascending(DefaultProfessions(), strings.Compare) || !ascending(DefaultVaccines(), func(a, b gossip.Vaccine) int { return strings.Compare(a.Code, b.Code) }) {
		t.Error("defaults are out of order")
	}
	for _, v := range DefaultVaccines() {
		if err := checkVaccine(v); err != nil {
			t.Errorf("%s: %v", v.Code, err)
		}
	}
}
