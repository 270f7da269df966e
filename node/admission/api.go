package admission

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"pieks/card"
	"pieks/gossip"
)

var errUnbuilt = errors.New("not built yet")

// Kind is what a peer is to a relay.
type Kind uint8

// Kinds of peers. Stranger is one that was not admitted, or no longer is.
const (
	Stranger Kind = 0
	Client   Kind = 1 // a patient
	Front    Kind = 2 // a practice under its pseudonym P
	Desk     Kind = 3 // a practice under its device key D
	Relay    Kind = 4 // a relay of the network bundle; it does not ask
)

// Admitted is told to OnAdmit.
type Admitted struct {
	Peer   peer.ID
	Kind   Kind
	Region string // home region of a client or front, "" for a desk
	Zone   string // first two digits of it
	Until  time.Time
}

// Config says what a Server knows of the network. All functions are called often, from several goroutines, and must not block.
type Config struct {
	Policy    func() *gossip.Policy   // nil while there is no bundle: nobody is admitted
	CheckPass func(gossip.Pass) error // Validator.CheckPass
	Roots     func() card.Roots       // card roots, professions and revoked device keys of the bundle
	Bundle    func() uint64           // number of the current bundle, told in every answer
	IsRelay   func(peer.ID) bool      // relays of the bundle

	// LimitLocal counts loopback and private addresses as subnets like any other (tests, closed networks).
	LimitLocal bool
	// OnAdmit is called after a peer was admitted, or admitted again, in the goroutine of its stream; may be nil.
	OnAdmit func(Admitted)

	Now func() time.Time // nil = time.Now
	Log *slog.Logger     // nil = discard
}

// Server is the relay's end: it knows in memory who the connected peers are, and answers for them.
// It is a relay.ACLFilter of circuit v2.
type Server struct{}

// New makes a Server, so that a host can be made with it as ACL filter. Serve starts it.
func New(cfg Config) *Server { return &Server{} }

// Serve answers hellos on h until Close.
func (s *Server) Serve(h host.Host) {}

// Close ends the protocol on the host and waits for its streams.
func (s *Server) Close() error { return nil }

// KindOf says what a peer is now.
func (s *Server) KindOf(p peer.ID) Kind { return Stranger }

// AllowReserve lets admitted fronts and desks reserve a circuit.
func (s *Server) AllowReserve(p peer.ID, a ma.Multiaddr) bool { return false }

// AllowConnect lets anyone connect to who has a reservation.
func (s *Server) AllowConnect(src peer.ID, srcAddr ma.Multiaddr, dest peer.ID) bool { return true }

// Topics says which gossip topics a peer may join now: for gossip.CapFilter.
func (s *Server) Topics(p peer.ID) func(topic string) bool { return func(string) bool { return false } }

// AllowedRegions says which regions a peer may see now: for gossip.ServePool.
func (s *Server) AllowedRegions(p peer.ID) func(region string) bool {
	return func(string) bool { return false }
}

// Counts are numbers for the relay's status, nothing of anybody.
type Counts struct{ Clients, Fronts, Desks, Refused int }

// Counts returns how many are admitted now and how many hellos were refused since the start.
func (s *Server) Counts() Counts { return Counts{} }

// Reply is what a relay says to a hello.
type Reply struct {
	Cycle     uint64    // the relay's current cycle
	Effective uint64    // from this cycle on the asked regions are shown; at most Cycle when they already are
	Regions   []string  // what the relay shows now: a client's effective regions
	Until     time.Time // say hello again before this; zero for a client: as long as it is connected
	Bundle    uint64    // number of the relay's network bundle
}

// Hello tells relay who this host is: a patient that asks for its home region and at most three neighbours of it.
func HelloClient(ctx context.Context, h host.Host, relay peer.ID, home string, extra []string) (*Reply, error) {
	return nil, errUnbuilt
}

// HelloFront presents a pass. The host's identity must be its P. region is where the practice is.
func HelloFront(ctx context.Context, h host.Host, relay peer.ID, region string, pass gossip.Pass) (*Reply, error) {
	return nil, errUnbuilt
}

// HelloDesk presents an enrolment. The host's identity must be its D.
func HelloDesk(ctx context.Context, h host.Host, relay peer.ID, enrolment []byte) (*Reply, error) {
	return nil, errUnbuilt
}
