package gossip

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// made is a sheet as a Validator gives it, without the cost of signatures: pools do not look at them again.
func made(p byte, seq uint64, content byte, region string, expires time.Time) *Signed {
	s := &Signed{Region: region, Raw: []byte{p, byte(seq), content}}
	s.Sheet = Sheet{Version: SheetVersion, Area: region, Seq: seq, Issued: 1, Expires: uint64(expires.Unix())}
	s.Sheet.Pass.P = sha256.Sum256([]byte{p})
	s.Hash = sha256.Sum256(s.Raw)
	return s
}

var testRegions = []string{"506", "507", "531+2"}

// sheetsOf draws a history: of each pseudonym some sheets, in which the expiry never falls. A pseudonym may move.
func sheetsOf(t *rapid.T) []*Signed {
	var sheets []*Signed
	for p := range byte(rapid.IntRange(0, 8).Draw(t, "pseudonyms")) {
		expires := noon
		for seq := range uint64(rapid.IntRange(1, 4).Draw(t, "seqs")) {
			expires = expires.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "hours")) * time.Hour)
			for content := range byte(rapid.IntRange(1, 2).Draw(t, "contents")) {
				region := rapid.SampledFrom(testRegions).Draw(t, "region")
				sheets = append(sheets, made(p, seq+1, content, region, expires.Add(time.Minute)))
			}
		}
	}
	return sheets
}

func fill(pool *Pool, sheets []*Signed) *Pool {
	for _, s := range sheets {
		pool.Add(s)
	}
	return pool
}

func digests(p *Pool, at time.Time) (all [3][32]byte) {
	for i, region := range testRegions {
		all[i] = p.Digest(region, at)
	}
	return all
}

// model is the merge by its definition: of each pseudonym the highest number, of these the smallest hash.
func model(sheets []*Signed) map[[32]byte]*Signed {
	best := map[[32]byte]*Signed{}
	for _, s := range sheets {
		b := best[s.Sheet.Pass.P]
		if b == nil || s.Sheet.Seq > b.Sheet.Seq || s.Sheet.Seq == b.Sheet.Seq && bytes.Compare(s.Hash[:], b.Hash[:]) < 0 {
			best[s.Sheet.Pass.P] = s
		}
	}
	return best
}

func TestMergeIsTheSameInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sheets := sheetsOf(t)
		pool := fill(NewPool(at(noon)), sheets)
		want := digests(pool, noon)

		other := rapid.Permutation(append(sheets, sheets...)).Draw(t, "order")
		if got := digests(fill(NewPool(at(noon)), other), noon); got != want {
			t.Fatal("another order, with each sheet twice, gives another pool")
		}
		cut := rapid.IntRange(0, len(sheets)).Draw(t, "cut")
		left, right := fill(NewPool(at(noon)), sheets[:cut]), fill(NewPool(at(noon)), sheets[cut:])
		joined := fill(fill(NewPool(at(noon)), right.View().all()), left.View().all())
		if digests(joined, noon) != want {
			t.Fatal("two pools joined give another pool than all sheets in one")
		}
		best := model(sheets)
		if pool.Len() != len(best) {
			t.Fatalf("%d sheets, want %d", pool.Len(), len(best))
		}
		for p, s := range best {
			if got, ok := pool.Lookup(p); !ok || got != s {
				t.Fatalf("kept %v of %x", got, p[:4])
			}
			if got, ok := pool.View().Lookup(p); !ok || got != s {
				t.Fatalf("the view has %v of %x", got, p[:4])
			}
		}
	})
}

// Whenever a pool was filled and swept, at one instant all pools that saw the sheets agree.
func TestExpiryIsTheSameAtAnyTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sheets := sheetsOf(t)
		later := noon.Add(time.Duration(rapid.IntRange(0, 6*3600).Draw(t, "later")) * time.Second)
		clock := noon
		early := NewPool(func() time.Time { return clock })
		cut := rapid.IntRange(0, len(sheets)).Draw(t, "cut")
		fill(early, sheets[:cut])
		clock = later
		if rapid.Bool().Draw(t, "swept before the rest came") {
			early.Expire(later)
		}
		fill(early, sheets[cut:])
		want := digests(fill(NewPool(at(later)), rapid.Permutation(sheets).Draw(t, "order")), later)
		if digests(early, later) != want {
			t.Fatal("digests differ before the sweep")
		}
		early.Expire(later)
		if digests(early, later) != want {
			t.Fatal("digests differ after the sweep")
		}
		for _, s := range early.View().all() {
			if !later.Before(s.Sheet.ExpiresAt()) {
				t.Fatal("an expired sheet stays")
			}
		}
	})
}

// An old view does not change, and Since and Missing say exactly what is new.
func TestViewsAndChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sheets := sheetsOf(t)
		cut := rapid.IntRange(0, len(sheets)).Draw(t, "cut")
		pool := fill(NewPool(at(noon)), sheets[:cut])
		before := pool.View()
		was := slices.Clone(before.all())
		fill(pool, sheets[cut:])
		after := pool.View()
		if !slices.Equal(before.all(), was) {
			t.Fatal("a view changed")
		}
		if pool.View() != after {
			t.Fatal("a new view although nothing changed")
		}
		for _, region := range testRegions {
			var want []*Signed
			for _, s := range after.Region(region) {
				if !slices.Contains(before.Region(region), s) {
					want = append(want, s)
				}
			}
			if got := after.Since(before, region); !slices.Equal(got, want) {
				t.Fatalf("since: %d sheets, want %d", len(got), len(want))
			}
			if got := after.Since(nil, region); !slices.Equal(got, after.Region(region)) {
				t.Fatal("since nothing is not all")
			}
			missing := after.Missing(region, before.Have(region), noon)
			for _, s := range after.Region(region) {
				b, ok := before.Lookup(s.Sheet.Pass.P)
				lacks := !ok || b.Region != region || b.Sheet.Seq < s.Sheet.Seq
				if lacks != slices.Contains(missing, s) {
					t.Fatalf("missing: %v, want %v", !lacks, lacks)
				}
			}
		}
	})
}

func TestDigestByHand(t *testing.T) {
	a, b, gone := made(1, 3, 0, "506", noon.Add(time.Hour)), made(2, 9, 0, "506", noon.Add(time.Hour)), made(3, 1, 0, "506", noon.Add(time.Minute))
	pool := fill(NewPool(at(noon)), []*Signed{a, b, gone, made(4, 1, 0, "507", noon.Add(time.Hour))})
	if bytes.Compare(a.Sheet.Pass.P[:], b.Sheet.Pass.P[:]) > 0 {
		a, b = b, a
	}
	var buf []byte
	for _, s := range []*Signed{a, b} {
		buf = append(buf, s.Sheet.Pass.P[:]...)
		buf = binary.BigEndian.AppendUint64(buf, s.Sheet.Seq)
		buf = append(buf, s.Hash[:]...)
	}
	if got := pool.Digest("506", noon.Add(time.Minute)); got != sha256.Sum256(buf) {
		t.Errorf("digest %x", got)
	}
	if pool.Digest("506", noon) == sha256.Sum256(buf) {
		t.Error("a sheet that is still good is left out")
	}
	if pool.Digest("999", noon) != sha256.Sum256(nil) || (*View)(nil).Digest("506", noon) != sha256.Sum256(nil) {
		t.Error("the digest of no sheets is the hash of nothing")
	}
}

func TestPoolRefusals(t *testing.T) {
	pool := NewPool(at(noon))
	good := made(1, 2, 0, "506", noon.Add(time.Hour))
	for name, c := range map[string]struct {
		sheet *Signed
		want  error
	}{
		"expired":        {made(2, 1, 0, "506", noon), ErrExpired},
		"without region": {made(2, 1, 0, "", noon.Add(time.Hour)), ErrArea},
	} {
		if added, err := pool.Add(c.sheet); added || !errors.Is(err, c.want) {
			t.Errorf("%s: %v %v", name, added, err)
		}
	}
	if added, err := pool.Add(good); !added || err != nil {
		t.Fatal(err)
	}
	if added, err := pool.Add(good); added || !errors.Is(err, ErrKnown) {
		t.Errorf("again: %v %v", added, err)
	}
	if added, err := pool.Add(made(1, 1, 0, "506", noon.Add(time.Hour))); added || !errors.Is(err, ErrOld) {
		t.Errorf("older: %v %v", added, err)
	}
}

// A pool full of other pseudonyms keeps taking news of those it has.
func TestPoolBounds(t *testing.T) {
	clock := noon
	pool := NewPool(func() time.Time { return clock })
	numbered := func(n int, seq uint64, region string, life time.Duration) *Signed {
		s := made(0, seq, 0, region, noon.Add(life))
		s.Sheet.Pass.P = sha256.Sum256(binary.BigEndian.AppendUint32(nil, uint32(n)))
		return s
	}
	for i := range MaxRegionSheets {
		life := 2 * time.Hour
		if i == 0 {
			life = time.Hour
		}
		if _, err := pool.Add(numbered(i, 1, "506", life)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pool.Add(numbered(-1, 1, "506", 2*time.Hour)); !errors.Is(err, ErrFull) {
		t.Errorf("one more in the region: %v", err)
	}
	if _, err := pool.Add(numbered(1, 2, "506", 2*time.Hour)); err != nil {
		t.Errorf("news of a known one: %v", err)
	}
	if _, err := pool.Add(numbered(-1, 1, "507", 2*time.Hour)); err != nil {
		t.Errorf("one more in another region: %v", err)
	}
	if _, err := pool.Add(numbered(-1, 2, "506", 2*time.Hour)); !errors.Is(err, ErrFull) {
		t.Errorf("one moves into the full region: %v", err)
	}
	if s, ok := pool.Lookup(numbered(-1, 1, "507", 0).Sheet.Pass.P); !ok || s.Region != "507" {
		t.Error("the one that could not move is gone")
	}
	clock = noon.Add(time.Hour) // the first one expires and makes room
	if _, err := pool.Add(numbered(-1, 2, "506", 2*time.Hour)); err != nil {
		t.Errorf("room after an expiry: %v", err)
	}
	if got := pool.Regions(); !slices.Equal(got, []string{"506"}) {
		t.Errorf("regions %v", got)
	}

	pool = NewPool(at(noon))
	large := make([]byte, MaxSheetBytes)
	taken := 0
	for i := range MaxPoolBytes/MaxSheetBytes + 1 {
		s := numbered(i, 1, fmt.Sprint(i%16), time.Hour)
		s.Raw = large
		if _, err := pool.Add(s); err == nil {
			taken++
		} else if !errors.Is(err, ErrFull) {
			t.Fatal(err)
		}
	}
	if taken != MaxPoolBytes/MaxSheetBytes {
		t.Errorf("%d sheets of 16 KiB were taken", taken)
	}
	pool = NewPool(at(noon))
	for i := range MaxPoolSheets + 1 {
		if _, err := pool.Add(numbered(i, 1, fmt.Sprint(i%64), time.Hour)); (err == nil) != (i < MaxPoolSheets) {
			t.Fatalf("sheet %d: %v", i, err)
		}
	}
	if n := pool.Expire(noon.Add(time.Hour)); n != MaxPoolSheets || pool.Len() != 0 || pool.bytes != 0 || len(pool.Regions()) != 0 {
		t.Errorf("%d dropped, %d stay, %d bytes, regions %v", n, pool.Len(), pool.bytes, pool.Regions())
	}
}

// A new bundle takes out an issuer key, and with it all that it let in.
func TestRecheck(t *testing.T) {
	n := network()
	policy := n.policy
	v := NewValidator(func() *Policy { return policy }, at(noon))
	pool := NewPool(at(noon))
	v.Against(pool)
	epoch := n.policy.Rules.EpochAt(noon)
	sunday := newPractice(n.b, n.keyB.ID, 50, epoch-2)
	for i := range uint64(3) {
		p := n.good(i)
		s := must(v.Check(p.sign(t, p.sheet(2)).Raw, ""))
		if i == 2 {
			s.Region = "elsewhere" // as an older map had it
		}
		if _, err := pool.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	refused := sunday.sign(t, func() Sheet { s := sunday.sheet(1); s.Expires = s.Issued + 3600; return s }())
	refused.Region = "506"
	if _, err := pool.Add(refused); err != nil {
		t.Fatal(err)
	}
	before := pool.View()
	if n := pool.Recheck(v); n != 1 || pool.Len() != 3 || !slices.Equal(pool.Regions(), []string{"506"}) {
		t.Errorf("%d dropped, %d stay, regions %v", n, pool.Len(), pool.Regions())
	}
	if before.Len() != 4 {
		t.Error("an old view changed")
	}
	policy = must(NewPolicy(policy.Map, []IssuerKey{n.keyB}, vaccineList(n), policy.Rules))
	if n := pool.Recheck(v); n != 3 || pool.Len() != 0 {
		t.Errorf("%d dropped, %d stay", n, pool.Len())
	}
}

// A practice may publish while its sheet is checked again.
func TestRecheckLeavesNewerSheets(t *testing.T) {
	n := network()
	p := n.good(1)
	pool := NewPool(at(noon))
	s := p.sheet(2)
	old := must(n.validator(noon).Check(p.sign(t, s).Raw, ""))
	s.Seq = 2
	newer := must(n.validator(noon).Check(p.sign(t, s).Raw, ""))
	if _, err := pool.Add(old); err != nil {
		t.Fatal(err)
	}
	if n := pool.Recheck(NewValidator(func() *Policy { return nil }, at(noon))); n != 0 || pool.Len() != 1 {
		t.Errorf("%d dropped without a bundle", n)
	}
	without := must(NewPolicy(n.policy.Map, []IssuerKey{n.keyB}, vaccineList(n), n.policy.Rules))
	calls := 0
	v := NewValidator(func() *Policy {
		if calls++; calls == 2 { // the first call is Recheck's own, the second checks the old sheet
			pool.Add(newer)
		}
		return without
	}, at(noon))
	if n := pool.Recheck(v); n != 0 {
		t.Errorf("%d dropped", n)
	}
	if got, ok := pool.Lookup(p.pass.P); !ok || got != newer {
		t.Error("the newer sheet was dropped in place of the old one")
	}
}

func TestFindToken(t *testing.T) {
	n := network()
	pool := NewPool(at(noon))
	v := n.validator(noon)
	for i := range uint64(5) {
		p := n.good(i)
		if _, err := pool.Add(must(v.Check(p.sign(t, p.sheet(7)).Raw, ""))); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range pool.Region("506") {
		for _, slot := range s.Sheet.Slots {
			found, got, ok := pool.View().FindToken(TokenOf(s.Sheet.Pass.P, slot.ID).Name())
			if !ok || found != s || !reflect.DeepEqual(got, slot) {
				t.Fatalf("token of %x: %v %v", slot.ID, ok, got)
			}
		}
	}
	if _, _, ok := pool.View().FindToken(TokenName{}); ok {
		t.Error("found what is not there")
	}
	if _, _, ok := (*View)(nil).FindToken(TokenName{}); ok {
		t.Error("found in nothing")
	}
}

func TestEmptyViews(t *testing.T) {
	for name, v := range map[string]*View{"nil": nil, "zero": {}, "of an empty pool": NewPool(nil).View()} {
		if v.Len() != 0 || len(v.Regions()) != 0 || len(v.Region("506")) != 0 || len(v.Have("506")) != 0 || len(v.Since(nil, "506")) != 0 ||
			len(v.Missing("506", nil, noon)) != 0 {
			t.Errorf("%s view is not empty", name)
		}
		if _, ok := v.Lookup([32]byte{}); ok {
			t.Errorf("%s view has a sheet", name)
		}
	}
}
