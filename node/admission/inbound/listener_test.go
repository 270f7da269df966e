package inbound

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

func loopback(t *testing.T) host.Host {
	t.Helper()
	h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/udp/0/quic-v1"), libp2p.DisableMetrics())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

func dial(t *testing.T, from, to host.Host) network.Stream {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := from.Connect(ctx, peer.AddrInfo{ID: to.ID(), Addrs: to.Addrs()}); err != nil {
		t.Fatal(err)
	}
	s, err := from.NewStream(ctx, to.ID(), "/test/1")
	if err != nil {
		t.Fatal(err)
	}
	_ = s.SetDeadline(time.Now().Add(10 * time.Second))
	return s
}

func TestListenerEndsSilentStreamsAtTheirDeadline(t *testing.T) {
	server, client := loopback(t), loopback(t)
	failed := make(chan error, 1)
	l := Listen(server, Protocol{ID: "/test/1", Service: "test", Memory: 1024, Timeout: 50 * time.Millisecond,
		Handle: func(_ context.Context, s network.Stream) error {
			_, err := io.ReadFull(s, make([]byte, 8))
			failed <- err
			return err
		}})
	defer l.Close()
	s := dial(t, client, server)
	if _, err := s.Write([]byte("half")); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err == nil {
		t.Error("a half frame was read as a whole one")
	}
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, network.ErrReset) {
		t.Errorf("client sees %v, want a reset", err)
	}
}

func TestListenerCloseEndsOpenStreamsAndWaits(t *testing.T) {
	server, client := loopback(t), loopback(t)
	started, ended := make(chan struct{}), make(chan struct{})
	l := Listen(server, Protocol{ID: "/test/1", Service: "test", Memory: 1024, Timeout: time.Hour,
		Handle: func(ctx context.Context, s network.Stream) error {
			close(started)
			_, err := io.ReadAll(s)
			<-ctx.Done()
			close(ended)
			return err
		}})
	s := dial(t, client, server)
	if _, err := s.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	<-started
	if l.Open() != 1 {
		t.Errorf("open %d, want 1", l.Open())
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	default:
		t.Error("Close returned before the handler did")
	}
	if l.Open() != 0 {
		t.Errorf("open %d after Close", l.Open())
	}
}

// More streams than the service's memory allows are reset before they are read; the others go on.
func TestListenerReservesMemory(t *testing.T) {
	server, client := loopback(t), loopback(t)
	l := Listen(server, Protocol{ID: "/test/1", Service: "test", Memory: 1 << 40, Timeout: time.Minute,
		Handle: func(context.Context, network.Stream) error {
			t.Error("served a stream without memory")
			return nil
		}})
	defer l.Close()
	s := dial(t, client, server)
	_, _ = s.Write([]byte("x"))
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, network.ErrReset) {
		t.Errorf("client sees %v, want a reset", err)
	}
}
