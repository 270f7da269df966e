package network

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"pieks/card"
	"pieks/gossip"
	"pieks/gossip/place"
)

// check says whether a bundle is complete and consistent, and gives its policy. Every honest program of this version
// agrees about it: it reads no clock.
func (b *Bundle) check() (*gossip.Policy, error) {
	if b.Version != Version {
		return nil, ErrVersion
	}
	if err := b.checkIssuers(); err != nil {
		return nil, err
	}
	policy, err := b.Policy()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrContent, err)
	}
	return policy, b.checkEarly(policy.Map)
}

// checkEarly is what check finds without issuer keys, which take long to make.
func (b *Bundle) checkEarly(m *place.Map) error {
	for _, part := range []func() error{
		b.checkHead, b.checkRelays, b.checkRoots, b.checkTest, b.checkProfessions, b.checkVaccines, b.checkCVCRoots, b.checkRest,
	} {
		if err := part(); err != nil {
			return err
		}
	}
	return b.checkZones(m)
}

func contradiction(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrContent, fmt.Sprintf(format, args...))
}

func (b *Bundle) checkHead() error {
	if b.Number == 0 {
		return contradiction("it has no number")
	}
	if !ascending(b.Operators[:], func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) }) {
		return contradiction("operators are not three keys in ascending order")
	}
	if b.Issued == 0 || b.Expires <= b.Issued || b.Expires-b.Issued > uint64(MaxValidity.Seconds()) {
		return contradiction("it is not good for up to %d days", int(MaxValidity.Hours())/24)
	}
	return checkText("name", b.Name)
}

func (b *Bundle) checkRelays() error {
	if len(b.Relays) == 0 || len(b.Relays) > maxRelays {
		return contradiction("it has %d relays, and may have 1 to %d", len(b.Relays), maxRelays)
	}
	if !ascending(b.Relays, compareRelays) {
		return contradiction("relays are not in ascending order")
	}
	for i, r := range b.Relays {
		if err := r.check(); err != nil {
			return fmt.Errorf("relay %d: %w", i+1, err)
		}
	}
	return nil
}

func (r *Relay) check() error {
	id, err := peer.Decode(r.Peer)
	if err != nil || id.String() != r.Peer {
		return contradiction("the peer ID has the wrong form")
	}
	if key, err := id.ExtractPublicKey(); err != nil || key.Type().String() != "Ed25519" {
		return contradiction("the peer ID is not of an Ed25519 key")
	}
	if len(r.Addrs) == 0 || len(r.Addrs) > maxAddrs {
		return contradiction("it has %d addresses, and may have 1 to %d", len(r.Addrs), maxAddrs)
	}
	for i, text := range r.Addrs {
		if err := checkAddr(text); err != nil {
			return fmt.Errorf("address %d: %w", i+1, err)
		}
	}
	if !ascending(r.Zones, strings.Compare) {
		return contradiction("zones are not in ascending order")
	}
	return checkText("operator", r.Operator)
}

func checkAddr(text string) error {
	if len(text) > maxAddr {
		return contradiction("it is longer than %d bytes", maxAddr)
	}
	addr, err := ma.NewMultiaddr(text)
	if err != nil || addr.String() != text {
		return contradiction("it has not the form of a multiaddr")
	}
	if _, err := addr.ValueForProtocol(ma.P_P2P); err == nil {
		return contradiction("it names a peer ID; the relay's own belongs into its entry")
	}
	return nil
}

func (b *Bundle) checkIssuers() error {
	if len(b.Issuers) == 0 || len(b.Issuers) > maxIssuers {
		return contradiction("it has %d issuer keys, and may have 1 to %d", len(b.Issuers), maxIssuers)
	}
	if !ascending(b.Issuers, compareIssuers) {
		return contradiction("issuer keys are not in ascending order")
	}
	end := make(map[string]uint64, len(b.Relays)) // of the key before, by relay
	for _, r := range b.Relays {
		end[r.Peer] = 0
	}
	for _, k := range b.Issuers {
		before, known := end[k.Issuer]
		if !known {
			return contradiction("issuer key %s is of no relay", k.ID)
		}
		if k.From < before {
			return contradiction("issuer key %s overlaps another of its relay", k.ID)
		}
		end[k.Issuer] = k.To
	}
	return nil
}

func compareIssuers(a, b gossip.IssuerKey) int {
	return cmp.Or(cmp.Compare(a.From, b.From), bytes.Compare(a.ID[:], b.ID[:]))
}

func (b *Bundle) checkRoots() error {
	if len(b.Roots) == 0 || len(b.Roots) > maxRoots {
		return contradiction("it has %d card CAs, and may have 1 to %d", len(b.Roots), maxRoots)
	}
	if !ascending(b.Roots, bytes.Compare) {
		return contradiction("card CAs are not in ascending order")
	}
	for i, der := range b.Roots {
		if isPrivateKey(der) {
			return fmt.Errorf("card CA %d: %w", i+1, ErrCardKey)
		}
		certificate, err := card.ParseCertificate(der)
		if err != nil {
			return contradiction("card CA %d cannot be read: %v", i+1, err)
		}
		if b.Test == nil && certificate.Subject == testCAName {
			return fmt.Errorf("card CA %d: %w", i+1, ErrCardKey)
		}
	}
	return nil
}

// testCAName is the common name of every card.TestCA, whose private key is public in some test network.
const testCAName = "Pieks card CA TEST-ONLY"

func isPrivateKey(der []byte) bool {
	if _, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return true
	}
	if _, err := x509.ParseECPrivateKey(der); err == nil {
		return true
	}
	_, err := x509.ParsePKCS1PrivateKey(der)
	return err == nil
}

func (b *Bundle) checkTest() error {
	if b.Test == nil {
		return nil
	}
	if _, err := card.LoadTestCA(b.Test.PrivateKey, b.Test.Certificate); err != nil {
		return contradiction("the test card CA cannot be used: %v", err)
	}
	for _, der := range b.Roots {
		if bytes.Equal(der, b.Test.Certificate) {
			return nil
		}
	}
	return contradiction("the test card CA is not one of the card CAs")
}

func (b *Bundle) checkProfessions() error {
	if len(b.Professions) == 0 || len(b.Professions) > maxProfessions || !ascending(b.Professions, strings.Compare) {
		return contradiction("professions are not 1 to %d in ascending order", maxProfessions)
	}
	for i, oid := range b.Professions {
		if !isOID(oid) {
			return contradiction("profession %d is not a dotted object identifier", i+1)
		}
		if oid == oidInsured {
			return contradiction("profession %d is that of an insured person: every patient could hand out appointments", i+1)
		}
	}
	return nil
}

func isOID(s string) bool {
	arcs := strings.Split(s, ".")
	for _, arc := range arcs {
		if arc == "" || len(arc) > 1 && arc[0] == '0' || strings.Trim(arc, "0123456789") != "" {
			return false
		}
	}
	return len(s) <= maxOID && len(arcs) >= 3
}

func (b *Bundle) checkVaccines() error {
	if len(b.Vaccines) == 0 || len(b.Vaccines) > maxVaccines {
		return contradiction("it has %d vaccines, and may have 1 to %d", len(b.Vaccines), maxVaccines)
	}
	if !ascending(b.Vaccines, func(a, b gossip.Vaccine) int { return strings.Compare(a.Code, b.Code) }) {
		return contradiction("vaccines are not in ascending order")
	}
	for i, v := range b.Vaccines {
		if err := checkVaccine(v); err != nil {
			return fmt.Errorf("vaccine %d: %w", i+1, err)
		}
	}
	return nil
}

func checkVaccine(v gossip.Vaccine) error {
	if v.Code == "" || len(v.Code) > maxCode || strings.Trim(v.Code, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return contradiction("the code is not 1 to %d of a-z, 0-9 and hyphen", maxCode)
	}
	if v.Doses == 0 || v.VialDoses == 0 {
		return contradiction("there is no dose in a course or in a vial")
	}
	least, most := v.IntervalDays[0], v.IntervalDays[1]
	if v.Doses == 1 && (least != 0 || most != 0) || v.Doses > 1 && (least < 1 || most < least || most > 10*366) {
		return contradiction("the days between doses are %d to %d", least, most)
	}
	return checkText("name", v.Name)
}

func (b *Bundle) checkRest() error {
	if b.Rules.Epoch < MinEpoch {
		return contradiction("an epoch is shorter than %v", MinEpoch)
	}
	if len(b.Revoked) > maxRevoked || !ascending(b.Revoked, compareKeys) {
		return contradiction("revoked devices are not at most %d in ascending order", maxRevoked)
	}
	if len(b.RevokedCards) > maxRevoked || !ascending(b.RevokedCards, compareKeys) {
		return contradiction("revoked cards are not at most %d in ascending order", maxRevoked)
	}
	return b.Disclosure.check()
}

func compareKeys(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) }

func (b *Bundle) checkZones(m *place.Map) error {
	zones := m.Zones()
	for i, r := range b.Relays {
		for _, z := range r.Zones {
			if !slices.Contains(zones, z) {
				return contradiction("relay %d serves %q, which is no zone of the map", i+1, z)
			}
		}
	}
	return nil
}

// checkText takes a line of printable text: it is shown in terminals and pages.
func checkText(what, s string) error {
	if s == "" || len(s) > maxText || !utf8.ValidString(s) || strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0 {
		return contradiction("the %s is not a line of 1 to %d bytes of printable text", what, maxText)
	}
	return nil
}

// ascending says that each entry is above the one before, so there are no doubles either.
func ascending[T any](list []T, compare func(a, b T) int) bool {
	for i := 1; i < len(list); i++ {
		if compare(list[i-1], list[i]) >= 0 {
			return false
		}
	}
	return true
}
