package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"pieks/node/control"
)

// StatusCmd shows a running node.
type StatusCmd struct {
	Wait time.Duration `env:"-" help:"Wait at most so long for the node to start." placeholder:"DURATION"`
}

func (StatusCmd) Help() string {
	return `Shows no name and no postcode of a patient, so it can be sent to someone who helps.

    pieks status --home P1 --wait 30s`
}

// waitEvery is how often a node that starts is looked for.
const waitEvery = 100 * time.Millisecond

func (c *StatusCmd) Run(ctx context.Context, a *app) error {
	client, err := a.dial(everyRole()...)
	if c.Wait > 0 && errors.Is(err, control.ErrNoNode) {
		client, err = a.await(ctx, c.Wait)
	}
	if err != nil {
		return err
	}
	var s control.Status
	if err := a.call(ctx, client, "Asking the node", control.MethodStatus, nil, &s); err != nil {
		return err
	}
	if s.Role == relayRole {
		return a.relayStatus(ctx, client, s)
	}
	return a.report(s, func(p *page) { statusPage(p, s) })
}

// await looks for the node until it answers or the time is over.
func (a *app) await(ctx context.Context, patience time.Duration) (client *control.Client, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(waitEvery)
	defer tick.Stop()
	err = a.wait("Waiting for the node", func() error {
		for {
			client, err = a.dial(everyRole()...)
			if !errors.Is(err, control.ErrNoNode) {
				return err
			}
			select {
			case <-ctx.Done():
				if errors.Is(ctx.Err(), context.Canceled) {
					return ctx.Err()
				}
				return err
			case <-tick.C:
			}
		}
	})
	return client, err
}

func statusPage(p *page, s control.Status) {
	a := p.a
	p.linef("%s, running since %s", a.bold(title(s.Role)), precise(s.Started))
	if s.ReadOnly != "" {
		p.line(a.red("Read-only: ") + sentence(s.ReadOnly))
	}
	p.line("")
	p.pairs(
		[2]string{"Home", s.Home},
		[2]string{"Version", s.Version},
		[2]string{"Network", fmt.Sprintf("%s, number %d, good until %s", s.Network.ID, s.Network.Version, instant(s.Network.Expires))},
		[2]string{"Cycle", fmt.Sprint(s.Cycle)},
		[2]string{"Peer IDs", strings.Join(s.PeerIDs, ", ")},
		[2]string{"Epoch", epochOf(s)},
		[2]string{"Enrolled until", instant(s.Enrolled)},
		[2]string{"Waiting to send", positive(s.Outbox)},
		[2]string{"Clients", positive(s.Clients)},
		[2]string{"Circuits", positive(s.Circuits)},
		[2]string{"Envelopes held", positive(s.Mailbox)},
		[2]string{"To be published", positive(s.Disclosures)},
		[2]string{"Memory", memory(s.RSSBytes)},
	)
	relaysPage(p, s.Relays)
	poolPage(p, s.Pool)
	if len(s.Limits) > 0 {
		var rows [][]string
		for _, l := range s.Limits {
			rows = append(rows, []string{l.Name, fmt.Sprint(l.Count)})
		}
		p.line("")
		p.table([]string{"LIMIT REACHED", "TIMES"}, rows)
	}
}

func title(s string) string { return strings.ToUpper(s[:min(1, len(s))]) + s[min(1, len(s)):] }

func relaysPage(p *page, relays []control.Relay) {
	p.line("")
	if len(relays) == 0 {
		p.line("No relay. `pieks doctor` says why.")
		return
	}
	var rows [][]string
	for _, r := range relays {
		state := p.a.red("not connected")
		if r.Connected {
			state = p.a.green("connected")
		}
		if r.Reserved {
			state += ", reachable through it"
		}
		rows = append(rows, []string{r.Operator, state, r.PeerID})
	}
	p.table([]string{"RELAY", "STATE", "PEER ID"}, rows)
}

func poolPage(p *page, pool []control.PoolRegion) {
	if len(pool) == 0 {
		return
	}
	var rows [][]string
	for _, r := range pool {
		rows = append(rows, []string{r.Region, fmt.Sprint(r.Sheets), fmt.Sprint(r.Slots), r.Digest})
	}
	p.line("")
	p.table([]string{"REGION", "PRACTICES", "OPEN", "DIGEST"}, rows)
}

func epochOf(s control.Status) string {
	if s.Epoch == 0 {
		return ""
	}
	return fmt.Sprintf("%d, next pseudonym at %s, %s in stock", s.Epoch, precise(s.Rotation), count(s.Passes, "pass", "passes"))
}

func positive(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func memory(n int64) string {
	if n == 0 {
		return ""
	}
	return bytesOf(n)
}

// SyncCmd asks the node to reconcile now instead of at its next turn.
type SyncCmd struct{}

func (*SyncCmd) Run(ctx context.Context, a *app) error {
	var s control.Status
	if err := a.ask(ctx, "Reconciling with the relays", control.MethodSync, nil, &s, everyRole()...); err != nil {
		return err
	}
	return a.report(s, func(p *page) {
		p.line("Reconciled.")
		relaysPage(p, s.Relays)
		poolPage(p, s.Pool)
	})
}

// StopCmd ends the running node of a home.
type StopCmd struct{}

// stopPatience is far above the two seconds in which a node stops.
const stopPatience = 15 * time.Second

func (*StopCmd) Run(ctx context.Context, a *app) error {
	home, err := a.home(everyRole()...)
	if err != nil {
		return err
	}
	c, err := control.Dial(home)
	if err != nil {
		return err
	}
	if err := a.call(ctx, c, "Stopping the node", control.MethodStop, nil, nil); err != nil {
		return err
	}
	if err := a.gone(ctx, home); err != nil {
		return err
	}
	result := struct {
		Stopped bool   `json:"stopped"`
		Home    string `json:"home"`
	}{true, home}
	return a.report(result, func(p *page) { p.linef("Stopped the node of %s.", home) })
}

// gone waits until no node answers for the home.
func (a *app) gone(ctx context.Context, home string) error {
	ctx, cancel := context.WithTimeout(ctx, stopPatience)
	defer cancel()
	tick := time.NewTicker(waitEvery)
	defer tick.Stop()
	return a.wait("Stopping the node", func() error {
		for {
			if _, err := control.Dial(home); errors.Is(err, control.ErrNoNode) {
				return nil
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("the node of %s has not stopped within %s; look at its log", home, stopPatience)
			case <-tick.C:
			}
		}
	})
}

// PeersCmd keeps a node away from others.
type PeersCmd struct {
	Deny  DenyCmd  `cmd:"" help:"Have no connection with a peer."`
	Allow AllowCmd `cmd:"" help:"End a denial."`
}

type DenyCmd struct {
	Peer string        `arg:"" help:"Peer ID, as 'pieks status' shows it."`
	For  time.Duration `env:"-" help:"For how long; 0 is until the node stops." placeholder:"DURATION"`
}

func (c *DenyCmd) Run(ctx context.Context, a *app) error {
	if c.For < 0 {
		return usagef("--for is not negative")
	}
	in := control.DenyRequest{Peer: c.Peer, Seconds: int(c.For / time.Second)}
	return a.peer(ctx, "Denied", control.MethodDeny, in)
}

type AllowCmd struct {
	Peer string `arg:"" help:"Peer ID, as 'pieks status' shows it."`
}

func (c *AllowCmd) Run(ctx context.Context, a *app) error {
	return a.peer(ctx, "Allowed", control.MethodAllow, control.DenyRequest{Peer: c.Peer})
}

func (a *app) peer(ctx context.Context, done, method string, in control.DenyRequest) error {
	if err := a.ask(ctx, "Asking the node", method, in, nil, everyRole()...); err != nil {
		return err
	}
	result := struct {
		Peer string `json:"peer"`
		Done string `json:"done"`
	}{in.Peer, strings.ToLower(done)}
	return a.report(result, func(p *page) { p.linef("%s: %s", done, in.Peer) })
}
