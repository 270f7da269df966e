package relay

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	libnet "github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	"go.uber.org/goleak"

	"pieks/gossip"
	"pieks/node/admission"
	"pieks/node/home"
	"pieks/node/home/testnet"
	"pieks/node/host"
	"pieks/node/network"
	"pieks/store"
)

func prepare(t testing.TB, net *testnet.Net, i int) string {
	t.Helper()
	dir := net.Home("relay")
	if err := Prepare(t.Context(), dir, net.Relays[i], store.KeyFile()); err != nil {
		t.Fatal(err)
	}
	return dir
}

func start(t testing.TB, dir, file string, clock *testnet.Clock) (*Node, error) {
	t.Helper()
	cfg := Config{Home: dir, Network: file, Secret: store.KeyFile()}
	if clock != nil {
		cfg.Now = clock.Now
	}
	n, err := Start(t.Context(), cfg)
	if err == nil {
		t.Cleanup(func() { _ = n.Close() })
	}
	return n, err
}

func mustStart(t testing.TB, dir, file string, clock *testnet.Clock) *Node {
	t.Helper()
	n, err := start(t, dir, file, clock)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A relay that cannot start says why and leaves nothing behind.
func TestWhatARelayNeeds(t *testing.T) {
	net1, other := testnet.New(t, testnet.Config{}), testnet.New(t, testnet.Config{})
	dir := prepare(t, net1, 0)
	before := goleak.IgnoreCurrent()
	if _, err := start(t, net1.Home("empty"), net1.File, nil); !errors.Is(err, ErrNotPrepared) {
		t.Errorf("without keys: %v", err)
	}
	if _, err := start(t, dir, other.File, nil); !errors.Is(err, ErrNotInNetwork) {
		t.Errorf("network of others: %v", err)
	}
	if err := Prepare(t.Context(), dir, other.Relays[0], store.KeyFile()); !errors.Is(err, ErrPrepared) {
		t.Errorf("prepared twice: %v", err)
	}
	goleak.VerifyNone(t, before)
}

// The home of a practice is no relay's, and a relay's is no practice's.
func TestForeignHome(t *testing.T) {
	net1 := testnet.New(t, testnet.Config{})
	dir := net1.Home("practice")
	h, err := home.Open(t.Context(), home.Config{Dir: dir, Role: "practice", Network: net1.File, Secret: store.KeyFile()})
	if err != nil {
		t.Fatal(err)
	}
	if err := Prepare(t.Context(), dir, net1.Relays[0], store.KeyFile()); !errors.Is(err, store.ErrInUse) {
		t.Errorf("prepare while it is open: %v", err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Prepare(t.Context(), dir, net1.Relays[0], store.KeyFile()); !errors.Is(err, store.ErrRole) {
		t.Errorf("prepare: %v", err)
	}
	if _, err := start(t, dir, net1.File, nil); !errors.Is(err, store.ErrRole) {
		t.Errorf("start: %v", err)
	}
}

func TestPortInUse(t *testing.T) {
	net1 := testnet.New(t, testnet.Config{})
	info, _ := home.AddrInfo(net1.Bundle.Relays[0])
	taken, err := net.Listen("tcp4", tcpAddr(t, info))
	if err != nil {
		t.Fatal(err)
	}
	dir := prepare(t, net1, 0)
	before := goleak.IgnoreCurrent()
	if _, err := start(t, dir, net1.File, nil); !errors.Is(err, host.ErrPortInUse) || !strings.Contains(err.Error(), "choose another with --listen") {
		t.Errorf("%v", err)
	}
	goleak.VerifyNone(t, before)
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	mustStart(t, dir, net1.File, nil)
}

// tcpAddr is the TCP address of a relay as package net writes it.
func tcpAddr(t testing.TB, info peer.AddrInfo) string {
	t.Helper()
	for _, a := range info.Addrs {
		if port, err := a.ValueForProtocol(ma.P_TCP); err == nil {
			return "127.0.0.1:" + port
		}
	}
	t.Fatal("the relay has no TCP address")
	return ""
}

func TestSecondRelayOnAHome(t *testing.T) {
	net1 := testnet.New(t, testnet.Config{})
	dir := prepare(t, net1, 0)
	mustStart(t, dir, net1.File, nil)
	if _, err := start(t, dir, net1.File, nil); !errors.Is(err, store.ErrInUse) {
		t.Errorf("%v", err)
	}
}

// A relay keeps its sheets over a restart, and drops those that expired meanwhile.
func TestSheetsOutliveARestart(t *testing.T) {
	before := goleak.IgnoreCurrent()
	clock := &testnet.Clock{}
	net1 := testnet.New(t, testnet.Config{})
	dir := prepare(t, net1, 0)
	n := mustStart(t, dir, net1.File, clock)
	now := clock.Now()
	short, long := net1.Sheet("50667", now, now.Add(time.Hour)), net1.Sheet("50670", now, now.Add(12*time.Hour))
	for _, s := range []*gossip.Signed{short, long} {
		checked, err := n.validator.Check(s.Raw, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.pool.Add(checked); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	has := func(n *Node, s *gossip.Signed) bool { _, ok := n.pool.Lookup(s.Sheet.Pass.P); return ok }
	n = mustStart(t, dir, net1.File, clock)
	if !has(n, short) || !has(n, long) {
		t.Error("a sheet was lost")
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	clock.Advance(2 * time.Hour)
	n = mustStart(t, dir, net1.File, clock)
	if has(n, short) || !has(n, long) {
		t.Error("after two hours the expired sheet is there, or the other is not")
	}
	if gone, err := n.home.Store.Sweep(t.Context(), clock.Now()); err != nil || gone != 1 || kept(t, n) != 1 {
		t.Errorf("%d swept, %d kept: %v", gone, kept(t, n), err)
	}
	clock.Advance(12 * time.Hour)
	testnet.Until(t, "the pool forgets what has expired", func() bool { return n.pool.Len() == 0 })
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	goleak.VerifyNone(t, before)
}

func kept(t testing.TB, n *Node) (count int) {
	t.Helper()
	err := n.home.Store.View(func(tx *store.Tx) error {
		return tx.Each(sheetBucket, func(_, _ []byte) error { count++; return nil })
	})
	if err != nil {
		t.Fatal(err)
	}
	return count
}

// What could not be written is written later: the newest of each pseudonym, and nothing that has expired.
func TestKeeperWritesLater(t *testing.T) {
	clock := &testnet.Clock{}
	net1 := testnet.New(t, testnet.Config{})
	open := func() *store.Store {
		st, err := store.Open(t.Context(), store.Options{Dir: net1.Home("st"), Secret: store.KeyFile(), Create: true, Now: clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = st.Close() })
		return st
	}
	st := open()
	k := newKeeper(st, clock.Now, slog.New(slog.DiscardHandler))
	now := clock.Now()
	short, long := net1.Sheet("50667", now, now.Add(time.Hour)), net1.Sheet("50670", now, now.Add(12*time.Hour))
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	k.put(short)
	k.put(long)
	k.flush()
	if len(k.fresh) != 2 {
		t.Fatalf("%d sheets wait after a failure", len(k.fresh))
	}
	newer := *long
	newer.Sheet.Seq++
	k.put(&newer)
	k.put(long)
	if k.fresh[long.Sheet.Pass.P] != &newer {
		t.Error("an older sheet took the place of a newer one")
	}
	clock.Advance(2 * time.Hour)
	k.flush()
	if len(k.fresh) != 1 {
		t.Errorf("%d sheets wait after one expired", len(k.fresh))
	}
	k.store = open()
	k.flush()
	if len(k.fresh) != 0 {
		t.Errorf("%d sheets wait after all was well", len(k.fresh))
	}
}

// A front is admitted by its pass and no longer than it is good.
func TestFrontsAreForgotten(t *testing.T) {
	clock := &testnet.Clock{}
	net1 := testnet.New(t, testnet.Config{})
	n := mustStart(t, prepare(t, net1, 0), net1.File, clock)
	n.admitted(t.Context(), admission.Admitted{Peer: "front", Kind: admission.Front, Until: clock.Now().Add(time.Hour)})
	n.admitted(t.Context(), admission.Admitted{Peer: "client", Kind: admission.Client})
	if got := n.connectedFronts(); len(got) != 1 || !n.host.ConnManager().IsProtected("front", "practice") {
		t.Errorf("%v", got)
	}
	clock.Advance(2 * time.Hour)
	if got := n.connectedFronts(); len(got) != 0 || n.host.ConnManager().IsProtected("front", "practice") {
		t.Errorf("%v is kept after its pass has ended", got)
	}
}

// Two relays find each other, again after one was away, and share their sheets.
func TestRelaysFindEachOther(t *testing.T) {
	net1 := testnet.New(t, testnet.Config{Relays: 2})
	dirs := []string{net1.Home("a"), net1.Home("b")}
	for i, dir := range dirs {
		if err := Prepare(t.Context(), dir, net1.Relays[i], store.KeyFile()); err != nil {
			t.Fatal(err)
		}
	}
	a := mustStart(t, dirs[0], net1.File, nil)
	sheet := net1.Sheet("50667", time.Now(), time.Now().Add(time.Hour))
	checked, err := a.validator.Check(sheet.Raw, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.pool.Add(checked); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		b := mustStart(t, dirs[1], net1.File, nil)
		testnet.Until(t, "the relays are connected", func() bool {
			return b.host.Network().Connectedness(a.host.ID()) == libnet.Connected
		})
		b.SyncNow(t.Context())
		if _, ok := b.Pool().Lookup(sheet.Sheet.Pass.P); !ok {
			t.Error("the other relay has no sheet after a sync")
		}
		if s := b.Status(); len(s.Relays) != 1 || !s.Relays[0].Connected || s.Relays[0].Operator == "" {
			t.Errorf("%+v", s.Relays)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A relay whose network file has expired issues no passes, and does again with a newer one.
func TestExpiredRelayIssuesNothing(t *testing.T) {
	clock := &testnet.Clock{}
	net1 := testnet.New(t, testnet.Config{Good: 48 * time.Hour})
	n := mustStart(t, prepare(t, net1, 0), net1.File, clock)
	if n.usablePolicy() == nil {
		t.Fatal("no passes from the start")
	}
	clock.Advance(25 * time.Hour)
	if n.usablePolicy() != nil || !strings.Contains(n.Status().ReadOnly, "has expired") {
		t.Errorf("expired: %q", n.Status().ReadOnly)
	}
	renewed := net1.Next(func(b *network.Bundle) {
		b.Issued, b.Expires = uint64(clock.Now().Unix()), uint64(clock.Now().Add(time.Hour).Unix())
	})
	if _, err := n.home.Network.Offer(read(t, net1.Sign(renewed))); err != nil {
		t.Fatal(err)
	}
	if n.usablePolicy() == nil || n.Status().ReadOnly != "" {
		t.Error("still read-only")
	}
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The app is there before the relay answers commands.
func TestRelayIsShown(t *testing.T) {
	net := testnet.New(t, testnet.Config{})
	cfg := Config{Home: prepare(t, net, 0), Network: net.File, Secret: store.KeyFile()}
	testnet.Shown(t, cfg.Home, func(show func() (func() error, error)) (io.Closer, error) {
		cfg.Show = func(*Node) (func() error, error) { return show() }
		return Start(t.Context(), cfg)
	})
}
