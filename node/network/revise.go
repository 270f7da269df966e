package network

import (
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// ParseDevice reads a device key D as people have it: 64 hex digits, or the peer ID of the practice's desk.
func ParseDevice(text string) (key [32]byte, err error) {
	if raw, err := hex.DecodeString(text); err == nil && len(raw) == len(key) {
		return [32]byte(raw), nil
	}
	if id, err := peer.Decode(text); err == nil {
		if public, err := id.ExtractPublicKey(); err == nil {
			if raw, err := public.Raw(); err == nil && len(raw) == len(key) {
				return [32]byte(raw), nil
			}
		}
	}
	return key, fmt.Errorf("%w: %q", ErrDevice, text)
}

// Revise makes the next bundle of a network with a change, issued now and good for as long as the one before: for what cannot wait until the
// network is renewed. The result is unsigned until two operators Sign it.
func Revise(prev *Bundle, now time.Time, change func(*Bundle)) (*Bundle, error) {
	if prev.ExpiredAt(now) {
		return nil, ErrExpired
	}
	b := prev.Next()
	b.Issued = uint64(now.UTC().Truncate(time.Second).Unix())
	change(b)
	_, err := b.check()
	return b, err
}

// Revoke shuts a device key D, or a card by the SHA-256 of its certificate, out of list, and Restore takes it back in. Neither minds what is there
// already.
func Revoke(list [][32]byte, key [32]byte) [][32]byte {
	at, found := slices.BinarySearchFunc(list, key, compareKeys)
	if found {
		return list
	}
	return slices.Insert(list, at, key)
}

// Restore is the reverse of Revoke.
func Restore(list [][32]byte, key [32]byte) [][32]byte {
	return slices.DeleteFunc(list, func(k [32]byte) bool { return k == key })
}
