package ownlist

import (
	"context"
	"crypto/ed25519"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"

	"pieks/card"
	"pieks/gossip"
	"pieks/gossip/wire"
	"pieks/node/booking"
	"pieks/node/host/hosttest"
)

var noon = time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)

// desk is a practice's desk on a real host, and a patient's host that knows its address.
type desk struct {
	t       *testing.T
	key     ed25519.PrivateKey
	clock   *hosttest.Clock
	slots   []booking.Listed
	card    string
	closed  bool
	revoked bool
	licence card.Licence
	host    host.Host
	patient host.Host
	server  *Server
	shown   atomic.Pointer[shown] // what its own goroutines read: the fields above are the test's
}

// shown is what a desk answers with.
type shown struct {
	card   string
	slots  []booking.Listed
	closed bool
}

// show has the desk answer with what the test has set.
func (d *desk) show() { d.shown.Store(&shown{d.card, d.slots, d.closed}) }

func newDesk(t *testing.T, serve bool) *desk {
	d := &desk{t: t, key: hosttest.Key(7), clock: hosttest.NewClock(noon), card: "practice card of D", slots: many(3)}
	d.licence = card.Licence{Statement: card.Statement{Device: d.device(), Sealing: [32]byte{9}, Name: "Praxis Dr. Beispiel"}}
	d.host, d.patient = hosttest.New(t, d.key, hosttest.Loopback), hosttest.New(t, nil, hosttest.Loopback)
	d.patient.Peerstore().AddAddrs(d.host.ID(), d.host.Addrs(), time.Hour)
	d.show()
	if serve {
		server, err := Serve(Config{
			Host: d.host, Now: d.clock.Now, LimitLocal: true, Closed: func() bool { return d.shown.Load().closed },
			Practice: booking.Practice{Device: d.key, Enrolment: func() []byte { return []byte(d.shown.Load().card) },
				Relays: func() []string { return []string{"12D3KooWRelayOne", "2", "3", "4"} }},
			Slots: func() ([]booking.Listed, time.Time, error) {
				return d.shown.Load().slots, noon.Add(36 * time.Hour), nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		d.server = server
		t.Cleanup(func() { _ = server.Close() })
	}
	return d
}

func (d *desk) device() [32]byte { return [32]byte(d.key.Public().(ed25519.PublicKey)) }

func (d *desk) check() booking.Check {
	return booking.Check{
		Licence: func(cms []byte, at time.Time) (*card.Licence, error) {
			if !strings.HasPrefix(string(cms), "practice card of D") {
				return nil, card.ErrStatementExpired
			}
			l := d.licence
			return &l, nil
		},
		Revoked: func([32]byte) bool { return d.revoked },
	}
}

func (d *desk) fetch() (List, error) {
	d.t.Helper()
	d.show()
	return Fetch(hosttest.Within(d.t), d.patient, d.device(), d.check(), d.clock.Now())
}

// many are n appointments, with the longest codes of vaccines.
func many(n int) []booking.Listed {
	var slots []booking.Listed
	for i := range n {
		start := uint64(noon.Unix()) + uint64(i)*600
		slots = append(slots, booking.Listed{ID: gossip.SlotID{byte(i), 255, 255}, Start: start, End: start + 600, Vaccine: strings.Repeat("v", 32), Dose: 255})
	}
	return slots
}

// The list comes over with all that the practice has, up to 200 appointments and the largest practice card.
func TestList(t *testing.T) {
	d := newDesk(t, true)
	for _, n := range []int{0, 1, 200} {
		d.slots = many(n)
		if n == 200 {
			d.card += strings.Repeat("x", maxEnrolment-len(d.card))
		}
		got, err := d.fetch()
		if err != nil || len(got.Slots) != n {
			t.Fatalf("%d of %d: %v", len(got.Slots), n, err)
		}
		if n > 0 && got.Slots[n-1] != d.slots[n-1] {
			t.Errorf("%+v, want %+v", got.Slots[n-1], d.slots[n-1])
		}
		if got.Device != d.device() || got.Sealing != d.licence.Statement.Sealing || len(got.Relays) != maxRelays || !got.Expires.Equal(noon.Add(36*time.Hour)) ||
			got.Licence.Statement.Name != "Praxis Dr. Beispiel" {
			t.Errorf("%+v", got.Licence)
		}
	}
	d.slots = many(201)
	if _, err := d.fetch(); !errors.Is(err, ErrList) {
		t.Errorf("201 appointments: %v", err)
	}
}

func TestListIsRefused(t *testing.T) {
	d := newDesk(t, true)
	for name, c := range map[string]struct {
		change func()
		want   error
	}{
		"closed":          {func() { d.closed = true }, ErrClosed},
		"no card":         {func() { d.card = "of somebody" }, booking.ErrLicence},
		"card of another": {func() { d.licence.Statement.Device = [32]byte{1} }, booking.ErrLicence},
		"revoked":         {func() { d.revoked = true }, booking.ErrShutOut},
		"large card":      {func() { d.card += strings.Repeat("x", maxEnrolment) }, ErrList},
		"twice the same":  {func() { d.slots[1] = d.slots[0] }, ErrList},
		"ends at once":    {func() { d.slots[1].End = d.slots[1].Start }, ErrList},
		"vaccine":         {func() { d.slots[1].Vaccine = "a\u202eb" }, ErrList},
		"good too long":   {func() { d.clock.Set(noon.Add(-15 * time.Hour)) }, ErrList},
		"good no more":    {func() { d.clock.Set(noon.Add(37 * time.Hour)) }, ErrList},
	} {
		closed, revoked, card, licence, slots := d.closed, d.revoked, d.card, d.licence, d.slots
		d.slots = many(3)
		c.change()
		if _, err := d.fetch(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		d.closed, d.revoked, d.card, d.licence, d.slots = closed, revoked, card, licence, slots
		d.clock.Set(noon)
		d.patient = hosttest.New(t, nil, hosttest.Loopback) // another peer, with a budget of its own
		d.patient.Peerstore().AddAddrs(d.host.ID(), d.host.Addrs(), time.Hour)
	}
}

// One peer cannot keep a desk signing.
func TestListIsLimited(t *testing.T) {
	d := newDesk(t, true)
	for range peerBurst {
		if _, err := d.fetch(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.fetch(); !errors.Is(err, ErrBusy) {
		t.Errorf("%v", err)
	}
	d.clock.Advance(peerEvery)
	if _, err := d.fetch(); err != nil {
		t.Errorf("%v after a while", err)
	}
}

// Nor can one subnet under many identities.
func TestListIsLimitedBySubnet(t *testing.T) {
	d := newDesk(t, true)
	for i := range sourceBurst {
		if !d.server.source.Allow(string(d.server.sources.Of(d.host.Addrs()[0]))) {
			t.Fatalf("number %d of the burst", i)
		}
	}
	if _, err := d.fetch(); !errors.Is(err, ErrBusy) {
		t.Errorf("%v", err)
	}
	d.clock.Advance(sourceEvery)
	if _, err := d.fetch(); err != nil {
		t.Errorf("%v after a while", err)
	}
}

// What answers in the name of the desk without its key, with an older list, or with too much, is not believed.
func TestForgedLists(t *testing.T) {
	d := newDesk(t, false)
	mine := list{Version: version, Issued: uint64(noon.Unix()), Expires: uint64(noon.Unix()) + 3600, Device: d.device(), Enrolment: []byte(d.card), Slots: d.slots}
	var recorded []byte
	signed := func(key ed25519.PrivateKey, typ string, change func(*list)) func(request) []byte {
		return func(r request) []byte {
			l := mine
			l.Nonce = r.Nonce
			change(&l)
			body, err := wire.SignObject(typ, key, l)
			if err != nil {
				t.Error(err)
			}
			data, err := wire.Marshal(answer{Version: version, List: body})
			if err != nil {
				t.Error(err)
			}
			if recorded == nil {
				recorded = data
			}
			return data
		}
	}
	same, other := func(*list) {}, hosttest.Key(8)
	for _, c := range []struct {
		name  string
		reply func(request) []byte
		want  error
	}{
		{"as it should be", signed(d.key, typeList, same), nil},
		{"replayed", func(request) []byte { return recorded }, ErrList},
		{"other key", signed(other, typeList, same), ErrList},
		{"other type", signed(d.key, booking.TypeOffer, same), ErrList},
		{"other device", signed(d.key, typeList, func(l *list) { l.Device = [32]byte{1} }), ErrList},
		{"other version", signed(d.key, typeList, func(l *list) { l.Version = 2 }), ErrList},
		{"four relays", signed(d.key, typeList, func(l *list) { l.Relays = []string{"1", "2", "3", "4"} }), ErrList},
		{"no relay's name", signed(d.key, typeList, func(l *list) { l.Relays = []string{""} }), ErrList},
		{"other answer", func(request) []byte { return []byte{0xa0} }, ErrList},
		{"unknown status", func(request) []byte { return []byte{0xa3, 1, 1, 2, 24, 99, 3, 0x40} }, ErrList},
		{"status busy", func(request) []byte { return []byte{0xa3, 1, 1, 2, 3, 3, 0x40} }, ErrBusy},
		{"next version", func(request) []byte { return []byte{0xa3, 1, 2, 2, 0, 3, 0x40} }, ErrVersion},
		{"large", func(request) []byte { return make([]byte, maxAnswerFrame+1) }, ErrList},
	} {
		d.host.SetStreamHandler(ProtocolID, func(s network.Stream) {
			defer s.Close()
			var r request
			if err := wire.ReadObject(s, maxRequestFrame, &r); err != nil {
				t.Error(err)
			}
			_ = wire.WriteFrame(s, c.reply(r))
		})
		if _, err := d.fetch(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// Questions that are none are answered so or cut off.
func TestForeignQuestions(t *testing.T) {
	d := newDesk(t, true)
	say := func(data []byte) (answer, error) {
		st, err := d.patient.NewStream(hosttest.Within(t), d.host.ID(), ProtocolID)
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		_ = st.SetDeadline(time.Now().Add(10 * time.Second))
		if err := wire.WriteFrame(st, data); err != nil {
			t.Fatal(err)
		}
		var a answer
		return a, wire.ReadObject(st, maxAnswerFrame, &a)
	}
	for name, c := range map[string]struct {
		data []byte
		want Status
	}{
		"empty":        {nil, statusMalformed},
		"other fields": {[]byte{0xa1, 1, 1}, statusMalformed},
		"next version": {append([]byte{0xa2, 1, 2, 2, 0x50}, make([]byte, 16)...), statusVersion},
	} {
		if a, err := say(c.data); err != nil || a.Status != c.want || len(a.List) != 0 {
			t.Errorf("%s: %d %v", name, a.Status, err)
		}
	}
	if _, err := say(make([]byte, maxRequestFrame+1)); !errors.Is(err, network.ErrReset) {
		t.Errorf("a large question: %v", err)
	}
}

// A desk that is not there gives none of the errors of a list.
func TestNobodyThere(t *testing.T) {
	d := newDesk(t, true)
	_ = d.host.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := Fetch(ctx, d.patient, d.device(), d.check(), noon)
	for _, known := range []error{ErrList, ErrClosed, ErrBusy, ErrVersion, ErrMalformed, ErrCode, booking.ErrLicence} {
		if err == nil || errors.Is(err, known) {
			t.Errorf("%v", err)
		}
	}
}

func FuzzReadAnswer(f *testing.F) {
	key := hosttest.Key(7)
	device := [32]byte(key.Public().(ed25519.PublicKey))
	body, _ := wire.SignObject(typeList, key, list{Version: version, Issued: 1, Expires: 2, Device: device, Slots: many(2)})
	data, _ := wire.Marshal(answer{Version: version, List: body})
	f.Add(data)
	f.Add([]byte{0xa3, 1, 1, 2, 3, 3, 0x40})
	check := booking.Check{
		Licence: func([]byte, time.Time) (*card.Licence, error) {
			return &card.Licence{Statement: card.Statement{Device: device}}, nil
		},
		Revoked: func([32]byte) bool { return false },
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := read(data, device, [16]byte{}, check, noon)
		if err == nil && (len(l.Slots) > gossip.MaxSlots || len(l.Relays) > maxRelays) {
			t.Error("out of bounds")
		}
	})
}
