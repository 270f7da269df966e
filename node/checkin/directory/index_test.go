package directory

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// anItem is one of few devices, so that they meet.
func anItem(t *rapid.T) *item {
	i := &item{
		device: [32]byte{byte(rapid.IntRange(0, 2).Draw(t, "bucket")), byte(rapid.IntRange(0, 3).Draw(t, "device"))},
		seq:    rapid.Uint64Range(1, 5).Draw(t, "seq"), until: time.Unix(rapid.Int64Range(0, 9).Draw(t, "until"), 0),
	}
	if rapid.Bool().Draw(t, "listed") {
		i.institution = rapid.SampledFrom([]string{"1-1", "1-2"}).Draw(t, "institution")
		i.card = [32]byte{byte(rapid.IntRange(1, 3).Draw(t, "card"))}
	}
	return i
}

// An index is a map of devices: whatever was put and removed in whatever order, it counts, finds and compares what is there.
func TestIndexAgainstAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, model := newIndex(), map[[32]byte]*item{}
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			i := anItem(t)
			_ = x.marks() // they are remembered
			if rapid.Bool().Draw(t, "put") {
				x.put(i)
				model[i.device] = i
			} else {
				x.remove(i.device)
				delete(model, i.device)
			}
		}
		again := newIndex()
		listed, withdrawn, of := 0, 0, map[string]int{}
		for _, i := range model {
			again.put(i) // in another order
			if i.withdrawn() {
				withdrawn++
				continue
			}
			listed++
			of[i.institution]++
		}
		if x.listed != listed || x.withdrawn != withdrawn || len(x.of) != len(of) {
			t.Fatalf("%d %d %v", x.listed, x.withdrawn, x.of)
		}
		if x.marks() != again.marks() {
			t.Fatal("the same listings, and other marks")
		}
		for d, i := range model {
			if x.get(d) != i || !slices.Contains(x.named(keyOf(d)), i) || of[i.institution] != x.of[i.institution] && !i.withdrawn() {
				t.Fatalf("%x is not found", d)
			}
		}
		now := time.Unix(5, 0)
		for _, d := range x.over(now) {
			if now.Before(model[d].until) {
				t.Fatal("it is not over")
			}
			x.remove(d)
		}
		if len(x.over(now)) != 0 {
			t.Fatal("something is over still")
		}
	})
}

// Two indexes have the same mark of a bucket exactly when they have the same rows in it.
func TestMarksTell(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := newIndex(), newIndex()
		for range rapid.IntRange(0, 6).Draw(t, "n") {
			i := anItem(t)
			x.put(i)
			if rapid.IntRange(0, 9).Draw(t, "both") > 0 {
				y.put(i)
			}
		}
		a, b := x.marks(), y.marks()
		for bucket := range buckets {
			if bytes.Equal(a.of(bucket), b.of(bucket)) != bytes.Equal(x.rows(bucket), y.rows(bucket)) {
				t.Fatalf("bucket %d", bucket)
			}
		}
	})
}

// Keys are the beginnings of device keys: two that begin alike are both found.
func TestDevicesThatBeginAlike(t *testing.T) {
	x := newIndex()
	a, b, c := [32]byte{1, 2, 31: 1}, [32]byte{1, 2, 31: 2}, [32]byte{1, 3}
	for _, d := range [][32]byte{c, b, a} {
		x.put(&item{device: d, seq: 1})
	}
	if got := x.named(keyOf(a)); len(got) != 2 || got[0].device != a || got[1].device != b {
		t.Errorf("%v", got)
	}
	if got := x.named(key{9}); got != nil {
		t.Errorf("%v", got)
	}
}
