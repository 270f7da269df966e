package admission

import (
	"sync"
	"testing"
)

// BenchmarkHello is a whole hello over a real stream.
func BenchmarkHello(b *testing.B) {
	n := testNet()
	key, device := keyOf(1), keyOf(3)
	epoch := n.policy.Rules.EpochAt(noon)
	pass, enrolment := n.pass(b, key, epoch), n.enrolment(b, publicOf(device))
	r := newRelay(b, quicLoopback, false)
	var wg sync.WaitGroup
	over := make(chan struct{})
	wg.Go(func() {
		for {
			select {
			case <-r.admitted:
			case <-over:
				return
			}
		}
	})
	defer wg.Wait()
	defer close(over)
	front, desk := r.dial(b, key, quicLoopback), r.dial(b, device, quicLoopback)
	for name, say := range map[string]func() error{
		"front": func() error { _, err := HelloFront(within(b), front, r.host.ID(), "506", pass); return err },
		"desk":  func() error { _, err := HelloDesk(within(b), desk, r.host.ID(), enrolment); return err },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r.clock.set(r.clock.now().Add(peerEvery)) // within the rate
				if err := say(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
