package patient

import (
	"context"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	libhost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"

	"pieks/card"
	"pieks/card/egk"
	"pieks/node/checkin"
	"pieks/node/checkin/directory"
	"pieks/node/checkin/healthid"
	"pieks/node/control"
	"pieks/node/home/testnet"
	"pieks/node/host"
	"pieks/node/host/hosttest"
	"pieks/node/mailbox"
	"pieks/store"
)

// empfang is the reception of a practice in Cologne with a relay, as far as check-ins need them: real desk, list of arrivals, directory and mailbox on real
// hosts. The node reaches the desk directly, as it would by a circuit.
type empfang struct {
	t        testing.TB
	net      *testnet.Net
	clock    *testnet.Clock
	licence  atomic.Pointer[card.Licence] // nil: it takes no check-ins
	device   ed25519.PrivateKey
	sealing  *ecdh.PrivateKey
	arrivals *checkin.Arrivals
	desk     *checkin.Desk
	host     libhost.Host
	relay    libhost.Host
	login    checkin.LoginCheck // nil: it takes no GesundheitsID
}

const empfangID = "1-20123456789"

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newEmpfang starts one that lists itself.
func newEmpfang(t testing.TB, net *testnet.Net, clock *testnet.Clock) *empfang {
	t.Helper()
	p := &empfang{t: t, net: net, clock: clock}
	_, p.device, _ = ed25519.GenerateKey(nil)
	var err error
	p.sealing, err = ecdh.X25519().GenerateKey(rand.Reader)
	check(t, err)
	st := func(role string) *store.Store {
		s, err := store.Open(t.Context(), store.Options{Dir: t.TempDir(), Role: role, Secret: store.KeyFile(), Create: true, Now: clock.Now})
		check(t, err)
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	p.relay = hosttest.New(t, net.Relays[0].Identity, net.Bundle.Relays[0].Addrs[1])
	kept := st("relay")
	listings, err := directory.Serve(directory.Config{Host: p.relay, Store: kept, Roots: net.Bundle.CardRoots, Now: clock.Now})
	check(t, err)
	letters, err := mailbox.Serve(mailbox.Config{Host: p.relay, Store: kept, Now: clock.Now})
	check(t, err)
	t.Cleanup(func() { _, _ = listings.Close(), letters.Close() })
	p.enrol(st("practice"))
	return p
}

// enrol signs with a virtual card, opens the desk, and lists it.
func (p *empfang) enrol(st *store.Store) {
	t := p.t
	ca, err := card.LoadTestCA(p.net.Bundle.Test.PrivateKey, p.net.Bundle.Test.Certificate)
	check(t, err)
	now := p.clock.Now().Truncate(time.Second)
	virtual, err := card.NewVirtual(ca, card.Holder{
		Kind: card.SMCB, Name: "Praxis Dr. Beispiel", TelematikID: empfangID, NotBefore: now.AddDate(0, -1, 0), NotAfter: now.AddDate(1, 0, 0),
	}, [32]byte{1})
	check(t, err)
	opened, err := card.Open(t.Context(), virtual)
	check(t, err)
	enrolment, err := card.Enrol(t.Context(), opened, card.VirtualPIN, card.Statement{
		Device: [32]byte(p.device.Public().(ed25519.PublicKey)), Sealing: [32]byte(p.sealing.PublicKey().Bytes()),
		Name: "Praxis Dr. Beispiel", Street: "Domstr. 1", PLZ: "50667", Place: "Köln", Phone: "0221 1234",
		NotBefore: uint64(now.Add(-time.Minute).Unix()), NotAfter: uint64(now.AddDate(0, 0, 60).Unix()),
	}, now)
	check(t, err)
	licence, err := card.VerifyEnrolment(enrolment, p.net.Bundle.CardRoots(), now)
	check(t, err)
	p.licence.Store(licence)
	p.arrivals = checkin.OpenArrivals(checkin.ArrivalsConfig{Store: st, Now: p.clock.Now})
	p.desk, err = checkin.NewDesk(checkin.DeskConfig{
		Device: p.device, Licence: p.licence.Load, Arrivals: p.arrivals, Now: p.clock.Now,
		Login: func(ctx context.Context, token, nonce string, at time.Time) (*healthid.Person, error) {
			if p.login == nil {
				return nil, errors.New("no GesundheitsID here")
			}
			return p.login(ctx, token, nonce, at)
		},
		Trust: func() (egk.Trust, error) { return p.net.Bundle.PatientCards() },
	})
	check(t, err)
	p.host, err = host.Practice(p.device, &host.Gate{Now: p.clock.Now}, []string{hosttest.Loopback}, false)
	check(t, err)
	server := p.desk.Listen(p.host)
	t.Cleanup(func() { _, _ = server.Close(), host.Close(p.host) })
	listing, err := directory.Sign(p.device, 1, directory.Draft{Enrolment: enrolment, Alias: "Hausarzt am Dom", Relays: []string{p.net.Relays[0].Peer}}, now)
	check(t, err)
	check(t, p.host.Connect(hosttest.Within(t), peer.AddrInfo{ID: p.relay.ID(), Addrs: p.relay.Addrs()}))
	check(t, directory.Put(hosttest.Within(t), p.host, p.relay.ID(), listing))
}

// patient starts a node that has the directory, and is client of no relay.
func (p *empfang) patient(cfg CheckinConfig) *Node { return p.patientWith(cfg, nil) }

func (p *empfang) patientWith(cfg CheckinConfig, log *slog.Logger) *Node {
	p.t.Helper()
	n := p.startWith(p.net.Home("a"), cfg, log)
	check(p.t, n.host.Connect(hosttest.Within(p.t), peer.AddrInfo{ID: p.relay.ID(), Addrs: p.relay.Addrs()}))
	_, err := n.checkins.directory.Sync(hosttest.Within(p.t), n.host, p.relay.ID())
	check(p.t, err)
	check(p.t, n.host.Network().ClosePeer(p.relay.ID()))
	return n
}

func (p *empfang) start(home string, cfg CheckinConfig) *Node { return p.startWith(home, cfg, nil) }

func (p *empfang) startWith(home string, cfg CheckinConfig, log *slog.Logger) *Node {
	p.t.Helper()
	n, err := Start(p.t.Context(), Config{Home: home, Network: p.net.File, Secret: store.KeyFile(), Now: p.clock.Now, Checkin: cfg, Log: log})
	check(p.t, err)
	p.t.Cleanup(func() { _ = n.Close() })
	n.host.Peerstore().AddAddrs(p.host.ID(), p.host.Addrs(), peerstore.PermanentAddrTTL)
	return n
}

// away takes the practice out of a node's reach, at once; back brings it back.
func (p *empfang) away(n *Node) { p.deny(n, p.host.ID()) }
func (p *empfang) back(n *Node) { n.gate.AllowPeer(p.host.ID()) }

// cut takes the relay out of reach, too.
func (p *empfang) cut(n *Node) { p.deny(n, p.relay.ID()) }

func (p *empfang) deny(n *Node, id peer.ID) {
	p.t.Helper()
	if !n.gate.DenyPeer(nil, id, p.clock.Now().Add(1000*time.Hour)) {
		p.t.Fatal("not denied")
	}
	_ = n.host.Network().ClosePeer(id)
}

// arrived are who is in the practice's list.
func (p *empfang) arrived() []checkin.Arrival {
	p.t.Helper()
	all, err := p.arrivals.Since(p.clock.Now().Add(-30*24*time.Hour), "")
	check(p.t, err)
	return all
}

// readLetters has the practice read its mailbox and answer, and the node hear that.
func (p *empfang) readLetters(n *Node) (read int) {
	p.t.Helper()
	ctx := hosttest.Within(p.t)
	check(p.t, p.host.Connect(ctx, peer.AddrInfo{ID: p.relay.ID(), Addrs: p.relay.Addrs()}))
	mails, err := mailbox.Fetch(ctx, p.host, p.relay.ID(), p.device)
	check(p.t, err)
	for _, mail := range mails {
		msg, err := mailbox.OpenEnvelope(mail.Box, p.sealing, mail.Envelope)
		check(p.t, err)
		answer, err := p.desk.HandleMail(ctx, msg)
		check(p.t, err)
		envelope, err := mailbox.SealEnvelope(answer.Box, answer.Sealing, answer.Message)
		check(p.t, err)
		_, err = mailbox.Put(ctx, p.host, []peer.ID{p.relay.ID()}, answer.Box, envelope)
		check(p.t, err)
		check(p.t, mailbox.Delete(ctx, p.host, p.relay.ID(), p.device, mail.ID))
	}
	n.fetchElsewhere(ctx)
	return len(mails)
}

// newCheckin begins a check-in at the practice.
func newCheckin(t testing.TB, n *Node, in control.CheckinBegin) control.Checkin {
	t.Helper()
	if in.TelematikID == "" {
		in.TelematikID = empfangID
	}
	s, err := n.checkins.begin(t.Context(), in)
	check(t, err)
	if s.State != control.CheckinStateConsent {
		t.Fatalf("begun in state %s", s.State)
	}
	return s
}

// agreed begins one and agrees to it.
func agreed(t testing.TB, n *Node, in control.CheckinBegin) control.Checkin {
	t.Helper()
	s, err := n.checkins.consent(t.Context(), control.CheckinConsent{ID: newCheckin(t, n, in).ID, Agree: true})
	check(t, err)
	if s.State != control.CheckinStateProof {
		t.Fatalf("agreed to, and in state %s", s.State)
	}
	return s
}

// tapped proves with the virtual card, through the dialogue.
func tapped(t testing.TB, n *Node, id string) control.Checkin {
	t.Helper()
	s, err := n.checkins.virtual(t.Context(), control.CheckinVirtual{ID: id})
	check(t, err)
	return s
}

// dialogueWith drives the dialogue by hand, with change applied to each answer of the card.
func dialogueWith(ctx context.Context, n *Node, id string, change func(step int, response []byte) []byte) (control.Checkin, error) {
	virtual, err := n.checkins.virtualCard(control.CheckinVirtual{})
	if err != nil {
		return control.Checkin{}, err
	}
	answer := control.CheckinAnswer{ID: id}
	for i := 0; ; i++ {
		step, err := n.checkins.card(ctx, answer)
		if err != nil || step.Checkin != nil {
			if step.Checkin == nil {
				step.Checkin = &control.Checkin{}
			}
			return *step.Checkin, err
		}
		command, err := hex.DecodeString(step.Command)
		if err != nil {
			return control.Checkin{}, err
		}
		response, err := virtual.Transmit(ctx, command)
		if err != nil {
			return control.Checkin{}, err
		}
		answer.Response = hex.EncodeToString(change(i, response))
	}
}
