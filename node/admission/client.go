package admission

import (
	"context"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip"
	"pieks/gossip/wire"
)

// Reply is what a relay says to a hello that it accepts.
type Reply struct {
	Cycle     uint64    // the relay's current cycle
	Effective uint64    // from this cycle on a client is shown what it asked for; not above Cycle when it already is
	Regions   []string  // what a client is shown now
	Until     time.Time // a front or desk is admitted until then; zero for a client
	Bundle    uint64    // number of the relay's network bundle, also set when the hello was refused
}

// HelloClient asks relay for a patient's home region and at most MaxExtra neighbours of it. Say it after each connect and
// before subscribing to a cycle topic; what Reply.Regions lacks may be subscribed to from cycle Reply.Effective on.
func HelloClient(ctx context.Context, h host.Host, relay peer.ID, home string, extra []string) (*Reply, error) {
	return say(ctx, h, relay, hello{Kind: Client, Region: home, Extra: extra})
}

// HelloFront presents a pass to relay. The identity of h must be its P. region is where the practice is; it stays for the life of the pass.
func HelloFront(ctx context.Context, h host.Host, relay peer.ID, region string, pass gossip.Pass) (*Reply, error) {
	return say(ctx, h, relay, hello{Kind: Front, Region: region, Pass: &pass})
}

// HelloDesk presents an enrolment to relay. The identity of h must be its D.
func HelloDesk(ctx context.Context, h host.Host, relay peer.ID, enrolment []byte) (*Reply, error) {
	return say(ctx, h, relay, hello{Kind: Desk, Enrolment: enrolment})
}

func say(ctx context.Context, h host.Host, relay peer.ID, m hello) (*Reply, error) {
	m.Version = version
	r, err := exchange(ctx, h, relay, m)
	if err != nil {
		return nil, fmt.Errorf("hello to relay %s: %w", relay, err)
	}
	out := &Reply{Cycle: r.Cycle, Effective: r.Effective, Regions: r.Regions, Bundle: r.Bundle}
	if r.Until != 0 {
		out.Until = time.Unix(int64(r.Until), 0)
	}
	if err := r.Code.err(); err != nil {
		return out, fmt.Errorf("hello to relay %s: %w", relay, err)
	}
	return out, nil
}

func exchange(ctx context.Context, h host.Host, relay peer.ID, m hello) (reply, error) {
	var r reply
	ctx, cancel := context.WithTimeout(network.WithAllowLimitedConn(ctx, "pieks"), streamTimeout)
	defer cancel()
	st, err := h.NewStream(ctx, relay, ProtocolID)
	if err != nil {
		return r, err
	}
	defer func() { _ = st.Reset() }()
	defer context.AfterFunc(ctx, func() { _ = st.Reset() })()
	if err := st.Scope().SetService(ServiceName); err != nil {
		return r, err
	}
	if err := wire.WriteObject(st, m); err != nil {
		return r, err
	}
	if err := wire.ReadObject(st, maxReplyFrame, &r); err != nil {
		return r, err
	}
	return r, checkReply(r)
}
