package network

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// A revised bundle says one thing more, counts at once, and ends when the one before would have ended.
func TestRevise(t *testing.T) {
	made := fixtureOf(t)
	device := [32]byte{7}
	now := noon.Add(time.Hour)
	next, err := Revise(made.Bundle, now, func(b *Bundle) { b.Revoked = Revoke(b.Revoked, device) })
	if err != nil {
		t.Fatal(err)
	}
	if next.Number != made.Bundle.Number+1 || next.Expires != made.Bundle.Expires || next.Issued != uint64(now.Unix()) {
		t.Errorf("number %d, from %d to %d", next.Number, next.Issued, next.Expires)
	}
	if !next.IsRevoked(device) || made.Bundle.IsRevoked(device) {
		t.Error("not revoked, or in the bundle before, too")
	}
	lifted, err := Revise(next, now, func(b *Bundle) { b.Revoked = Restore(b.Revoked, device) })
	if err != nil || lifted.IsRevoked(device) {
		t.Errorf("not lifted: %v", err)
	}
	if _, err := Revise(made.Bundle, made.Bundle.ExpiresAt(), func(*Bundle) {}); !errors.Is(err, ErrExpired) {
		t.Errorf("an expired one: %v", err)
	}
	if _, err := Revise(made.Bundle, now, func(b *Bundle) { b.Name = "" }); !errors.Is(err, ErrContent) {
		t.Errorf("a contradiction: %v", err)
	}
}

func TestRevokeKeepsOrderAndNoDoubles(t *testing.T) {
	var list [][32]byte
	for _, n := range []byte{5, 1, 9, 5, 1} {
		list = Revoke(list, [32]byte{n})
	}
	if !slices.Equal(list, [][32]byte{{1}, {5}, {9}}) {
		t.Errorf("%v", list)
	}
	if list = Restore(list, [32]byte{5}); !slices.Equal(list, [][32]byte{{1}, {9}}) {
		t.Errorf("%v", list)
	}
}

func TestParseDevice(t *testing.T) {
	made := fixtureOf(t)
	id := made.Bundle.Relays[0].Peer // any Ed25519 key's
	key, err := ParseDevice(id)
	if err != nil || key != [32]byte(publicOf(made.Relays[slices.IndexFunc(made.Relays, func(r RelayHome) bool { return r.Peer == id })].Identity)) {
		t.Errorf("%x %v", key, err)
	}
	for _, text := range []string{"", "12D3KooW", "00", "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N"} {
		if _, err := ParseDevice(text); !errors.Is(err, ErrDevice) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
