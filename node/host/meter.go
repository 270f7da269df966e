package host

import (
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/metrics"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/pb"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
)

// Meter counts what passes through a relay's host: bytes of all streams, those of circuits once on each side, and open circuits. It keeps
// sums only. libp2p's own metrics.BandwidthCounter keeps a meter for each peer besides, which a relay is not to have, and costs more.
//
// The bytes are those in streams, without the headers of QUIC, UDP and IP: a hoster counts 5 to 10 % more.
type Meter struct {
	in, out  atomic.Uint64
	circuits atomic.Int64
}

// Bytes are how many came in and went out since the host was made.
func (m *Meter) Bytes() (in, out uint64) { return m.in.Load(), m.out.Load() }

// Circuits are how many circuits are open now.
func (m *Meter) Circuits() int { return int(max(m.circuits.Load(), 0)) }

// reporter is a Meter as the host's streams tell it.
type reporter struct{ *Meter }

var _ metrics.Reporter = reporter{}

func (r reporter) LogSentMessage(n int64) { r.out.Add(uint64(n)) }
func (r reporter) LogRecvMessage(n int64) { r.in.Add(uint64(n)) }

func (reporter) LogSentMessageStream(int64, protocol.ID, peer.ID) {}
func (reporter) LogRecvMessageStream(int64, protocol.ID, peer.ID) {}

func (r reporter) GetBandwidthTotals() metrics.Stats {
	in, out := r.Bytes()
	return metrics.Stats{TotalIn: int64(in), TotalOut: int64(out)}
}

func (reporter) GetBandwidthForPeer(peer.ID) metrics.Stats             { return metrics.Stats{} }
func (reporter) GetBandwidthForProtocol(protocol.ID) metrics.Stats     { return metrics.Stats{} }
func (reporter) GetBandwidthByPeer() map[peer.ID]metrics.Stats         { return nil }
func (reporter) GetBandwidthByProtocol() map[protocol.ID]metrics.Stats { return nil }

func (reporter) Reset()             {}
func (reporter) TrimIdle(time.Time) {}

// circuitTracer is a Meter as the circuit relay tells it.
type circuitTracer struct{ *Meter }

var _ relay.MetricsTracer = circuitTracer{}

func (t circuitTracer) ConnectionOpened()              { t.circuits.Add(1) }
func (t circuitTracer) ConnectionClosed(time.Duration) { t.circuits.Add(-1) }

func (circuitTracer) RelayStatus(bool)                    {}
func (circuitTracer) ConnectionRequestHandled(pb.Status)  {}
func (circuitTracer) ReservationAllowed(bool)             {}
func (circuitTracer) ReservationClosed(int)               {}
func (circuitTracer) ReservationRequestHandled(pb.Status) {}
func (circuitTracer) BytesTransferred(int)                {}
