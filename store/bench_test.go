package store

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// BenchmarkUpdate shows acknowledged writes a second with fsync: one caller, and 64 that share commits.
func BenchmarkUpdate(b *testing.B) {
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			s := mustOpen(b, quiet(b.TempDir()))
			value := make([]byte, 300)
			var next atomic.Int64
			first := s.durable.Load()
			b.ResetTimer()
			var wg sync.WaitGroup
			for range callers {
				wg.Go(func() {
					for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
						key := binary.BigEndian.AppendUint64(nil, uint64(i))
						if err := s.Update(b.Context(), func(tx *Tx) error { return tx.Put(things, key, value) }); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
			b.ReportMetric(float64(b.N)/float64(s.durable.Load()-first), "writes/fsync")
		})
	}
}

func BenchmarkGet(b *testing.B) {
	s := mustOpen(b, quiet(b.TempDir()))
	put(b, s, things, "key", string(make([]byte, 300)))
	for b.Loop() {
		if err := s.View(func(tx *Tx) error { _, err := tx.Get(things, []byte("key")); return err }); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen shows what the check at the start costs: 10,000 values, 4 MiB.
func BenchmarkOpen(b *testing.B) {
	o := quiet(b.TempDir())
	s := mustOpen(b, o)
	err := s.Update(b.Context(), func(tx *Tx) error {
		for i := range 10000 {
			if err := tx.Put(things, binary.BigEndian.AppendUint64(nil, uint64(i)), make([]byte, 300)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	mustClose(b, s)
	for b.Loop() {
		s, err := Open(b.Context(), o)
		if err != nil {
			b.Fatal(err)
		}
		mustClose(b, s)
	}
}
