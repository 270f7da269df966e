package directory

import (
	"bufio"
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pieks/card"
	"pieks/gossip/wire"
	nodehost "pieks/node/host"
	"pieks/node/host/hosttest"
)

// A relay takes the newest listing of a device from the device itself, and says why it takes no other.
func TestPut(t *testing.T) {
	w := newWorld(t)
	r := w.relay(101)
	d, now := w.desk(1, detail{}), w.clock.Now()
	second := d.listing(2, now)
	for _, test := range []struct {
		name string
		l    Listing
		want error
	}{
		{"the first", second, nil},
		{"again", second, nil},
		{"an older one", d.listing(1, now), ErrOlder},
		{"another of this number", must(Withdraw(d.key, 2, now)), ErrOlder},
	} {
		if err := d.put(t, r, test.l); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	thief := w.desk(2, detail{tid: "1-2"})
	if err := thief.put(t, r, d.listing(5, now)); !errors.Is(err, ErrForeign) {
		t.Errorf("brought by another: %v", err)
	}
	stolen := must(Sign(thief.key, 1, Draft{Enrolment: d.enrolment}, now))
	if err := thief.put(t, r, stolen); !errors.Is(err, ErrCard) {
		t.Errorf("under another's card: %v", err)
	}
	person := w.desk(3, detail{kind: card.HBA, tid: "1-3"})
	if err := person.put(t, r, person.listing(1, now)); !errors.Is(err, ErrKind) {
		t.Errorf("a person: %v", err)
	}
	early, late := w.desk(4, detail{tid: "1-4"}), w.desk(5, detail{tid: "1-5"})
	if err := early.put(t, r, early.listing(1, now.Add(maxSkew+time.Minute))); !errors.Is(err, ErrClock) {
		t.Errorf("of tomorrow: %v", err)
	}
	if err := late.put(t, r, late.listing(1, now.Add(-maxLife-time.Minute))); !errors.Is(err, ErrExpired) {
		t.Errorf("of last week: %v", err)
	}
	// Who never was there has nothing to take back, and takes no place.
	if err := thief.put(t, r, must(Withdraw(thief.key, 1, now))); err != nil {
		t.Errorf("withdrawn before it was there: %v", err)
	}
	if got := r.Counts(); got != (Counts{Listed: 1}) {
		t.Errorf("%+v", got)
	}
}

// While the network file has expired no listing is taken; the directory is given out all the same.
func TestPutWhileClosed(t *testing.T) {
	w := newWorld(t)
	var closed atomic.Bool
	r := w.relayIn(101, t.TempDir(), func(c *Config) { c.Usable = func() bool { return !closed.Load() } })
	d := w.desk(1, detail{})
	if err := d.put(t, r, d.listing(1, w.clock.Now())); err != nil {
		t.Fatal(err)
	}
	closed.Store(true)
	if err := d.put(t, r, d.listing(2, w.clock.Now())); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
	if c := w.copy(t.TempDir()); !c.sync(r) || len(c.All()) != 1 {
		t.Error("nothing is given out")
	}
}

// One card enrols any number of devices, and does not fill the directory with them.
func TestOneInstitutionHasFewListings(t *testing.T) {
	w := newWorld(t)
	r := w.relay(101)
	var last *desk
	for i := range maxPerInstitution {
		last = w.desk(byte(1+i), detail{})
		if err := last.put(t, r, last.listing(1, w.clock.Now())); err != nil {
			t.Fatal(err)
		}
	}
	more := w.desk(50, detail{})
	if err := more.put(t, r, more.listing(1, w.clock.Now())); !errors.Is(err, ErrMany) {
		t.Errorf("one too many: %v", err)
	}
	if err := last.put(t, r, last.listing(2, w.clock.Now())); err != nil {
		t.Errorf("one of them again: %v", err)
	}
	if err := last.put(t, r, must(Withdraw(last.key, 3, w.clock.Now()))); err != nil {
		t.Fatal(err)
	}
	if err := more.put(t, r, more.listing(2, w.clock.Now())); err != nil {
		t.Errorf("in the place of one that went: %v", err)
	}
	if c := w.copy(t.TempDir()); !c.sync(r) || len(c.With("1-20123456789")) != maxPerInstitution {
		t.Error("the copy has others")
	}
}

// A device that puts without end is told to wait, and so is its network.
func TestPutRates(t *testing.T) {
	w := newWorld(t)
	r := w.relay(101)
	d := w.desk(1, detail{})
	var err error
	for i := range putBurst + 1 {
		if err = d.put(t, r, d.listing(uint64(i+1), w.clock.Now())); err != nil && i < putBurst {
			t.Fatalf("put %d: %v", i, err)
		}
	}
	if !errors.Is(err, ErrBusy) {
		t.Errorf("%v", err)
	}
	w.clock.Advance(putEvery)
	if err := d.put(t, r, d.listing(100, w.clock.Now())); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}

// One network is not given the directory over and over.
func TestGivenRate(t *testing.T) {
	w := newWorld(t)
	h := w.relayIn(101, t.TempDir(), func(c *Config) { c.LimitLocal = true }).host
	asker := hosttest.New(t, nil, hosttest.Loopback)
	connect(t, asker, h)
	ask := func() (records int) {
		st, stop, err := nodehost.Stream(hosttest.Within(t), asker, h.ID(), ProtocolID, ServiceName, streamTimeout)
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		in := bufio.NewReader(st)
		if err := errors.Join(wire.WriteObject(st, head{Version: version, Kind: kindFetch}), wire.WriteFrame(st, make([]byte, marksBytes)),
			readAnswer(in)); err != nil {
			t.Fatal(err)
		}
		if end, err := readFrame(in, rowBytes); err != nil || len(end) != 0 {
			t.Fatalf("%x %v", end, err)
		}
		if err := wire.WriteFrame(st, make([]byte, wantBytes*maxWants)); err != nil {
			t.Fatal(err)
		}
		for ; readObject(in, recordBytes, &record{}) == nil; records++ {
		}
		return records
	}
	for range giveBurst * writeBatch / maxWants {
		if got := ask(); got != maxWants {
			t.Fatalf("%d records", got)
		}
	}
	if got := ask(); got >= maxWants/2 {
		t.Errorf("%d records more", got)
	}
}

// The log of a relay does not say who is listed.
func TestLogNamesNobody(t *testing.T) {
	w := newWorld(t)
	var log bytes.Buffer
	r := w.relayIn(101, t.TempDir(), func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	d := w.desk(1, detail{name: "Praxis Canaria", tid: "1-CANARY"})
	if err := r.store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.put(t, r, d.listing(1, w.clock.Now())); !errors.Is(err, ErrFailed) {
		t.Errorf("%v", err)
	}
	_ = r.Close()
	if text := log.String(); text == "" || strings.Contains(text, "Canar") || strings.Contains(text, "CANARY") || r.Counts() != (Counts{}) {
		t.Errorf("%q %+v", text, r.Counts())
	}
}

// What is no message of the protocol is answered where it can be, and leaves nothing behind.
func TestStrangeMessages(t *testing.T) {
	w := newWorld(t)
	r := w.relay(101)
	h := hosttest.New(t, nil, hosttest.Loopback)
	connect(t, h, r.host)
	frame := func(v any) []byte { return must(wire.Marshal(v)) }
	for name, test := range map[string]struct {
		frames [][]byte
		want   error
	}{
		"no CBOR":         {[][]byte{{0xff}}, ErrMalformed},
		"version":         {[][]byte{frame(head{Version: 9, Kind: kindPut})}, ErrVersion},
		"kind":            {[][]byte{frame(head{Version: 1, Kind: 9})}, ErrMalformed},
		"put of nothing":  {[][]byte{frame(head{Version: 1, Kind: kindPut}), frame(record{})}, ErrListing},
		"put of noise":    {[][]byte{frame(head{Version: 1, Kind: kindPut}), []byte(strings.Repeat("x", 100))}, ErrMalformed},
		"long listing":    {[][]byte{frame(head{Version: 1, Kind: kindPut}), frame(record{Listing: make([]byte, maxListing+1)})}, ErrListing},
		"too long":        {[][]byte{frame(head{Version: 1, Kind: kindPut}), make([]byte, recordBytes+1)}, nil},
		"short marks":     {[][]byte{frame(head{Version: 1, Kind: kindFetch}), make([]byte, marksBytes-1)}, ErrMalformed},
		"long marks":      {[][]byte{frame(head{Version: 1, Kind: kindFetch}), make([]byte, marksBytes+1)}, nil},
		"head is too big": {[][]byte{make([]byte, headBytes+1)}, nil},
	} {
		st, stop, err := nodehost.Stream(hosttest.Within(t), h, r.host.ID(), ProtocolID, ServiceName, streamTimeout)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range test.frames {
			if err := wire.WriteFrame(st, f); err != nil {
				break
			}
		}
		err = readAnswer(st)
		if test.want != nil && !errors.Is(err, test.want) || test.want == nil && (err == nil || errors.Is(err, ErrMalformed)) {
			t.Errorf("%s: %v", name, err)
		}
		stop()
	}
	if r.Counts() != (Counts{}) {
		t.Errorf("%+v", r.Counts())
	}
}

// All that a relay can say is understood, and each code is one error's.
func TestCodes(t *testing.T) {
	for c, err := range codes {
		if got := codeOf(err); got != c {
			t.Errorf("%v is code %d and %d", err, c, got)
		}
		if got := (answer{Version: version, Code: c}).check(); !errors.Is(got, err) {
			t.Errorf("code %d: %v", c, got)
		}
	}
	if err := (answer{Version: version, Code: 99}).check(); !errors.Is(err, ErrAnswer) {
		t.Errorf("an unknown code: %v", err)
	}
	if codeOf(errors.New("x")) != codeFailed || codeOf(nil) != codeOK {
		t.Error("errors without a code")
	}
}
