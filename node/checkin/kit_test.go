package checkin

import (
	"context"
	"crypto/ed25519"
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"

	"pieks/card"
	"pieks/card/egk"
	"pieks/gossip/wire"
	"pieks/node/checkin/popp"
	"pieks/node/host/hosttest"
	"pieks/store"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// What every test goes by; each takes milliseconds to make.
var (
	deskKey  = hosttest.Key(7)
	testCA   = must(card.NewTestCA([32]byte{1}, noon.AddDate(0, -1, 0)))
	testPKI  = must(egk.TestPKIOf(testCA, noon.AddDate(0, -1, 0)))
	sealing  = [32]byte{9}
	enrolled = must(card.EnrolVirtual(testCA, card.Statement{
		Device: [32]byte(deskKey.Public().(ed25519.PublicKey)), Sealing: sealing, Name: "Praxis Dr. Beispiel", Street: "Domstr. 1",
		PLZ: "50667", Place: "Köln", NotBefore: uint64(noon.AddDate(0, 0, -1).Unix()), NotAfter: uint64(noon.AddDate(0, 0, 60).Unix()),
	}, [32]byte{3}, noon))
)

func roots() card.Roots {
	return card.Roots{CAs: [][]byte{testCA.Certificate()}, Professions: card.DefaultProfessions()}
}

// kit is a practice's desk and its list.
type kit struct {
	t        testing.TB
	clock    *hosttest.Clock
	store    *store.Store
	arrivals *Arrivals
	desk     *Desk
	licence  *card.Licence
	closed   atomic.Bool
	trust    egk.Trust
	login    LoginCheck
	changed  atomic.Int32
}

func newKit(t testing.TB, change ...func(*kit)) *kit { return kitIn(t, memoryDir(t), change...) }

func kitIn(t testing.TB, dir string, change ...func(*kit)) *kit {
	t.Helper()
	k := &kit{t: t, clock: hosttest.NewClock(noon), trust: testPKI.Trust()}
	k.trust.Roots = roots()
	st, err := store.Open(context.Background(), store.Options{
		Dir: dir, Role: "practice", Secret: store.KeyFile(), Create: true, Now: k.clock.Now, SweepEvery: -1, CopyEvery: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	if k.licence, err = card.VerifyEnrolment(enrolled, roots(), noon); err != nil {
		t.Fatal(err)
	}
	k.store = st
	for _, c := range change {
		c(k)
	}
	k.arrivals = OpenArrivals(ArrivalsConfig{Store: st, Now: k.clock.Now, OnChange: func() { k.changed.Add(1) }})
	k.desk, err = NewDesk(DeskConfig{
		Device: deskKey, Arrivals: k.arrivals, Now: k.clock.Now, Login: k.login, LimitLocal: true,
		Licence: func() *card.Licence {
			if k.closed.Load() {
				return nil
			}
			return k.licence
		},
		Trust: func() (egk.Trust, error) { return k.trust, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// memoryDir is a folder that ends with the test, in memory where the system has such.
func memoryDir(t testing.TB) string {
	dir, err := os.MkdirTemp("/dev/shm", "pieks-checkin-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (k *kit) target() Target {
	return Target{Device: k.licence.Statement.Device, Sealing: sealing, TelematikID: popp.TelematikID(k.licence.TelematikID), Relays: []string{"relay"}}
}

func (k *kit) attempt(workplace popp.WorkplaceID) *Attempt {
	k.t.Helper()
	return k.attemptAt(workplace, k.clock.Now())
}

func (k *kit) attemptAt(workplace popp.WorkplaceID, at time.Time) *Attempt {
	k.t.Helper()
	a, err := NewAttempt(k.target(), workplace, []string{"12D3KooWRelay"}, 72*time.Hour, at)
	if err != nil {
		k.t.Fatal(err)
	}
	return a
}

// person is a virtual card.
func person(t testing.TB, seed byte, name, kvnr string) card.Channel {
	t.Helper()
	v, err := egk.NewVirtual(testPKI, egk.VirtualOptions{Seed: [32]byte{seed}, Name: name, KVNR: kvnr, Now: noon.AddDate(0, 0, -3)})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

const (
	erika     = "Erika Mustermann"
	erikaKVNR = "X110540756"
	otherKVNR = "X110639491"
)

// answersTo has a card answer a whole dialogue about nonce.
func answersTo(t testing.TB, ch card.Channel, nonce egk.Nonce) egk.Answers {
	t.Helper()
	d := egk.NewDialogue(nonce, egk.Options{})
	var response []byte
	for {
		step, done, err := d.Next(response)
		if err != nil {
			t.Fatal(err)
		}
		if done {
			return d.Answers()
		}
		response = must(ch.Transmit(context.Background(), step.Command))
	}
}

// wired is a desk on a real host, and the host of a patient who knows its address.
type wired struct {
	*kit
	host, patient host.Host
}

func newWired(t *testing.T, change ...func(*kit)) *wired {
	w := &wired{kit: newKit(t, change...)}
	w.host, w.patient = hosttest.New(t, deskKey, hosttest.Loopback), hosttest.New(t, nil, hosttest.Loopback)
	server := w.desk.Listen(w.host)
	t.Cleanup(func() { _ = server.Close() })
	w.patient.Peerstore().AddAddrs(w.host.ID(), w.host.Addrs(), time.Hour)
	return w
}

// present puts a card to a whole check-in.
func (w *wired) present(a *Attempt, ch card.Channel) (*Outcome, error) {
	w.t.Helper()
	return present(hosttest.Within(w.t), w.patient, a, ch)
}

func present(ctx context.Context, h host.Host, a *Attempt, ch card.Channel) (*Outcome, error) {
	s, err := a.Begin(ctx, h)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var response []byte
	for {
		step, outcome, err := s.Next(ctx, response)
		if err != nil || outcome != nil {
			return outcome, err
		}
		if response, err = ch.Transmit(ctx, step.Command); err != nil {
			return nil, err
		}
	}
}

// list is everything that arrived.
func (k *kit) list() []Arrival {
	k.t.Helper()
	all, err := k.arrivals.Since(time.Time{}, "")
	if err != nil {
		k.t.Fatal(err)
	}
	return all
}

func (k *kit) arrived(n int) {
	k.t.Helper()
	if got := len(k.list()); got != n {
		k.t.Errorf("%d arrivals, want %d", got, n)
	}
}

// said is what a desk answers to a message on a stream, without one.
func said(t testing.TB, reply []byte) message {
	t.Helper()
	m, err := decode(reply)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// reasonIn is the reason of a refusal or outcome.
func reasonIn(t testing.TB, reply []byte, about *Attempt) (k kind, r Reason) {
	t.Helper()
	m := said(t, reply)
	switch m.Kind {
	case kindRefusal:
		var no refusal
		if err := wire.Unmarshal(m.Body, &no); err != nil {
			t.Fatal(err)
		}
		return m.Kind, no.Reason
	case kindOutcome:
		o, err := readOutcome(m, &about.statement.Statement)
		if err != nil {
			t.Fatal(err)
		}
		return m.Kind, o.Reason
	}
	return m.Kind, reasonNone
}

// raw is a patient that speaks to a desk without a stream, one talk at a time.
type raw struct {
	t    testing.TB
	talk *talk
	a    *Attempt
	last step
}

func (k *kit) raw(a *Attempt) *raw { return &raw{t: k.t, talk: &talk{desk: k.desk}, a: a} }

func (r *raw) say(kd kind, v any) []byte {
	r.t.Helper()
	msg, err := encodeObject(kd, v)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.sayRaw(msg)
}

func (r *raw) sayRaw(msg []byte) []byte {
	r.t.Helper()
	reply, _ := r.talk.hear(r.t.Context(), msg)
	if m := said(r.t, reply); m.Kind == kindStep {
		r.last = must(readStep(m))
	}
	return reply
}

func (r *raw) open() []byte { return r.say(kindOpen, open{r.a.statement.cose}) }

func (r *raw) answer(response []byte) []byte {
	return r.say(kindAnswer, answer{r.last.Session, r.last.Seq, response})
}

// upTo answers with a card until the step with that number is out.
func (r *raw) upTo(ch card.Channel, seq uint16) {
	r.t.Helper()
	r.open()
	for r.last.Seq < seq {
		before := r.last.Seq
		r.answer(must(ch.Transmit(context.Background(), r.last.Command)))
		if r.last.Seq == before {
			r.t.Fatalf("stuck at step %d", before)
		}
	}
}

// lastStep has the challenge.
const lastStep = 8

// whole runs everything and gives the last reply.
func (r *raw) whole(ch card.Channel) []byte {
	r.t.Helper()
	r.upTo(ch, lastStep)
	return r.answer(must(ch.Transmit(context.Background(), r.last.Command)))
}

func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}
