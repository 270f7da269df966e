package practice

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	libhost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/discovery/mdns"

	"pieks/node/admission"
	"pieks/node/booking"
	"pieks/node/host"
	"pieks/node/mailbox"
)

const (
	// outboxEvery: notices that no relay took are offered again.
	outboxEvery = 5 * time.Second
	// connectTimeout and putTimeout of a letter: a relay that is away must not hold up the others' letters.
	connectTimeout = 10 * time.Second
	putTimeout     = 20 * time.Second
	// mdnsService is how a desk is found on its own network.
	mdnsService = "_pieks._udp"
)

// desk is the practice under its device key.
type desk struct {
	node     *Node
	host     libhost.Host
	circuits *host.Circuits
	postbox  *postbox
	booking  *booking.Desk
	own      *ownFace
	arrive   *arrivalDesk
	cancel   context.CancelFunc
	wg       sync.WaitGroup
	closers  []func() error
	outbox   chan struct{}
	reach    reach
}

func (n *Node) openDesk(ctx context.Context) (_ *desk, err error) {
	ctx, cancel := context.WithCancel(ctx)
	d := &desk{node: n, cancel: cancel, outbox: make(chan struct{}, 1), reach: reach{begun: n.home.Now()}}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	if d.booking, err = booking.NewDesk(booking.DeskConfig{Ledger: n.ledger, Practice: n.signer(), Log: n.log}); err != nil {
		return nil, err
	}
	if d.host, err = host.Practice(n.identity.device, n.gate, n.cfg.Listen, n.cfg.HolePunch); err != nil {
		return nil, err
	}
	d.closers = append(d.closers, func() error { return host.Close(d.host) })
	server := d.booking.Listen(d.host, nil)
	d.closers = append(d.closers, server.Close)
	if d.own, err = n.openOwnFace(d); err != nil {
		return nil, err
	}
	d.closers = append(d.closers, d.own.close)
	if d.arrive, err = n.openArrivalDesk(d); err != nil {
		return nil, err
	}
	d.closers = append(d.closers, d.arrive.close)
	d.postbox = (&postbox{
		host: d.host, key: n.identity.device, sealing: n.identity.sealing, handle: d.handleMail, now: n.home.Now, log: n.log,
		send: func(ctx context.Context, to letter) error { return n.deliver(ctx, d.host, to) },
	}).start(ctx)
	d.closers = append(d.closers, func() error { d.postbox.close(); return nil })
	d.circuits, err = host.KeepCircuits(d.host, host.CircuitsConfig{
		Relays: n.deskRelays,
		Want:   circuitsWanted,
		Admit: func(ctx context.Context, relay peer.ID) error {
			_, err := admission.HelloDesk(ctx, d.host, relay, n.enrolment())
			return err
		},
		Reserved: func(relay peer.ID) {
			d.reach.set(relay, true, n.home.Now())
			d.postbox.open(ctx, relay)
			d.sendSoon()
			n.wake()
			n.changes.Changed()
		},
		Lost: func(relay peer.ID) {
			d.reach.set(relay, false, n.home.Now())
			d.postbox.shut(relay)
			n.changes.Changed()
		},
		Log: n.log,
	})
	if err != nil {
		return nil, err
	}
	d.closers = append(d.closers, func() error { d.circuits.Close(); return nil })
	impatient := time.AfterFunc(startPatience, n.changes.Changed)
	d.closers = append(d.closers, func() error { impatient.Stop(); return nil })
	if n.cfg.MDNS {
		if err := d.announce(); err != nil {
			n.log.Warn("this practice is not announced on the local network", "err", err)
		}
	}
	d.wg.Add(1)
	go func() {
		defer d.wg.Done()
		d.sendOutbox(ctx)
	}()
	return d, nil
}

// deskRelays are where the desk can be: nowhere without an enrolment, which relays ask for.
func (n *Node) deskRelays() []peer.AddrInfo {
	if n.enrolment() == nil {
		return nil
	}
	return n.home.Relays("")
}

// offlineSince is since when the desk reaches no relay; zero when it reaches one, or when none is wanted.
func (d *desk) offlineSince() time.Time {
	if d.node.enrolment() == nil {
		return time.Time{}
	}
	return d.reach.since(d.node.home.Now())
}

// announce makes the desk known on the local network, so that patients in the waiting room reach it without a relay.
func (d *desk) announce() error {
	service := mdns.NewMdnsService(d.host, mdnsService, unheard{})
	if err := service.Start(); err != nil {
		return err
	}
	d.closers = append(d.closers, service.Close)
	return nil
}

// unheard ignores the other desks of the network: a practice has no business with them.
type unheard struct{}

func (unheard) HandlePeerFound(peer.AddrInfo) {}

func (d *desk) close() error {
	d.cancel()
	var errs error
	for _, c := range slices.Backward(d.closers) {
		errs = errors.Join(errs, c())
	}
	d.wg.Wait()
	return errs
}

// relays are where the desk can be reached, as receipts tell it.
func (d *desk) relays() []string {
	var ids []string
	for _, id := range d.circuits.Reserved() {
		ids = append(ids, id.String())
	}
	slices.Sort(ids)
	return ids
}

func (d *desk) sendSoon() {
	select {
	case d.outbox <- struct{}{}:
	default:
	}
}

// sendOutbox puts notices into patients' mailboxes until a relay has taken each.
func (d *desk) sendOutbox(ctx context.Context) {
	tick := time.NewTicker(outboxEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.outbox:
		case <-tick.C:
		}
		waiting, err := d.node.ledger.Outbox()
		if err != nil {
			d.node.log.Error("outbox not read", "err", err)
			continue
		}
		for _, out := range waiting {
			err := d.node.deliver(ctx, d.host, letter{out.Message, out.Box, out.Sealing, out.Relays})
			if err != nil && d.node.home.Now().Before(out.Expires) {
				d.node.log.Info("notice not delivered yet", "err", err)
				continue
			}
			if err := d.node.ledger.Sent(ctx, out.ID); err != nil {
				d.node.log.Error("outbox not written", "err", err)
			}
			d.node.changes.Changed()
		}
	}
}

// deliver seals a letter into an envelope and leaves it at the relays that keep its box.
func (n *Node) deliver(ctx context.Context, h libhost.Host, to letter) error {
	envelope, err := mailbox.SealEnvelope(to.box, to.sealing, to.message)
	if err != nil {
		return err
	}
	infos := n.home.RelayInfos(to.relays)
	if len(infos) == 0 {
		// The patient's relay has left the network: any other may be the one that the patient asks next.
		infos = n.home.Relays("")
	}
	var reached []peer.ID
	for _, info := range infos {
		if connect(ctx, h, info) == nil {
			reached = append(reached, info.ID)
		}
	}
	if len(reached) == 0 {
		return errors.New("no relay of the patient's mailbox is reachable")
	}
	ctx, cancel := context.WithTimeout(ctx, putTimeout)
	defer cancel()
	if _, err := mailbox.Put(ctx, h, reached, to.box, envelope); err != nil {
		return fmt.Errorf("leave mail: %w", err)
	}
	return nil
}

func connect(ctx context.Context, h libhost.Host, relay peer.AddrInfo) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	return host.Connect(ctx, h, relay)
}

// signer is the practice as the booking protocol signs for it.
func (n *Node) signer() booking.Practice {
	return booking.Practice{
		Device:    n.identity.device,
		Enrolment: n.enrolment,
		Relays: func() []string {
			if d := n.openedDesk(); d != nil {
				return d.relays()
			}
			return nil
		},
	}
}
