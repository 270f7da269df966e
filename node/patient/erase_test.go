package patient

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pieks/node/booking"
	"pieks/node/control"
	"pieks/node/home"
	"pieks/node/home/testnet"
	"pieks/node/network"
	"pieks/store"
)

// canaries are what must not be found anywhere once a home was erased: the key that opens its store, and each of its files' contents.
func canaries(t *testing.T, dir string) [][]byte {
	t.Helper()
	var found [][]byte
	for _, name := range []string{"store.kek", "store.keys", "store.spare", "store.db"} {
		data, err := os.ReadFile(filepath.Join(home.StoreDir(dir), name))
		if err != nil {
			t.Fatal(err)
		}
		middle := len(data) / 2
		found = append(found, data[middle:min(middle+32, len(data))])
	}
	return found
}

// leftOf lists the files of a home, and fails the test when one holds a canary.
func leftOf(t *testing.T, dir string, canaries [][]byte) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		names = append(names, path)
		data, err := os.ReadFile(path)
		for _, c := range canaries {
			if bytes.Contains(data, c) && len(bytes.Trim(c, "\x00")) > 0 {
				t.Errorf("%s is left of the store", path)
			}
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return names
}

// Everything of a node goes: the answer comes first, then it stops, then its files are gone, and a new start knows nothing.
func TestErase(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	stopped := make(chan struct{})
	dir := net.Home("a")
	n, err := Start(t.Context(), Config{
		Home: dir, Network: net.File, PLZ: "50667", Secret: store.KeyFile(), Now: clock.Now, Stop: func() { close(stopped) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	p := newPraxis(t, n, net, clock, 1)
	_, b := p.booked(0)
	if _, err := n.watch(t.Context(), control.SearchRequest{RadiusKM: 10}); err != nil {
		t.Fatal(err)
	}
	begun(t, n, net.Relays[0].Peer, clock.Now().Add(time.Minute), disclosureWaiting, room{Key: booking.RoomKey{1}, Day: today(clock), Practice: "Praxis"})
	client, err := control.Dial(dir)
	if err != nil {
		t.Fatal(err)
	}
	err = client.Call(t.Context(), control.MethodErase, control.EraseRequest{}, nil)
	if control.KindOf(err) != control.KindConflict || control.CodeOf(err) != control.CodeVisits {
		t.Fatalf("with a visit to come: %v", err)
	}
	if _, err := n.cancelBooking(t.Context(), control.CancelRequest{Booking: b.ID}); err != nil {
		t.Fatal(err)
	}
	traces := canaries(t, dir)
	if err := client.Call(t.Context(), control.MethodErase, control.EraseRequest{}, nil); err != nil {
		t.Fatal(err)
	}
	select {
	case <-stopped:
	case <-time.After(testnet.Within):
		t.Fatal("it goes on")
	}
	if _, err := n.Handlers()[control.MethodBookings](t.Context(), nil); control.KindOf(err) != control.KindConflict {
		t.Errorf("still at work: %v", err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if left := leftOf(t, dir, traces); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	if _, err := Start(t.Context(), Config{Home: dir, Secret: store.KeyFile()}); !errors.Is(err, network.ErrNone) {
		t.Errorf("it still knows a network: %v", err)
	}
}

// Whoever insists erases with a visit to come; whoever killed the node meanwhile has the rest deleted by the next start, from whatever was left.
func TestEraseAfterACrash(t *testing.T) {
	for _, gone := range [][]string{nil, {"store.kek"}, {"store.kek", "store.keys", "store.spare"}, {"store.kek", "store.keys", "store.spare", "store.db"}} {
		n, p, net, clock := world(t, 1)
		p.booked(0)
		if _, err := n.erase(t.Context(), control.EraseRequest{Anyway: true}); err != nil {
			t.Fatal(err)
		}
		dir := n.home.Dir
		traces := canaries(t, dir)
		crashed := net.Home("crashed") // the folder as a crash before Close leaves it
		if err := os.CopyFS(home.StoreDir(crashed), os.DirFS(home.StoreDir(dir))); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "erasing"), filepath.Join(crashed, "erasing")); err != nil {
			t.Fatal(err)
		}
		for _, name := range gone {
			if err := os.Remove(filepath.Join(home.StoreDir(crashed), name)); err != nil {
				t.Fatal(err)
			}
		}
		next, err := Start(t.Context(), Config{Home: crashed, Network: net.File, Secret: store.KeyFile(), Now: clock.Now})
		if err != nil {
			t.Fatalf("without %v: %v", gone, err)
		}
		if list, err := next.listBookings(t.Context()); err != nil || len(list) != 0 || next.preferences().PLZ != "" {
			t.Errorf("without %v: %+v %v", gone, list, err)
		}
		if err := next.Close(); err != nil {
			t.Fatal(err)
		}
		leftOf(t, crashed, traces)
		if _, err := os.Lstat(filepath.Join(crashed, "erasing")); !errors.Is(err, fs.ErrNotExist) {
			t.Error("the new home would be deleted, too")
		}
	}
}

// Who waits for whom: a visit to come counts until the practice, or a relay for it, has the cancellation.
func TestAwaited(t *testing.T) {
	n, p, _, clock := world(t, 1)
	e, b := p.booked(0)
	if !n.awaited() {
		t.Error("a booked visit")
	}
	e.mu.Lock()
	e.rec.Cancel = true
	e.mu.Unlock()
	if !n.awaited() {
		t.Error("the practice does not know that it is cancelled")
	}
	e.mu.Lock()
	e.rec.Mailed = booking.KindOrder
	e.mu.Unlock()
	if n.awaited() {
		t.Error("its relay knows")
	}
	e.mu.Lock()
	e.rec.Cancel, e.rec.Mailed = false, 0
	e.mu.Unlock()
	clock.Advance(b.Visits[0].Start.Sub(clock.Now()) + time.Minute)
	if n.awaited() {
		t.Error("it is over")
	}
}
