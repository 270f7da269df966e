package booking

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"pieks/gossip/wire"
	"pieks/node/admission/inbound"
)

// The protocols.
const (
	ID     protocol.ID = "/pieks/booking/1" // on a front host
	DeskID protocol.ID = "/pieks/desk/1"    // on a desk host
)

// Names of the services at the resource manager.
const (
	Service     = "pieks.booking"
	DeskService = "pieks.desk"
)

// Server serves one protocol on one host.
type Server struct{ listener *inbound.Listener }

// Close takes no new streams, resets the open ones and waits for what is under way.
func (s *Server) Close() error { return s.listener.Close() }

type handler func(ctx context.Context, from Origin, msg []byte) ([]byte, error)

func serve(h host.Host, id protocol.ID, origin func(network.Conn) Origin, handle handler, log *slog.Logger) *Server {
	service := Service
	if id == DeskID {
		service = DeskService
	}
	return &Server{inbound.Listen(h, inbound.Protocol{ID: id, Service: service, Memory: streamMemory, Timeout: wholeStream, Log: log,
		Handle: func(ctx context.Context, s network.Stream) error {
			from := Origin{Peer: s.Conn().RemotePeer().String()}
			if origin != nil {
				from = origin(s.Conn())
			}
			return answerAll(ctx, s, from, handle)
		}})}
}

// answerAll answers one message after the other until the patient is done, or one is none of this protocol.
func answerAll(ctx context.Context, s network.Stream, from Origin, handle handler) error {
	end := time.Now().Add(wholeStream)
	for {
		next := time.Now().Add(idleStream)
		if next.After(end) {
			next = end
		}
		if err := s.SetDeadline(next); err != nil {
			return err
		}
		msg, err := wire.ReadFrame(s, MaxMessage)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		reply, bad := handle(ctx, from, msg)
		if reply != nil {
			if err := wire.WriteFrame(s, reply); err != nil {
				return err
			}
		}
		if bad != nil {
			return nil // it was told why; the stream is closed
		}
	}
}

// Talk is a stream to a practice. One message after the other may be asked on it, by one goroutine at a time.
type Talk struct{ stream network.Stream }

// Dial opens a stream for /pieks/booking/1 to a front. The host must know an address, a circuit for example.
func Dial(ctx context.Context, h host.Host, front peer.ID) (*Talk, error) {
	return dial(ctx, h, front, ID)
}

// DialDesk opens a stream for /pieks/desk/1.
func DialDesk(ctx context.Context, h host.Host, desk peer.ID) (*Talk, error) {
	return dial(ctx, h, desk, DeskID)
}

func dial(ctx context.Context, h host.Host, id peer.ID, proto protocol.ID) (*Talk, error) {
	s, err := h.NewStream(network.WithAllowLimitedConn(ctx, "pieks"), id, proto)
	if err != nil {
		return nil, fmt.Errorf("reach the practice: %w", err)
	}
	return &Talk{s}, nil
}

// Ask sends a message and waits for the reply, at most until ctx ends. After an error the stream is of no use; the
// same message may be asked again on another one.
func (t *Talk) Ask(ctx context.Context, msg []byte) (reply []byte, err error) {
	end, ok := ctx.Deadline()
	if !ok {
		end = time.Now().Add(idleStream)
	}
	if err := t.stream.SetDeadline(end); err != nil {
		return nil, fmt.Errorf("ask the practice: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = t.stream.Reset() })
	defer stop()
	if err := wire.WriteFrame(t.stream, msg); err != nil {
		return nil, fmt.Errorf("ask the practice: %w", err)
	}
	reply, err = wire.ReadFrame(t.stream, MaxMessage)
	if err != nil {
		return nil, fmt.Errorf("hear the practice: %w", err)
	}
	return reply, nil
}

// Close ends the stream.
func (t *Talk) Close() error { return t.stream.Close() }
