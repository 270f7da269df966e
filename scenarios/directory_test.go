package scenarios

import (
	"context"
	"os"
	"testing"
	"time"

	libhost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/node/checkin/directory"
	"pieks/node/control"
	"pieks/node/home"
	"pieks/node/home/testnet"
	"pieks/node/host"
	"pieks/node/network"
	"pieks/node/practice"
	"pieks/node/relay"
	"pieks/store"
)

// listed is a network of two relays with one practice, and somebody's copy of the directory.
type listed struct {
	*testnet.Net
	t        *testing.T
	clock    *testnet.Clock
	relays   [2]*relay.Node
	practice *practice.Node
	current  *network.Current
	copy     *directory.Copy
	patient  libhost.Host
}

func newListed(t *testing.T) *listed {
	t.Helper()
	w := &listed{Net: testnet.New(t, testnet.Config{Relays: 2, Good: 28 * 24 * time.Hour}), t: t, clock: &testnet.Clock{}}
	for i := range w.relays {
		if err := relay.Prepare(t.Context(), w.relayHome(i), w.Relays[i], store.KeyFile()); err != nil {
			t.Fatal(err)
		}
		w.startRelay(i)
	}
	w.startPractice(w.File)
	var err error
	if w.current, err = network.NewCurrent(network.CurrentConfig{Now: w.clock.Now}); err != nil {
		t.Fatal(err)
	}
	w.offer(w.current.Offer, w.File)
	st, err := store.Open(t.Context(), store.Options{Dir: t.TempDir(), Role: "patient", Secret: store.KeyFile(), Create: true, Now: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	if w.copy, err = directory.Open(st, w.current, w.clock.Now); err != nil {
		t.Fatal(err)
	}
	if w.patient, err = host.Patient(&host.Gate{}, false); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = host.Close(w.patient) })
	return w
}

func (w *listed) relayHome(i int) string { return w.Home([]string{"relay-a", "relay-b"}[i]) }

func (w *listed) startRelay(i int) {
	w.t.Helper()
	n, err := relay.Start(w.t.Context(), relay.Config{
		Home: w.relayHome(i), Network: w.File, Secret: store.KeyFile(), Now: w.clock.Now, Log: logger(),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.relays[i] = n
	w.t.Cleanup(func() { _ = n.Close() })
}

func (w *listed) startPractice(file string) {
	w.t.Helper()
	n, err := practice.Start(w.t.Context(), practice.Config{
		Home: w.Home("practice"), Network: file, Secret: store.KeyFile(), Now: w.clock.Now, Listen: loopback, Log: logger(),
		Details: practice.Details{Name: "Praxis Dr. Beispiel", Street: "Domstr. 1", PLZ: "50667"},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.practice = n
	w.t.Cleanup(func() { _ = n.Close() })
}

func (w *listed) offer(offer func([]byte) (bool, error), file string) {
	w.t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := offer(data); err != nil {
		w.t.Fatal(err)
	}
}

// call asks the practice's node.
func (w *listed) call(method string, in, out any) {
	w.t.Helper()
	client, err := control.Dial(w.Home("practice"))
	if err != nil {
		w.t.Fatal(err)
	}
	if err := client.Call(w.t.Context(), method, in, out); err != nil {
		w.t.Fatal(err)
	}
}

// at is how many institutions the copy has after it was brought up to date at relay i, which was told by the other one before.
func (w *listed) at(i int) int {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), testnet.Within)
	defer cancel()
	w.relays[i].SyncNow(ctx)
	id := w.relayID(i)
	for _, r := range w.Bundle.Relays {
		info, ok := home.AddrInfo(r)
		if !ok || info.ID != id {
			continue
		}
		if err := host.Connect(ctx, w.patient, info); err != nil {
			w.t.Fatal(err)
		}
	}
	if _, err := w.copy.Sync(ctx, w.patient, id); err != nil {
		w.t.Logf("sync: %v", err)
	}
	return len(w.copy.All())
}

func (w *listed) relayID(i int) peer.ID {
	id, err := peer.Decode(w.Relays[i].Peer)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// A practice is in nobody's directory before it asks for it, then in a patient's copy whichever relay it comes from, through restarts of relays and
// practice, and gone when it asks for that or its device is revoked.
func TestAPracticeListsItself(t *testing.T) {
	w := newListed(t)
	var l control.Listing
	w.call(control.MethodListing, nil, &l)
	if l.Listed || w.at(0) != 0 {
		t.Fatalf("listed without being asked: %+v", l)
	}
	w.call(control.MethodListingSet, control.Listing{Listed: true, Alias: " Hausarzt am Dom "}, &l)
	testnet.Until(t, "both relays have the listing", func() bool {
		w.call(control.MethodListing, nil, &l)
		return l.Kept == 2
	})
	if l.Alias != "Hausarzt am Dom" || l.Until.Sub(w.clock.Now()) > directory.Life {
		t.Errorf("%+v", l)
	}
	if w.at(1) != 1 {
		t.Fatal("it is not in the copy")
	}
	found := w.copy.Search(control.InstitutionQuery{Text: "beispiel hausarzt koeln", PLZ: "50674", RadiusKM: 5})
	if len(found) != 1 || found[0].Alias != "Hausarzt am Dom" || !found[0].Mesh || found[0].DistanceKM == 0 {
		t.Fatalf("%+v", found)
	}
	entry := w.copy.With(found[0].TelematikID)[0]
	if len(entry.Relays) == 0 {
		t.Error("it cannot be reached")
	}
	w.restart()
	if w.at(0) != 1 {
		t.Error("a restart lost it")
	}
	w.call(control.MethodListingSet, control.Listing{}, &l)
	testnet.Until(t, "it is gone", func() bool { return w.at(0) == 0 && w.at(1) == 0 })
	w.call(control.MethodListingSet, control.Listing{Listed: true}, &l)
	testnet.Until(t, "it is back", func() bool { return w.at(0) == 1 && w.at(1) == 1 })

	revoked := w.Sign(w.Next(func(b *network.Bundle) { b.Revoked = [][32]byte{entry.Device} }))
	for i := range w.relays {
		w.offer(w.relays[i].Home().Network.Offer, revoked)
	}
	other, err := network.NewCurrent(network.CurrentConfig{Now: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	w.offer(other.Offer, w.File)
	st, err := store.Open(t.Context(), store.Options{Dir: t.TempDir(), Role: "patient", Secret: store.KeyFile(), Create: true, Now: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	testnet.Until(t, "the relays give it to nobody", func() bool {
		c, err := directory.Open(st, other, w.clock.Now)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Sync(t.Context(), w.patient, w.relayID(0))
		return err == nil && len(c.All()) == 0
	})
	w.offer(w.current.Offer, revoked)
	if len(w.copy.All()) != 0 {
		t.Error("it is revoked, and still in the copy")
	}
}

// What one relay was told goes to the other, also when that one was not there, and the practice no longer is.
func TestAListingGoesFromRelayToRelay(t *testing.T) {
	w := newListed(t)
	if err := w.relays[1].Close(); err != nil {
		t.Fatal(err)
	}
	var l control.Listing
	w.call(control.MethodListingSet, control.Listing{Listed: true}, &l)
	testnet.Until(t, "the first relay has the listing", func() bool {
		w.call(control.MethodListing, nil, &l)
		return l.Kept == 1
	})
	if err := w.practice.Close(); err != nil {
		t.Fatal(err)
	}
	w.startRelay(1)
	testnet.Until(t, "the copy has it from the second relay", func() bool { return w.at(1) == 1 })
}

// restart stops all nodes and starts them again.
func (w *listed) restart() {
	w.t.Helper()
	for i, n := range w.relays {
		if err := n.Close(); err != nil {
			w.t.Fatal(err)
		}
		w.startRelay(i)
	}
	if err := w.practice.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.startPractice("")
}
