package booking

import (
	"context"
	"log/slog"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"

	"pieks/store"
)

// DeskConfig is what a desk needs.
type DeskConfig struct {
	Ledger   *Ledger
	Practice Practice
	Log      *slog.Logger // nil = discard
}

// Desk answers the orders of patients who have a booking, and tells them what the practice changed.
type Desk struct{ cfg DeskConfig }

// NewDesk checks the configuration.
func NewDesk(cfg DeskConfig) (*Desk, error) { return &Desk{cfg: cfg}, nil }

// Handle answers one order. See Front.Handle.
func (d *Desk) Handle(ctx context.Context, from Origin, msg []byte) (reply []byte, err error) {
	return nil, store.ErrClosed
}

// HandleMail is Handle for a message out of D's mailbox. See Front.HandleMail.
func (d *Desk) HandleMail(ctx context.Context, msg []byte) (Mailed, error) {
	return Mailed{}, store.ErrClosed
}

// Cancel ends a booking from the practice's side: its open visits are cancelled, their appointments offered again or
// withdrawn, and a notice for the patient is put into the outbox, all in one transaction. Cancelling again changes nothing.
func (d *Desk) Cancel(ctx context.Context, id BookingID, reason string, reopen bool) (Booking, error) {
	return Booking{}, ErrNoBooking
}

// Listen serves the protocol on the desk host. See Front.Listen.
func (d *Desk) Listen(h host.Host, origin func(network.Conn) Origin) *Server { return &Server{} }
