package scenarios

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"pieks/node/control"
	"pieks/node/practice"
)

// Options say how to run a scenario.
type Options struct {
	Binary   string // the pieks program, for scenarios with processes
	Dir      string // where to keep everything; empty: a temporary folder
	Log      *slog.Logger
	Progress func(step int, what string) // called before each step
}

// Result is what a scenario run says.
type Result struct {
	OK      bool    `json:"ok"`
	Name    string  `json:"name"`
	Steps   int     `json:"steps"` // done
	Seconds float64 `json:"seconds"`
	Step    string  `json:"step,omitempty"`  // the one that failed
	Error   string  `json:"error,omitempty"` // why
}

// RunFile runs a scenario file. The error is that of the failing step; the result says the same for machines.
func RunFile(ctx context.Context, path string, opts Options) (Result, error) {
	script, err := Load(path)
	if err != nil {
		return Result{Error: err.Error()}, err
	}
	return Run(ctx, script, opts)
}

// Run runs a scenario and stops all its nodes.
func Run(ctx context.Context, script *Script, opts Options) (result Result, err error) {
	began := time.Now()
	result.Name = script.Name
	defer func() {
		result.Seconds = time.Since(began).Seconds()
		result.OK = err == nil
		if err != nil {
			result.Error = err.Error()
		}
	}()
	r, err := newRunner(ctx, script, opts)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, r.net.Close(), r.service.close()) }()
	if err := r.steps(ctx, script.Steps); err != nil {
		result.Steps, result.Step = r.done, r.current
		return result, fmt.Errorf("step %d (%s): %w", r.done+1, r.current, err)
	}
	result.Steps = r.done
	return result, nil
}

// runner is a scenario under way.
type runner struct {
	net      *Net
	opts     Options
	bookings map[string]*known
	asked    map[string]bool   // tokens that a request step has asked for
	epochs   map[string]uint64 // last seen, by practice
	// disclosures of the scenario, by name, as they were begun.
	disclosures map[string]control.Disclosure
	service     *poppService               // nil: there is none
	codes       map[string]string          // of check-ins, by name
	checkins    map[string]control.Checkin // by name, as they were last seen
	// certificates of the cards with which practices enrolled, by practice.
	certificates map[string][]byte
	done         int
	current      string
}

// known is a booking of the scenario, as the patient last saw it.
type known struct {
	patient string
	at      string // practice
	control.Booking
}

func newRunner(ctx context.Context, script *Script, opts Options) (*runner, error) {
	cfg := NetConfig{
		Dir: opts.Dir, Relays: script.Network.Relays, Cycle: script.Network.Cycle, Epoch: script.Network.Epoch, Hold: script.Network.Hold,
		Disclosure: script.Network.Disclosure, Cards: script.Network.Cards, Log: opts.Log,
	}
	if script.Processes {
		if cfg.Binary = opts.Binary; cfg.Binary == "" {
			return nil, errors.New("this scenario runs each node in its own process and needs the pieks program: make build")
		}
	}
	net, err := NewNet(ctx, cfg)
	if err != nil {
		return nil, err
	}
	for name, p := range script.Practices {
		net.AddPractice(name, p.details(name))
	}
	service, err := startService(net, script.Service)
	if err != nil {
		return nil, errors.Join(err, net.Close())
	}
	for name, p := range script.Practices {
		if err := service.know(net.nodes[name], p, script.Processes); err != nil {
			return nil, errors.Join(err, net.Close(), service.close())
		}
	}
	for name, p := range script.Patients {
		node := net.AddPatient(name, p.PLZ)
		node.giveUp, node.service = p.GiveUp, service.address()
	}
	return &runner{net: net, opts: opts, service: service, bookings: map[string]*known{}, asked: map[string]bool{}, epochs: map[string]uint64{}, disclosures: map[string]control.Disclosure{}, certificates: map[string][]byte{},
		codes: map[string]string{}, checkins: map[string]control.Checkin{}}, nil
}

func (p PracticeSpec) details(name string) practice.Details {
	d := practice.Details{Name: p.Name, Street: p.Street, PLZ: p.PLZ, Phone: p.Phone}
	if d.Name == "" {
		d.Name = "Praxis " + name
	}
	if d.Street == "" {
		d.Street = "Hauptstr. 1"
	}
	if d.Phone == "" {
		d.Phone = "0800 1234567"
	}
	return d
}

func (r *runner) steps(ctx context.Context, steps []Step) error {
	for _, step := range steps {
		if step.Repeat != nil {
			for range step.Repeat.Times {
				if err := r.steps(ctx, step.Repeat.Steps); err != nil {
					return err
				}
			}
			continue
		}
		r.current = step.kinds()[0]
		if r.opts.Progress != nil {
			r.opts.Progress(r.done+1, r.current)
		}
		if err := r.step(ctx, step); err != nil {
			return err
		}
		r.done++
	}
	return nil
}

func (r *runner) step(ctx context.Context, s Step) error {
	switch {
	case s.Start != nil:
		if err := r.each(s.Start, func(n *Node) error { return n.Start(ctx) }); err != nil {
			return err
		}
		return r.each(s.Start, func(n *Node) error { return r.service.introduce(ctx, n) })
	case s.Stop != nil:
		return r.inTurn(s.Stop, (*Node).Stop)
	case s.Kill != nil:
		return r.inTurn(s.Kill, (*Node).Kill)
	case s.Slots != nil:
		return r.slots(ctx, *s.Slots)
	case s.Block != nil:
		return r.block(ctx, *s.Block)
	case s.Wait != nil:
		return r.wait(ctx, *s.Wait)
	case s.Request != nil:
		return r.again(ctx, *s.Request, r.request)
	case s.Book != nil:
		return r.again(ctx, *s.Book, r.book)
	case s.Race != nil:
		return r.race(ctx, *s.Race)
	case s.Verify != nil:
		return r.verify(ctx, *s.Verify)
	case s.Cancel != nil:
		return r.cancel(ctx, *s.Cancel)
	case s.PLZ != nil:
		return r.plz(ctx, *s.PLZ)
	case s.Cut != nil:
		return r.link(ctx, s.Cut, control.MethodDeny)
	case s.Heal != nil:
		return r.link(ctx, s.Heal, control.MethodAllow)
	case s.SamePool != nil:
		return r.samePool(ctx, *s.SamePool)
	case s.Enrol != nil:
		return r.enrol(ctx, *s.Enrol)
	case s.Revoke != nil:
		return r.revoke(ctx, *s.Revoke)
	case s.Disclose != nil:
		return r.disclose(ctx, *s.Disclose)
	case s.Sign != nil:
		return r.sign(ctx, *s.Sign)
	case s.Retract != nil:
		return r.retract(ctx, *s.Retract)
	case s.Listing != nil:
		return r.list(ctx, *s.Listing)
	case s.Code != nil:
		return r.hangUp(ctx, *s.Code)
	case s.Checkin != nil:
		return r.checkin(ctx, *s.Checkin)
	case s.EndIt != nil:
		return r.endCheckin(ctx, *s.EndIt)
	case s.Online != nil:
		return r.service.online(*s.Online)
	case s.Pull != nil:
		return r.service.pull(ctx, *s.Pull)
	case s.Fetch != nil:
		return r.each(s.Fetch, func(n *Node) error { return n.Call(ctx, control.MethodArrivalFetch, nil, nil) })
	}
	return ErrScript
}

// each does f for all nodes at once.
func (r *runner) each(names []string, f func(*Node) error) error {
	var group errgroup.Group
	for _, name := range names {
		node, err := r.net.Node(name)
		if err != nil {
			return err
		}
		group.Go(func() error { return f(node) })
	}
	return group.Wait()
}

func (r *runner) inTurn(names []string, f func(*Node) error) error {
	for _, name := range names {
		node, err := r.net.Node(name)
		if err != nil {
			return err
		}
		if err := f(node); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
