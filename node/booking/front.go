package booking

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"

	"pieks/gossip/wire"
)

// Practice is what signs for a practice and names it.
type Practice struct {
	Device    ed25519.PrivateKey // D
	Enrolment func() []byte      // the practice card: CMS of the enrolment that holds now
	Relays    func() []string    // peer IDs of the relays where the desk keeps circuits and its mailbox
}

func (p Practice) device() [32]byte { return [32]byte(p.Device.Public().(ed25519.PublicKey)) }

func (p Practice) check() error {
	if len(p.Device) != ed25519.PrivateKeySize || p.Enrolment == nil || p.Relays == nil {
		return errors.New("a practice needs its device key, its enrolment and its relays")
	}
	return nil
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
type Front struct {
	cfg FrontConfig
	p   [32]byte
}

// ErrEnrolmentSize says that a practice card is too large for an offer.
var ErrEnrolmentSize = errors.New("the enrolment is too large for an offer: shorten name and directions and enrol again")

// NewFront checks the configuration.
func NewFront(cfg FrontConfig) (*Front, error) {
	if err := cfg.Practice.check(); err != nil {
		return nil, err
	}
	if len(cfg.Key) != ed25519.PrivateKeySize || cfg.Ledger == nil {
		return nil, errors.New("a front needs a ledger and the key of its pseudonym")
	}
	if len(cfg.Practice.Enrolment()) > maxEnrolment {
		return nil, ErrEnrolmentSize
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Front{cfg: cfg, p: [32]byte(cfg.Key.Public().(ed25519.PublicKey))}, nil
}

// Handle answers one message. An error says that it was no message of this protocol; a reply beside an error may still
// be sent. A reply for which RetryAt holds asks for the same message again later.
func (f *Front) Handle(ctx context.Context, from Origin, msg []byte) (reply []byte, err error) {
	m, err := Decode(msg)
	if err != nil {
		return refuseForm(err), err
	}
	switch m.Kind {
	case KindRequest:
		return f.request(ctx, from, m.Body)
	case KindConfirm:
		return f.confirm(ctx, m.Body)
	}
	return refuseMalformed, fmt.Errorf("%w: kind %d", ErrMessage, m.Kind)
}

var (
	refuseMalformed = Refuse(ReasonMalformed, time.Time{})
	refuseTaken     = Refuse(ReasonTaken, time.Time{})
)

// refuseForm is the answer to what could not be read.
func refuseForm(err error) []byte {
	if errors.Is(err, ErrVersion) {
		return Refuse(ReasonVersion, time.Time{})
	}
	return refuseMalformed
}

func (f *Front) request(ctx context.Context, from Origin, body []byte) ([]byte, error) {
	r, err := readRequest(body)
	if err != nil {
		return refuseMalformed, err
	}
	offer, err := f.cfg.Ledger.place(ctx, &asked{epoch: f.cfg.Epoch, hash: sha256.Sum256(body), request: r, from: from, offer: f.offer})
	return f.answer(offer, err)
}

func (f *Front) confirm(ctx context.Context, body []byte) ([]byte, error) {
	c, err := readConfirm(body)
	if err != nil {
		return refuseSignature(err), err
	}
	id, record, err := f.cfg.Ledger.confirm(ctx, f.cfg.Epoch, c)
	if v := (*voided)(nil); errors.As(err, &v) {
		if err := f.cfg.Ledger.writeVoid(ctx, v.hold); err != nil {
			f.cfg.Log.Warn("a void hold could not be written down", "err", err)
		}
		return Refuse(ReasonCommit, time.Time{}), nil
	}
	if err != nil {
		return f.answer(nil, err)
	}
	return f.answer(f.cfg.Practice.receipt(id, record))
}

// answer turns what the ledger said into a reply. What the store could not do is "busy": the patient repeats its message.
func (f *Front) answer(reply []byte, err error) ([]byte, error) {
	if err == nil {
		return reply, nil
	}
	return refuseError(err, f.cfg.Log)
}

func refuseError(err error, log *slog.Logger) ([]byte, error) {
	if again := (*repeated)(nil); errors.As(err, &again) {
		return again.offer, nil
	}
	if refused := (*refusal)(nil); errors.As(err, &refused) {
		if refused.reason == ReasonTaken {
			return refuseTaken, nil
		}
		return Refuse(refused.reason, refused.until), nil
	}
	log.Warn("a booking message could not be answered", "err", err)
	return Refuse(ReasonBusy, time.Time{}), nil
}

// offer makes the message of a hold: signed by D, and that again by P.
func (f *Front) offer(h *hold) ([]byte, error) {
	o := Offer{Version: Version, Key: h.record.Key, Front: f.p, Zone: Zone, Nonce: h.record.Nonce, Until: h.record.Until,
		Device: f.cfg.Practice.device(), Relays: firstRelays(f.cfg.Practice.Relays()), Enrolment: f.cfg.Practice.Enrolment()}
	for n, i := range h.items {
		token := h.record.Tokens[n]
		o.Visits = append(o.Visits, OfferVisit{Token: token, Start: i.record.Start, End: i.record.End, Vaccine: i.record.Vaccine,
			Dose: i.record.Dose, Transcript: Transcript(token, h.record.Key, h.record.Commitment, h.record.Nonce)})
	}
	inner, err := wire.SignObject(TypeOffer, f.cfg.Practice.Device, o)
	if err != nil {
		return nil, err
	}
	outer, err := wire.Sign(TypeOfferFront, f.cfg.Key, inner)
	if err != nil {
		return nil, err
	}
	return Encode(KindOffer, outer)
}

// receipt makes the message that says how a booking stands.
func (p Practice) receipt(id BookingID, record bookingRecord) ([]byte, error) {
	return p.sign(TypeReceipt, KindReceipt, id, record)
}

func (p Practice) sign(typ string, kind Kind, id BookingID, record bookingRecord) ([]byte, error) {
	r := record.receipt(id)
	r.Device, r.Relays = p.device(), firstRelays(p.Relays())
	body, err := wire.SignObject(typ, p.Device, r)
	if err != nil {
		return nil, err
	}
	return Encode(kind, body)
}

func firstRelays(relays []string) []string {
	return append([]string{}, relays[:min(len(relays), maxRelays)]...)
}

// Mailed is the answer to a message from a mailbox, with where it goes.
type Mailed struct {
	Message []byte // nil: nothing to send
	Box     [32]byte
	Sealing [32]byte
	Relays  []string
	RetryAt time.Time // not zero: keep the message and handle it again then, a draw goes on
}

// HandleMail is Handle for a message out of P's mailbox. It may be deleted there once the answer was sent, or at once when there is
// an error or nothing to send; not while RetryAt is ahead.
func (f *Front) HandleMail(ctx context.Context, msg []byte) (Mailed, error) {
	reply, err := f.Handle(ctx, Origin{Mail: true}, msg)
	if err != nil {
		return Mailed{}, err
	}
	if at, later := RetryAt(reply); later {
		return Mailed{RetryAt: at}, nil
	}
	return f.cfg.Ledger.addressed(reply, senderOf(msg)), nil
}

// Listen serves the protocol on the front host. origin may be nil: then only the peer ID counts.
func (f *Front) Listen(h host.Host, origin func(network.Conn) Origin) *Server {
	return serve(h, ID, origin, f.Handle, f.cfg.Log)
}
