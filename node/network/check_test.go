package network

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pieks/card"
	"pieks/gossip"
	"pieks/gossip/place"
)

func TestContradictionsAreRefused(t *testing.T) {
	made := fixtureOf(t)
	caKey := made.Bundle.Test.PrivateKey
	otherCA := testCA(t, 9)
	relay := func(change func(*Relay)) func(*Bundle) {
		return func(b *Bundle) { change(&b.Relays[0]) }
	}
	vaccine := func(change func(*gossip.Vaccine)) func(*Bundle) {
		return func(b *Bundle) { change(&b.Vaccines[0]) }
	}
	for name, c := range map[string]struct {
		change func(*Bundle)
		want   error
	}{
		"nothing changed":   {func(*Bundle) {}, nil},
		"version 2":         {func(b *Bundle) { b.Version = 2 }, ErrVersion},
		"version 0":         {func(b *Bundle) { b.Version = 0 }, ErrVersion},
		"number 0":          {func(b *Bundle) { b.Number = 0 }, ErrContent},
		"never issued":      {func(b *Bundle) { b.Issued = 0 }, ErrContent},
		"ends at once":      {func(b *Bundle) { b.Expires = b.Issued }, ErrContent},
		"ends before":       {func(b *Bundle) { b.Expires = b.Issued - 1 }, ErrContent},
		"31 days":           {func(b *Bundle) { b.Expires = b.Issued + 31*86400 }, ErrContent},
		"for ever":          {func(b *Bundle) { b.Expires = 1<<64 - 1 }, ErrContent},
		"exactly 30 days":   {func(b *Bundle) { b.Expires = b.Issued + 30*86400 }, nil},
		"no name":           {func(b *Bundle) { b.Name = "" }, ErrContent},
		"name too long":     {func(b *Bundle) { b.Name = strings.Repeat("x", 81) }, ErrContent},
		"name with escape":  {func(b *Bundle) { b.Name = "Pieks\x1b[31m" }, ErrContent},
		"name with bidi":    {func(b *Bundle) { b.Name = "Pieks\u202e" }, ErrContent},
		"name of two lines": {func(b *Bundle) { b.Name = "Pieks\nOK" }, ErrContent},

		"roots of patients' cards":       {func(b *Bundle) { b.CVCRoots = [][]byte{cvcRoot(t, 1)} }, nil},
		"roots of patients' cards twice": {func(b *Bundle) { b.CVCRoots = [][]byte{cvcRoot(t, 1), cvcRoot(t, 1)} }, ErrContent},
		"a root of nothing":              {func(b *Bundle) { b.CVCRoots = [][]byte{{1}} }, ErrContent},
		"a root and more":                {func(b *Bundle) { b.CVCRoots = [][]byte{append(cvcRoot(t, 1), 0)} }, ErrContent},
		"17 roots of patients' cards": {func(b *Bundle) {
			for i := range byte(17) {
				b.CVCRoots = append(b.CVCRoots, cvcRoot(t, i))
			}
			slices.SortFunc(b.CVCRoots, bytes.Compare)
		}, ErrContent},
		"a test root among real ones": {func(b *Bundle) {
			b.Test, b.Roots, b.CVCRoots = nil, [][]byte{renamedRoot(t)}, [][]byte{cvcRoot(t, 1)}
		}, ErrCardKey},

		"revoked cards out of order": {func(b *Bundle) { b.RevokedCards = [][32]byte{{2}, {1}} }, ErrContent},
		"revoked card twice":         {func(b *Bundle) { b.RevokedCards = [][32]byte{{1}, {1}} }, ErrContent},
		"revoked card":               {func(b *Bundle) { b.RevokedCards = [][32]byte{{1}} }, nil},
		"disclosures of one":         {func(b *Bundle) { b.Disclosure = &Disclosure{1, 1, 1} }, nil},
		"disclosures of none":        {func(b *Bundle) { b.Disclosure = &Disclosure{0, 1, 1} }, ErrContent},
		"disclosures of thousands":   {func(b *Bundle) { b.Disclosure = &Disclosure{1001, 1, 1} }, ErrContent},
		"disclosures without cycle":  {func(b *Bundle) { b.Disclosure = &Disclosure{1, 0, 1} }, ErrContent},
		"disclosures each month":     {func(b *Bundle) { b.Disclosure = &Disclosure{1, 86401, 86401} }, ErrContent},
		"wait below the cycle":       {func(b *Bundle) { b.Disclosure = &Disclosure{1, 10, 9} }, ErrContent},
		"wait for a week":            {func(b *Bundle) { b.Disclosure = &Disclosure{1, 10, 7 * 86400} }, ErrContent},

		"no relay":            {func(b *Bundle) { b.Relays = nil }, ErrContent},
		"relay twice":         {func(b *Bundle) { b.Relays[1] = b.Relays[0] }, ErrContent},
		"relays out of order": {func(b *Bundle) { slices.Reverse(b.Relays) }, ErrContent},
		"relay is not a peer": {relay(func(r *Relay) { r.Peer = "12D3KooW" }), ErrContent},
		"relay is a CID": {relay(func(r *Relay) {
			r.Peer = "bafzaajaiaejcbzdibmxyzdjbbehgvizh6g5tikvy47mshdy6gwbruvgwvd24seug"
		}), ErrContent},
		"relay with RSA ID":      {relay(func(r *Relay) { r.Peer = "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N" }), ErrContent},
		"no address":             {relay(func(r *Relay) { r.Addrs = nil }), ErrContent},
		"nine addresses":         {relay(func(r *Relay) { r.Addrs = slices.Repeat(r.Addrs[:1], 9) }), ErrContent},
		"address of nothing":     {relay(func(r *Relay) { r.Addrs = []string{""} }), ErrContent},
		"address is a URL":       {relay(func(r *Relay) { r.Addrs = []string{"https://example.org"} }), ErrContent},
		"address with peer":      {relay(func(r *Relay) { r.Addrs = []string{"/ip4/127.0.0.1/tcp/1/p2p/" + r.Peer} }), ErrContent},
		"address as circuit":     {relay(func(r *Relay) { r.Addrs = []string{"/ip4/127.0.0.1/tcp/1/p2p/" + r.Peer + "/p2p-circuit"} }), ErrContent},
		"address not written so": {relay(func(r *Relay) { r.Addrs = []string{"/ip6/0:0:0:0:0:0:0:1/tcp/1"} }), ErrContent},
		"address too long":       {relay(func(r *Relay) { r.Addrs = []string{"/dns4/" + strings.Repeat("a.", 64) + "de/tcp/1"} }), ErrContent},
		"address by name":        {relay(func(r *Relay) { r.Addrs = []string{"/dns4/relay.example.org/udp/4001/quic-v1"} }), nil},
		"no operator":            {relay(func(r *Relay) { r.Operator = "" }), ErrContent},
		"zones":                  {relay(func(r *Relay) { r.Zones = []string{"10", "50"} }), nil},
		"zones out of order":     {relay(func(r *Relay) { r.Zones = []string{"50", "10"} }), ErrContent},
		"zone of nothing":        {relay(func(r *Relay) { r.Zones = []string{"00"} }), ErrContent},
		"zone of three digits":   {relay(func(r *Relay) { r.Zones = []string{"506"} }), ErrContent},

		"no issuer":            {func(b *Bundle) { b.Issuers = nil }, ErrContent},
		"issuer twice":         {func(b *Bundle) { b.Issuers[1] = b.Issuers[0] }, ErrContent},
		"issuers out of order": {func(b *Bundle) { slices.Reverse(b.Issuers) }, ErrContent},
		"issuer of no relay":   {func(b *Bundle) { b.Issuers[0].Issuer = b.Relays[0].Peer + "x" }, ErrContent},
		"issuers overlap":      {func(b *Bundle) { b.Issuers[0].To, b.Issuers[1].To = b.Expires, b.Expires }, ErrContent},

		"no root":           {func(b *Bundle) { b.Roots = nil }, ErrContent},
		"root twice":        {func(b *Bundle) { b.Roots = append(b.Roots, b.Roots[0]) }, ErrContent},
		"root of nothing":   {func(b *Bundle) { b.Roots = append([][]byte{{}}, b.Roots...) }, ErrContent},
		"root cut":          {func(b *Bundle) { b.Roots[0] = b.Roots[0][:100] }, ErrContent},
		"root and more":     {func(b *Bundle) { b.Roots[0] = append(slices.Clone(b.Roots[0]), 0) }, ErrContent},
		"key as root":       {func(b *Bundle) { b.Roots = sortedRoots(b.Roots[0], caKey) }, ErrCardKey},
		"SEC 1 key as root": {func(b *Bundle) { b.Roots = sortedRoots(b.Roots[0], sec1(t, caKey)) }, ErrCardKey},
		"test CA, no mark":  {func(b *Bundle) { b.Test = nil }, ErrCardKey},
		"key of another CA": {func(b *Bundle) { b.Test = &TestCard{b.Test.Certificate, keyOf(t, otherCA)} }, ErrContent},
		"CA is no root":     {func(b *Bundle) { b.Test = &TestCard{otherCA.Certificate(), keyOf(t, otherCA)} }, ErrContent},
		"mark without key":  {func(b *Bundle) { b.Test = &TestCard{Certificate: b.Test.Certificate} }, ErrContent},

		"no profession":          {func(b *Bundle) { b.Professions = nil }, ErrContent},
		"patients as practices":  {func(b *Bundle) { b.Professions = []string{"1.2.276.0.76.4.30", "1.2.276.0.76.4.49"} }, ErrContent},
		"profession is a word":   {func(b *Bundle) { b.Professions = []string{"Arzt"} }, ErrContent},
		"profession is a prefix": {func(b *Bundle) { b.Professions = []string{"1.2.276."} }, ErrContent},
		"profession with zero":   {func(b *Bundle) { b.Professions = []string{"1.2.076"} }, ErrContent},
		"professions unordered":  {func(b *Bundle) { slices.Reverse(b.Professions) }, ErrContent},

		"map of nonsense": {func(b *Bundle) { b.Map = place.MapData{K: 5, Regions: []place.RegionData{{Prefixes: []string{"506"}}}} }, ErrContent},

		"no vaccine":           {func(b *Bundle) { b.Vaccines = nil }, ErrContent},
		"vaccine twice":        {func(b *Bundle) { b.Vaccines[1] = b.Vaccines[0] }, ErrContent},
		"code in capitals":     {vaccine(func(v *gossip.Vaccine) { v.Code = "Comirnaty" }), ErrContent},
		"no code":              {vaccine(func(v *gossip.Vaccine) { v.Code = "" }), ErrContent},
		"code too long":        {vaccine(func(v *gossip.Vaccine) { v.Code = strings.Repeat("a", 25) }), ErrContent},
		"no dose":              {vaccine(func(v *gossip.Vaccine) { v.Doses = 0 }), ErrContent},
		"empty vial":           {vaccine(func(v *gossip.Vaccine) { v.VialDoses = 0 }), ErrContent},
		"interval backwards":   {vaccine(func(v *gossip.Vaccine) { v.IntervalDays = [2]int{30, 20} }), ErrContent},
		"interval of nothing":  {vaccine(func(v *gossip.Vaccine) { v.IntervalDays = [2]int{} }), ErrContent},
		"interval negative":    {vaccine(func(v *gossip.Vaccine) { v.IntervalDays = [2]int{-1, 20} }), ErrContent},
		"one dose, interval":   {vaccine(func(v *gossip.Vaccine) { v.Doses = 1 }), ErrContent},
		"vaccine without name": {vaccine(func(v *gossip.Vaccine) { v.Name = "" }), ErrContent},

		"short epoch":      {func(b *Bundle) { b.Rules.Cycle, b.Rules.Epoch = time.Second, 9*time.Second }, ErrContent},
		"revoked":          {func(b *Bundle) { b.Revoked = [][32]byte{{1}, {2}} }, nil},
		"revoked twice":    {func(b *Bundle) { b.Revoked = [][32]byte{{1}, {1}} }, ErrContent},
		"revoked unsorted": {func(b *Bundle) { b.Revoked = [][32]byte{{2}, {1}} }, ErrContent},
		"operators unsorted": {func(b *Bundle) {
			b.Operators[0], b.Operators[2] = b.Operators[2], b.Operators[0]
		}, ErrContent},
		"operator of zeros": {func(b *Bundle) { b.Operators[1] = [32]byte{} }, ErrContent},
	} {
		data := variant(t, func(b *Bundle) {
			for i := range b.Relays {
				b.Relays[i].Addrs = slices.Clone(b.Relays[i].Addrs)
			}
			c.change(b)
		})
		if b, err := Verify(data); !errors.Is(err, c.want) || (b == nil) == (err == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		} else if err != nil && !strings.Contains(err.Error(), c.want.Error()) {
			t.Errorf("%s: %q does not say what to do", name, err)
		}
	}
}

// TestRulesThatCannotBe are refused when they are signed, and have no encoding at all.
func TestRulesThatCannotBe(t *testing.T) {
	made := fixtureOf(t)
	for name, change := range map[string]func(*gossip.Rules){
		"cycle of 0":         func(r *gossip.Rules) { r.Cycle = 0 },
		"cycle of 999 ms":    func(r *gossip.Rules) { r.Cycle = 999 * time.Millisecond },
		"cycle of 61 min":    func(r *gossip.Rules) { r.Cycle = 61 * time.Minute },
		"epoch of 9 s":       func(r *gossip.Rules) { r.Cycle, r.Epoch = time.Second, 9*time.Second },
		"epoch of 49 h":      func(r *gossip.Rules) { r.Epoch = 49 * time.Hour },
		"hold of 0":          func(r *gossip.Rules) { r.Hold = 0 },
		"hold of 25 h":       func(r *gossip.Rules) { r.Hold = 25 * time.Hour },
		"cool-down of 0":     func(r *gossip.Rules) { r.CoolDownMax = 0 },
		"cool-down for ever": func(r *gossip.Rules) { r.CoolDownMax = 1 << 30 },
		"draw of 0":          func(r *gossip.Rules) { r.DrawFraction = 0 },
	} {
		b := made.Bundle.Next()
		change(&b.Rules)
		if data, err := Sign(b, made.OperatorKeys[0], made.OperatorKeys[1]); !errors.Is(err, ErrContent) || data != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Init(t.Context(), InitConfig{Relays: LoopbackRelays(1, 4100), Rules: b.Rules}); !errors.Is(err, ErrContent) {
			t.Errorf("%s: init: %v", name, err)
		}
	}
	b := made.Bundle.Next()
	b.Rules.Cycle, b.Rules.Epoch, b.Rules.Hold = time.Second, MinEpoch, time.Second
	if _, err := Sign(b, made.OperatorKeys[0], made.OperatorKeys[1]); err != nil {
		t.Errorf("the shortest of all: %v", err)
	}
}

func TestPolicyIsWhatTheBundleSays(t *testing.T) {
	made := fixtureOf(t)
	p, err := made.Bundle.Policy()
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Keys) != len(made.Bundle.Issuers) || p.Rules != made.Bundle.Rules || p.Vaccines["comirnaty"].Doses != 2 || p.Map.Region("50667") != "506" {
		t.Errorf("%+v", p)
	}
	epoch := p.Rules.EpochAt(noon)
	for _, r := range made.Bundle.Relays {
		if keys := p.IssuerKeys(r.Peer, epoch); len(keys) != 1 {
			t.Errorf("relay %s has %d keys today", r.Peer, len(keys))
		}
		if keys := p.IssuerKeys(r.Peer, p.Rules.EpochAt(made.Bundle.ExpiresAt().Add(-time.Second))); len(keys) != 1 {
			t.Errorf("relay %s has %d keys on the last day", r.Peer, len(keys))
		}
	}
}

func sortedRoots(roots ...[]byte) [][]byte {
	slices.SortFunc(roots, slices.Compare)
	return roots
}

func keyOf(t *testing.T, ca interface{ PrivateKey() ([]byte, error) }) []byte {
	t.Helper()
	key, err := ca.PrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sec1(t *testing.T, pkcs8 []byte) []byte {
	t.Helper()
	key, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(key.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// What trusts cards of a test CA is a test network, whether or not it carries a CA's key.
func TestNetworksOfTestCards(t *testing.T) {
	made := fixtureOf(t)
	if !made.Bundle.IsTest() {
		t.Error("a test network is none")
	}
	b := made.Bundle.Next()
	b.Test, b.Roots = nil, [][]byte{renamedRoot(t)}
	if b.IsTest() {
		t.Error("a network of real cards is a test network")
	}
	_, ca, err := card.NewVirtualOf(card.HBA, card.VirtualOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if b.Roots = append(b.Roots, ca.Certificate()); !b.IsTest() {
		t.Error("a network that trusts a test CA is none")
	}
}
