package main

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"pieks/gossip"
	"pieks/gossip/place"
	"pieks/node/control"
	"pieks/node/disclosure"
	"pieks/node/network"
	"pieks/node/relay"
	"pieks/store"
)

// NetworkInitCmd makes a network. Without card roots it is a test network.
type NetworkInitCmd struct {
	Relays        int           `help:"How many relays (2, or as many as --at names)." placeholder:"N"`
	At            []string      `help:"Public name and port of each relay; left out, they are on this computer." placeholder:"HOST:PORT"`
	Port          int           `help:"First port of relays on this computer; 0 is a free one." placeholder:"N"`
	Operator      []string      `help:"Who runs each relay, for people." placeholder:"NAME"`
	Title         string        `help:"Name of the network, for people." placeholder:"NAME"`
	Root          []string      `type:"path" sep:"none" help:"Certificate of a card CA, PEM or DER; left out, it becomes a TEST network, in which anybody is a practice." placeholder:"FILE"`
	CVCRoot       []string      `name:"cvc-root" type:"path" sep:"none" help:"CV certificate of a root of patients' cards (.cvc); may be given several times. Left out, nobody checks in with a real card." placeholder:"FILE"`
	Counts        string        `type:"path" help:"CSV 'plz,count' of practices, from which regions and areas are cut." placeholder:"FILE"`
	K             int           `name:"k" default:"5" help:"With --counts: how many practices a region and an area have at least (${default})." placeholder:"N"`
	Cycle         time.Duration `help:"How often relays publish (10m)." placeholder:"DURATION"`
	Epoch         time.Duration `help:"How long a practice keeps a pseudonym (24h)." placeholder:"DURATION"`
	Hold          time.Duration `help:"How long a practice holds an offered appointment (10m)." placeholder:"DURATION"`
	Profession    []string      `sep:"none" help:"Profession whose cards are taken, an object identifier; may be given several times. Left out, those that vaccinate in Germany." placeholder:"OID"`
	DiscloseLeast int           `help:"Disclosures that are published together, unless the oldest has waited (20)." placeholder:"N"`
	DiscloseCycle time.Duration `help:"How often relays publish disclosures (6h)." placeholder:"DURATION"`
	DiscloseWait  time.Duration `help:"How long a disclosure waits at most (24h)." placeholder:"DURATION"`
	Weeks         int           `help:"For how many weeks it is in force, 1 to 4; 0 is 30 days." placeholder:"N"`
}

func (NetworkInitCmd) Help() string {
	return `Writes below --home: network.cbor, which everybody gets; operators/, the keys of three operators of whom two have to sign, to be kept apart and offline; and relay-1, relay-2 ..., the home of each relay.

    pieks network init --home NET --relays 2 --cycle 10s
    pieks network init --home NET --relays 2 --at r1.example.org:4001,r2.example.org:4001 --root hba-ca.pem --counts practices.csv`
}

// networkMade is what `pieks network init` reports.
type networkMade struct {
	Network   string     `json:"network"`
	ID        string     `json:"id"`
	Test      bool       `json:"test"`
	Expires   time.Time  `json:"expires"`
	Regions   int        `json:"regions"`
	Areas     int        `json:"areas"`
	Map       string     `json:"map"` // how the country was cut
	Relays    []madeHome `json:"relays"`
	Operators []string   `json:"operators"`
}

type madeHome struct {
	Home   string   `json:"home"`
	PeerID string   `json:"peer_id"`
	Addrs  []string `json:"addrs"`
}

func (c *NetworkInitCmd) Run(ctx context.Context, a *app) error {
	if a.Home == "" {
		return usagef("Say where to write the network with --home DIR")
	}
	cfg, how, err := c.plan()
	if err != nil {
		return err
	}
	file := filepath.Join(a.Home, networkName)
	if _, err := os.Lstat(file); err == nil {
		return control.Errorf(control.KindConflict, "There is a network in %s already. Choose another --home, or remove it first.", a.Home)
	}
	step, end := a.steps("Making keys")
	cfg.Progress = step
	made, err := network.Init(ctx, cfg)
	end()
	if err != nil {
		return err
	}
	info := networkMade{Network: file, ID: made.Bundle.ID(), Test: made.Bundle.IsTest(), Map: how,
		Expires: time.Unix(int64(made.Bundle.Expires), 0).UTC()}
	if err := info.write(ctx, a, made); err != nil {
		return err
	}
	a.test = info.Test
	return a.report(info, func(p *page) { madePage(p, info) })
}

// plan turns the flags into what to make.
func (c *NetworkInitCmd) plan() (cfg network.InitConfig, how string, err error) {
	n := c.Relays
	switch {
	case n == 0 && len(c.At) > 0:
		n = len(c.At)
	case n == 0:
		n = 2
	}
	switch {
	case n < 1 || n > maxRelays:
		return cfg, "", usagef("A network has 1 to %d relays", maxRelays)
	case len(c.At) > 0 && len(c.At) != n:
		return cfg, "", usagef("--at names %d relays and --relays says %d", len(c.At), n)
	case len(c.Operator) > 0 && len(c.Operator) != n:
		return cfg, "", usagef("--operator names %d and there are %d relays", len(c.Operator), n)
	}
	cfg = network.InitConfig{Name: c.Title, Weeks: c.Weeks, Rules: c.rules(), Professions: slices.Compact(slices.Sorted(slices.Values(c.Profession))), Disclosure: c.disclosure()}
	if err := cfg.Rules.Validate(); err != nil {
		return cfg, "", usagef("%w", err)
	}
	if cfg.Relays, err = c.relays(n); err != nil {
		return cfg, "", err
	}
	for i, operator := range c.Operator {
		cfg.Relays[i].Operator = operator
	}
	for _, name := range c.Root {
		der, err := readCertificate(name)
		if err != nil {
			return cfg, "", err
		}
		cfg.Roots = append(cfg.Roots, der)
	}
	for _, name := range c.CVCRoot {
		root, err := readCVC(name)
		if err != nil {
			return cfg, "", err
		}
		cfg.CVCRoots = append(cfg.CVCRoots, root.Raw)
	}
	if c.Counts == "" {
		return cfg, "without a count of practices: a region is a prefix of 3 digits, an area a postcode of 5 digits", nil
	}
	cfg.Map, err = countedMap(c.Counts, c.K)
	return cfg, fmt.Sprintf("at least %d practices in each region and area", c.K), err
}

// maxRelays keeps a slip of the finger from making keys for hours.
const maxRelays = 64

// disclosure is what is given, and the defaults for what is not; nil when nothing is.
func (c *NetworkInitCmd) disclosure() *network.Disclosure {
	if c.DiscloseLeast == 0 && c.DiscloseCycle == 0 && c.DiscloseWait == 0 {
		return nil
	}
	d := disclosure.DefaultRules()
	d.K, d.Cycle, d.MaxWait = cmp.Or(c.DiscloseLeast, d.K), cmp.Or(c.DiscloseCycle, d.Cycle), cmp.Or(c.DiscloseWait, max(d.MaxWait, c.DiscloseCycle))
	return &network.Disclosure{Least: uint32(max(0, d.K)), Cycle: uint64(max(0, d.Cycle) / time.Second), Wait: uint64(max(0, d.MaxWait) / time.Second)}
}

// rules are the defaults with what the flags say. A short cycle for a trial shortens nothing else: an epoch has to be a multiple of it.
func (c *NetworkInitCmd) rules() gossip.Rules {
	r := gossip.DefaultRules()
	if c.Cycle > 0 {
		r.Cycle = c.Cycle
		r.Epoch -= r.Epoch % c.Cycle
	}
	if c.Epoch > 0 {
		r.Epoch = c.Epoch
	}
	if c.Hold > 0 {
		r.Hold = c.Hold
	}
	return r
}

func (c *NetworkInitCmd) relays(n int) ([]network.RelayPlan, error) {
	var plans []network.RelayPlan
	for _, at := range c.At {
		host, port, err := net.SplitHostPort(at)
		if number, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || number == 0 || host == "" {
			return nil, usagef("--at takes HOST:PORT such as relay.example.org:4001, not %q", at)
		}
		name := "/dns/" + host
		if ip := net.ParseIP(host); ip != nil && ip.To4() != nil {
			name = "/ip4/" + host
		} else if ip != nil {
			name = "/ip6/" + host
		}
		plans = append(plans, network.RelayPlan{Addrs: []string{name + "/udp/" + port + "/quic-v1", name + "/tcp/" + port}})
	}
	if plans != nil {
		return plans, nil
	}
	port := c.Port
	if port == 0 {
		var err error
		if port, err = freePorts(n); err != nil {
			return nil, err
		}
	}
	if port < 1 || port+n > 1<<16 {
		return nil, usagef("--port is 1 to 65535")
	}
	return network.LoopbackRelays(n, port), nil
}

// freePorts finds n ports in a row that nothing on this computer listens on, below those that systems give to clients.
func freePorts(n int) (int, error) {
	const low, high, tries = 20000, 30000, 100
	for range tries {
		first := low + rand.IntN(high-low-n)
		free := true
		for port := first; free && port < first+n; port++ {
			free = portFree(port)
		}
		if free {
			return first, nil
		}
	}
	return 0, errors.New("no free ports were found on this computer; choose one with --port")
}

func portFree(port int) bool {
	at := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	l, err := net.Listen("tcp", at)
	if err != nil {
		return false
	}
	_ = l.Close()
	u, err := net.ListenPacket("udp", at)
	if err != nil {
		return false
	}
	_ = u.Close()
	return true
}

// write puts everything below the home, the network file last: while it is missing, nothing was made.
func (m *networkMade) write(ctx context.Context, a *app, made *network.Made) error {
	operators := filepath.Join(a.Home, "operators")
	if err := os.MkdirAll(operators, 0o700); err != nil {
		return fmt.Errorf("write the network: %w", err)
	}
	for i, key := range made.OperatorKeys {
		name := filepath.Join(operators, fmt.Sprintf("operator-%d.pem", i+1))
		if err := writeOperatorKey(name, key); err != nil {
			return err
		}
		m.Operators = append(m.Operators, name)
	}
	for i, secrets := range made.Relays {
		dir := filepath.Join(a.Home, fmt.Sprintf("relay-%d", i+1))
		if err := relay.Prepare(ctx, dir, secrets, store.KeyFile()); err != nil {
			return err
		}
		m.Relays = append(m.Relays, madeHome{Home: dir, PeerID: secrets.Peer})
	}
	for _, r := range made.Bundle.Relays {
		for i := range m.Relays {
			if m.Relays[i].PeerID == r.Peer {
				m.Relays[i].Addrs = r.Addrs
			}
		}
	}
	cut, err := place.NewMap(made.Bundle.Map)
	if err != nil {
		return err
	}
	m.Regions = len(cut.Regions())
	for _, region := range cut.Regions() {
		m.Areas += len(cut.Areas(region))
	}
	return writeWhole(m.Network, made.Signed, 0o644)
}

func madePage(p *page, m networkMade) {
	p.linef("Made network %s, in force until %s.", p.a.bold(m.ID), instant(m.Expires))
	p.linef("The country is cut into %d regions and %d areas, %s.", m.Regions, m.Areas, m.Map)
	p.line("")
	p.linef("For everybody: %s", m.Network)
	p.line("For three operators, of whom two have to sign each network file. Let them keep their keys apart and offline:")
	for _, key := range m.Operators {
		p.line("  " + key)
	}
	p.line("")
	p.line("Start each relay, then practices and patients:")
	for _, r := range m.Relays {
		p.linef("  pieks relay --home %s --network %s", r.Home, m.Network)
	}
	p.linef("  pieks practice --home P1 --network %s --name NAME --plz PLZ --street STREET --phone NUMBER", m.Network)
	p.linef("  pieks patient --home A1 --network %s --plz PLZ", m.Network)
}

const operatorKeyType = "PRIVATE KEY" // PKCS #8, which openssl reads too

func writeOperatorKey(name string, key ed25519.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode the operator's key: %w", err)
	}
	return writeWhole(name, pem.EncodeToMemory(&pem.Block{Type: operatorKeyType, Bytes: der}), 0o600)
}

func readOperatorKey(name string) (ed25519.PrivateKey, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the operator's key: %w", err)
	}
	wrong := usagef("%s is not the key of an operator: that is a PEM file as `pieks network init` writes it.", name)
	block, _ := pem.Decode(data)
	if block == nil || block.Type != operatorKeyType {
		return nil, wrong
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, wrong
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, wrong
	}
	return key, nil
}

// readCertificate reads a card CA. Brainpool keys, which most of them have, are not for crypto/x509 to parse: package network checks it.
func readCertificate(name string) ([]byte, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the certificate: %w", err)
	}
	if block, _ := pem.Decode(data); block != nil {
		if block.Type != "CERTIFICATE" {
			return nil, usagef("%s holds a %s, not a certificate", name, block.Type)
		}
		return block.Bytes, nil
	}
	return data, nil
}
