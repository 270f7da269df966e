package checkin

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"pieks/card"
	"pieks/node/checkin/popp"
	"pieks/node/host/hosttest"
)

const (
	childEnv = "PIEKS_CHECKIN_CHILD" // folder of its store
	// overTCP: a killed process is noticed at once, which over QUIC takes half a minute.
	overTCP = "/ip4/127.0.0.1/tcp/0"
	waitEnv = "PIEKS_CHECKIN_WAIT" // it only keeps tokens
	dieEnv  = "PIEKS_CHECKIN_DIE"  // the process kills itself between fsync and answer
)

// TestMain turns the test binary into a practice that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		if when := os.Getenv(waitEnv); when != "" {
			waitingProcess(dir, when)
			os.Exit(0)
		}
		practiceProcess(dir, os.Getenv(dieEnv) != "")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func practiceProcess(dir string, dies bool) {
	k := kitIn(quietTB{}, dir)
	if dies {
		// What was written down is on the disk when this is called, and not yet told.
		k.arrivals.onChange = func() {
			p := must(os.FindProcess(os.Getpid()))
			_ = p.Kill()
			select {}
		}
	}
	h := must(hosttest.Listen(deskKey, overTCP))
	k.desk.Listen(h)
	hosttest.Announce(h)
}

// quietTB lets a kit be made outside of a test.
type quietTB struct{ testing.TB }

func (quietTB) Helper()                      {}
func (quietTB) Context() context.Context     { return context.Background() }
func (quietTB) Cleanup(func())               {}
func (quietTB) Fatal(args ...any)            { panic(fmt.Sprint(args...)) }
func (quietTB) Fatalf(f string, args ...any) { panic(fmt.Sprintf(f, args...)) }

// child is a practice in a process of its own, and a patient's host that knows it.
type child struct {
	process hosttest.Process
	patient host.Host
	once    *sync.Once
}

// kill ends the process as kill -9 does, and may be called again.
func (c child) kill() { c.once.Do(c.process.Kill) }

func startChild(t *testing.T, dir string, env ...string) child {
	t.Helper()
	p := hosttest.Start(t, append(env, childEnv+"="+dir)...)
	h := hosttest.New(t, nil, hosttest.Loopback)
	h.Peerstore().AddAddrs(deskPeer(), []ma.Multiaddr{p.Addr}, time.Hour)
	return child{p, h, &sync.Once{}}
}

func deskPeer() peer.ID {
	h := must(hosttest.Listen(deskKey, overTCP))
	defer h.Close()
	return h.ID()
}

// A practice is killed after it wrote an arrival down and before it told anybody. The next process tells what was written, and adds nothing.
func TestKilledBeforeItAnswered(t *testing.T) {
	ctx, dir := hosttest.Within(t), t.TempDir()
	a := outside(t).attempt("REZEPTION-1")
	c := startChild(t, dir, dieEnv+"=1")
	if o, err := present(ctx, c.patient, a, person(t, 2, erika, erikaKVNR)); err == nil {
		t.Fatalf("the practice answered: %+v", o)
	}
	c.kill()

	c = startChild(t, dir)
	o, err := a.Ask(ctx, c.patient)
	if err != nil || o.State != popp.Success || !o.At.Equal(noon) {
		t.Errorf("asked: %+v %v", o, err)
	}
	again, err := present(ctx, c.patient, a, refuses{t})
	if err != nil || *again != o {
		t.Errorf("again: %+v %v", again, err)
	}
	c.kill()
	k := kitIn(t, dir)
	k.arrived(1)
	k.token(a.statement.ID)
}

// refuses is a card that must not be asked.
type refuses struct{ t *testing.T }

func (r refuses) Transmit(context.Context, []byte) ([]byte, error) {
	r.t.Error("the card was asked again")
	return nil, errors.New("no")
}

// outside is a kit for a patient alone: its store is not the practice's.
func outside(t *testing.T) *kit { return newKit(t) }

// However often a practice dies within check-ins, whoever was told success is on the list once, and everybody else gets through in the end.
func TestKilledPractice(t *testing.T) {
	if testing.Short() {
		t.Skip("starts some twenty processes")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	dir, k := t.TempDir(), outside(t)
	var told, cut int
	attempts := map[*Attempt]card.Channel{}
	for i := range 12 {
		kvnr := fmt.Sprintf("X%09d", i)
		attempts[k.attempt("REZEPTION-1")] = person(t, byte(10+i), "Person "+kvnr, kvnr)
	}
	all := len(attempts)
	for round := 0; len(attempts) > 0; round++ {
		c := startChild(t, dir)
		var dead atomic.Bool
		if round < 20 {
			timer := time.AfterFunc(time.Duration(rand.IntN(60))*time.Millisecond, func() { dead.Store(true); c.kill() })
			defer timer.Stop()
		}
		for a, ch := range attempts {
			dying, stop := context.WithTimeout(ctx, 3*time.Second)
			o, err := present(dying, c.patient, a, ch)
			stop()
			if err != nil {
				if !dead.Load() {
					t.Fatalf("a practice that lives: %v", err)
				}
				cut++
				break
			}
			if o.State != popp.Success {
				t.Fatalf("%+v", o)
			}
			told++
			delete(attempts, a)
		}
		c.kill()
	}
	if t.Logf("%d check-ins were cut off", cut); cut == 0 {
		t.Error("nobody was cut off: the test shows nothing")
	}
	after := kitIn(t, dir)
	after.arrived(all)
	seen := map[string]bool{}
	for _, a := range after.list() {
		if seen[a.KVNR] {
			t.Error("somebody arrived twice")
		}
		seen[a.KVNR] = true
		after.token(a.ID)
	}
	if err := after.store.Check(t.Context()); err != nil || told != all {
		t.Errorf("told %d of %d, %v", told, all, err)
	}
}
