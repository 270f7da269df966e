package scenarios

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"pieks/node/control"
	"pieks/node/patient"
	"pieks/node/practice"
	"pieks/node/relay"
	"pieks/node/web"
	"pieks/store"
)

// Node is a node of a Net.
type Node struct {
	net     *Net
	Name    string
	Role    string
	details practice.Details
	plz     string
	giveUp  time.Duration     // of a patient's check-ins; 0: 72 hours
	service string            // URL of the PoPP service; "" is none
	key     *ecdsa.PrivateKey // by which that knows a practice

	mu      sync.Mutex                 // a node in this process ends by itself when it was told to, and when its user deletes everything
	running interface{ Close() error } // in this process
	process *process                   // or in one of its own
	client  *control.Client
	shown   *web.Server   // its app, when it is shown
	starts  time.Duration // how long the last start took
}

// startTimeout is far above the budget of 300 ms: a loaded machine is no failure.
const startTimeout = 30 * time.Second

// Start starts the node, and again after Stop or Kill.
func (n *Node) Start(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.running != nil || n.process != nil {
		return fmt.Errorf("%s is running already", n.Name)
	}
	began := time.Now()
	var err error
	if n.net.cfg.Binary != "" {
		n.process, err = startProcess(ctx, n.net.cfg.Binary, n.args())
	} else {
		n.running, err = n.startHere(ctx)
	}
	if err != nil {
		n.running = nil // what a role gives with an error is a nil of its own type
		return fmt.Errorf("start %s: %w", n.Name, err)
	}
	n.starts = time.Since(began)
	n.client, err = control.Dial(n.net.home(n.Name))
	return err
}

func (n *Node) startHere(ctx context.Context) (interface{ Close() error }, error) {
	home, log := n.net.home(n.Name), n.net.cfg.Log.With("node", n.Name)
	switch n.Role {
	case "relay":
		return relay.Start(ctx, relay.Config{Home: home, Network: n.net.file, Secret: store.KeyFile(), LimitLocal: n.net.cfg.LimitLocal, Stop: n.end, Now: n.net.cfg.Now, Log: log})
	case "practice":
		cfg := practice.Config{Home: home, Network: n.net.file, Secret: store.KeyFile(), Details: n.details, Listen: loopback, Stop: n.end, Now: n.net.cfg.Now, Log: log,
			Service: practice.ServiceConfig{URL: n.service, Key: n.key}}
		if n.net.cfg.Direct {
			cfg.FrontListen = loopback
		}
		return practice.Start(ctx, cfg)
	}
	return patient.Start(ctx, patient.Config{Home: home, Network: n.net.file, Secret: store.KeyFile(), PLZ: n.plz, Checkin: patient.CheckinConfig{GiveUp: n.giveUp, Service: patient.ServiceConfig{URL: n.service}}, Stop: n.end, Now: n.net.cfg.Now, Log: log})
}

// loopback keeps test nodes off the machine's networks.
var loopback = []string{"/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0"}

func (n *Node) args() []string {
	args := []string{n.Role, "--home", n.net.home(n.Name), "--network", n.net.file, "--no-browser", "--json"}
	switch n.Role {
	case "practice":
		d := n.details
		args = append(args, "--name", d.Name, "--street", d.Street, "--plz", d.PLZ, "--phone", d.Phone)
		for _, l := range loopback {
			args = append(args, "--listen", l)
		}
	case "patient":
		args = append(args, "--plz", n.plz)
		if n.giveUp != 0 {
			args = append(args, "--give-up", n.giveUp.String())
		}
		if n.service != "" {
			args = append(args, "--popp-service", n.service)
		}
	}
	return args
}

// Call calls a control method of the running node.
func (n *Node) Call(ctx context.Context, method string, in, out any) error {
	n.mu.Lock()
	client := n.client
	n.mu.Unlock()
	if client == nil {
		return fmt.Errorf("%s is not running", n.Name)
	}
	return client.Call(ctx, method, in, out)
}

// Status asks the node how it is.
func (n *Node) Status(ctx context.Context) (control.Status, error) {
	var s control.Status
	err := n.Call(ctx, control.MethodStatus, nil, &s)
	return s, err
}

// Running says whether the node was started and not stopped.
func (n *Node) Running() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.running != nil || n.process != nil
}

// end begins the stop of a node in this process, as the program of a node of its own does.
func (n *Node) end() {
	go func() {
		if err := n.Stop(); err != nil {
			n.net.cfg.Log.Warn("a node did not end in order", "node", n.Name, "err", err)
		}
	}()
}

// Stop ends the node in order, or waits until it has ended by itself. A node that is not running is left alone.
func (n *Node) Stop() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	running, p, shown := n.running, n.process, n.shown
	n.running, n.process, n.client, n.shown = nil, nil, nil, nil
	if running != nil {
		var err error
		if shown != nil {
			err = shown.Close()
		}
		return errors.Join(err, running.Close())
	}
	if p != nil {
		return p.stop()
	}
	return nil
}

// Kill ends the node's process as a power cut would.
func (n *Node) Kill() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.process == nil {
		return fmt.Errorf("%s has no process of its own: set processes: true", n.Name)
	}
	p := n.process
	n.process, n.client = nil, nil
	return p.kill()
}

// process is a node that runs as a program of its own.
type process struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
	done   chan struct{}
	err    error
	mu     sync.Mutex
}

// startProcess starts the program and returns when it says that it is ready.
func startProcess(ctx context.Context, binary string, args []string) (*process, error) {
	p := &process{cmd: exec.Command(binary, args...), done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), "PIEKS_NO_BROWSER=1", "NO_COLOR=1")
	p.cmd.Stderr = &lockedWriter{p: p}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	ready := make(chan struct{})
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), `"ready":true`) {
				close(ready)
				break
			}
		}
		for lines.Scan() { // keep the pipe empty
		}
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	select {
	case <-ready:
		return p, nil
	case <-p.done:
		return nil, fmt.Errorf("it ended at once: %w: %s", p.err, p.said())
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), p.kill())
	}
}

// stopTimeout: a node stops within 2 s; one that does not has failed.
const stopTimeout = 10 * time.Second

func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.done:
		if p.err != nil {
			return fmt.Errorf("%w: %s", p.err, p.said())
		}
		return nil
	case <-time.After(stopTimeout):
		return errors.Join(fmt.Errorf("did not stop within %s", stopTimeout), p.kill())
	}
}

func (p *process) kill() error {
	err := p.cmd.Process.Kill()
	<-p.done
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.TrimSpace(p.stderr.String())
}

// maxSaid bounds what is kept of a process's standard error.
const maxSaid = 64 << 10

type lockedWriter struct{ p *process }

func (w *lockedWriter) Write(data []byte) (int, error) {
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	if w.p.stderr.Len() < maxSaid {
		w.p.stderr.Write(data)
	}
	return len(data), nil
}
