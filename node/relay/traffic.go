package relay

import (
	"context"
	"log/slog"
	"sync"
	"time"

	libnet "github.com/libp2p/go-libp2p/core/network"

	"pieks/node/control"
	"pieks/store"
)

const (
	// lookEvery: how often what passes is looked at, and whoever shows it is woken.
	lookEvery = time.Second
	// saveEvery: a relay that is killed forgets the volume of a minute at most.
	saveEvery = time.Minute
)

// traffic is what the relay carries, as sums.
type traffic struct {
	store *store.Store
	log   *slog.Logger
	quota uint64 // bytes a month, 0: none

	mu      sync.Mutex
	rates   rates
	month   month
	counted uint64    // bytes that are in month
	saved   time.Time // when month was last written, or should have been
	failed  error     // why that did not work
	apart   time.Time // since when no other relay is reached; zero: one is, or there is none
}

func openTraffic(st *store.Store, quota uint64, log *slog.Logger, now time.Time) (*traffic, error) {
	m, err := loadMonth(st)
	if err != nil {
		return nil, err
	}
	return &traffic{store: st, log: log, quota: quota, month: m.add(now, 0), saved: now}, nil
}

// note takes in the sums at a time, and writes the month's when it is due.
func (t *traffic) note(now time.Time, s sums) {
	t.mu.Lock()
	t.rates.note(now, s)
	t.month = t.month.add(now, s.bytes-t.counted)
	t.counted = s.bytes
	due := now.Sub(t.saved).Abs() >= saveEvery
	t.mu.Unlock()
	if due {
		t.save(now)
	}
}

func (t *traffic) save(now time.Time) {
	t.mu.Lock()
	m := t.month
	t.mu.Unlock()
	err := m.save(t.store)
	if err != nil {
		t.log.Warn("the volume of the month is not on the disk", "err", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.saved, t.failed = now, err
}

// full says whether the quota of the month is used up.
func (t *traffic) full(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.month.add(now, 0).full(t.quota)
}

// unwritable says why the store does not take what is written to it; nil when it does, as of the last minute.
func (t *traffic) unwritable() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failed
}

func (t *traffic) show(now time.Time, total uint64) control.Traffic {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.month.add(now, 0)
	return control.Traffic{
		Rates: t.rates.all(), Month: m.Name, MonthBytes: m.Bytes, QuotaBytes: t.quota, Full: m.full(t.quota), Resets: monthEnd(now), TotalBytes: total,
	}
}

// meet notes how many relays are reached, of those that there are besides, and says since when none is.
func (t *traffic) meet(now time.Time, others, reached int) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.apart = apartSince(t.apart, now, others, reached)
	return t.apart
}

// apartSince is since when no other relay is reached, zero when one is or there is no other in the network.
func apartSince(before, now time.Time, others, reached int) time.Time {
	switch {
	case others == 0 || reached > 0:
		return time.Time{}
	case before.IsZero() || now.Before(before):
		return now
	}
	return before
}

// watchTraffic looks at what passes until ctx ends, and writes the month's volume then.
func (n *Node) watchTraffic(ctx context.Context) {
	every(ctx, lookEvery, func() {
		n.look()
		n.changes.Changed()
	})
	n.look()
	n.traffic.save(n.home.Now())
}

func (n *Node) look() {
	now := n.home.Now()
	n.traffic.note(now, sums{bytes: n.carried(), envelopes: n.mailbox.Counts().Taken, circuits: n.meter.Circuits()})
	n.apartSince(now)
}

// apartSince is since when no other relay is reached, as of now.
func (n *Node) apartSince(now time.Time) time.Time {
	others, reached := n.others(), 0
	for _, relay := range others {
		if n.host.Network().Connectedness(relay.ID) == libnet.Connected {
			reached++
		}
	}
	return n.traffic.meet(now, len(others), reached)
}

// carried are the bytes since the start, in and out together.
func (n *Node) carried() uint64 {
	in, out := n.meter.Bytes()
	return in + out
}

// Traffic is what the relay carries.
func (n *Node) Traffic() control.Traffic {
	t := n.traffic.show(n.home.Now(), n.carried())
	t.Regions = append([]string{}, n.regions...)
	return t
}
