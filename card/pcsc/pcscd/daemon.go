package pcscd

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"pieks/card/pcsc"
	"pieks/card/vpcd"
)

// Daemon is a pcscd and its virtual readers, which are counted from 0. Whatever goes wrong here fails the test.
type Daemon struct {
	t       *testing.T
	config  string // folder
	readers int
	cards   map[int]*inserted
	leaving map[int]pcsc.Reader // whose card was pulled, as they were before

	cmd  *exec.Cmd // nil when stopped
	done chan struct{}
	said said
}

// inserted is a card that dials a reader.
type inserted struct {
	pull context.CancelFunc
	done chan error
}

func start(t *testing.T, readers int) *Daemon {
	t.Helper()
	d := &Daemon{t: t, config: t.TempDir(), cards: map[int]*inserted{}, leaving: map[int]pcsc.Reader{}}
	d.configure(readers)
	t.Cleanup(func() {
		for slot := range d.cards {
			d.pull(slot)
		}
		d.Stop()
		if t.Failed() {
			t.Logf("pcscd said:\n%s", d.said.String())
		}
	})
	d.Start()
	return d
}

// configure adds the readers that are not there yet.
func (d *Daemon) configure(readers int) {
	d.t.Helper()
	vpcd, err := os.ReadFile(driverInside)
	if err != nil {
		d.t.Fatal(err)
	}
	for ; d.readers < readers; d.readers += 2 {
		pair, port := d.readers/2, firstPort+d.readers
		library := fmt.Sprint(driverInside, ".", pair)
		if err := os.WriteFile(library, vpcd, 0o600); err != nil {
			d.t.Fatal(err)
		}
		text := fmt.Sprintf("FRIENDLYNAME \"%s\"\nDEVICENAME /dev/null:%d\nLIBPATH %s\nCHANNELID %d\n", pairName(pair), port, library, port)
		if err := os.WriteFile(filepath.Join(d.config, strconv.Itoa(pair)), []byte(text), 0o600); err != nil {
			d.t.Fatal(err)
		}
	}
}

func pairName(pair int) string { return "Pieks Test " + string(rune('A'+pair)) }

// Reader is the name that pcscd gives a reader: its pair's name, a number among those of that name, the slot.
func (d *Daemon) Reader(slot int) string { return fmt.Sprintf("%s 00 %02X", pairName(slot/2), slot%2) }

// Addr is where a card for a reader dials.
func (d *Daemon) Addr(slot int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(firstPort+slot))
}

// Start starts pcscd again after Stop, and returns when it answers.
func (d *Daemon) Start() {
	d.t.Helper()
	args := []string{"--foreground", "--config", d.config}
	if help, _ := exec.Command(daemonPath(), "--help").CombinedOutput(); bytes.Contains(help, []byte("--disable-polkit")) {
		args = append(args, "--disable-polkit") // there is no system bus here
	}
	cmd := exec.Command(daemonPath(), args...)
	cmd.Stdout, cmd.Stderr = &d.said, &d.said
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.cmd, d.done = cmd, make(chan struct{})
	go func(done chan struct{}) {
		_ = cmd.Wait() // how it ended says nothing: it is killed when a card hangs
		close(done)
	}(d.done)
	d.until(fmt.Sprint(d.readers, " readers"), func(readers []pcsc.Reader) bool { return len(readers) == d.readers })
}

// until waits for something that pcscd shows.
func (d *Daemon) until(what string, seen func([]pcsc.Reader) bool) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), settleLimit)
	defer cancel()
	look := time.NewTicker(settleLook)
	defer look.Stop()
	for {
		readers, err := pcsc.Readers(ctx)
		if err == nil && seen(readers) {
			return
		}
		select {
		case <-look.C:
		case <-d.done:
			d.t.Fatalf("pcscd has ended:\n%s", d.said.String())
		case <-ctx.Done():
			d.t.Fatalf("pcscd does not show %s, but %v (%v):\n%s", what, readers, err, d.said.String())
		}
	}
}

// Stop ends pcscd. Cards stay where they are, and are there again after Start.
func (d *Daemon) Stop() {
	d.t.Helper()
	if d.cmd == nil {
		return
	}
	d.signal(syscall.SIGTERM)
	limit := time.NewTimer(stopLimit)
	defer limit.Stop()
	select {
	case <-d.done:
	case <-limit.C:
		d.signal(syscall.SIGKILL)
		<-d.done
	}
	d.cmd = nil
	clear(d.leaving)
	for _, stale := range []string{"/run/pcscd/pcscd.comm", "/run/pcscd/pcscd.pid"} { // a killed one leaves them, and the next refuses to start
		if err := os.Remove(stale); err != nil && !os.IsNotExist(err) {
			d.t.Error(err)
		}
	}
}

// Freeze keeps pcscd from answering until Thaw.
func (d *Daemon) Freeze() { d.signal(signalStop) }

// Thaw ends Freeze.
func (d *Daemon) Thaw() { d.signal(signalContinue) }

// Plug adds two readers. A pcscd that finds USB readers with libudev, as Debian's, reads its configuration only at its start: so this is one.
func (d *Daemon) Plug() {
	d.t.Helper()
	d.Stop()
	d.configure(d.readers + 2)
	d.Start()
}

func (d *Daemon) signal(s syscall.Signal) {
	d.t.Helper()
	if d.cmd == nil {
		d.t.Fatal("pcscd is stopped")
	}
	if err := d.cmd.Process.Signal(s); err != nil {
		select {
		case <-d.done: // it has ended by itself
		default:
			d.t.Errorf("pcscd: %v", err)
		}
	}
}

// Insert inserts a card and returns when pcscd has seen it. With pcscd stopped, the card is there as soon as it starts.
func (d *Daemon) Insert(slot int, c vpcd.Card) {
	d.t.Helper()
	d.Push(slot, c)
	if d.cmd == nil {
		return
	}
	d.until(fmt.Sprint("a card in ", d.Reader(slot)), func(readers []pcsc.Reader) bool { return slot < len(readers) && readers[slot].HasCard() })
}

// Push is Insert that does not wait, but for pcscd to notice that the card before was pulled: one inserted faster is the same card to it,
// in an unknown state.
func (d *Daemon) Push(slot int, c vpcd.Card) {
	d.t.Helper()
	if d.cards[slot] != nil {
		d.t.Fatalf("%s has a card", d.Reader(slot))
	}
	d.noticed(slot)
	ctx, pull := context.WithCancel(context.Background())
	in := &inserted{pull: pull, done: make(chan error, 1)}
	go func() { in.done <- vpcd.Serve(ctx, d.Addr(slot), c) }()
	d.cards[slot] = in
}

// Remove pulls a card and returns when pcscd has noticed.
func (d *Daemon) Remove(slot int) {
	d.t.Helper()
	d.Pull(slot)
	d.noticed(slot)
}

// noticed waits until pcscd knows that the card was pulled: until it has counted it. It calls a reader empty earlier, when it could not
// reset the card, and a card inserted then would never be seen (EHStatusHandlerThread in eventhandler.c).
func (d *Daemon) noticed(slot int) {
	d.t.Helper()
	before, pulled := d.leaving[slot]
	delete(d.leaving, slot)
	if !pulled || d.cmd == nil {
		return
	}
	d.until(fmt.Sprint("no card in ", before.Name), func(readers []pcsc.Reader) bool {
		return slot < len(readers) && readers[slot].Events != before.Events
	})
}

// Pull is Remove that does not wait.
func (d *Daemon) Pull(slot int) {
	d.t.Helper()
	if d.cmd != nil {
		readers, err := pcsc.Readers(d.t.Context())
		if err != nil {
			d.t.Fatal(err)
		}
		if readers[slot].HasCard() {
			d.leaving[slot] = readers[slot]
		}
	}
	d.pull(slot)
}

func (d *Daemon) pull(slot int) {
	d.t.Helper()
	in := d.cards[slot]
	if in == nil {
		d.t.Fatalf("%s has no card", d.Reader(slot))
	}
	delete(d.cards, slot)
	in.pull()
	if err := <-in.done; err != nil {
		d.t.Errorf("card in %s: %v", d.Reader(slot), err)
	}
}

// said keeps the first of what pcscd writes.
type said struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *said) Write(data []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if room := maxSaid - s.text.Len(); room > 0 {
		s.text.Write(data[:min(room, len(data))])
	}
	return len(data), nil
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.TrimSpace(s.text.String())
}
