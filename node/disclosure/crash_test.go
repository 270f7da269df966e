package disclosure

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"pieks/card"
	"pieks/node/host/hosttest"
	"pieks/store"
)

// envRelay makes the test binary a relay on the store in that folder, which can be killed.
const envRelay = "PIEKS_DISCLOSURE_TEST_RELAY"

func TestMain(m *testing.M) {
	if dir := os.Getenv(envRelay); dir != "" {
		if err := childRelay(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// crashRules make a list each second, of a clock that is fast: every 20 ms, so that many kills fall into one.
var crashRules = Rules{K: 3, Cycle: time.Second, MaxWait: 2 * time.Second}

// envBase tells the child when the test began, from which its clock is fast, too.
const envBase = "PIEKS_DISCLOSURE_TEST_BASE"

var crashBase = func() time.Time {
	if n, err := strconv.ParseInt(os.Getenv(envBase), 10, 64); err == nil {
		return time.Unix(n, 0)
	}
	return time.Now().Truncate(time.Second)
}()

// fastClock is the time of parent and child.
func fastClock() time.Time { return crashBase.Add(50 * time.Since(crashBase)) }

// crashCA is the card CA of parent and child.
func crashCA() *card.TestCA { return must(card.NewTestCA([32]byte{5}, crashBase)) }

// childRelay serves disclosures until it is killed or its input ends, and says where. It looks for lists far more often than a relay does.
func childRelay(dir string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{Dir: dir, Role: "relay", Secret: store.KeyFile(), Create: true, Now: fastClock})
	if err != nil {
		return err
	}
	h, err := hosttest.Listen(hosttest.Key(50), hosttest.Loopback)
	if err != nil {
		return err
	}
	roots := card.Roots{CAs: [][]byte{crashCA().Certificate()}, Professions: card.DefaultProfessions()}
	server, err := Serve(Config{
		Host: h, Store: s, Key: hosttest.Key(50), Now: fastClock,
		Roots: func() card.Roots { return roots }, Rules: func() Rules { return crashRules },
	})
	if err != nil {
		return err
	}
	go func() {
		for {
			if _, err := server.Tick(ctx); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
			runtime.Gosched()
		}
	}()
	hosttest.Announce(h)
	return nil
}

type process struct {
	hosttest.Process
	host host.Host // a client of it
}

func startRelay(t *testing.T, dir string) process {
	t.Helper()
	p := hosttest.Start(t, envRelay+"="+dir, envBase+"="+strconv.FormatInt(crashBase.Unix(), 10))
	h := hosttest.New(t, nil, hosttest.Loopback)
	if err := h.Connect(hosttest.Within(t), peer.AddrInfo{ID: peerOf(hosttest.Key(50)), Addrs: []ma.Multiaddr{p.Addr}}); err != nil {
		t.Fatal(err)
	}
	return process{p, h}
}

func (p process) kill() {
	p.Kill()
	_ = p.host.Close()
}

// published counts how often each item is in a list, and says by which numbers.
func (p process) published(t *testing.T) (items map[string]int, numbers map[uint64]int) {
	t.Helper()
	items, numbers = map[string]int{}, map[uint64]int{}
	err := FetchLists(hosttest.Within(t), p.host, peerOf(hosttest.Key(50)), Reading{Relays: anyRelay, Now: fastClock}, func(l List) error {
		numbers[l.Number]++
		for _, item := range l.Items {
			items[string(item)]++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return items, numbers
}

// A relay is killed while many post and lists are made. What was acknowledged is published exactly once, nothing twice, and numbers have
// no gap.
func TestKillLosesAndDoublesNothing(t *testing.T) {
	rounds := 5
	if testing.Short() {
		rounds = 2
	}
	dir := t.TempDir()
	v := must(card.NewVirtual(crashCA(), card.Holder{
		Kind: card.HBA, Name: canaryName, TelematikID: canaryID,
		NotBefore: crashBase.AddDate(0, -1, 0), NotAfter: crashBase.AddDate(1, 0, 0),
	}, [32]byte{3}))
	doctor := must(card.Open(t.Context(), v))
	if err := doctor.VerifyPIN(t.Context(), card.VirtualPIN); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex // also of the card, which has one security state
	acknowledged, tried := map[string]bool{}, map[string]bool{}
	for round := range rounds {
		p := startRelay(t, dir)
		enough := make(chan struct{})
		limit, n := 20+rand.IntN(120), 0
		var wg sync.WaitGroup
		for worker := range 6 {
			wg.Go(func() {
				for i := 0; ; i++ {
					consent := must(NewConsent(fmt.Appendf(nil, "round %d worker %d item %d", round, worker, i)))
					mu.Lock()
					cms := rawSign(t, doctor, 50, consent, fastClock(), nil)
					tried[string(consent.Data)] = true
					mu.Unlock()
					ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
					err := Post(ctx, p.host, peerOf(hosttest.Key(50)), consent, cms)
					cancel()
					if errors.Is(err, ErrSpent) {
						t.Error("posted twice")
					}
					if err != nil {
						return // killed
					}
					mu.Lock()
					acknowledged[string(consent.Data)] = true
					if n++; n == limit {
						close(enough)
					}
					mu.Unlock()
				}
			})
		}
		<-enough
		p.kill()
		wg.Wait()
	}

	p := startRelay(t, dir)
	defer p.kill()
	deadline := time.Now().Add(30 * time.Second)
	for {
		items, numbers := p.published(t)
		missing := 0
		for item := range acknowledged {
			if items[item] == 0 {
				missing++
			}
		}
		for item, times := range items {
			if times != 1 || !tried[item] {
				t.Fatalf("an item is published %d times", times)
			}
		}
		for n := range uint64(len(numbers)) {
			if numbers[n+1] != 1 {
				t.Fatalf("list %d of %d is there %d times", n+1, len(numbers), numbers[n+1])
			}
		}
		if missing == 0 {
			t.Logf("%d acknowledged items in %d lists after %d kills", len(acknowledged), len(numbers), rounds)
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d acknowledged items are not published", missing, len(acknowledged))
		}
	}
}
