package scenarios

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"time"

	"pieks/card"
	"pieks/gossip"
	"pieks/node/network"
	"pieks/node/practice"
	"pieks/node/relay"
	"pieks/store"
)

// NetConfig says what network to make.
type NetConfig struct {
	Dir    string // where everything is kept; empty: a temporary folder that Close removes
	Relays int    // 0 is 2
	Cycle  time.Duration
	Epoch  time.Duration
	Hold   time.Duration
	// Disclosure says when disclosed data are published; nil: as in a real network.
	Disclosure *DisclosureSpec
	// Cards are the kinds of virtual cards whose CAs are trusted; none makes a test network.
	Cards []string
	// Binary is the pieks program for nodes in processes of their own; empty: all nodes run in this one.
	Binary string
	// Direct lets fronts listen on loopback, for measurements without circuits.
	Direct     bool
	LimitLocal bool // count loopback addresses as subnets like any other
	// Now is the clock of the nodes in this process; nil is time.Now.
	Now      func() time.Time
	Log      *slog.Logger
	Progress func(done, total int) // keys made
}

// Net is a network on this machine with its nodes, running or not.
type Net struct {
	cfg    NetConfig
	dir    string
	file   string
	remove bool
	made   *network.Made
	nodes  map[string]*Node
	order  []string
}

// NewNet makes keys, bundle and the homes of the relays. Nothing runs yet.
func NewNet(ctx context.Context, cfg NetConfig) (_ *Net, err error) {
	if cfg.Relays == 0 {
		cfg.Relays = 2
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	n := &Net{cfg: cfg, dir: cfg.Dir, nodes: map[string]*Node{}}
	if n.dir == "" {
		if n.dir, err = os.MkdirTemp("", "pieks-"); err != nil {
			return nil, err
		}
		n.remove = true
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
		}
	}()
	if err := n.make(ctx); err != nil {
		return nil, fmt.Errorf("make the network: %w", err)
	}
	return n, nil
}

func (n *Net) make(ctx context.Context) error {
	rules := gossip.DefaultRules()
	for _, set := range []struct{ to, from *time.Duration }{{&rules.Cycle, &n.cfg.Cycle}, {&rules.Epoch, &n.cfg.Epoch}, {&rules.Hold, &n.cfg.Hold}} {
		if *set.from != 0 {
			*set.to = *set.from
		}
	}
	ports, err := freePorts(n.cfg.Relays)
	if err != nil {
		return err
	}
	var plans []network.RelayPlan
	for i, port := range ports {
		plan := network.LoopbackRelays(1, port)[0]
		plan.Operator = fmt.Sprintf("relay-%d", i+1)
		plans = append(plans, plan)
	}
	roots, err := n.roots()
	if err != nil {
		return err
	}
	made, err := network.Init(ctx, network.InitConfig{
		Name: "Pieks on this computer", Relays: plans, Rules: rules, Disclosure: n.cfg.Disclosure.rules(), Roots: roots, Weeks: 1, Now: n.cfg.Now, Progress: n.cfg.Progress,
	})
	if err != nil {
		return err
	}
	n.made = made
	n.file = filepath.Join(n.dir, "network.cbor")
	if err := os.WriteFile(n.file, made.Signed, 0o600); err != nil {
		return err
	}
	for i, secrets := range made.Relays {
		name := fmt.Sprintf("relay-%d", i+1)
		if err := relay.Prepare(ctx, n.home(name), secrets, store.KeyFile()); err != nil {
			return err
		}
		n.add(&Node{net: n, Name: name, Role: "relay"})
	}
	return nil
}

// roots are the CAs of the cards that the network takes.
func (n *Net) roots() ([][]byte, error) {
	var roots [][]byte
	for _, kind := range n.cfg.Cards {
		_, ca, err := card.NewVirtualOf(card.Kind(kind), card.VirtualOptions{})
		if err != nil {
			return nil, err
		}
		roots = append(roots, ca.Certificate())
	}
	return roots, nil
}

func (d *DisclosureSpec) rules() *network.Disclosure {
	if d == nil {
		return nil
	}
	return &network.Disclosure{Least: d.Least, Cycle: uint64(d.Cycle / time.Second), Wait: uint64(d.Wait / time.Second)}
}

func (n *Net) home(name string) string { return filepath.Join(n.dir, name) }

func (n *Net) add(node *Node) {
	n.nodes[node.Name] = node
	n.order = append(n.order, node.Name)
}

// AddPractice adds a practice that is not running yet.
func (n *Net) AddPractice(name string, details practice.Details) *Node {
	node := &Node{net: n, Name: name, Role: "practice", details: details}
	n.add(node)
	return node
}

// AddPatient adds a patient's node that is not running yet.
func (n *Net) AddPatient(name, plz string) *Node {
	node := &Node{net: n, Name: name, Role: "patient", plz: plz}
	n.add(node)
	return node
}

// Node finds a node by its name.
func (n *Net) Node(name string) (*Node, error) {
	node, ok := n.nodes[name]
	if !ok {
		return nil, fmt.Errorf("there is no node %q; known are %v", name, n.order)
	}
	return node, nil
}

// Rules are the network's.
func (n *Net) Rules() gossip.Rules { return n.made.Bundle.Rules }

// Close stops all nodes, the last added first, and removes the folder when it was a temporary one.
func (n *Net) Close() error {
	var errs error
	for i := len(n.order) - 1; i >= 0; i-- {
		if err := n.nodes[n.order[i]].Stop(); err != nil {
			errs = errors.Join(errs, fmt.Errorf("stop %s: %w", n.order[i], err))
		}
	}
	if n.remove {
		errs = errors.Join(errs, os.RemoveAll(n.dir))
	}
	return errs
}

// freePorts finds ports of loopback that are free for UDP and TCP, below the range from which systems take ports for others, so
// that they are still free when a relay comes back after a stop. They are anywhere, since scenarios run side by side.
func freePorts(n int) (ports []int, err error) {
	const first, span, tries = 12000, 18000, 1000
	var held []io.Closer // until all are found: each is another
	defer func() {
		for _, socket := range held {
			_ = socket.Close()
		}
	}()
	for range tries {
		port := first + rand.IntN(span)
		udp, err := net.ListenPacket("udp4", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		held = append(held, udp)
		tcp, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		held = append(held, tcp)
		if ports = append(ports, port); len(ports) == n {
			return ports, nil
		}
	}
	return nil, errors.New("no free port on loopback")
}
