package practice

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/node/booking"
	"pieks/node/checkin"
	"pieks/node/control"
	"pieks/node/ownlist"
)

// ownFace is the practice's own list at its desk, for those who have its poster. What is given away there is the same as in the sheets.
type ownFace struct {
	node   *Node
	ends   *booking.OwnFront
	list   *ownlist.Server
	server *booking.Server // nil while nothing may be offered; the conductor's own

	alone time.Time // since when no relay is reached under a pseudonym; zero: one is. The conductor's own
}

func (n *Node) openOwnFace(d *desk) (*ownFace, error) {
	o := &ownFace{node: n}
	var err error
	if o.ends, err = booking.NewOwnFront(booking.DeskConfig{Ledger: n.ledger, Practice: n.signer(), Log: n.log}); err != nil {
		return nil, err
	}
	o.list, err = ownlist.Serve(ownlist.Config{
		Host: d.host, Practice: n.signer(), Slots: n.ledger.OwnList, Closed: func() bool { return n.usable() != nil }, Now: n.home.Now, Log: n.log,
	})
	return o, err
}

// close ends the list and the booking from it. The conductor must have ended.
func (o *ownFace) close() error {
	return errors.Join(o.list.Close(), o.receive(nil, false))
}

// receive has patients answered on streams, or not. See front.receive.
func (o *ownFace) receive(d *desk, open bool) (err error) {
	switch {
	case open && o.server == nil:
		o.server = o.ends.Listen(d.host, nil)
	case !open && o.server != nil:
		err = o.server.Close()
		o.server = nil
	}
	return err
}

// keep brings the list to what the time asks for.
func (o *ownFace) keep(ctx context.Context, d *desk, now time.Time) error {
	n := o.node
	switch {
	case n.shownAnywhere():
		o.alone = time.Time{}
	case o.alone.IsZero() || o.alone.After(now):
		o.alone = now
	}
	unreached := !o.alone.IsZero() && now.Sub(o.alone) > n.rules().Cycle
	return errors.Join(
		o.receive(d, n.usable() == nil),
		n.ledger.KeepOwn(ctx, [32]byte(n.identity.publicDevice()), unreached),
	)
}

// shownAnywhere says whether a front reaches a relay, so that appointments are published.
func (n *Node) shownAnywhere() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, f := range n.fronts {
		if len(f.circuits.Reserved()) > 0 {
			return true
		}
	}
	return false
}

// handleMail answers what comes into the desk's box: orders, what is asked and confirmed of the own list, and check-ins. While nothing may be offered
// requests stay where they are.
func (d *desk) handleMail(ctx context.Context, msg []byte) (booking.Mailed, error) {
	n := d.node
	if checkin.IsMail(msg) {
		return d.arrive.handleMail(ctx, msg)
	}
	m, err := booking.Decode(msg)
	switch {
	case err != nil || m.Kind != booking.KindRequest && m.Kind != booking.KindConfirm:
		return d.booking.HandleMail(ctx, msg)
	case m.Kind == booking.KindRequest && n.usable() != nil:
		return booking.Mailed{RetryAt: n.home.Now().Add(readOnlyAgain)}, nil
	}
	return d.own.ends.HandleMail(ctx, msg)
}

// poster is the practice's code. The relays in it are those of now: a hint that gets old costs a patient's node some seconds.
func (n *Node) poster(context.Context) (control.Poster, error) {
	var relays []peer.ID
	if d := n.openedDesk(); d != nil {
		relays = d.circuits.Reserved()
	}
	slices.Sort(relays)
	d := n.identity.details
	return control.Poster{
		QR:   ownlist.NewCode([32]byte(n.identity.publicDevice()), relays).String(),
		Test: n.home.Network.Get().IsTest(),
		Details: control.Details{
			Name: d.Name, Street: d.Street, PLZ: d.PLZ, Place: d.Place, Phone: d.Phone, Directions: d.Directions,
		},
	}, nil
}
