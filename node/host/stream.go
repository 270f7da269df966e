package host

import (
	"context"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

// Stream opens a stream of a protocol to a peer, through a circuit, too. It is counted for the service, and ends with ctx, after timeout unless another
// deadline is set, or with stop, which must be called.
func Stream(ctx context.Context, h host.Host, id peer.ID, of protocol.ID, service string, timeout time.Duration) (st network.Stream, stop func(), err error) {
	dialing, cancel := context.WithTimeout(network.WithAllowLimitedConn(ctx, "pieks"), timeout)
	defer cancel()
	st, err = h.NewStream(dialing, id, of)
	if err != nil {
		return nil, nil, err
	}
	if err := st.Scope().SetService(service); err != nil {
		_ = st.Reset()
		return nil, nil, err
	}
	_ = st.SetDeadline(time.Now().Add(timeout))
	release := context.AfterFunc(ctx, func() { _ = st.Reset() })
	return st, func() {
		release()
		_ = st.Reset()
	}, nil
}
