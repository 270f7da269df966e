package mailbox

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
)

var errUnbuilt = errors.New("not built yet")

// Config says where a Server keeps mail.
type Config struct {
	Host host.Host
	// Store *store.Store follows as soon as that package is there

	LimitLocal bool             // count loopback and private addresses as subnets like any other
	Now        func() time.Time // nil = time.Now
	Log        *slog.Logger     // nil = discard
}

// Server is the relay's end.
type Server struct{}

// Serve loads what the store holds and answers on cfg.Host until Close.
func Serve(cfg Config) (*Server, error) { return nil, errUnbuilt }

// Close ends the protocol on the host and waits for its streams.
func (s *Server) Close() error { return nil }

// Counts are numbers for the relay's status, nothing of anybody.
type Counts struct{ Envelopes, Boxes, Watching int }

// Counts returns what is kept now.
func (s *Server) Counts() Counts { return Counts{} }

// Kept says that a relay holds an envelope durably.
type Kept struct {
	Relay peer.ID
	ID    EnvelopeID
	Until time.Time // the relay drops it then
}

// Mail is an envelope as its box's owner gets it.
type Mail struct {
	ID       EnvelopeID
	Box      BoxID
	Envelope []byte
	Until    time.Time
}

// Put leaves an envelope for box at each of the relays, which h must be able to reach, and returns who keeps it. The error is
// non-nil only when none does; putting the same envelope again is harmless.
func Put(ctx context.Context, h host.Host, relays []peer.ID, box BoxID, envelope []byte) ([]Kept, error) {
	return nil, errUnbuilt
}

// Fetch returns what relay keeps for the box of key, oldest first. It deletes nothing.
func Fetch(ctx context.Context, h host.Host, relay peer.ID, key ed25519.PrivateKey) ([]Mail, error) {
	return nil, errUnbuilt
}

// Delete has relay drop envelopes of the box of key. Unknown ids are no error.
func Delete(ctx context.Context, h host.Host, relay peer.ID, key ed25519.PrivateKey, ids ...EnvelopeID) error {
	return errUnbuilt
}

// Watch opens a stream on which relay pushes what it keeps, and what arrives later, for the boxes of keys. It ends with
// ctx, with the connection, or after an hour: the caller watches again, and gets what it has not deleted again.
func Watch(ctx context.Context, h host.Host, relay peer.ID, keys ...ed25519.PrivateKey) (*Watching, error) {
	return nil, errUnbuilt
}

// Watching is an open watch.
type Watching struct{}

// Mail delivers envelopes; it is closed when the watch has ended.
func (w *Watching) Mail() <-chan Mail { return nil }

// Err says why the watch ended, after Mail was closed.
func (w *Watching) Err() error { return nil }

// Add watches another box on the same stream.
func (w *Watching) Add(ctx context.Context, key ed25519.PrivateKey) error { return errUnbuilt }

// Delete is Delete on the same stream.
func (w *Watching) Delete(ctx context.Context, key ed25519.PrivateKey, ids ...EnvelopeID) error {
	return errUnbuilt
}

// Close ends the watch and waits for its goroutines.
func (w *Watching) Close() error { return nil }
