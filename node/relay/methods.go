package relay

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"sort"

	libhost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"

	"pieks/node/admission"
	"pieks/node/control"
)

// Handlers are the control methods of a relay.
func (n *Node) Handlers() control.Handlers {
	handlers := n.home.Methods(n.gate, func() []libhost.Host { return []libhost.Host{n.host} })
	maps.Copy(handlers, control.Handlers{
		control.MethodDiscloseList: control.HandleNone(n.listDisclosed),
		control.MethodStatus:       control.HandleNone(func(context.Context) (control.Status, error) { return n.Status(), nil }),
		control.MethodDoctor:       control.HandleNone(n.doctor),
		control.MethodTraffic:      control.HandleNone(func(context.Context) (control.Traffic, error) { return n.Traffic(), nil }),
		control.MethodSync: control.HandleNone(func(ctx context.Context) (control.Status, error) {
			n.SyncNow(ctx)
			return n.Status(), nil
		}),
	})
	return handlers
}

// Status is what the relay says of itself: counters, and nothing of anybody.
func (n *Node) Status() control.Status {
	s := n.home.Status()
	s.PeerIDs = []string{n.host.ID().String()}
	for _, relay := range n.others() {
		s.Relays = append(s.Relays, control.Relay{
			PeerID: relay.ID.String(), Operator: n.home.Operator(relay.ID),
			Connected: n.host.Network().Connectedness(relay.ID) == network.Connected,
		})
	}
	view, at := n.pool.View(), n.home.Now()
	for _, region := range view.Regions() {
		digest := view.Digest(region, at)
		r := control.PoolRegion{Region: region, Digest: hex.EncodeToString(digest[:8])}
		for _, sheet := range view.Region(region) {
			r.Sheets++
			r.Slots += len(sheet.Sheet.Slots)
		}
		s.Pool = append(s.Pool, r)
	}
	counts := n.admission.Counts()
	s.Clients = counts.Clients
	s.Circuits = n.circuits()
	s.Mailbox = n.mailbox.Counts().Envelopes
	s.Limits = n.limits(counts)
	s.Offline = n.apartSince(at)
	if err := n.traffic.unwritable(); err != nil && s.ReadOnly == "" {
		s.ReadOnly = err.Error()
	}
	s.Disclosures = n.disclosed.Counts().Waiting
	return s
}

// listDisclosed shows which lists are kept here, and how much waits to be published.
func (n *Node) listDisclosed(context.Context) (control.DisclosureLists, error) {
	out := control.DisclosureLists{Lists: []control.DisclosureList{}, Warnings: []control.Warning{}, Waiting: n.disclosed.Counts().Waiting}
	for _, l := range n.disclosed.Published() {
		out.Lists = append(out.Lists, control.DisclosureList{Relay: n.home.Operator(l.Relay), Number: l.Number, Issued: l.Issued, Items: l.Items})
	}
	return out, nil
}

// circuits counts the peers that other peers can reach through this relay.
func (n *Node) circuits() int {
	counts := n.admission.Counts()
	return counts.Fronts + counts.Desks
}

func (n *Node) limits(counts admission.Counts) []control.Limit {
	var limits []control.Limit
	add := func(name string, count uint64) {
		if count > 0 {
			limits = append(limits, control.Limit{Name: name, Count: count})
		}
	}
	add("admission refused", counts.Refused-min(counts.Full, counts.Refused))
	add("monthly volume", counts.Full)
	for abuse, count := range n.filter.Stats().Refused {
		add("subscription "+string(abuse), count)
	}
	for name, count := range n.validator.Counts() {
		if name != "ok" {
			add("sheet "+name, count)
		}
	}
	sort.Slice(limits, func(i, j int) bool { return limits[i].Name < limits[j].Name })
	return limits
}

func (n *Node) doctor(ctx context.Context) ([]control.Finding, error) {
	found := n.home.Findings(ctx)
	listening := control.Finding{Check: "listening", OK: len(n.host.Network().ListenAddresses()) > 0, Detail: fmt.Sprint(n.host.Network().ListenAddresses())}
	if !listening.OK {
		listening.Next = "start the relay with --listen and an address of this machine"
	}
	connected := slices.ContainsFunc(n.Status().Relays, func(r control.Relay) bool { return r.Connected })
	others := control.Finding{Check: "other relays", OK: connected || len(n.others()) == 0, Detail: fmt.Sprintf("%d in the network", len(n.others()))}
	if !others.OK {
		others.Detail += ", none reached"
		others.Next = "check this machine's connection and firewall"
	}
	return append(found, listening, others, n.volumeFinding()), nil
}

func (n *Node) volumeFinding() control.Finding {
	t := n.Traffic()
	f := control.Finding{Check: "monthly volume", OK: !t.Full, Detail: fmt.Sprintf("%.1f GB in %s", float64(t.MonthBytes)/1e9, t.Month)}
	if t.QuotaBytes > 0 {
		f.Detail += fmt.Sprintf(" of %.1f GB", float64(t.QuotaBytes)/1e9)
	}
	if t.Full {
		f.Detail += ", used up: new patients are sent to other relays until " + t.Resets.Format("2 January 2006")
		f.Next = "start the relay with a larger --monthly-gb, or leave it: practices and patients who are here stay"
	}
	return f
}
