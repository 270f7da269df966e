package network

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	p2pnet "github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"pieks/gossip/wire"
	"pieks/node/admission/inbound"
)

const (
	// ID is the protocol by which a node asks another for a newer network file.
	ID protocol.ID = "/pieks/network/1"

	// Service is the name under which the resource manager counts it.
	Service = "pieks.network"
)

// request asks for the network file.
type request struct {
	Version uint8  `cbor:"1,keyasint"`
	Network string `cbor:"2,keyasint"` // Bundle.ID of the network that the asker is in
	Have    uint64 `cbor:"3,keyasint"` // Bundle.Number that the asker has
}

// answer hands it over.
type answer struct {
	Version uint8  `cbor:"1,keyasint"`
	Code    code   `cbor:"2,keyasint"`
	File    []byte `cbor:"3,keyasint,omitempty"` // with codeFile
}

type code uint8

const (
	codeFile    code = 0 // here it is
	codeNothing code = 1 // nothing newer
	codeForeign code = 2 // the answerer is in another network
	codeVersion code = 3 // the answerer does not know the request's version
)

// Serve answers on h with what c holds. stop returns when no answer is under way any more.
func Serve(h host.Host, c *Current) (stop func()) {
	l := inbound.Listen(h, inbound.Protocol{
		ID: ID, Service: Service, Memory: maxRequest, Timeout: streamTimeout, Log: c.cfg.Log,
		Handle: func(_ context.Context, s p2pnet.Stream) error {
			var req request
			if err := wire.ReadObject(s, maxRequest, &req); err != nil {
				return fmt.Errorf("read request: %w", err)
			}
			frame, err := c.answerTo(req)
			if err != nil {
				return err
			}
			_, err = s.Write(frame)
			return err
		},
	})
	return func() { _ = l.Close() }
}

// answerTo is the rule of what is answered.
func (c *Current) answerTo(req request) ([]byte, error) {
	h := c.held.Load()
	switch {
	case req.Version != Version:
		return frameOf(answer{Version: Version, Code: codeVersion})
	case h == nil:
		return frameOf(answer{Version: Version, Code: codeNothing})
	case req.Network != h.bundle.ID():
		return frameOf(answer{Version: Version, Code: codeForeign})
	case req.Have >= h.bundle.Number:
		return frameOf(answer{Version: Version, Code: codeNothing})
	}
	return h.answer()
}

func frameOf(a answer) ([]byte, error) {
	var frame bytes.Buffer
	err := wire.WriteObject(&frame, a)
	return frame.Bytes(), err
}

// Fetch asks a peer for a newer bundle than c holds and offers it to c. It says whether a newer one was accepted. A node without
// any bundle gets ErrNone: the first one pins the network and comes as a file from somebody the user trusts.
// Other errors are those of Offer, ErrAnswer, and those of the connection.
func Fetch(ctx context.Context, h host.Host, id peer.ID, c *Current) (accepted bool, err error) {
	mine := c.Get()
	if mine == nil {
		return false, ErrNone
	}
	ctx, cancel := context.WithTimeout(ctx, streamTimeout)
	defer cancel()
	got, err := ask(ctx, h, id, request{Version: Version, Network: mine.ID(), Have: mine.Number})
	if err != nil {
		return false, fmt.Errorf("ask %s for the network file: %w", id, err)
	}
	switch {
	case got.Version != Version || got.Code == codeVersion || got.Code > codeVersion || (got.Code == codeFile) != (len(got.File) > 0):
		return false, fmt.Errorf("ask %s for the network file: %w", id, ErrAnswer)
	case got.Code == codeNothing:
		return false, nil
	case got.Code == codeForeign:
		return false, fmt.Errorf("ask %s for the network file: %w", id, ErrForeign)
	}
	return c.Offer(got.File)
}

func ask(ctx context.Context, h host.Host, id peer.ID, req request) (answer, error) {
	var got answer
	s, err := h.NewStream(p2pnet.WithAllowLimitedConn(ctx, "pieks"), id, ID)
	if err != nil {
		return got, err
	}
	defer s.Close()
	stop := context.AfterFunc(ctx, func() { _ = s.Reset() })
	defer stop()
	if err := s.Scope().SetService(Service); err != nil {
		_ = s.Reset()
		return got, err
	}
	if err := s.Scope().ReserveMemory(maxAnswer, p2pnet.ReservationPriorityMedium); err != nil {
		_ = s.Reset()
		return got, err
	}
	defer s.Scope().ReleaseMemory(maxAnswer)
	if err := s.SetDeadline(time.Now().Add(streamTimeout)); err != nil {
		_ = s.Reset()
		return got, err
	}
	if err := wire.WriteObject(s, req); err != nil {
		_ = s.Reset()
		return got, err
	}
	if err := wire.ReadObject(s, maxAnswer, &got); err != nil {
		_ = s.Reset()
		if ctx.Err() != nil {
			return got, ctx.Err()
		}
		return got, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	return got, nil
}
