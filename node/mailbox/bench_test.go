package mailbox

import (
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/node/host/hosttest"
)

// BenchmarkPut is a put over a real stream with fsync, from as many senders at once as a busy relay has.
func BenchmarkPut(b *testing.B) {
	r := newRelay(b, b.TempDir(), hosttest.Loopback, false)
	h := r.dial(b, hosttest.Loopback)
	var n atomic.Int64
	b.SetParallelism(16)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			i := int(n.Add(1))
			if i > MaxEnvelopes {
				return
			}
			if err := r.put(b, h, BoxID{byte(i), byte(i >> 8), byte(i >> 16)}, envelopeOf(i)); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkIdleWatch says what a watching owner costs both ends together, in memory and goroutines.
func BenchmarkIdleWatch(b *testing.B) {
	r := newRelay(b, b.TempDir(), hosttest.Loopback, false)
	h := r.dial(b, hosttest.Loopback)
	const watches = maxWatchesPerPeer
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		goroutines := runtime.NumGoroutine()
		var all []*Watching
		for range watches {
			w, err := Watch(hosttest.Within(b), h, r.host.ID(), newKey())
			if err != nil {
				b.Fatal(err)
			}
			all = append(all, w)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(runtime.NumGoroutine()-goroutines)/watches, "goroutines/watch")
		b.ReportMetric((float64(after.HeapInuse+after.StackInuse)-float64(before.HeapInuse+before.StackInuse))/watches/1024, "KiB/watch")
		for _, w := range all {
			_ = w.Close()
		}
		for r.Counts().Watching > 0 {
			runtime.Gosched()
		}
	}
}

// BenchmarkRestart is the start of a relay with full mailboxes.
func BenchmarkRestart(b *testing.B) {
	r := newRelay(b, b.TempDir(), hosttest.Loopback, false)
	const envelopes = 4096
	h := r.dial(b, hosttest.Loopback)
	for i := range envelopes {
		if _, err := Put(hosttest.Within(b), h, []peer.ID{r.host.ID()}, BoxID{byte(i), byte(i >> 8)}, envelopeOf(i)); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if x, err := r.kept.load(noon); err != nil || x.count != envelopes {
			b.Fatal(err)
		}
	}
}
