package directory

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"

	"pieks/card"
	"pieks/gossip/wire"
	"pieks/node/host/hosttest"
)

// liar is a relay that shows the index and gives the records that a test says.
type liar struct {
	host    host.Host
	code    code
	rows    []row
	records map[key]record
	index   [][]byte // in place of rows
	asked   atomic.Int64
}

func newLiar(t testing.TB) *liar {
	l := &liar{host: hosttest.New(t, nil, hosttest.Loopback), records: map[key]record{}}
	l.host.SetStreamHandler(ProtocolID, func(st network.Stream) {
		defer st.Close()
		var h head
		_ = wire.ReadObject(st, headBytes, &h)
		_, _ = wire.ReadFrame(st, marksBytes)
		_ = wire.WriteObject(st, answer{Version: version, Code: l.code})
		frames := l.index
		if frames == nil {
			var frame []byte
			for _, r := range l.rows {
				frame = append(frame, r[:]...)
			}
			frames = [][]byte{frame, nil}
			if len(frame) == 0 {
				frames = [][]byte{nil}
			}
		}
		for _, f := range frames {
			_ = wire.WriteFrame(st, f)
		}
		wants, err := wire.ReadFrame(st, wantBytes*maxWants)
		for ; err == nil && len(wants) > 0; wants = wants[wantBytes:] {
			l.asked.Add(1)
			_ = wire.WriteObject(st, l.records[key(wants[:keyBytes])])
		}
	})
	return l
}

// show puts a listing into what the liar has, under a seq and a hash of its own.
func (l *liar) show(li Listing, seq uint64) {
	r := (&item{device: li.Device, seq: seq, card: cardHash(li)}).row()
	l.rows = append(l.rows, r)
	l.records[r.key()] = record{Listing: li.signed, Card: li.card}
}

func (c *copyOf) syncWith(l *liar) (bool, error) {
	connect(c.t, c.host, l.host)
	l.asked.Store(0)
	return c.Sync(hosttest.Within(c.t), c.host, l.host.ID())
}

// A relay cannot put into a copy what no institution signed, nor keep news away that others have.
func TestALyingRelay(t *testing.T) {
	w := newWorld(t)
	now := w.clock.Now()
	d := w.desk(1, detail{})
	good := d.listing(5, now)
	foreignCA := must(card.NewTestCA([32]byte{9}, now.Add(-24*time.Hour)))
	fake := must(Sign(hosttest.Key(2), 1, Draft{Enrolment: w.enrol(hosttest.Key(2), foreignCA, detail{})}, now))
	damaged := good
	damaged.signed = append([]byte{}, good.signed...)
	damaged.signed[len(damaged.signed)-1] ^= 1
	for name, test := range map[string]struct {
		show func(*liar)
		want error // of the sync
		kept int
	}{
		"damaged":                   {func(l *liar) { l.show(damaged, 5) }, ErrListing, 0},
		"of a card that nobody has": {func(l *liar) { l.show(fake, 1); l.show(good, 5) }, nil, 1},
		"another than was asked for": {func(l *liar) {
			l.show(good, 5)
			l.rows[0][0] ^= 1
			l.records[l.rows[0].key()] = l.records[keyOf(good.Device)]
		}, ErrAnswer, 0},
		"named and not given": {func(l *liar) { l.show(good, 5); clear(l.records) }, nil, 0},
		"the same row twice":  {func(l *liar) { l.show(good, 5); l.show(good, 5) }, nil, 1},
		"an index without end": {func(l *liar) {
			for range (maxListings+2*maxWithdrawn)/indexRows + 2 {
				l.index = append(l.index, make([]byte, indexRows*rowBytes))
			}
		}, ErrAnswer, 0},
		"half a row":      {func(l *liar) { l.index = [][]byte{make([]byte, rowBytes-1), nil} }, ErrAnswer, 0},
		"too long a row":  {func(l *liar) { l.index = [][]byte{make([]byte, rowBytes*indexRows+1), nil} }, ErrAnswer, 0},
		"busy":            {func(l *liar) { l.code = codeBusy }, ErrBusy, 0},
		"unknown code":    {func(l *liar) { l.code = 77 }, ErrAnswer, 0},
		"a card too many": {func(l *liar) { g := must(Withdraw(d.key, 6, now)); g.card = d.enrolment; l.show(g, 6) }, ErrListing, 0},
	} {
		l, c := newLiar(t), w.copy(t.TempDir())
		test.show(l)
		if _, err := c.syncWith(l); !errors.Is(err, test.want) || len(c.All()) != test.kept {
			t.Errorf("%s: %v, %v", name, c.names(), err)
		}
		if test.want == nil && len(c.All()) > 0 {
			if _, err := c.syncWith(l); err != nil || l.asked.Load() != 0 && name != "named and not given" {
				t.Errorf("%s: asked for %d again: %v", name, l.asked.Load(), err)
			}
		}
	}
}

// A relay that names a listing by a higher number than it has does not keep the copy from what others really have.
func TestANumberThatIsALie(t *testing.T) {
	w := newWorld(t)
	d, l, honest := w.desk(1, detail{}), newLiar(t), w.relay(101)
	l.show(d.listing(5, w.clock.Now()), 1<<63)
	c := w.copy(t.TempDir())
	if changed, err := c.syncWith(l); !changed || err != nil || len(c.All()) != 1 {
		t.Fatalf("%v %v", changed, err)
	}
	if _, err := c.syncWith(l); err != nil || l.asked.Load() != 0 {
		t.Errorf("the lie is asked for again: %d %v", l.asked.Load(), err)
	}
	if err := d.put(t, honest, d.listing(6, w.clock.Now(), func(d *Draft) { d.Alias = "Am Dom" })); err != nil {
		t.Fatal(err)
	}
	if !c.sync(honest) || c.All()[0].Alias != "Am Dom" {
		t.Errorf("%+v", c.All())
	}
}

// When a device signs two listings of one number, everybody keeps the first, and nothing is fetched again and again.
func TestTwoOfOneNumber(t *testing.T) {
	w := newWorld(t)
	a, b := w.relay(101), w.relay(102)
	d := w.desk(1, detail{})
	if err := errors.Join(d.put(t, a, d.listing(1, w.clock.Now())), d.put(t, b, must(Withdraw(d.key, 1, w.clock.Now())))); err != nil {
		t.Fatal(err)
	}
	if err := b.shelf.takeNow(t.Context(), d.listing(1, w.clock.Now(), func(d *Draft) { d.Alias = "x" })); err != nil {
		t.Fatal(err)
	}
	connect(t, a.host, b.host)
	for range 2 {
		if n, err := a.Sync(hosttest.Within(t), b.host.ID()); n != 0 || err != nil {
			t.Errorf("%d %v", n, err)
		}
	}
	c := w.copy(t.TempDir())
	if !c.sync(a) || c.sync(b) || c.All()[0].Alias != "" {
		t.Errorf("%+v", c.All())
	}
}

// takeNow keeps a listing as if it had been put.
func (s *shelf) takeNow(ctx context.Context, l Listing) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	k, err := s.judge(l, s.roots())
	if k == nil || err != nil {
		return err
	}
	_, refused, err := s.keep(ctx, []*taken{k})
	return errors.Join(refused, err)
}

// Of several listings of one device in one batch the newest is kept, whatever their order.
func TestOneBatch(t *testing.T) {
	w := newWorld(t)
	r, d := w.relay(101), w.desk(1, detail{})
	var list []*taken
	for _, seq := range []uint64{2, 3, 1} {
		l := d.listing(seq, w.clock.Now())
		list = append(list, &taken{l, must(l.verify(w.roots(), w.clock.Now()))})
	}
	r.shelf.writing.Lock()
	defer r.shelf.writing.Unlock()
	if n, refused, err := r.shelf.keep(t.Context(), list); n != 2 || refused != nil || err != nil {
		t.Errorf("%d %v %v", n, refused, err)
	}
	k := must(r.shelf.signed(d.id()))
	if l, _, err := k.read(); err != nil || l.Seq != 3 || r.shelf.index.get(d.id()).seq != 3 {
		t.Errorf("%d %v", l.Seq, err)
	}
}

// What is forced on a full relay is refused, and what was there stays.
func TestFull(t *testing.T) {
	x := newIndex()
	fill := func(n int, institution string) {
		for i := range n {
			d := [32]byte{byte(i), byte(i >> 8), byte(i >> 16), byte(len(institution))}
			x.put(&item{device: d, institution: institution + string(rune(0x4e00+i))})
		}
	}
	fill(maxListings, "1-")
	some, other := [32]byte{1, 0, 0, 2}, [32]byte{1, 2, 3, 4}
	if err := x.room(other, "1-x"); !errors.Is(err, ErrFull) {
		t.Errorf("one more listing: %v", err)
	}
	if err := x.room(some, "1-x"); err != nil {
		t.Errorf("one in the place of its own: %v", err)
	}
	for i := range maxWithdrawn {
		x.put(&item{device: [32]byte{byte(i), byte(i >> 8), 0xff, 0xff}})
	}
	if err := x.room(other, ""); !errors.Is(err, ErrFull) {
		t.Errorf("one more that says it is withdrawn: %v", err)
	}
	if err := x.room(some, ""); err != nil {
		t.Errorf("one that was here goes: %v", err)
	}
}
