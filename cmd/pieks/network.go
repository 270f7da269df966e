package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"pieks/gossip"
	"pieks/gossip/place"
	"pieks/node/control"
	"pieks/node/disclosure"
	"pieks/node/network"
)

// NetworkCmd makes and inspects the signed file that says what a network is.
type NetworkCmd struct {
	Init    NetworkInitCmd    `cmd:"" help:"Make a new network: its file, its operators' keys, and a home for each relay."`
	Renew   NetworkRenewCmd   `cmd:"" help:"Make the next network file before the present one ends."`
	Revoke  NetworkRevokeCmd  `cmd:"" help:"Shut out a practice's device or a card, or let it in again."`
	Give    NetworkGiveCmd    `cmd:"" help:"Hand a newer network file to a running node, which passes it on."`
	Sign    NetworkSignCmd    `cmd:"" help:"Add the signature of an operator to a network file."`
	Show    NetworkShowCmd    `cmd:"" help:"Show what a network file says, and whether it is in force."`
	Regions NetworkRegionsCmd `cmd:"" help:"Show the regions and areas of a network file, or of a count of practices."`
}

const networkName = "network.cbor"

// networkFile is a file, or network.cbor in a folder; without either it is that of --home.
func (a *app) networkFile(given string) (string, error) {
	name := or(given, a.Home)
	if name == "" {
		return "", usagef("Name the network file, or the folder that it is in with --home DIR")
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		name = filepath.Join(name, networkName)
	}
	return name, nil
}

// signedNetwork is what a network file says that two operators have signed, and where it is.
func (a *app) signedNetwork(given string) (name string, b *network.Bundle, err error) {
	if name, err = a.networkFile(given); err != nil {
		return "", nil, err
	}
	data, err := readNetworkFile(name)
	if err != nil {
		return "", nil, err
	}
	if b, err = network.Verify(data); err != nil {
		return "", nil, fmt.Errorf("read %s: %w", name, err)
	}
	return name, b, nil
}

// enoughToRefuse is more than a network file may have: package network refuses what is longer with its own sentence.
const enoughToRefuse = 2 << 20

func readNetworkFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read the network file: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, enoughToRefuse))
	if err != nil {
		return nil, fmt.Errorf("read the network file: %w", err)
	}
	return data, nil
}

type NetworkShowCmd struct {
	File string `arg:"" optional:"" type:"path" help:"The network file, or the folder that it is in."`
}

// networkInfo is what `pieks network show` reports.
type networkInfo struct {
	ID          string        `json:"id"`
	Name        string        `json:"name"`
	Number      uint64        `json:"number"`
	Test        bool          `json:"test"`
	Signatures  int           `json:"signatures"`
	InForce     bool          `json:"in_force"` // signed by two operators and not expired
	Issued      time.Time     `json:"issued"`
	Expires     time.Time     `json:"expires"`
	Relays      []relayInfo   `json:"relays"`
	Rules       rulesInfo     `json:"rules"`
	Vaccines    []vaccineInfo `json:"vaccines"`
	Professions []string      `json:"professions"`
	CardRoots   int           `json:"card_roots"`
	CVCRoots    int           `json:"cvc_roots"` // of patients' cards, beside those of a test network's virtual ones
	IssuerKeys  int           `json:"issuer_keys"`
	Regions     int           `json:"regions"`
	Areas       int           `json:"areas"`
	Revoked     []string      `json:"revoked"`       // device keys
	Cards       []string      `json:"revoked_cards"` // SHA-256 of certificates
	bundle      *network.Bundle
}

type relayInfo struct {
	PeerID   string   `json:"peer_id"`
	Operator string   `json:"operator"`
	Addrs    []string `json:"addrs"`
	Zones    []string `json:"zones,omitempty"`
}

// rulesInfo holds durations as people write them.
type rulesInfo struct {
	Cycle   string `json:"cycle"`
	Epoch   string `json:"epoch"`
	Hold    string `json:"hold"`
	MaxSkew string `json:"max_skew"`
	Days    uint32 `json:"days_ahead"`
	Draw    string `json:"draw"` // how long requests for a new slot are collected

	DiscloseLeast int    `json:"disclose_least"`
	DiscloseCycle string `json:"disclose_cycle"`
	DiscloseWait  string `json:"disclose_wait"`
}

type vaccineInfo struct {
	Code  string `json:"code"`
	Name  string `json:"name"`
	Doses uint8  `json:"doses"`
}

func (c *NetworkShowCmd) Run(a *app) error {
	name, err := a.networkFile(c.File)
	if err != nil {
		return err
	}
	info, err := inspect(name, time.Now())
	if err != nil {
		return err
	}
	a.test = info.Test
	return a.report(info, func(p *page) { networkPage(p, info) })
}

func inspect(name string, now time.Time) (*networkInfo, error) {
	data, err := readNetworkFile(name)
	if err != nil {
		return nil, err
	}
	b, signers, err := network.Inspect(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	m, err := place.NewMap(b.Map)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	info := &networkInfo{
		ID: b.ID(), Name: b.Name, Number: b.Number, Test: b.IsTest(), Signatures: len(signers),
		InForce: len(signers) >= 2 && !b.ExpiredAt(now),
		Issued:  time.Unix(int64(b.Issued), 0).UTC(), Expires: time.Unix(int64(b.Expires), 0).UTC(),
		Rules:  rulesOf(b.Rules, b.DisclosureRules()),
		Relays: []relayInfo{}, Professions: b.Professions, CardRoots: len(b.Roots), CVCRoots: len(b.CVCRoots), IssuerKeys: len(b.Issuers),
		Regions: len(m.Regions()), Revoked: []string{}, Cards: []string{}, bundle: b,
	}
	for _, region := range m.Regions() {
		info.Areas += len(m.Areas(region))
	}
	for _, r := range b.Relays {
		info.Relays = append(info.Relays, relayInfo{r.Peer, r.Operator, r.Addrs, r.Zones})
	}
	for _, v := range b.Vaccines {
		info.Vaccines = append(info.Vaccines, vaccineInfo{v.Code, v.Name, v.Doses})
	}
	for _, key := range b.Revoked {
		info.Revoked = append(info.Revoked, fmt.Sprintf("%x", key))
	}
	for _, sum := range b.RevokedCards {
		info.Cards = append(info.Cards, fmt.Sprintf("%x", sum))
	}
	return info, nil
}

func rulesOf(r gossip.Rules, d disclosure.Rules) rulesInfo {
	return rulesInfo{
		Cycle: r.Cycle.String(), Epoch: r.Epoch.String(), Hold: r.Hold.String(), MaxSkew: r.MaxSkew.String(), Days: r.DaysAhead,
		Draw:          (r.Cycle / time.Duration(r.DrawFraction)).String(),
		DiscloseLeast: d.K, DiscloseCycle: d.Cycle.String(), DiscloseWait: d.MaxWait.String(),
	}
}

func networkPage(p *page, info *networkInfo) {
	p.line(p.a.bold(info.Name))
	state := p.a.green("in force")
	switch {
	case info.Signatures < 2:
		state = p.a.red(fmt.Sprintf("a draft with %s; `pieks network sign` adds one, two are needed", count(info.Signatures, "signature", "signatures")))
	case !info.InForce:
		state = p.a.red("expired")
	}
	p.pairs(
		[2]string{"State", state},
		[2]string{"ID", info.ID},
		[2]string{"Number", fmt.Sprint(info.Number)},
		[2]string{"Issued", instant(info.Issued)},
		[2]string{"Expires", instant(info.Expires)},
		[2]string{"Map", fmt.Sprintf("%d regions, %d areas", info.Regions, info.Areas)},
		[2]string{"Cycle", fmt.Sprintf("%s, of which %s are for the draw", info.Rules.Cycle, info.Rules.Draw)},
		[2]string{"Epoch", info.Rules.Epoch},
		[2]string{"Hold", info.Rules.Hold},
		[2]string{"Disclosures", fmt.Sprintf("%d together, every %s, after %s at most", info.Rules.DiscloseLeast, info.Rules.DiscloseCycle, info.Rules.DiscloseWait)},
		[2]string{"Cards", fmt.Sprintf("%s, %s", count(info.CardRoots, "root", "roots"), count(len(info.Professions), "accepted profession", "accepted professions"))},
		[2]string{"Patients' cards", count(info.CVCRoots, "root", "roots")},
		[2]string{"Pass keys", fmt.Sprint(info.IssuerKeys)},
		[2]string{"Revoked", strings.Join(info.Revoked, " ")},
		[2]string{"Revoked cards", strings.Join(info.Cards, " ")},
	)
	var rows [][]string
	for _, r := range info.Relays {
		rows = append(rows, []string{r.Operator, strings.Join(r.Addrs, " "), r.PeerID})
	}
	p.line("")
	p.table([]string{"RELAY", "ADDRESSES", "PEER ID"}, rows)
	rows = nil
	for _, v := range info.Vaccines {
		rows = append(rows, []string{v.Code, v.Name, count(int(v.Doses), "dose", "doses")})
	}
	p.line("")
	p.table([]string{"VACCINE", "NAME", ""}, rows)
}

type NetworkRegionsCmd struct {
	File   string `arg:"" optional:"" type:"path" help:"The network file, or the folder that it is in."`
	Counts string `type:"path" help:"Instead of a network file: a CSV with a line 'plz,count' for each postcode." placeholder:"FILE"`
	K      int    `name:"k" default:"5" help:"With --counts: how many practices a region and an area have at least (${default})." placeholder:"N"`
	PLZ    string `name:"plz" env:"-" help:"Only the region and area of this postcode, with the neighbours." placeholder:"PLZ"`
}

func (NetworkRegionsCmd) Help() string {
	return `A region is what relays and patients know of each other. An area is what a practice shows of itself before an offer. Both hold at least k practices.

    pieks network regions NET/network.cbor --plz 50667
    pieks network regions --counts practices.csv --k 5`
}

// regionInfo is one region with its areas.
type regionInfo struct {
	Region     string   `json:"region"`
	Prefixes   []string `json:"prefixes,omitempty"`
	Areas      []string `json:"areas"`
	Neighbours []string `json:"neighbours,omitempty"`
}

func (c *NetworkRegionsCmd) Run(a *app) error {
	m, err := c.placeMap(a)
	if err != nil {
		return err
	}
	var list []regionInfo
	if c.PLZ != "" {
		plz, err := place.ParsePLZ(c.PLZ)
		if err != nil {
			return usagef("%w", err)
		}
		region := m.Region(plz)
		list = []regionInfo{{Region: region, Areas: []string{m.Area(plz)}, Neighbours: m.Neighbours(region)}}
	} else {
		for _, region := range m.Regions() {
			list = append(list, regionInfo{Region: region, Areas: m.Areas(region)})
		}
	}
	for _, data := range m.Data().Regions {
		for i := range list {
			if strings.HasPrefix(list[i].Region, data.Prefixes[0]) {
				list[i].Prefixes = data.Prefixes
			}
		}
	}
	return a.report(list, func(p *page) {
		var rows [][]string
		for _, r := range list {
			rows = append(rows, []string{r.Region, strings.Join(r.Prefixes, " "), shorten(r.Areas), strings.Join(r.Neighbours, " ")})
		}
		head := []string{"REGION", "PREFIXES", "AREAS", "NEIGHBOURS"}
		if c.PLZ == "" {
			head[3] = ""
		}
		p.table(head, rows)
	})
}

func (c *NetworkRegionsCmd) placeMap(a *app) (*place.Map, error) {
	if c.Counts != "" {
		data, err := countedMap(c.Counts, c.K)
		if err != nil {
			return nil, err
		}
		return place.NewMap(data)
	}
	name, err := a.networkFile(c.File)
	if err != nil {
		return nil, err
	}
	info, err := inspect(name, time.Now())
	if err != nil {
		return nil, err
	}
	a.test = info.Test
	return place.NewMap(info.bundle.Map)
}

// countedMap cuts the country by the number of practices.
func countedMap(file string, k int) (data place.MapData, err error) {
	f, err := os.Open(file)
	if err != nil {
		return data, fmt.Errorf("read the count of practices: %w", err)
	}
	defer f.Close()
	counts, err := place.ParseCounts(f)
	if err != nil {
		return data, usagef("%s: %w", file, err)
	}
	data, err = place.BuildMapData(counts, k)
	if err != nil {
		return data, usagef("%s: %w", file, err)
	}
	return data, nil
}

// shorten lists a few areas and counts the rest.
func shorten(areas []string) string {
	const most = 6
	if len(areas) <= most {
		return strings.Join(areas, " ")
	}
	return strings.Join(areas[:most], " ") + fmt.Sprintf(" and %d more", len(areas)-most)
}

// NetworkSignCmd completes a draft: each operator signs on a computer of their own.
type NetworkSignCmd struct {
	File string   `arg:"" type:"existingfile" help:"The network file or draft."`
	Key  []string `required:"" type:"path" sep:"none" help:"Key of an operator; may be given twice." placeholder:"FILE"`
	Out  string   `type:"path" help:"Where to write; left out, the file itself is replaced." placeholder:"FILE"`
}

func (NetworkSignCmd) Help() string {
	return `Look at it with 'pieks network show' before you sign. Two of the three operators have to sign, so that nobody changes a network alone.

    pieks network sign network.cbor --key operator-2.pem`
}

func (c *NetworkSignCmd) Run(a *app) error {
	data, err := readNetworkFile(c.File)
	if err != nil {
		return err
	}
	for _, name := range c.Key {
		key, err := readOperatorKey(name)
		if err != nil {
			return err
		}
		if data, err = network.Cosign(data, key); err != nil {
			return fmt.Errorf("sign with %s: %w", name, err)
		}
	}
	b, signers, err := network.Inspect(data)
	if err != nil {
		return err
	}
	out := or(c.Out, c.File)
	if err := writeWhole(out, data, 0o644); err != nil {
		return err
	}
	a.test = b.IsTest()
	slices.Sort(signers)
	result := struct {
		Network    string `json:"network"`
		Signatures int    `json:"signatures"`
		Complete   bool   `json:"complete"`
	}{out, len(signers), len(signers) >= 2}
	return a.report(result, func(p *page) {
		p.linef("Wrote %s with %s.", out, count(len(signers), "signature", "signatures"))
		if !result.Complete {
			p.line("Another operator has to sign it before it is in force.")
		}
	})
}

// writeWhole replaces a file in one step.
func writeWhole(name string, data []byte, mode os.FileMode) error {
	temp, err := os.CreateTemp(filepath.Dir(name), ".pieks-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = temp.Write(data)
	err = errors.Join(err, temp.Chmod(mode), temp.Sync(), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), name)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
		return control.Errorf(control.KindFailed, "%s could not be written: %w", name, err)
	}
	return nil
}
