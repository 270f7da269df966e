package booking

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"pieks/card"
	"pieks/gossip"
	"pieks/store"
)

// clock is a clock that tests move.
type clock struct {
	mu   sync.Mutex
	t    time.Time
	next []time.Time // what the next readings are
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.next) > 0 {
		c.t, c.next = c.next[0], c.next[1:]
	}
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// noon is a quiet Monday, on a tick.
var noon = time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)

// kit is one practice in a temporary folder, and what patients need to know of it.
type kit struct {
	t        testing.TB
	dir      string
	clock    *clock
	rules    gossip.Rules
	store    *store.Store
	ledger   *Ledger
	epoch    uint64
	p        ed25519.PrivateKey
	practice Practice
	front    *Front
	desk     *Desk
	changes  int
	changed  sync.Mutex
	licence  card.Licence
	patients []*Attempt // with a booking, of booked
}

func seeded(text string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(text))
	return ed25519.NewKeyFromSeed(seed[:])
}

func public(key ed25519.PrivateKey) [32]byte { return [32]byte(key.Public().(ed25519.PublicKey)) }

func newKit(t testing.TB) *kit {
	k := kitIn(t, memoryDir(t))
	t.Cleanup(k.close)
	return k
}

// kitIn opens the practice in a folder.
func kitIn(t testing.TB, dir string) *kit {
	k := &kit{t: t, dir: dir, clock: &clock{t: noon}, rules: gossip.DefaultRules(), epoch: 7, p: seeded("P"), licence: testLicence()}
	k.practice = Practice{Device: seeded("D"), Enrolment: func() []byte { return []byte("practice card of D") },
		Relays: func() []string { return []string{"12D3KooWRelayOne", "12D3KooWRelayTwo"} }}
	k.open()
	return k
}

func testLicence() card.Licence {
	return card.Licence{
		Signatory: card.Signatory{Profession: "1.2.276.0.76.4.50", ProfessionName: "Betriebsstätte Arzt", TelematikID: "1-test", Holder: "Dr. Test",
			NotAfter: noon.Add(80 * 24 * time.Hour)},
		Statement: card.Statement{Version: 1, Device: public(seeded("D")), Sealing: [32]byte{9}, Name: "Praxis Dr. Beispiel", Street: "Domstr. 1",
			PLZ: "50667", Place: "Köln", Phone: "0221 1234"}}
}

func (k *kit) open() {
	k.t.Helper()
	var err error
	k.store, err = store.Open(k.t.Context(), store.Options{Dir: k.dir, Role: "practice", Secret: store.KeyFile(), Create: true,
		Now: k.clock.now, SweepEvery: -1, CopyEvery: -1})
	if err != nil {
		k.t.Fatal(err)
	}
	k.ledger, err = OpenLedger(k.t.Context(), LedgerConfig{Store: k.store, Rules: func() gossip.Rules { return k.rules }, Now: k.clock.now,
		OnChange: func() { k.changed.Lock(); k.changes++; k.changed.Unlock() }})
	if err != nil {
		k.t.Fatal(err)
	}
	k.begin(k.epoch, k.p)
	if k.desk, err = NewDesk(DeskConfig{Ledger: k.ledger, Practice: k.practice}); err != nil {
		k.t.Fatal(err)
	}
}

// begin makes the front of an epoch.
func (k *kit) begin(epoch uint64, p ed25519.PrivateKey) {
	k.t.Helper()
	if err := k.ledger.BeginEpoch(context.Background(), epoch, public(p)); err != nil {
		k.t.Fatal(err)
	}
	var err error
	k.epoch, k.p = epoch, p
	if k.front, err = NewFront(FrontConfig{Ledger: k.ledger, Practice: k.practice, Epoch: epoch, Key: p}); err != nil {
		k.t.Fatal(err)
	}
}

func (k *kit) close() {
	if err := k.store.Close(); err != nil {
		k.t.Error(err)
	}
}

// reopen is a clean restart.
func (k *kit) reopen() { k.close(); k.open() }

// offer adds n appointments from tomorrow 9:00 local time on, ten minutes each, and publishes them with the draw over.
func (k *kit) offer(n int) []AppointmentID {
	k.t.Helper()
	ids := k.add(n)
	k.publish(k.clock.now().Add(-k.rules.Cycle * 2))
	return ids
}

func (k *kit) add(n int) []AppointmentID {
	k.t.Helper()
	var add []Appointment
	y, m, d := k.clock.now().In(berlin).Date()
	start := time.Date(y, m, d+1, 9, 0, 0, 0, berlin)
	for i := range n {
		at := start.Add(time.Duration(i) * 10 * time.Minute)
		add = append(add, Appointment{Start: at, End: at.Add(10 * time.Minute), Vaccine: "comirnaty", Dose: 1})
	}
	ids, err := k.ledger.Add(k.t.Context(), add)
	if err != nil {
		k.t.Fatal(err)
	}
	return ids
}

func (k *kit) publish(at time.Time) {
	k.t.Helper()
	slots, err := k.ledger.Slots(k.epoch)
	if err == nil {
		err = k.ledger.Published(k.t.Context(), k.epoch, slots, at)
	}
	if err != nil {
		k.t.Fatal(err)
	}
}

// sheet is what a patient has of the practice now.
func (k *kit) sheet() *gossip.Signed {
	k.t.Helper()
	slots, err := k.ledger.Slots(k.epoch)
	if err != nil {
		k.t.Fatal(err)
	}
	s := &gossip.Signed{}
	s.Sheet = gossip.Sheet{Area: "5066", Relays: []string{"12D3KooWRelayOne"}, Slots: slots, Expires: uint64(k.clock.now().Add(20 * time.Hour).Unix())}
	s.Sheet.Pass.P, s.Sheet.Pass.H = public(k.p), [32]byte{5}
	return s
}

// attempt wants the n-th slots of the sheet.
func (k *kit) attempt(n ...int) *Attempt {
	k.t.Helper()
	sheet := k.sheet()
	var ids []gossip.SlotID
	for _, i := range n {
		ids = append(ids, sheet.Sheet.Slots[i].ID)
	}
	a, err := NewAttempt(sheet, ids, []string{"12D3KooWMailbox"}, k.clock.now())
	if err != nil {
		k.t.Fatal(err)
	}
	return a
}

var errNoLicence = errors.New("not a licence")

func (k *kit) check() Check {
	return Check{
		Licence: func(cms []byte, at time.Time) (*card.Licence, error) {
			if string(cms) != "practice card of D" {
				return nil, errNoLicence
			}
			l := k.licence
			return &l, nil
		},
		Revoked: func([32]byte) bool { return false },
		InArea:  func(plz, area string) bool { return plz[:len(area)] == area },
	}
}

// say hands a message to the front and gives the reply.
func (k *kit) say(msg []byte) []byte { return k.sayAs(Origin{}, msg) }

func (k *kit) sayAs(from Origin, msg []byte) []byte {
	k.t.Helper()
	reply, err := k.front.Handle(context.Background(), from, msg)
	if err != nil {
		k.t.Fatalf("handle: %v", err)
	}
	return reply
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

var erika = Patient{Name: "Erika Beispiel", BirthDate: "1950-03-01", Phone: "0221 998877"}

// ask runs request and offer.
func (k *kit) ask(a *Attempt) error {
	k.t.Helper()
	_, err := a.Offer(k.say(must[[]byte](k.t)(a.Request())), k.check(), k.clock.now())
	return err
}

// book runs all four messages.
func (k *kit) book(a *Attempt) error {
	k.t.Helper()
	if err := k.ask(a); err != nil {
		return err
	}
	_, err := a.Receipt(k.say(must[[]byte](k.t)(a.Confirm(erika, k.clock.now()))), k.clock.now())
	return err
}

// count is how many values a bucket has on disk.
func (k *kit) count(b store.Bucket) int {
	k.t.Helper()
	n := 0
	err := k.store.View(func(tx *store.Tx) error {
		return tx.Each(b, func(_, _ []byte) error { n++; return nil })
	})
	if err != nil {
		k.t.Fatal(err)
	}
	return n
}

func slotIDs(ids ...gossip.SlotID) []gossip.SlotID { return ids }

// tryOne asks for one slot on a stream and books it when it is free.
func tryOne(ctx context.Context, t testing.TB, k *kit, talk *Talk, a *Attempt) (Receipt, bool) {
	request, err := a.Request()
	if err == nil {
		request, err = talk.Ask(ctx, request)
	}
	if err != nil {
		t.Error(err)
		return Receipt{}, false
	}
	if _, err := a.Offer(request, k.check(), k.clock.now()); err != nil {
		if !errors.Is(err, ErrTaken) {
			t.Error(err)
		}
		return Receipt{}, false
	}
	confirm, err := a.Confirm(erika, k.clock.now())
	if err == nil {
		confirm, err = talk.Ask(ctx, confirm)
	}
	if err != nil {
		t.Error(err)
		return Receipt{}, false
	}
	r, err := a.Receipt(confirm, k.clock.now())
	if err != nil {
		t.Error(err)
	}
	return r, err == nil
}

// memoryDir is a folder that ends with the test, in memory where the system has such: most tests force thousands of commits to
// the disk and are not about the disk.
func memoryDir(t testing.TB) string {
	dir, err := os.MkdirTemp("/dev/shm", "pieks-booking-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
