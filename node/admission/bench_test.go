package admission

import (
	"sync"
	"testing"

	"pieks/node/host/hosttest"
)

// BenchmarkHello is a whole hello over a real stream.
func BenchmarkHello(b *testing.B) {
	n := testNet()
	key, device := hosttest.Key(1), hosttest.Key(3)
	epoch := n.policy.Rules.EpochAt(noon)
	pass, enrolment := n.pass(b, key, epoch), n.enrolment(b, publicOf(device))
	r := newRelay(b, hosttest.Loopback, false)
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
	front, desk := r.dial(b, key, hosttest.Loopback), r.dial(b, device, hosttest.Loopback)
	for name, say := range map[string]func() error{
		"front": func() error { _, err := HelloFront(hosttest.Within(b), front, r.host.ID(), "506", pass); return err },
		"desk":  func() error { _, err := HelloDesk(hosttest.Within(b), desk, r.host.ID(), enrolment); return err },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r.clock.Set(r.clock.Now().Add(peerEvery)) // within the rate
				if err := say(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
