package mailbox

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"pieks/node/host/hosttest"
	"pieks/store"
)

// envRelay makes the test binary a relay on the store in that folder, which can be killed.
const envRelay = "PIEKS_MAILBOX_TEST_RELAY"

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

var childKey = hosttest.Key(50)

// childRelay serves mailboxes until it is killed or its input ends, and says where.
func childRelay(dir string) error {
	s, err := store.Open(context.Background(), store.Options{Dir: dir, Role: "relay", Secret: store.KeyFile(), Create: true})
	if err != nil {
		return err
	}
	h, err := hosttest.Listen(childKey, hosttest.Loopback)
	if err != nil {
		return err
	}
	if _, err := Serve(Config{Host: h, Store: s}); err != nil {
		return err
	}
	hosttest.Announce(h)
	return nil
}

type process struct{ hosttest.Process }

func startRelay(t *testing.T, dir string) process {
	t.Helper()
	return process{hosttest.Start(t, envRelay+"="+dir)}
}

// client connects a fresh host to the process.
func (p process) client(t *testing.T) (host.Host, peer.ID) {
	t.Helper()
	h, relay := hosttest.New(t, nil, hosttest.Loopback), idOf(childKey)
	if err := h.Connect(hosttest.Within(t), peer.AddrInfo{ID: relay, Addrs: []ma.Multiaddr{p.Addr}}); err != nil {
		t.Fatal(err)
	}
	return h, relay
}

func idOf(key ed25519.PrivateKey) peer.ID {
	k, _ := crypto.UnmarshalEd25519PrivateKey(key)
	id, _ := peer.IDFromPrivateKey(k)
	return id
}

// Case 39 of crypto.md: a relay is killed while many put and an owner takes mail. What was acknowledged is there
// afterwards, and the owner who remembers ids gets everything exactly once.
func TestKillLosesNoAcknowledgedMail(t *testing.T) {
	rounds := 4
	if testing.Short() {
		rounds = 2
	}
	dir := t.TempDir()
	boxes := []ed25519.PrivateKey{newKey(), newKey(), newKey(), newKey()}
	var (
		mu           sync.Mutex
		acknowledged = map[EnvelopeID]bool{}
		received     = map[EnvelopeID]bool{}
	)
	for round := range rounds {
		p := startRelay(t, dir)
		h, relay := p.client(t)
		w, err := Watch(hosttest.Within(t), h, relay, boxes[0])
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			for m := range w.Mail() {
				mu.Lock()
				received[m.ID] = true
				mu.Unlock()
			}
		})
		enough := make(chan struct{})
		limit, n := 5+rand.IntN(40), 0
		for worker := range 8 {
			wg.Go(func() {
				for i := 0; ; i++ {
					envelope := envelopeOf(round<<20 | worker<<10 | i)
					ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
					_, err := Put(ctx, h, []peer.ID{relay}, boxOf(boxes[worker%4]), envelope)
					cancel()
					if err != nil {
						return // killed, or the box is full
					}
					mu.Lock()
					acknowledged[IDOf(envelope)] = true
					if n++; n == limit {
						close(enough)
					}
					mu.Unlock()
				}
			})
		}
		<-enough
		p.Kill()
		_ = h.Close()
		wg.Wait()
		_ = w.Close()

		p = startRelay(t, dir)
		h, relay = p.client(t)
		there := map[EnvelopeID]int{}
		for i, key := range boxes {
			mail, err := Fetch(hosttest.Within(t), h, relay, key)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range mail {
				there[m.ID]++
				if i == 0 {
					received[m.ID] = true
				}
			}
		}
		for id := range acknowledged {
			if there[id] != 1 {
				t.Errorf("round %d: an acknowledged envelope is there %d times", round, there[id])
			}
		}
		for id := range received {
			if there[id] != 1 {
				t.Errorf("round %d: an envelope was pushed before it was on disk", round)
			}
		}
		for _, key := range boxes { // room for the next round
			mail, err := Fetch(hosttest.Within(t), h, relay, key)
			if err != nil {
				t.Fatal(err)
			}
			if err := Delete(hosttest.Within(t), h, relay, key, ids(mail)...); err != nil {
				t.Fatal(err)
			}
		}
		clear(acknowledged)
		clear(received)
		p.Kill()
		_ = h.Close()
	}
}
