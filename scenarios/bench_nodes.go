package scenarios

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	libhost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sync/errgroup"

	"pieks/gossip"
	"pieks/node/admission"
	"pieks/node/control"
	"pieks/node/home"
	nodehost "pieks/node/host"
	"pieks/node/network"
	"pieks/node/practice"
)

// IdleResult is what bench idle says. Sizes in MiB, times in milliseconds; first list is from the patient's start to its first
// search that finds something.
type IdleResult struct {
	Patient   RoleCost `json:"patient"`
	Practice  RoleCost `json:"practice"`
	Relay     RoleCost `json:"relay"`
	FirstList float64  `json:"first_list_ms"`
	BinaryMB  float64  `json:"binary_mb"`
}

// RoleCost is what one role costs when nothing happens.
type RoleCost struct {
	RSS   float64 `json:"rss_mib"`
	Start float64 `json:"start_ms"`
	Stop  float64 `json:"stop_ms"`
}

// settle is how long a node is left alone before its memory is read: start-up garbage is returned by then.
const settle = 20 * time.Second

func addrInfo(r network.Relay) peer.AddrInfo {
	info, _ := home.AddrInfo(r)
	return info
}

// benchIdle starts one node of each role in processes of their own and reads their memory after a while of nothing.
func benchIdle(ctx context.Context, o BenchOptions) (any, error) {
	if o.Binary == "" {
		return nil, errors.New("this measures processes and needs the pieks program")
	}
	o.Progress(0, 3, "start a relay, a practice and a patient")
	net, err := NewNet(ctx, NetConfig{Relays: 1, Cycle: time.Second, Binary: o.Binary, Log: o.Log})
	if err != nil {
		return nil, err
	}
	defer net.Close()
	practiceNode := net.AddPractice("practice", practice.Details{Name: "Praxis Messung", Street: "Domstr. 1", PLZ: benchPLZ})
	patientNode := net.AddPatient("patient", benchPLZ)
	relayNode := net.nodes["relay-1"]
	for _, n := range []*Node{relayNode, practiceNode} {
		if err := n.Start(ctx); err != nil {
			return nil, err
		}
	}
	var result IdleResult
	if result.FirstList, err = firstList(ctx, relayNode, practiceNode, patientNode); err != nil {
		return nil, err
	}
	o.Progress(1, 3, "leave them alone")
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(settle):
	}
	o.Progress(2, 3, "stop them")
	for _, n := range []struct {
		*Node
		cost *RoleCost
	}{{patientNode, &result.Patient}, {practiceNode, &result.Practice}, {relayNode, &result.Relay}} {
		s, err := n.Status(ctx)
		if err != nil {
			return nil, err
		}
		n.cost.RSS, n.cost.Start = float64(s.RSSBytes)/(1<<20), milliseconds(n.starts)
		began := time.Now()
		if err := n.Stop(); err != nil {
			return nil, err
		}
		n.cost.Stop = milliseconds(time.Since(began))
	}
	info, err := os.Stat(o.Binary)
	if err != nil {
		return nil, err
	}
	result.BinaryMB = float64(info.Size()) / 1e6
	return result, nil
}

// firstList starts the patient when the relay shows appointments and says how long it takes until its user sees them.
func firstList(ctx context.Context, relayNode, practiceNode, patientNode *Node) (float64, error) {
	date, err := day("+3")
	if err != nil {
		return 0, err
	}
	err = practiceNode.Call(ctx, control.MethodSlotsAdd, control.SlotsAdd{Day: date, From: "09:00", To: "12:00", Every: "10m", Vaccine: "comirnaty"}, nil)
	if err != nil {
		return 0, err
	}
	err = until(ctx, 0, func(ctx context.Context) (bool, string, error) {
		s, err := relayNode.Status(ctx)
		return len(s.Pool) > 0, "the relay has no sheet", err
	})
	if err != nil {
		return 0, err
	}
	time.Sleep(2 * relayNode.net.Rules().Cycle) // two ticks: the sheet is released for certain
	began := time.Now()
	if err := patientNode.Start(ctx); err != nil {
		return 0, err
	}
	err = until(ctx, 0, func(ctx context.Context) (bool, string, error) {
		tokens, err := search(ctx, patientNode, 0)
		return len(tokens) > 0, "the patient sees nothing", err
	})
	return milliseconds(time.Since(began)), err
}

// RelayResult is what bench relay says.
type RelayResult struct {
	Patients   int     `json:"patients"`
	KiBEach    float64 `json:"kib_each"`
	GoEach     float64 `json:"goroutines_each"`
	RelayMiB   float64 `json:"relay_mib"`
	ConnectAll float64 `json:"connect_all_s"`
}

// benchRelay connects idle patients with one relay in a process of its own and reads what each costs it.
func benchRelay(ctx context.Context, o BenchOptions) (any, error) {
	n := orDefault(o.Patients, 2000)
	if n < 1 || n > 2000 {
		return nil, errors.New("--patients is 1 to 2000")
	}
	if o.Binary == "" {
		return nil, errors.New("this measures a relay's process and needs the pieks program")
	}
	net, err := NewNet(ctx, NetConfig{Relays: 1, Cycle: time.Minute, Binary: o.Binary, Log: o.Log})
	if err != nil {
		return nil, err
	}
	defer net.Close()
	relayNode := net.nodes["relay-1"]
	if err := relayNode.Start(ctx); err != nil {
		return nil, err
	}
	before, err := relayNode.Status(ctx)
	if err != nil {
		return nil, err
	}
	crowd := &crowd{net: net, progress: o.Progress}
	defer crowd.leave()
	began := time.Now()
	if err := crowd.arrive(ctx, n); err != nil {
		return nil, err
	}
	connected := time.Since(began)
	o.Progress(n, n, "leave them alone")
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(settle):
	}
	after, err := relayNode.Status(ctx)
	if err != nil {
		return nil, err
	}
	if after.Clients != n {
		return nil, fmt.Errorf("the relay counts %d clients, not %d", after.Clients, n)
	}
	return RelayResult{
		Patients: n, KiBEach: float64(after.RSSBytes-before.RSSBytes) / 1024 / float64(n),
		GoEach:   float64(after.Goroutines-before.Goroutines) / float64(n),
		RelayMiB: float64(after.RSSBytes) / (1 << 20), ConnectAll: connected.Seconds(),
	}, nil
}

// crowd are patients' hosts that hang on a relay and listen to their cycle topic.
type crowd struct {
	net      *Net
	progress func(int, int, string)
	mu       sync.Mutex
	done     int
	leaves   []func() error
}

func (c *crowd) arrive(ctx context.Context, n int) error {
	var group errgroup.Group
	group.SetLimit(2 * runtime.NumCPU())
	for range n {
		group.Go(func() error {
			leave, err := c.join(ctx)
			c.mu.Lock()
			defer c.mu.Unlock()
			if leave != nil {
				c.leaves = append(c.leaves, leave)
			}
			c.done++
			if c.done%100 == 0 {
				c.progress(c.done, n, "patients connect")
			}
			return err
		})
	}
	return group.Wait()
}

// join is what a patient's node does at its start.
func (c *crowd) join(ctx context.Context) (leave func() error, err error) {
	h, err := nodehost.Patient(&nodehost.Gate{}, false)
	if err != nil {
		return nil, err
	}
	life, cancel := context.WithCancel(context.Background())
	leave = func() error { cancel(); return nodehost.Close(h) }
	info := addrInfo(c.net.made.Bundle.Relays[0])
	policy, err := c.net.made.Bundle.Policy()
	if err != nil {
		return leave, err
	}
	ps, err := gossip.NewPubSub(life, h, gossip.ClientProfile(), gossip.PubSubOptions{IsRelay: func(id peer.ID) bool { return id == info.ID }})
	if err != nil {
		return leave, err
	}
	return leave, c.listen(ctx, h, info, policy, func(regions []string) error {
		pool := gossip.NewPool(nil)
		current := func() *gossip.Policy { return policy }
		listener, err := gossip.Listen(gossip.ListenConfig{
			PubSub: ps, Relay: info.ID, Pool: pool, Policy: current, Validator: gossip.NewValidator(current, nil).Against(pool),
			Report: func(gossip.Report) {},
		})
		if err != nil {
			return err
		}
		return listener.SetRegions(regions, 0)
	})
}

func (c *crowd) listen(ctx context.Context, h libhost.Host, relay peer.AddrInfo, policy *gossip.Policy, listen func([]string) error) error {
	if err := nodehost.Connect(ctx, h, relay); err != nil {
		return err
	}
	reply, err := admission.HelloClient(ctx, h, relay.ID, policy.Map.Region(benchPLZ), nil)
	if err != nil {
		return err
	}
	return listen(reply.Regions)
}

func (c *crowd) leave() {
	var group errgroup.Group
	for _, leave := range c.leaves {
		group.Go(leave)
	}
	_ = group.Wait()
}
