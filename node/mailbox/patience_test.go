package mailbox

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/x/simlibp2p"
	"github.com/marcopolo/simnet"
)

// simulate runs play in virtual time with full hosts over simulated QUIC, so that the deadlines are those of production.
func simulate(t *testing.T, play func(t *testing.T, newHost func() host.Host)) {
	// Two timers of a bubble that fire on two threads at once crash the race detector: golang/go#78156.
	threads := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(threads)
	synctest.Test(t, func(t *testing.T) {
		net := &simnet.Simnet{LatencyFunc: simnet.StaticLatency(10 * time.Millisecond), Logger: slog.New(slog.DiscardHandler)}
		net.Start()
		t.Cleanup(net.Close)
		link := simnet.NodeBiDiLinkSettings{
			Downlink: simnet.LinkSettings{BitsPerSecond: 20 * simlibp2p.OneMbps},
			Uplink:   simnet.LinkSettings{BitsPerSecond: 20 * simlibp2p.OneMbps},
		}
		n := 0
		play(t, func() host.Host {
			n++
			ip := simnet.IntToPublicIPv4(n * 256)
			h, err := libp2p.New(
				libp2p.ListenAddrStrings(fmt.Sprintf("/ip4/%s/udp/8000/quic-v1", ip)),
				simlibp2p.QUICSimnet(net, link),
				libp2p.DisableIdentifyAddressDiscovery(), libp2p.DisableMetrics(), libp2p.DisableRelay(),
			)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = h.Close() })
			return h
		})
	})
}

func simRelay(t *testing.T, h host.Host) *Server {
	t.Helper()
	s, err := Serve(Config{Host: h, Store: openStore(t, t.TempDir(), time.Now)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func connect(t *testing.T, from, to host.Host) {
	t.Helper()
	if err := from.Connect(t.Context(), peer.AddrInfo{ID: to.ID(), Addrs: to.Addrs()}); err != nil {
		t.Fatal(err)
	}
}

// Streams that say nothing, half a frame, or nothing after their nonce end at their deadline and give back what they
// held; so does one that watches and is never read. Others are served meanwhile.
func TestSilentStreamsEnd(t *testing.T) {
	simulate(t, func(t *testing.T, newHost func() host.Host) {
		relay, slow, other := newHost(), newHost(), newHost()
		s := simRelay(t, relay)
		connect(t, slow, relay)
		connect(t, other, relay)
		start := time.Now()
		const each = 8
		for range each {
			for _, say := range []func(network.Stream) error{
				func(st network.Stream) error { return binary.Write(st, binary.BigEndian, uint16(0)) },
				func(st network.Stream) error {
					return binary.Write(st, binary.BigEndian, []uint32{maxClientFrame, 0, 0})
				},
				func(st network.Stream) error { _, err := begin(st); return err },
			} {
				st, err := slow.NewStream(t.Context(), relay.ID(), ProtocolID)
				if err != nil {
					t.Fatal(err)
				}
				if err := say(st); err != nil {
					t.Fatal(err)
				}
			}
		}
		synctest.Wait()
		if got := s.listener.Open(); got != 3*each {
			t.Fatalf("%d streams are open, want %d", got, 3*each)
		}
		if got, want := reserved(t, relay), int64(3*each*streamMemory); got != want {
			t.Errorf("%d bytes are reserved, want %d", got, want)
		}
		if _, err := Put(t.Context(), other, []peer.ID{relay.ID()}, boxOf(newKey()), envelopeOf(1)); err != nil {
			t.Errorf("another peer meanwhile: %v", err)
		}
		for s.listener.Open() > 0 {
			if time.Since(start) > 2*requestTimeout+time.Second {
				t.Fatalf("%d streams are open after %s", s.listener.Open(), time.Since(start))
			}
			time.Sleep(time.Second) // virtual
		}
		if held := time.Since(start); held < requestTimeout {
			t.Errorf("streams ended after %s, before their deadline", held)
		}
		if got := reserved(t, relay); got != 0 {
			t.Errorf("%d bytes stay reserved", got)
		}
	})
}

// reserved is the memory that the resource manager holds for mailboxes.
func reserved(t *testing.T, h host.Host) (bytes int64) {
	t.Helper()
	err := h.Network().ResourceManager().ViewService(ServiceName, func(s network.ServiceScope) error {
		bytes = s.Stat().Memory
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

// A watch lives for its hour, without traffic, and then ends by itself; a new one gets the mail again.
func TestWatchLastsAnHour(t *testing.T) {
	simulate(t, func(t *testing.T, newHost func() host.Host) {
		relay, owner := newHost(), newHost()
		s := simRelay(t, relay)
		connect(t, owner, relay)
		key := newKey()
		w, err := Watch(t.Context(), owner, relay.ID(), key)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		start := time.Now()
		time.Sleep(sessionTimeout - time.Minute)
		if _, err := Put(t.Context(), owner, []peer.ID{relay.ID()}, boxOf(key), envelopeOf(1)); err != nil {
			t.Fatal(err)
		}
		if m := <-w.Mail(); m.ID != IDOf(envelopeOf(1)) {
			t.Fatal("not pushed after almost an hour")
		}
		for range w.Mail() {
			t.Error("pushed twice")
		}
		if w.Err() != ErrWatchEnded || time.Since(start).Round(time.Second) != sessionTimeout {
			t.Errorf("ended after %s: %v", time.Since(start), w.Err())
		}
		synctest.Wait()
		if c := s.Counts(); c.Watching != 0 || c.Envelopes != 1 {
			t.Errorf("counts %+v", c)
		}
		again, err := Watch(t.Context(), owner, relay.ID(), key)
		if err != nil {
			t.Fatal(err)
		}
		defer again.Close()
		if m := <-again.Mail(); m.ID != IDOf(envelopeOf(1)) {
			t.Error("not pushed again")
		}
	})
}

// A watcher that takes no bytes is dropped once the connection holds no more, and holds up nobody.
func TestUnreadWatchIsDropped(t *testing.T) {
	simulate(t, func(t *testing.T, newHost func() host.Host) {
		relay, slow, sender := newHost(), newHost(), newHost()
		s := simRelay(t, relay)
		connect(t, slow, relay)
		connect(t, sender, relay)
		st, err := slow.NewStream(t.Context(), relay.ID(), ProtocolID)
		if err != nil {
			t.Fatal(err)
		}
		nonce, err := begin(st)
		if err != nil {
			t.Fatal(err)
		}
		// 64 boxes of 64 envelopes are 16 MiB, far more than the stream's window.
		var boxes []BoxID
		for range MaxBoxes {
			key := newKey()
			if err := writeAccess(st, relay.ID(), nonce, key, access{Kind: accessWatch}); err != nil {
				t.Fatal(err)
			}
			boxes = append(boxes, boxOf(key))
		}
		time.Sleep(time.Second) // virtual, until all has arrived
		if s.Counts().Watching != 1 {
			t.Fatal("does not watch")
		}
		var wg sync.WaitGroup
		for i := range MaxPerBox {
			for _, box := range boxes {
				wg.Go(func() {
					large := make([]byte, LargeEnvelope)
					binary.BigEndian.PutUint64(large, uint64(i))
					if _, code := s.put(context.Background(), "", box, large); code != CodeOK {
						t.Errorf("code %d", code)
					}
				})
			}
			wg.Wait()
		}
		time.Sleep(writeTimeout + 5*time.Second) // virtual
		if s.Counts().Watching != 0 {
			t.Error("still watches without reading")
		}
		if _, err := Put(t.Context(), sender, []peer.ID{relay.ID()}, boxOf(newKey()), envelopeOf(1)); err != nil {
			t.Errorf("another peer: %v", err)
		}
	})
}
