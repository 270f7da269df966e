package disclosure

import (
	"fmt"
	"testing"
	"time"

	"pieks/node/host/hosttest"
)

// BenchmarkVerify is the check that a delivery, a post and a patient's app make: both signatures, profile and content.
func BenchmarkVerify(b *testing.B) {
	consent := must(NewConsent([]byte("opaque")))
	cms := rawSign(b, physician(b), 70, consent, noon, nil)
	b.ReportMetric(float64(len(cms)), "bytes")
	for b.Loop() {
		if _, err := consent.Check(cms, peerOf(hosttest.Key(70)), testRoots(), noon); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPost is a post over a real stream with fsync, of one phone after another; BenchmarkDummy the same of dummies, which should
// cost as much.
func BenchmarkPost(b *testing.B) {
	r := newRelay(b, b.TempDir(), 70, nil)
	h, doctor := r.dial(b), physician(b)
	consents, signed := make([]Consent, min(b.N, 64)), make([][]byte, min(b.N, 64))
	for i := range consents {
		consents[i], signed[i] = r.authorised(b, doctor, fmt.Sprintf("item %0241d", i))
	}
	b.ResetTimer()
	for i := range b.N {
		if i >= len(consents) { // one of the first again: refused, after all the same work but for the write
			b.StopTimer()
			consents[i%64], signed[i%64] = r.authorised(b, doctor, fmt.Sprintf("item %0241d", i))
			b.StartTimer()
		}
		if err := Post(hosttest.Within(b), h, r.id(), consents[i%64], signed[i%64]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDummy(b *testing.B) {
	r := newRelay(b, b.TempDir(), 70, nil)
	h := r.dial(b)
	for b.Loop() {
		if err := post(hosttest.Within(b), h, r.id(), dummyParcel(), true); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPublish makes one list of 256 items of 64 KiB, the largest there is: 16 MiB in one transaction.
func BenchmarkPublish(b *testing.B) {
	r := newRelay(b, b.TempDir(), 70, nil)
	for i := range b.N {
		b.StopTimer()
		for range maxItems {
			c := must(NewConsent(bytesOf(byte(i), MaxData)))
			if err := r.queue.post(b.Context(), c.Commitment(), c.Data, r.clock.Now().Add(Lifetime), DefaultRules(), r.clock.Now()); err != nil {
				b.Fatal(err)
			}
		}
		r.clock.Advance(6 * time.Hour)
		b.StartTimer()
		if n, err := r.Tick(b.Context()); n != 1 || err != nil {
			b.Fatal(n, err)
		}
	}
}

// BenchmarkFetch fetches a list of 20 warnings.
func BenchmarkFetch(b *testing.B) {
	r := newRelay(b, b.TempDir(), 70, nil)
	r.fill(b, 20)
	r.clock.Advance(6 * time.Hour)
	if n, err := r.Tick(b.Context()); n != 1 || err != nil {
		b.Fatal(n, err)
	}
	h := r.dial(b)
	for b.Loop() {
		if n := len(r.lists(b, h, nil)); n != 1 {
			b.Fatal(n)
		}
	}
}

// BenchmarkMatch holds one warning against one room key.
func BenchmarkMatch(b *testing.B) {
	w := must(NewWarning([][32]byte{{1}}))
	for b.Loop() {
		if !Match(w, [32]byte{1}) {
			b.Fatal("no match")
		}
	}
}
