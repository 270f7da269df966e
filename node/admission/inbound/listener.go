package inbound

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"
)

// Protocol is one protocol's incoming side.
type Protocol struct {
	ID      protocol.ID
	Service string        // resource manager service, "pieks.mailbox"
	Memory  int           // bytes that one stream may hold, reserved before it is read
	Timeout time.Duration // the whole stream ends after this, unless Handle sets another deadline
	// Handle serves one stream and returns when it is done; the stream is then closed. An error resets it instead. ctx
	// ends when the listener closes.
	Handle func(ctx context.Context, s network.Stream) error
	Log    *slog.Logger // nil discards
}

// Listener serves one protocol on one host until Close.
type Listener struct {
	host   host.Host
	proto  Protocol
	ctx    context.Context
	cancel context.CancelFunc

	mu     sync.Mutex
	closed bool
	open   map[network.Stream]struct{}
	wg     sync.WaitGroup
}

// Listen starts to serve p on h.
func Listen(h host.Host, p Protocol) *Listener {
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &Listener{host: h, proto: p, ctx: ctx, cancel: cancel, open: map[network.Stream]struct{}{}}
	h.SetStreamHandler(p.ID, l.serve)
	return l
}

// Close takes no new streams, resets the open ones and returns when the last handler has returned.
func (l *Listener) Close() error {
	l.host.RemoveStreamHandler(l.proto.ID)
	l.mu.Lock()
	l.closed = true
	for s := range l.open {
		_ = s.Reset()
	}
	l.mu.Unlock()
	l.cancel()
	l.wg.Wait()
	return nil
}

// Open is how many streams are being served.
func (l *Listener) Open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.open)
}

func (l *Listener) serve(s network.Stream) {
	if !l.begin(s) {
		_ = s.Reset()
		return
	}
	defer l.end(s)
	if err := s.Scope().SetService(l.proto.Service); err != nil {
		l.refuse(s, "service", err)
		return
	}
	if err := s.Scope().ReserveMemory(l.proto.Memory, network.ReservationPriorityAlways); err != nil {
		l.refuse(s, "memory", err)
		return
	}
	defer s.Scope().ReleaseMemory(l.proto.Memory)
	if err := s.SetDeadline(time.Now().Add(l.proto.Timeout)); err != nil {
		l.refuse(s, "deadline", err)
		return
	}
	if err := l.proto.Handle(l.ctx, s); err != nil {
		l.refuse(s, "handle", err)
		return
	}
	_ = s.Close()
}

// refuse resets the stream. The log names no peer: who asked a relay for what is nobody's business.
func (l *Listener) refuse(s network.Stream, step string, err error) {
	l.proto.Log.Debug("stream reset", "service", l.proto.Service, "step", step, "err", err)
	_ = s.Reset()
}

func (l *Listener) begin(s network.Stream) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.open[s] = struct{}{}
	l.wg.Add(1)
	return true
}

func (l *Listener) end(s network.Stream) {
	l.mu.Lock()
	delete(l.open, s)
	l.mu.Unlock()
	l.wg.Done()
}
