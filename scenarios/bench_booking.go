package scenarios

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	libhost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/card"
	"pieks/gossip"
	"pieks/gossip/place"
	"pieks/node/admission"
	"pieks/node/booking"
	"pieks/node/control"
	nodehost "pieks/node/host"
	"pieks/node/practice"
)

// benchPLZ is where the measured practice and its patients are.
const benchPLZ = "50667"

// ContentionResult is what bench contention says.
type ContentionResult struct {
	Attempts          int     `json:"attempts"`
	Booked            int     `json:"booked"`
	DoubleBooked      int     `json:"double_booked"`
	AttemptsPerSecond float64 `json:"attempts_per_second"`
	P50               float64 `json:"p50_ms"`
	P99               float64 `json:"p99_ms"`
	Via               string  `json:"via"`
	Fsync             bool    `json:"fsync"`
}

// BookingResult is what bench booking says.
type BookingResult struct {
	N   int     `json:"n"`
	P50 float64 `json:"p50_ms"`
	P99 float64 `json:"p99_ms"`
}

// market is a relay and a practice that offers appointments, and the sheet as a patient got it.
type market struct {
	net      *Net
	practice *Node
	sheet    *gossip.Signed
	front    peer.AddrInfo
	check    booking.Check
}

// openMarket runs a relay and a practice with n appointments and waits until all of them are visible and their draw is over.
func openMarket(ctx context.Context, o BenchOptions, n int) (_ *market, err error) {
	o.Progress(0, 3, "make the network")
	net, err := NewNet(ctx, NetConfig{Relays: 1, Cycle: time.Second, Direct: true, Log: o.Log})
	if err != nil {
		return nil, err
	}
	m := &market{net: net}
	defer func() {
		if err != nil {
			err = errors.Join(err, net.Close())
		}
	}()
	m.practice = net.AddPractice("practice", practice.Details{Name: "Praxis Messung", Street: "Domstr. 1", PLZ: benchPLZ})
	o.Progress(1, 3, "start a relay and a practice")
	for _, name := range net.order {
		if err := net.nodes[name].Start(ctx); err != nil {
			return nil, err
		}
	}
	if err := m.offer(ctx, n); err != nil {
		return nil, err
	}
	o.Progress(2, 3, "wait until the appointments are visible")
	if err := m.fetch(ctx, n); err != nil {
		return nil, err
	}
	bundle := net.made.Bundle
	policy, err := bundle.Policy()
	if err != nil {
		return nil, err
	}
	m.check = booking.Check{
		Licence: func(cms []byte, at time.Time) (*card.Licence, error) {
			return card.VerifyEnrolment(cms, bundle.CardRoots(), at)
		},
		Revoked: func([32]byte) bool { return false },
		InArea:  func(plz, area string) bool { return policy.Map.Area(place.PLZ(plz)) == area },
	}
	running, ok := m.practice.running.(*practice.Node)
	if !ok {
		return nil, errors.New("the practice does not run in this process")
	}
	m.front = running.Front()
	o.Progress(3, 3, "measure")
	return m, nil
}

// offer adds n appointments of five minutes on two days.
func (m *market) offer(ctx context.Context, n int) error {
	for ahead := 1; n > 0; ahead++ {
		date, err := day(fmt.Sprintf("+%d", ahead))
		if err != nil {
			return err
		}
		today := min(n, 120)
		end := time.Date(2000, 1, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(today) * 5 * time.Minute)
		err = m.practice.Call(ctx, control.MethodSlotsAdd, control.SlotsAdd{
			Day: date, From: "08:00", To: end.Format("15:04"), Every: "5m", Vaccine: "comirnaty",
		}, nil)
		if err != nil {
			return err
		}
		n -= today
	}
	return nil
}

// fetch gets the sheet as a patient does, and waits for the end of the draw of its appointments.
func (m *market) fetch(ctx context.Context, n int) error {
	h, err := nodehost.Patient(&nodehost.Gate{}, false)
	if err != nil {
		return err
	}
	defer nodehost.Close(h)
	relay, err := m.connect(ctx, h)
	if err != nil {
		return err
	}
	policy, err := m.net.made.Bundle.Policy()
	if err != nil {
		return err
	}
	region := policy.Map.Region(benchPLZ)
	if _, err := admission.HelloClient(ctx, h, relay, region, nil); err != nil {
		return err
	}
	err = until(ctx, 0, func(ctx context.Context) (bool, string, error) {
		pool := gossip.NewPool(nil)
		validator := gossip.NewValidator(func() *gossip.Policy { return policy }, nil).Against(pool)
		if _, err := gossip.SyncPool(ctx, h, relay, region, pool, validator); err != nil {
			return false, "the pool could not be read", err
		}
		for _, s := range pool.Region(region) {
			if len(s.Sheet.Slots) == n {
				m.sheet = s
				return true, "", nil
			}
		}
		return false, "the sheet is not there yet", nil
	})
	if err != nil {
		return err
	}
	timer := time.NewTimer(m.net.Rules().Cycle)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func (m *market) connect(ctx context.Context, h libhost.Host) (peer.ID, error) {
	relay := m.net.made.Bundle.Relays[0]
	id, err := peer.Decode(relay.Peer)
	if err != nil {
		return "", err
	}
	return id, nodehost.Connect(ctx, h, m.relay())
}

func (m *market) relay() peer.AddrInfo { return addrInfo(m.net.made.Bundle.Relays[0]) }

// customer is a patient's host with an open way to the practice.
type customer struct {
	host libhost.Host
	talk *booking.Talk
}

// visit makes a patient's host and connects it with the practice.
func (m *market) visit(ctx context.Context, via string) (_ *customer, err error) {
	h, err := nodehost.Patient(&nodehost.Gate{}, false)
	if err != nil {
		return nil, err
	}
	c := &customer{host: h}
	defer func() {
		if err != nil {
			err = errors.Join(err, nodehost.Close(h))
		}
	}()
	if via == "relay" {
		nodehost.Through(h, m.front.ID, []peer.AddrInfo{m.relay()}, time.Hour)
	} else if err := h.Connect(ctx, m.front); err != nil {
		return nil, err
	}
	c.talk, err = booking.Dial(ctx, h, m.front.ID)
	return c, err
}

func (c *customer) leave() error {
	return errors.Join(c.talk.Close(), nodehost.Close(c.host))
}

// try asks for the slot of a prepared attempt and books it when it is offered. It says whether it is booked.
func (m *market) try(ctx context.Context, c *customer, a *booking.Attempt, request []byte) (bool, error) {
	reply, err := c.talk.Ask(ctx, request)
	if err != nil {
		return false, err
	}
	if _, err := a.Take(reply, m.check, time.Now()); err != nil {
		if errors.Is(err, booking.ErrTaken) {
			return false, nil
		}
		return false, err
	}
	confirm, err := a.Confirm(booking.Patient{Name: "Erika Beispiel", BirthDate: "1950-03-01"}, time.Now())
	if err != nil {
		return false, err
	}
	if reply, err = c.talk.Ask(ctx, confirm); err != nil {
		return false, err
	}
	_, err = a.Take(reply, m.check, time.Now())
	return a.State() == booking.Booked, err
}

func (m *market) attempt(slot int) (*booking.Attempt, []byte, error) {
	relay := m.net.made.Bundle.Relays[0].Peer
	a, err := booking.NewAttempt(m.sheet, []gossip.SlotID{m.sheet.Sheet.Slots[slot].ID}, []string{relay}, time.Now())
	if err != nil {
		return nil, nil, err
	}
	request, err := a.Request()
	return a, request, err
}

// benchContention lets all patients ask for each slot at the same moment. The patients' keys are made before the clock starts: they
// are made on the patients' own machines.
func benchContention(ctx context.Context, o BenchOptions) (any, error) {
	slots, patients, via := orDefault(o.Slots, 50), orDefault(o.Patients, 64), orDefault(o.Via, "direct")
	if via != "direct" && via != "relay" {
		return nil, fmt.Errorf("--via is direct or relay, not %q", via)
	}
	if slots < 1 || slots > gossip.MaxSlots || patients < 1 || patients > 1000 {
		return nil, fmt.Errorf("--slots is 1 to %d, --patients 1 to 1000", gossip.MaxSlots)
	}
	m, err := openMarket(ctx, o, slots)
	if err != nil {
		return nil, err
	}
	defer m.net.Close()
	runs := make([]*contender, patients)
	for i := range runs {
		if runs[i], err = m.contender(ctx, via, slots); err != nil {
			return nil, err
		}
		defer runs[i].leave()
	}
	began := time.Now()
	for slot := range slots {
		var wg sync.WaitGroup
		for _, c := range runs {
			wg.Add(1)
			go func() {
				defer wg.Done()
				c.compete(ctx, m, slot)
			}()
		}
		wg.Wait()
	}
	seconds := time.Since(began).Seconds()
	result := ContentionResult{Attempts: slots * patients, AttemptsPerSecond: float64(slots*patients) / seconds, Via: via, Fsync: true}
	winners := make([]int, slots)
	var all []time.Duration
	for _, c := range runs {
		if c.err != nil {
			return nil, c.err
		}
		all = append(all, c.took...)
		for _, slot := range c.won {
			winners[slot]++
		}
	}
	for _, n := range winners {
		if n > 0 {
			result.Booked++
		}
		result.DoubleBooked += max(n-1, 0)
	}
	result.P50, result.P99 = milliseconds(quantile(all, 0.5)), milliseconds(quantile(all, 0.99))
	return result, m.agrees(ctx, result.Booked)
}

// agrees compares what patients were told with the practice's own list.
func (m *market) agrees(ctx context.Context, booked int) error {
	var all []control.Booking
	if err := m.practice.Call(ctx, control.MethodBookings, nil, &all); err != nil {
		return err
	}
	if n := count(all, func(b control.Booking) bool { return b.State == "booked" }); n != booked {
		return fmt.Errorf("patients have %d bookings and the practice has %d", booked, n)
	}
	return nil
}

// contender is a customer with its attempts for all slots.
type contender struct {
	*customer
	attempts []*booking.Attempt
	requests [][]byte
	took     []time.Duration
	won      []int
	err      error
}

func (m *market) contender(ctx context.Context, via string, slots int) (*contender, error) {
	visitor, err := m.visit(ctx, via)
	if err != nil {
		return nil, err
	}
	c := &contender{customer: visitor}
	for slot := range slots {
		a, request, err := m.attempt(slot)
		if err != nil {
			return nil, errors.Join(err, c.leave())
		}
		c.attempts, c.requests = append(c.attempts, a), append(c.requests, request)
	}
	return c, nil
}

func (c *contender) compete(ctx context.Context, m *market, slot int) {
	if c.err != nil {
		return
	}
	began := time.Now()
	booked, err := m.try(ctx, c.customer, c.attempts[slot], c.requests[slot])
	c.took = append(c.took, time.Since(began))
	if err != nil {
		c.err = err
	}
	if booked {
		c.won = append(c.won, slot)
	}
}

// benchBooking books one slot after the other, each on a stream of its own.
func benchBooking(ctx context.Context, o BenchOptions) (any, error) {
	n := orDefault(o.N, 200)
	if n < 1 || n > gossip.MaxSlots {
		return nil, fmt.Errorf("--n is 1 to %d", gossip.MaxSlots)
	}
	m, err := openMarket(ctx, o, n)
	if err != nil {
		return nil, err
	}
	defer m.net.Close()
	c, err := m.visit(ctx, "direct")
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.leave() }()
	var all []time.Duration
	for slot := range n {
		began := time.Now()
		if err := c.talk.Close(); err != nil {
			return nil, err
		}
		if c.talk, err = booking.Dial(ctx, c.host, m.front.ID); err != nil {
			return nil, err
		}
		a, request, err := m.attempt(slot)
		if err != nil {
			return nil, err
		}
		booked, err := m.try(ctx, c, a, request)
		if err != nil || !booked {
			return nil, fmt.Errorf("slot %d was not booked: %w", slot, err)
		}
		all = append(all, time.Since(began))
	}
	return BookingResult{N: n, P50: milliseconds(quantile(all, 0.5)), P99: milliseconds(quantile(all, 0.99))}, m.agrees(ctx, n)
}
