package booking

import (
	"context"
	"testing"
	"time"

	"pieks/gossip"
)

// BenchmarkTaken is the practice's work for a request whose slot is gone.
func BenchmarkTaken(b *testing.B) {
	k := newKit(b)
	k.offer(1)
	a := k.attempt(0)
	if err := k.book(k.attempt(0)); err != nil {
		b.Fatal(err)
	}
	request := must[[]byte](b)(a.Request())
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := k.front.Handle(context.Background(), Origin{Peer: "p"}, request); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkBooking is both sides' work for all four messages, in process, with fsync on a real disk.
func BenchmarkBooking(b *testing.B) {
	dir := b.TempDir()
	k := kitIn(b, dir)
	defer k.close()
	for b.Loop() {
		b.StopTimer()
		if k.ledger.OpenCount() == 0 {
			k.offer(100)
		}
		sheet := k.sheet()
		b.StartTimer()
		a := must[*Attempt](b)(NewAttempt(sheet, slotIDs(sheet.Sheet.Slots[0].ID), nil, k.clock.now()))
		if err := k.book(a); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkContention is 64 patients at 50 slots over streams on loopback, one stream each.
func BenchmarkContention(b *testing.B) {
	attempts, spent := 0, time.Duration(0)
	for b.Loop() {
		b.StopTimer()
		k := kitIn(b, b.TempDir())
		k.offer(50)
		front := loopback(b, k.p)
		server := k.front.Listen(front, nil)
		sheet := k.sheet()
		const patients = 64
		done := make(chan struct{})
		talks := make([]*Talk, patients)
		for i := range talks {
			h := connected(b, front)
			defer h.Close()
			talks[i] = must[*Talk](b)(Dial(b.Context(), h, front.ID()))
		}
		b.StartTimer()
		start := time.Now()
		for _, talk := range talks {
			go func() {
				for _, slot := range sheet.Sheet.Slots {
					tryOne(b.Context(), b, k, talk, must[*Attempt](b)(NewAttempt(sheet, []gossip.SlotID{slot.ID}, nil, k.clock.now())))
				}
				done <- struct{}{}
			}()
		}
		for range talks {
			<-done
		}
		spent += time.Since(start)
		attempts += patients * 50
		b.StopTimer()
		if n := len(must[[]Booking](b)(k.ledger.Bookings())); n != 50 {
			b.Fatalf("%d bookings", n)
		}
		_ = server.Close()
		_ = front.Close()
		k.close()
		b.StartTimer()
	}
	b.ReportMetric(float64(attempts)/spent.Seconds(), "attempts/s")
}
