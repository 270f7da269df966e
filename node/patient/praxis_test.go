package patient

import (
	"context"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"testing"
	"time"

	libhost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"

	"pieks/card"
	"pieks/gossip"
	"pieks/gossip/wire"
	"pieks/node/booking"
	"pieks/node/control"
	"pieks/node/home/testnet"
	"pieks/node/host"
	"pieks/node/mailbox"
	"pieks/store"
)

// praxis is a practice in Cologne that a patient's node reaches directly: a real ledger, front, desk and card on real hosts, with no relay between.
type praxis struct {
	t      testing.TB
	n      *Node
	clock  *testnet.Clock
	ledger *booking.Ledger
	desk   *booking.Desk
	device ed25519.PrivateKey
	hosts  []libhost.Host // front, desk
	sheet  *gossip.Signed
}

const anEpoch = 7

// newPraxis offers appointments three days from now and shows them to the node.
func newPraxis(t testing.TB, n *Node, net *testnet.Net, clock *testnet.Clock, count int) *praxis {
	t.Helper()
	fatal := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	p := &praxis{t: t, n: n, clock: clock}
	_, p.device, _ = ed25519.GenerateKey(nil)
	_, pseudonym, err := ed25519.GenerateKey(nil)
	fatal(err)
	st, err := store.Open(t.Context(), store.Options{Dir: t.TempDir(), Role: "practice", Secret: store.KeyFile(), Create: true, Now: clock.Now})
	fatal(err)
	t.Cleanup(func() { _ = st.Close() })
	p.ledger, err = booking.OpenLedger(t.Context(), booking.LedgerConfig{
		Store: st, Rules: func() gossip.Rules { return net.Bundle.Rules }, Now: clock.Now, OnChange: func() {},
	})
	fatal(err)
	enrolment := enrolled(t, net, clock, p.device)
	who := booking.Practice{Device: p.device, Enrolment: func() []byte { return enrolment }, Relays: func() []string { return []string{net.Relays[0].Peer} }}
	fatal(p.ledger.BeginEpoch(t.Context(), anEpoch, [32]byte(pseudonym.Public().(ed25519.PublicKey))))
	front, err := booking.NewFront(booking.FrontConfig{Ledger: p.ledger, Practice: who, Epoch: anEpoch, Key: pseudonym})
	fatal(err)
	p.desk, err = booking.NewDesk(booking.DeskConfig{Ledger: p.ledger, Practice: who})
	fatal(err)
	for i, key := range []ed25519.PrivateKey{pseudonym, p.device} {
		h, err := host.Practice(key, &host.Gate{Now: clock.Now}, []string{"/ip4/127.0.0.1/udp/0/quic-v1"}, false)
		fatal(err)
		p.hosts = append(p.hosts, h)
		var server *booking.Server
		if i == 0 {
			server = front.Listen(h, nil)
		} else {
			server = p.desk.Listen(h, nil)
		}
		t.Cleanup(func() { _, _ = server.Close(), host.Close(h) })
	}
	p.known(n)
	var made []booking.Appointment
	day := clock.Now().Add(72 * time.Hour).Truncate(24 * time.Hour).Add(9 * time.Hour)
	for i := range count {
		at := day.Add(time.Duration(i) * 10 * time.Minute)
		made = append(made, booking.Appointment{Start: at, End: at.Add(10 * time.Minute), Vaccine: "comirnaty", Dose: 1})
	}
	_, err = p.ledger.Add(t.Context(), made)
	fatal(err)
	slots, err := p.ledger.Slots(anEpoch)
	fatal(err)
	fatal(p.ledger.Published(t.Context(), anEpoch, slots, clock.Now().Add(-2*net.Bundle.Rules.Cycle)))
	p.sheet = net.SheetBy(pseudonym, "50667", clock.Now(), clock.Now().Add(12*time.Hour), slots...)
	listSheet(t, n, p.sheet)
	return p
}

// enrolled is a practice card of the test network.
func enrolled(t testing.TB, net *testnet.Net, clock *testnet.Clock, device ed25519.PrivateKey) []byte {
	t.Helper()
	ca, err := card.LoadTestCA(net.Bundle.Test.PrivateKey, net.Bundle.Test.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	sealing, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	from := clock.Now().Add(-time.Hour)
	cms, err := card.EnrolVirtual(ca, card.Statement{
		Version: card.StatementVersion, Device: [32]byte(device.Public().(ed25519.PublicKey)), Sealing: [32]byte(sealing.PublicKey().Bytes()),
		Name: "Praxis Dr. Beispiel", Street: "Domstr. 1", PLZ: "50667", Place: "Köln",
		NotBefore: uint64(from.Unix()), NotAfter: uint64(from.Add(80 * 24 * time.Hour).Unix()),
	}, [32]byte(device.Seed()), clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return cms
}

// known tells a node where the practice's hosts are, as a relay's circuit would.
func (p *praxis) known(n *Node) {
	p.n = n
	for _, h := range p.hosts {
		n.gate.AllowPeer(h.ID())
		n.host.Peerstore().AddAddrs(h.ID(), h.Addrs(), peerstore.PermanentAddrTTL)
	}
}

// away takes the practice, and the relay that would keep letters for it, out of the node's reach. The gate says so at once, where a network would have it wait.
func (p *praxis) away() {
	for _, h := range p.hosts {
		p.deny(h.ID())
	}
	for _, r := range p.n.home.Relays("") {
		p.deny(r.ID)
	}
}

func (p *praxis) deny(id peer.ID) {
	p.t.Helper()
	if !p.n.gate.DenyPeer(nil, id, p.clock.Now().Add(1000*time.Hour)) {
		p.t.Fatal("not denied")
	}
	_ = p.n.host.Network().ClosePeer(id)
}

func (p *praxis) token(i int) string {
	return gossip.TokenOf(p.sheet.Sheet.Pass.P, p.sheet.Sheet.Slots[i].ID).String()
}

// booked books the i-th appointment.
func (p *praxis) booked(i int) (*entry, control.Booking) {
	p.t.Helper()
	b, err := p.n.book(p.t.Context(), control.BookRequest{Tokens: []string{p.token(i)}, Name: "Anna Probe", BirthDate: "1950-03-01"})
	if err != nil || b.State != "booked" {
		p.t.Fatalf("%+v %v", b, err)
	}
	e, err := p.n.find(b.ID)
	if err != nil {
		p.t.Fatal(err)
	}
	return e, b
}

// offered asks for the i-th appointment.
func (p *praxis) offered(i int) (*entry, control.Offer) {
	p.t.Helper()
	o, err := p.n.request(p.t.Context(), control.RequestRequest{Tokens: []string{p.token(i)}})
	if err != nil || o.State != "offered" {
		p.t.Fatalf("%+v %v", o, err)
	}
	e, err := p.n.find(o.Booking)
	if err != nil {
		p.t.Fatal(err)
	}
	return e, o
}

// bookings are the practice's.
func (p *praxis) bookings() []booking.Booking {
	p.t.Helper()
	all, err := p.ledger.Bookings()
	if err != nil {
		p.t.Fatal(err)
	}
	return all
}

// notice has the practice tell the patient, by mail, how a booking stands now.
func (p *praxis) notice(e *entry, change func(*booking.Receipt)) {
	p.t.Helper()
	r, ok := e.attempt.Receipted()
	if !ok {
		p.t.Fatal("no receipt yet")
	}
	r.Visits = append([]booking.ReceiptVisit{}, r.Visits...)
	r.Revision++
	r.Issued = uint64(p.clock.Now().Unix())
	change(&r)
	body, err := wire.SignObject(booking.TypeNotice, p.device, r)
	if err != nil {
		p.t.Fatal(err)
	}
	msg, err := booking.Encode(booking.KindNotice, body)
	if err != nil {
		p.t.Fatal(err)
	}
	p.mail(e, msg)
}

// mail puts a message into the mailbox of an entry, and has the node read it.
func (p *praxis) mail(e *entry, msg []byte) {
	p.t.Helper()
	box := mailbox.BoxID(e.attempt.Key())
	envelope, err := mailbox.SealEnvelope(box, [32]byte(e.attempt.Sealing().PublicKey().Bytes()), msg)
	if err != nil {
		p.t.Fatal(err)
	}
	if !p.n.bookings.take(context.Background(), e, mailbox.Mail{Box: box, Envelope: envelope}) {
		p.t.Error("the letter is not taken")
	}
}

// shortly is how long a test waits for a practice that does not answer.
func shortly(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	t.Cleanup(cancel)
	return ctx
}
