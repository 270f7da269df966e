package network

import (
	"context"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

// ID is the protocol by which a node asks another for a newer bundle.
const ID protocol.ID = "/pieks/network/1"

// Serve answers on h with what c holds, until stop is called.
func Serve(h host.Host, c *Current) (stop func()) { return func() {} }

// Fetch asks peer for a newer bundle than c holds and offers it to c. It says whether a newer one was accepted.
func Fetch(ctx context.Context, h host.Host, id peer.ID, c *Current) (accepted bool, err error) {
	return false, ErrForm
}
