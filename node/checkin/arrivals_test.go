package checkin

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pieks/card/egk"
	"pieks/node/checkin/popp"
	"pieks/store"
)

// someone is a check-in without its cryptography.
func (k *kit) someone(kvnr string, cvc, x509 byte) *arrived {
	s := k.attempt("").statement
	return &arrived{
		id: s.ID, statement: s.hash(), key: s.Key, outcome: []byte("outcome"), cvc: egk.Hash{cvc}, x509: egk.Hash{x509},
		record: arrivalRecord{KVNR: kvnr, IK: "109500969", Proof: popp.ProofProviderCVC, Pair: egk.Unknown, Kind: popp.KindPresence, Token: s.ID.String()},
	}
}

func TestArrivals(t *testing.T) {
	k := newKit(t)
	n := k.someone(erikaKVNR, 1, 1)
	if _, err := k.arrivals.take(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	k.clock.Advance(time.Minute)
	for range 2 { // the first time counts
		seen, err := k.arrivals.See(t.Context(), n.id)
		if err != nil || !seen.Seen.Equal(noon.Add(time.Minute)) {
			t.Errorf("%+v %v", seen, err)
		}
		k.clock.Advance(time.Minute)
	}
	if got := k.list()[0]; !got.Seen.Equal(noon.Add(time.Minute)) {
		t.Errorf("%+v", got)
	}
	_, err := k.arrivals.See(t.Context(), NewID())
	is(t, err, ErrNoArrival)
	_, _, err = k.arrivals.Token(NewID())
	is(t, err, ErrNoArrival)
}

// Arrivals go after 30 days, the ids of a week's statements before them never.
func TestRetention(t *testing.T) {
	k := newKit(t)
	n := k.someone(erikaKVNR, 1, 1)
	if _, err := k.arrivals.take(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	count := func() (buckets map[string]int) {
		buckets = map[string]int{}
		if err := k.store.Audit(func(bucket string, _, _ []byte) error { buckets[bucket]++; return nil }); err != nil {
			t.Fatal(err)
		}
		return buckets
	}
	for _, c := range []struct {
		after time.Duration
		want  map[string]int
	}{
		{0, map[string]int{"checkin/ids": 1, "checkin/arrivals": 1, "checkin/tokens": 1, "checkin/pairs": 2, "checkin/counts": 2}},
		{MaxGiveUp + time.Hour, map[string]int{"checkin/ids": 1, "checkin/arrivals": 1, "checkin/tokens": 1, "checkin/pairs": 2}},
		{keepArrivals, map[string]int{"checkin/ids": 1, "checkin/arrivals": 1, "checkin/tokens": 1, "checkin/pairs": 2}},
		{keepArrivals + time.Second, map[string]int{"checkin/pairs": 2}},
		{keepPairs + time.Second, map[string]int{}},
	} {
		if _, err := k.store.Sweep(t.Context(), noon.Add(c.after)); err != nil {
			t.Fatal(err)
		}
		if got := count(); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("after %s: %v, want %v", c.after, got, c.want)
		}
	}
}

// One card has sixteen check-ins a day, on whatever way they come, and the next day more.
func TestLimitPerCard(t *testing.T) {
	k := newKit(t)
	for range perCardAndDay {
		if _, err := k.arrivals.take(t.Context(), k.someone(erikaKVNR, 1, 1).seen(k)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := k.arrivals.take(t.Context(), k.someone(erikaKVNR, 1, 1).seen(k))
	is(t, err, ErrLimit)
	if _, err := k.arrivals.take(t.Context(), k.someone(otherKVNR, 2, 2)); err != nil {
		t.Errorf("another card: %v", err)
	}
	k.arrived(perCardAndDay + 1)
	k.clock.Advance(24 * time.Hour)
	if _, err := k.arrivals.take(t.Context(), k.someone(erikaKVNR, 1, 1).seen(k)); err != nil {
		t.Errorf("the next day: %v", err)
	}
}

// seen brings the pair up to what the list says.
func (n *arrived) seen(k *kit) *arrived {
	n.record.Pair = must(k.arrivals.Pairs().Check(n.cvc, n.x509))
	return n
}

// Of two check-ins with one certificate and two others that are verified at the same moment, one is written.
func TestPairIsLookedAtAgain(t *testing.T) {
	k := newKit(t)
	first, second := k.someone(erikaKVNR, 1, 1), k.someone(erikaKVNR, 2, 1) // both were judged unknown
	if _, err := k.arrivals.take(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	_, err := k.arrivals.take(t.Context(), second)
	is(t, err, ErrPair)
	if _, err := k.arrivals.take(t.Context(), k.someone(erikaKVNR, 1, 1)); err != nil {
		t.Errorf("the same pair, judged before it was learnt: %v", err)
	}
	k.arrived(2)
}

// However cards come, two certificates that came together once never come with others, and the list is egk.PairList with what was learnt.
func TestPairsModel(t *testing.T) {
	k := newKit(t)
	rapid.Check(t, func(t *rapid.T) {
		k.forget()
		var model egk.PairList
		for range rapid.IntRange(1, 30).Draw(t, "visits") {
			cvc, x509 := egk.Hash{rapid.Byte().Draw(t, "cvc") % 5}, egk.Hash{rapid.Byte().Draw(t, "x509") % 5}
			got, err := k.arrivals.Pairs().Check(cvc, x509)
			want, _ := model.Check(cvc, x509)
			if err != nil || got != want {
				t.Fatalf("%v with %v: %s, want %s (%v)", cvc[0], x509[0], got, want, err)
			}
			if got == egk.Mismatch {
				continue
			}
			if err := k.store.Update(context.Background(), func(tx *store.Tx) error { return learnPair(tx, cvc, x509, noon) }); err != nil {
				t.Fatal(err)
			}
			if err := model.Add(cvc, x509); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A token of a PoPP service is an arrival once, whoever hands it in and however often (T32).
func TestAddToken(t *testing.T) {
	k := newKit(t)
	token := func(compact string) *popp.Token {
		return &popp.Token{Kind: popp.KindPoPP, Hash: popp.HashOf(compact), Claims: popp.Claims{
			ProofMethod: popp.ProofHealthID, PatientProofTime: noon.Add(-time.Minute).Unix(), PatientID: erikaKVNR, InsurerID: "109500969",
		}}
	}
	a, err := k.arrivals.AddToken(t.Context(), token("a.b.c"), "a.b.c", "REZEPTION-1")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := k.arrivals.AddToken(t.Context(), token("d.e.f"), "d.e.f", "REZEPTION-2"); err != nil || b.ID == a.ID {
		t.Fatal(err)
	}
	_, err = k.arrivals.AddToken(t.Context(), token("a.b.c"), "a.b.c", "REZEPTION-2")
	is(t, err, ErrUsedToken)
	// ECDSA lets anybody make another signature of the same token: it is no other token.
	_, err = k.arrivals.AddToken(t.Context(), token("a.b.c2"), "a.b.c2", "REZEPTION-2")
	is(t, err, ErrUsedToken)
	if _, err := k.arrivals.AddToken(t.Context(), token("a.b.c"), "other", ""); err == nil {
		t.Error("another token than the verified one was taken")
	}
	list := must(k.arrivals.Since(noon, "REZEPTION-1"))
	if len(list) != 1 || list[0] != a || a.Kind != popp.KindPoPP || a.KVNR != erikaKVNR || !a.Proved.Equal(noon.Add(-time.Minute)) {
		t.Errorf("%+v, %+v", list, a)
	}
	kind, compact, err := k.arrivals.Token(a.ID)
	if err != nil || kind != popp.KindPoPP || compact != "a.b.c" {
		t.Errorf("%s %q %v", kind, compact, err)
	}
	// Nor is its id good for a check-in of the mesh.
	s := k.attempt("").statement
	s.ID = a.ID
	_, err = k.arrivals.recorded(s)
	is(t, err, ErrReplay)
	if out, err := k.arrivals.outcomeFor(a.ID, [32]byte{}); err != nil || len(out) != 0 {
		t.Errorf("an outcome for nobody: %x %v", out, err)
	}
}

// What a practice keeps of somebody is nowhere in the open: not in the keys of its buckets.
func TestKeysSayNothing(t *testing.T) {
	k := newKit(t)
	n := k.someone(erikaKVNR, 1, 1)
	if _, err := k.arrivals.take(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	err := k.store.Audit(func(bucket string, key, _ []byte) error {
		if bucket == "checkin/counts" && len(key) != 32 || bucket == "checkin/pairs" && len(key) != 32 {
			return fmt.Errorf("%s has a key of %d bytes", bucket, len(key))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A full list says so.
func TestLimitPerDay(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 4,000 arrivals")
	}
	k := newKit(t)
	for i := range perDay {
		n := k.someone(fmt.Sprintf("X%09d", i), 0, 0)
		n.record.Pair = ""
		if _, err := k.arrivals.take(t.Context(), n); err != nil {
			t.Fatal(i, err)
		}
	}
	n := k.someone("Y000000000", 0, 0)
	n.record.Pair = ""
	if _, err := k.arrivals.take(t.Context(), n); !errors.Is(err, ErrLimit) {
		t.Error(err)
	}
	k.arrived(perDay)
}
