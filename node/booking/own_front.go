package booking

import (
	"context"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
)

// OwnFront answers requests and confirms for appointments of the practice's own list. It is a front whose pseudonym is the device key, so it
// stands on the desk host, and its mail comes to the desk's box.
type OwnFront struct{ cfg DeskConfig }

// NewOwnFront checks the configuration.
func NewOwnFront(cfg DeskConfig) (*OwnFront, error) {
	desk, err := NewDesk(cfg)
	if err != nil {
		return nil, err
	}
	return &OwnFront{desk.cfg}, nil
}

// Handle answers one message. See Front.Handle. A confirm whose hold is forgotten, because it was sent again after its epoch, gets the booking that came
// of it.
func (o *OwnFront) Handle(ctx context.Context, from Origin, msg []byte) (reply []byte, err error) {
	who := senderOf(msg)
	reply, err = o.in(o.cfg.Ledger.ownEpochOf(who)).Handle(ctx, from, msg)
	if err != nil || who.request != nil {
		return reply, err
	}
	if refused := RefusalIn(reply); refused == nil || refused.Reason != ReasonExpired {
		return reply, nil
	}
	id, record, missing := o.cfg.Ledger.byKey(who.key)
	if missing != nil {
		return reply, nil
	}
	receipt, err := o.cfg.Practice.receipt(id, record)
	if err != nil {
		return refuseError(err, o.cfg.Log)
	}
	return receipt, nil
}

// in is the front of one epoch of the list.
func (o *OwnFront) in(epoch uint64) *Front {
	return &Front{p: o.cfg.Practice.device(), cfg: FrontConfig{
		Ledger: o.cfg.Ledger, Practice: o.cfg.Practice, Epoch: epoch, Key: o.cfg.Practice.Device, Log: o.cfg.Log,
	}}
}

// HandleMail is Handle for a message out of D's mailbox. See Front.HandleMail.
func (o *OwnFront) HandleMail(ctx context.Context, msg []byte) (Mailed, error) {
	reply, err := o.Handle(ctx, Origin{Mail: true}, msg)
	if err != nil {
		return Mailed{}, err
	}
	if at, later := RetryAt(reply); later {
		return Mailed{RetryAt: at}, nil
	}
	return o.cfg.Ledger.addressed(reply, senderOf(msg)), nil
}

// Listen serves /pieks/booking/1 on the desk host. See Front.Listen.
func (o *OwnFront) Listen(h host.Host, origin func(network.Conn) Origin) *Server {
	return serve(h, ID, origin, o.Handle, o.cfg.Log)
}
