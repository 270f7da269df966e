package patient

import (
	"context"
	"errors"
	"fmt"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/node/booking"
	"pieks/node/host"
	"pieks/node/mailbox"
)

// question is a message for a practice and the way to it.
type question struct {
	msg     []byte
	held    bool // the request once more: does the hold still stand?
	desk    bool // for its desk, else for the front that showed the appointment
	key     [32]byte
	sealing [32]byte
	relays  []string
}

// ask says one message to the practice on a stream, through its relays.
func (n *Node) ask(ctx context.Context, q *question) ([]byte, error) {
	id, err := host.PeerID(q.key[:])
	if err != nil {
		return nil, err
	}
	dial := booking.Dial
	if q.desk {
		dial = booking.DialDesk
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	through := n.through(q.relays)
	defer n.visit(append(through, peer.AddrInfo{ID: id}))()
	host.Through(n.host, id, through, reachTTL)
	host.Retry(n.host, id)
	talk, err := dial(ctx, n.host, id)
	if err != nil {
		return nil, err
	}
	defer talk.Close()
	return talk.Ask(ctx, q.msg)
}

// through is this node's own relay where the practice is there too, else all relays of the practice.
func (n *Node) through(relays []string) []peer.AddrInfo {
	infos := n.home.RelayInfos(relays)
	for _, info := range infos {
		if n.isMyRelay(info.ID) {
			return []peer.AddrInfo{info}
		}
	}
	return infos
}

// visit notes who is talked to, and gives a function that ends their connections when nobody else of this node talks to them: a patient
// hangs on one relay.
func (n *Node) visit(peers []peer.AddrInfo) (leave func()) {
	n.visiting.Lock()
	defer n.visiting.Unlock()
	for _, p := range peers {
		n.visits[p.ID]++
	}
	return func() {
		n.visiting.Lock()
		defer n.visiting.Unlock()
		for _, p := range peers {
			if n.visits[p.ID]--; n.visits[p.ID] > 0 {
				continue
			}
			delete(n.visits, p.ID)
			if !n.isMyRelay(p.ID) {
				_ = n.host.Network().ClosePeer(p.ID)
			}
		}
	}
}

// mail leaves a message sealed for a practice that does not answer, each kind once.
func (b *bookings) mail(ctx context.Context, e *entry, q *question) error {
	m, err := booking.Decode(q.msg)
	if err != nil || e.mailed() == m.Kind {
		return err
	}
	box := mailbox.BoxID(q.key)
	envelope, err := mailbox.SealEnvelope(box, q.sealing, q.msg)
	if err != nil {
		return err
	}
	n := b.node
	infos := n.home.RelayInfos(q.relays)
	defer n.visit(infos)()
	var reached []peer.ID
	for _, info := range infos {
		dial, cancel := context.WithTimeout(ctx, askTimeout)
		if err := host.Connect(dial, n.host, info); err == nil {
			reached = append(reached, info.ID)
		}
		cancel()
	}
	if len(reached) == 0 {
		return errors.New("no relay of the practice is reachable")
	}
	put, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if _, err := mailbox.Put(put, n.host, reached, box, envelope); err != nil {
		return fmt.Errorf("leave mail for the practice: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.rec.Mailed = m.Kind
	return b.save(ctx, e)
}
