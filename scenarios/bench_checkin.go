package scenarios

import (
	"context"
	"errors"
	"fmt"
	"time"

	libhost "github.com/libp2p/go-libp2p/core/host"

	"pieks/card"
	"pieks/card/egk"
	"pieks/card/pace"
	"pieks/node/checkin"
	"pieks/node/checkin/popp"
	"pieks/node/control"
	nodehost "pieks/node/host"
	"pieks/node/practice"
)

// CheckinResult is what bench checkin says.
type CheckinResult struct {
	N    int     `json:"n"`
	Pace bool    `json:"pace"`
	P50  float64 `json:"p50_ms"`
	P99  float64 `json:"p99_ms"`
}

// benchCAN is the access number of the measured cards.
const benchCAN pace.CAN = "123123"

// perPatient is how many check-ins a desk takes from one peer at once (node/checkin).
const perPatient = 10

// counter is a practice whose desk takes check-ins, and who stands before it.
type counter struct {
	net    *Net
	desk   *practice.Node
	target checkin.Target
	at     popp.WorkplaceID
	pki    *egk.TestPKI
	pace   bool
}

// benchCheckin checks one person in after the other, each on a stream of its own: statement, nine commands to a virtual card, verification,
// token, fsync. With pace the card is in a contactless field, and each check-in begins with its access number.
func benchCheckin(ctx context.Context, o BenchOptions) (any, error) {
	n := orDefault(o.N, 100)
	if n < 1 || n > 1000 {
		return nil, errors.New("--n is 1 to 1000")
	}
	c, err := openCounter(ctx, o)
	if err != nil {
		return nil, err
	}
	defer c.net.Close()
	var all []time.Duration
	for i := 0; i < n; i += perPatient {
		took, err := c.visits(ctx, i, min(perPatient, n-i))
		if err != nil {
			return nil, err
		}
		all = append(all, took...)
		o.Progress(len(all), n, "measure")
	}
	var arrivals []control.Arrival
	if err := c.net.nodes["practice"].Call(ctx, control.MethodArrivals, control.ArrivalsQuery{Since: time.Now().Add(-time.Hour)}, &arrivals); err != nil {
		return nil, err
	}
	if len(arrivals) != n {
		return nil, fmt.Errorf("%d check-ins were told success and the practice has %d", n, len(arrivals))
	}
	return CheckinResult{N: n, Pace: c.pace, P50: milliseconds(quantile(all, 0.5)), P99: milliseconds(quantile(all, 0.99))}, nil
}

// openCounter starts a practice and makes what its patients need.
func openCounter(ctx context.Context, o BenchOptions) (_ *counter, err error) {
	net, err := NewNet(ctx, NetConfig{Relays: 1, Cycle: time.Second, Log: o.Log})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, net.Close())
		}
	}()
	node := net.AddPractice("practice", practice.Details{Name: "Praxis Messung", Street: "Domstr. 1", PLZ: benchPLZ})
	if err := node.Start(ctx); err != nil {
		return nil, err
	}
	running, ok := node.running.(*practice.Node)
	if !ok {
		return nil, errors.New("the practice does not run in this process")
	}
	c := &counter{net: net, desk: running, pace: o.Pace}
	var code control.CheckinCode
	if err := node.Call(ctx, control.MethodCheckinCode, control.CheckinCodeOf{Workplace: "REZEPTION-1"}, &code); err != nil {
		return nil, err
	}
	q, err := popp.ParseQR([]byte(code.Text))
	if err != nil {
		return nil, err
	}
	device, err := nodehost.PublicKey(running.Desk().ID)
	if err != nil {
		return nil, err
	}
	c.at, c.target = q.Workplace, checkin.Target{Device: [32]byte(device), TelematikID: q.TelematikID}
	c.pki, err = net.made.Bundle.TestPatients(time.Now())
	return c, err
}

// visits measures n check-ins of one patient's program, by one card.
func (c *counter) visits(ctx context.Context, number, n int) (took []time.Duration, err error) {
	virtual, err := egk.NewVirtual(c.pki, egk.VirtualOptions{
		Seed: [32]byte{byte(number), byte(number >> 8), 1}, KVNR: fmt.Sprintf("X%09d", number), Now: time.Now(),
	})
	if err != nil {
		return nil, err
	}
	h, err := nodehost.Patient(&nodehost.Gate{}, false)
	if err != nil {
		return nil, err
	}
	defer nodehost.Close(h)
	if err := h.Connect(ctx, c.desk.Desk()); err != nil {
		return nil, err
	}
	for range n {
		began := time.Now()
		if err := c.visit(ctx, h, virtual); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}

// visit is one check-in.
func (c *counter) visit(ctx context.Context, h libhost.Host, virtual card.Channel) (err error) {
	if c.pace {
		if virtual, err = pace.Open(ctx, pace.Contactless(virtual, benchCAN), benchCAN); err != nil {
			return err
		}
	}
	a, err := checkin.NewAttempt(c.target, c.at, nil, time.Hour, time.Now())
	if err != nil {
		return err
	}
	s, err := a.Begin(ctx, h)
	if err != nil {
		return err
	}
	defer s.Close()
	var response []byte
	for {
		step, outcome, err := s.Next(ctx, response)
		if err != nil {
			return err
		}
		if outcome != nil {
			return outcome.Err
		}
		if response, err = virtual.Transmit(ctx, step.Command); err != nil {
			return err
		}
	}
}
