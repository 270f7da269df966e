package disclosure

import (
	"sync"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"pieks/node/host"
	"pieks/node/host/hosttest"
)

type everybody struct{}

func (everybody) AllowReserve(peer.ID, ma.Multiaddr) bool          { return true }
func (everybody) AllowConnect(peer.ID, ma.Multiaddr, peer.ID) bool { return true }

// With the limits that relays and patients run with, the largest data go through, also of several patients at once, and so does the largest list.
func TestLargestDataWithinTheHostsLimits(t *testing.T) {
	relayHost, err := host.Relay(hosttest.Key(70), &host.Gate{}, []string{hosttest.Loopback}, everybody{}, &host.Meter{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = host.Close(relayHost) })
	clock := hosttest.NewClock(noon)
	s, err := Serve(Config{Host: relayHost, Store: openStore(t, t.TempDir(), clock.Now), Key: hosttest.Key(70), Roots: testRoots, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	doctor := physician(t)
	var wg sync.WaitGroup
	for range 8 {
		patient, err := host.Patient(&host.Gate{}, false)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = host.Close(patient) })
		if err := patient.Connect(hosttest.Within(t), peer.AddrInfo{ID: relayHost.ID(), Addrs: relayHost.Addrs()}); err != nil {
			t.Fatal(err)
		}
		consent := must(NewConsent(bytesOf(9, MaxData)))
		cms := rawSign(t, doctor, 70, consent, noon, nil)
		wg.Go(func() {
			if err := Post(hosttest.Within(t), patient, relayHost.ID(), consent, cms); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := s.Counts().Waiting; n != 8 {
		t.Fatalf("%d of 8 were taken", n)
	}
	for range maxItems - 8 {
		c := must(NewConsent(bytesOf(9, MaxData)))
		if err := s.queue.post(t.Context(), c.Commitment(), c.Data, noon.Add(Lifetime), DefaultRules(), noon); err != nil {
			t.Fatal(err)
		}
	}
	clock.Set(noon.Add(defaultCycle))
	if n, err := s.Tick(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	patient, err := host.Patient(&host.Gate{}, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = host.Close(patient) })
	if err := patient.Connect(hosttest.Within(t), peer.AddrInfo{ID: relayHost.ID(), Addrs: relayHost.Addrs()}); err != nil {
		t.Fatal(err)
	}
	items := 0
	r := Reading{Relays: anyRelay, Now: clock.Now}
	err = FetchLists(hosttest.Within(t), patient, relayHost.ID(), r, func(l List) error { items += len(l.Items); return nil })
	if err != nil || items != maxItems {
		t.Errorf("%d items of %d, %v", items, maxItems, err)
	}
}
