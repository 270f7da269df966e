package booking

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"

	"pieks/gossip/wire"
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
func NewDesk(cfg DeskConfig) (*Desk, error) {
	if err := cfg.Practice.check(); err != nil {
		return nil, err
	}
	if cfg.Ledger == nil {
		return nil, errors.New("a desk needs a ledger")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Desk{cfg}, nil
}

// Handle answers one order. See Front.Handle.
func (d *Desk) Handle(ctx context.Context, from Origin, msg []byte) (reply []byte, err error) {
	m, err := Decode(msg)
	if err != nil {
		return refuseForm(err), err
	}
	if m.Kind != KindOrder {
		return refuseMalformed, fmt.Errorf("%w: kind %d", ErrMessage, m.Kind)
	}
	o, err := readOrder(m.Body)
	if err != nil {
		return refuseSignature(err), err
	}
	id, record, err := d.cfg.Ledger.byKey(o.Key)
	if errors.Is(err, ErrNoBooking) {
		return d.cfg.Ledger.refuseUnknown(o.Key), nil
	}
	if err == nil {
		record, err = d.carryOut(ctx, o.Action, id, record)
	}
	if err == nil {
		reply, err = d.cfg.Practice.receipt(id, record)
	}
	if err != nil {
		return refuseError(err, d.cfg.Log)
	}
	return reply, nil
}

// carryOut does what an order asks for and gives the booking as it stands then.
func (d *Desk) carryOut(ctx context.Context, action Action, id BookingID, record bookingRecord) (bookingRecord, error) {
	switch action {
	case ActionStatus:
		return record, nil
	case ActionCancel:
		return d.cfg.Ledger.cancel(ctx, id, cancellation{reopen: true})
	}
	return record, no(ReasonAction)
}

// refuseUnknown tells a B without a booking whether one may still come of its hold.
func (l *Ledger) refuseUnknown(key [32]byte) []byte {
	now := l.now()
	l.mu.RLock()
	defer l.mu.RUnlock()
	h := l.holds[key]
	switch {
	case h == nil, h.ended(now):
		return Refuse(ReasonUnknown, time.Time{})
	case h.phase == unknown:
		return Refuse(ReasonBusy, time.Time{})
	}
	return Refuse(ReasonWait, h.until.Add(time.Second))
}

// Cancel ends a booking from the practice's side: its visits to come are cancelled, their appointments offered again
// (reopen) or withdrawn, and a notice for the patient is put into the outbox, all in one transaction. reason is a sentence for the
// patient, at most 240 bytes. Cancelling again changes nothing. When no visit is to come the error is ErrLate.
func (d *Desk) Cancel(ctx context.Context, id BookingID, reason string, reopen bool) (Booking, error) {
	if err := checkReason(reason); err != nil {
		return Booking{}, err
	}
	record, err := d.cfg.Ledger.cancel(ctx, id, cancellation{reason: reason, reopen: reopen, notice: d.notice})
	if refused := (*refusal)(nil); errors.As(err, &refused) {
		return Booking{}, refusalErrors[refused.reason]
	}
	if err != nil {
		return Booking{}, fmt.Errorf("cancel a booking: %w", err)
	}
	return record.booking(id), nil
}

func (d *Desk) notice(id BookingID, record bookingRecord) ([]byte, error) {
	return d.cfg.Practice.sign(TypeNotice, KindNotice, id, record)
}

// HandleMail is Handle for a message out of D's mailbox. See Front.HandleMail.
func (d *Desk) HandleMail(ctx context.Context, msg []byte) (Mailed, error) {
	reply, err := d.Handle(ctx, Origin{Mail: true}, msg)
	if err != nil {
		return Mailed{}, err
	}
	return d.cfg.Ledger.addressed(reply, senderOf(msg)), nil
}

// Listen serves the protocol on the desk host. See Front.Listen.
func (d *Desk) Listen(h host.Host, origin func(network.Conn) Origin) *Server {
	return serve(h, DeskID, origin, d.Handle, d.cfg.Log)
}

// readOrder reads an order and checks that its key signed it.
func readOrder(body []byte) (Order, error) {
	var o Order
	if err := readSelfSigned(TypeOrder, body, &o, func() [32]byte { return o.Key }); err != nil {
		return o, err
	}
	if o.Version != Version || o.Action == 0 || o.Issued > maxUnix {
		return o, fmt.Errorf("%w: order %d", ErrMessage, o.Action)
	}
	return o, nil
}

// readConfirm reads a confirm and checks that its key signed it. Whether the personal data are acceptable is checked with the hold.
func readConfirm(body []byte) (Confirm, error) {
	var c Confirm
	if err := readSelfSigned(TypeConfirm, body, &c, func() [32]byte { return c.Key }); err != nil {
		return c, err
	}
	if c.Version != Version {
		return c, fmt.Errorf("%w: version %d", ErrVersion, c.Version)
	}
	return c, nil
}

// readSelfSigned reads an object that names the key it is signed by.
func readSelfSigned(typ string, body []byte, v any, key func() [32]byte) error {
	env, err := wire.ParseSigned(body)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMessage, err)
	}
	if err := wire.Unmarshal(env.Payload, v); err != nil {
		return fmt.Errorf("%w: %w", ErrMessage, err)
	}
	pub := key()
	if err := env.Verify(typ, ed25519.PublicKey(pub[:])); err != nil {
		return fmt.Errorf("%w: %w", ErrMessage, err)
	}
	return nil
}

// refuseSignature is the answer to a signed message that could not be read or is not signed by its key.
func refuseSignature(err error) []byte {
	if errors.Is(err, wire.ErrSignature) {
		return Refuse(ReasonSignature, time.Time{})
	}
	return refuseForm(err)
}
