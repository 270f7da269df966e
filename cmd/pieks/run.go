package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"pieks/gossip/place"
	nodeapp "pieks/node/app"
	"pieks/node/control"
	"pieks/node/home"
	"pieks/node/network"
	"pieks/node/patient"
	"pieks/node/relay"
	"pieks/node/web"
	"pieks/store"
)

// node is a running role. It answers commands by itself; this process only waits for its end.
type node interface {
	nodeapp.Node
	Close() error
}

// Node are the flags of every role.
type Node struct {
	Lock
	Network   string `type:"path" help:"The network file; the first time it is needed, here or in the app, later the home knows it." placeholder:"FILE"`
	AppListen string `name:"app-listen" help:"Where the app for the browser is served; left out, the first free port of loopback from 7400 on." placeholder:"HOST:PORT"`
	NoApp     bool   `help:"Serve no app."`
	NoBrowser bool   `help:"Do not open the app in a browser: only print the link."`
}

// starting is what a role is started with.
type starting struct {
	secret store.Secret // opens its home
	stop   func()       // is called when a command asks for the end
	show   func(nodeapp.Node) (hide func() error, err error)
}

// start is how a role begins.
type start func(context.Context, starting) (node, error)

// stopLimit is when a node that does not stop is left behind. It should take two seconds at most.
const stopLimit = 10 * time.Second

// run starts a node, says so, and waits for a signal or `pieks stop`.
func (a *app) run(ctx context.Context, role, dir string, flags Node, begin start) error {
	home.Version = version
	secret, err := flags.secret(a, dir, role)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var n node
	var at *web.Listener  // the app is open in a browser already, there
	var shown *web.Server // nil with --no-app
	show := func(n nodeapp.Node) (hide func() error, err error) {
		shown, hide, err = a.serveApp(n, flags, at)
		return hide, err
	}
	begun := func() error {
		return a.wait("Starting the "+role, func() (err error) {
			n, err = begin(ctx, starting{secret, stop, show})
			return err
		})
	}
	err = begun()
	if errors.Is(err, network.ErrNone) && role != relayRole && !flags.NoApp && !a.json {
		if at, err = a.askForNetwork(ctx, role, dir, secret, flags, stop); err != nil || at == nil {
			return err
		}
		defer at.Close()
		err = begun()
	}
	if err != nil {
		return err
	}
	err = a.announce(ctx, n, role, shown)
	if err == nil && shown != nil && !flags.NoBrowser && at == nil {
		a.openApp(shown)
	}
	if err == nil && role == practiceRole {
		a.askForCard(ctx)
	}
	if err == nil {
		<-ctx.Done()
	}
	return errors.Join(err, closeWithin(n, stopLimit))
}

// serveApp shows the node's app until hide, unless --no-app.
func (a *app) serveApp(n nodeapp.Node, flags Node, at *web.Listener) (shown *web.Server, hide func() error, err error) {
	if flags.NoApp {
		return nil, func() error { return nil }, nil
	}
	cards := openCards(a.cards, n.Changes().Changed)
	own := openPatientCards(a.cards, n.Changes().Changed)
	closeCards := func() { own.Close(); cards.Close() }
	o := nodeapp.Options{Listen: flags.AppListen, At: at, Log: a.log()}
	if cards != nil {
		o.Cards = cards
	}
	if own != nil {
		o.PatientCards = own
	}
	if shown, err = nodeapp.Serve(n, o); err != nil {
		closeCards()
		return nil, nil, err
	}
	return shown, func() error {
		defer closeCards()
		return shown.Close()
	}, nil
}

// openApp opens the app in the browser, by a link of its own: the one that was printed is still good.
func (a *app) openApp(shown *web.Server) {
	if !a.hasDesktop() {
		return
	}
	link, err := shown.Link("")
	if err != nil {
		a.note("%v", err)
		return
	}
	a.openBrowser(link.URL)
}

// checkPLZ refuses a mistyped postcode before a home is made for it.
func checkPLZ(plz string) error {
	if plz == "" {
		return nil
	}
	if _, err := place.ParsePLZ(plz); err != nil {
		return usagef("%w", err)
	}
	return nil
}

func closeWithin(n node, limit time.Duration) error {
	closed := make(chan error, 1)
	go func() { closed <- n.Close() }()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err := <-closed:
		return err
	case <-timer.C:
		return fmt.Errorf("the node did not stop within %s and was left; nothing that was confirmed is lost", limit)
	}
}

// ready is what a node reports once it answers commands.
type ready struct {
	Ready   bool     `json:"ready"`
	Role    string   `json:"role"`
	Home    string   `json:"home"`
	PID     int      `json:"pid"`
	Network string   `json:"network"`
	PeerIDs []string `json:"peer_ids"`
	Web     string   `json:"web,omitempty"`     // where the app is
	Link    string   `json:"link,omitempty"`    // opens it once, within half an hour
	Metrics string   `json:"metrics,omitempty"` // address of the health checks, when they have one of their own
}

func (a *app) announce(ctx context.Context, n node, role string, shown *web.Server) error {
	answer, err := n.Handlers()[control.MethodStatus](ctx, nil)
	if err != nil {
		return err
	}
	s, _ := answer.(control.Status)
	a.test = s.Test
	r := ready{Ready: true, Role: role, Home: s.Home, PID: os.Getpid(), Network: s.Network.ID, PeerIDs: s.PeerIDs}
	if w, ok := n.(watched); ok {
		r.Metrics = w.health.Addr()
	}
	if shown != nil {
		link, err := shown.Link("")
		if err != nil {
			return err
		}
		r.Web, r.Link = shown.URL(), link.URL
	}
	return a.report(r, func(p *page) {
		p.linef("%s is running.", a.bold(title(role)))
		if s.ReadOnly != "" {
			p.line(a.red("Read-only: ") + sentence(s.ReadOnly))
		}
		p.line("")
		p.pairs([2]string{"Home", s.Home}, [2]string{"Network", fmt.Sprintf("%s, good until %s", s.Network.ID, instant(s.Network.Expires))}, [2]string{"Metrics", r.Metrics})
		p.line("")
		if r.Link != "" {
			p.line("Its app in the browser; this link is good once and for half an hour (another: pieks open):")
			p.line("  " + a.bold(r.Link))
			p.line("")
		}
		p.line("Stop it with Ctrl-C. From another terminal:")
		for _, next := range nextCommands[role] {
			p.line("  pieks " + strings.Replace(next, "HOME", s.Home, 1))
		}
	})
}

// nextCommands are what one does next with a node of a role.
var nextCommands = map[string][]string{
	practiceRole: {
		"slots add --home HOME --day DATE --from 09:00 --to 12:00 --every 10m --vaccine comirnaty",
		"bookings --home HOME",
		"verify --home HOME",
	},
	patientRole: {"search --home HOME --radius 20", "book --home HOME TOKEN"},
	relayRole:   {"status --home HOME"},
}

// RelayCmd runs a relay.
type RelayCmd struct {
	Node
	Listen     []string `help:"Multiaddrs to listen on; left out, those of the network file." placeholder:"ADDR"`
	CRL        []string `name:"crl" type:"path" sep:"none" help:"File with the revocation list of a card CA, PEM or DER; read again when it changes. Without a list that is in force, cards of that CA are refused." placeholder:"FILE"`
	LimitLocal bool     `hidden:"" help:"Count loopback and private addresses as subnets like any other."`
	Carrying
}

func (RelayCmd) Help() string {
	return `A relay's home comes from 'pieks network init' of the network's operators. README.md says how to run it on a server.

    pieks relay --home NET/relay-1 --network NET/network.cbor
    pieks relay --home /var/lib/pieks --listen /ip4/0.0.0.0/udp/4001/quic-v1,/ip4/0.0.0.0/tcp/4001
    pieks relay --home /var/lib/pieks --monthly-gb 900 --metrics-listen 9464`
}

func (c *RelayCmd) Run(ctx context.Context, a *app) error {
	// Thousands of idle patients are mostly live memory: collecting at half the usual growth keeps them below 120 KiB each.
	debug.SetGCPercent(50)
	at, err := c.check(a)
	if err != nil {
		return err
	}
	dir, err := a.home(relayRole)
	if err != nil {
		return err
	}
	return a.run(ctx, relayRole, dir, c.Node, func(ctx context.Context, o starting) (node, error) {
		n, err := relay.Start(ctx, relay.Config{
			Home: dir, Network: c.Network, Secret: o.secret, Listen: c.Listen, CRLs: c.CRL, LimitLocal: c.LimitLocal,
			MonthlyBytes: c.monthlyBytes(), Log: a.log(), Stop: o.stop,
			Show: func(n *relay.Node) (func() error, error) { return o.show(n) },
		})
		if err != nil || at == "" {
			return n, err
		}
		return watch(n, at, a.log())
	})
}

// PatientCmd runs a patient's node.
type PatientCmd struct {
	Node
	PLZ       string `name:"plz" help:"Postcode around which to search; left out at the first start, a terminal is asked for it, or 'pieks plz' says it later." placeholder:"PLZ" env:"PIEKS_PATIENT_PLZ"`
	Radius    uint32 `help:"How far away to search as a rule, in kilometres (20)." placeholder:"KM"`
	HolePunch bool   `help:"Let practices find a direct way here, which shows IP addresses to both sides."`
	Checkins
}

func (PatientCmd) Help() string {
	return `The node is client of one relay at a time, and tells it a region of some thousand people and up to three neighbours, never the postcode. In a region everybody gets new appointments at the same moment.

    pieks patient --home A1 --network NET/network.cbor             asks for the postcode
    pieks patient --home A1                                        from the second start on`
}

func (c *PatientCmd) Run(ctx context.Context, a *app) error {
	dir, err := a.home(patientRole)
	if err != nil {
		return err
	}
	if account, err := filepath.Abs(dir); err == nil { // what 'pieks erase' could not finish
		if err := home.FinishErase(dir, store.Keyring(keyringService, account)); err != nil {
			return err
		}
	}
	kind, err := store.Protection(home.StoreDir(dir))
	if c.PLZ == "" && kind == store.KindNone && err == nil && a.interactive() {
		if c.PLZ, err = a.prompt("Postcode around which to search:"); err != nil {
			return err
		}
	}
	if err := checkPLZ(c.PLZ); err != nil {
		return err
	}
	checkins, err := c.config()
	if err != nil {
		return err
	}
	return a.run(ctx, patientRole, dir, c.Node, func(ctx context.Context, o starting) (node, error) {
		return patient.Start(ctx, patient.Config{
			Home: dir, Network: c.Network, PLZ: c.PLZ, RadiusKM: c.Radius, Secret: o.secret, HolePunch: c.HolePunch, Checkin: checkins, Log: a.log(), Stop: o.stop,
			Show: func(n *patient.Node) (func() error, error) { return o.show(n) },
		})
	})
}
