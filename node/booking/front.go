package booking

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"

	"pieks/store"
)

// The protocols.
const (
	ID     protocol.ID = "/pieks/booking/1" // on a front host
	DeskID protocol.ID = "/pieks/desk/1"    // on a desk host
)

// Practice is what signs for a practice and names it.
type Practice struct {
	Device    ed25519.PrivateKey // D
	Enrolment func() []byte      // the practice card: CMS of the enrolment that holds now
	Relays    func() []string    // peer IDs of the relays where the desk keeps circuits and its mailbox
}

// Origin is what is known of where a message came from. Empty fields are not limited by.
type Origin struct {
	Peer   string // peer ID of the stream
	Subnet string // whatever the role counts as one network, for example an HMAC of the /24
	Mail   bool   // through the mailbox: no sender is known
}

// FrontConfig is what a front needs.
type FrontConfig struct {
	Ledger   *Ledger
	Practice Practice
	Epoch    uint64             // begun at the ledger under the public key of Key
	Key      ed25519.PrivateKey // P
	Log      *slog.Logger       // nil = discard
}

// Front answers requests and confirms for one pseudonym.
type Front struct{ cfg FrontConfig }

// NewFront checks the configuration.
func NewFront(cfg FrontConfig) (*Front, error) { return &Front{cfg: cfg}, nil }

// Handle answers one message. An error says that it was no message of this protocol; a reply beside an error may still
// be sent. A reply for which RetryAt holds asks for the same message again later.
func (f *Front) Handle(ctx context.Context, from Origin, msg []byte) (reply []byte, err error) {
	return nil, store.ErrClosed
}

// Mailed is the answer to a message from a mailbox, with where it goes.
type Mailed struct {
	Message []byte // nil: nothing to send
	Box     [32]byte
	Sealing [32]byte
	Relays  []string
	RetryAt time.Time // not zero: keep the message and handle it again then; a draw goes on
}

// HandleMail is Handle for a message out of P's mailbox. It may be deleted there once the answer was sent, at once when there is
// an error or nothing to send, and not before RetryAt.
func (f *Front) HandleMail(ctx context.Context, msg []byte) (Mailed, error) {
	return Mailed{}, store.ErrClosed
}

// Listen serves the protocol on the front host. origin may be nil: then only the peer ID counts.
func (f *Front) Listen(h host.Host, origin func(network.Conn) Origin) *Server { return &Server{} }

// Server serves one protocol on one host.
type Server struct{}

// Close takes no new streams and waits for those under way.
func (s *Server) Close() error { return nil }
