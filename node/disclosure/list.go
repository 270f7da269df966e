package disclosure

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip/wire"
)

// listType is the external AAD of a list's signature.
const listType = "pieks/disclosure-list/1"

// Errors of a list; it is not kept.
var (
	ErrList      = errors.New("a list of disclosed data is damaged: fetch it from another relay")
	ErrListRelay = errors.New("a list of disclosed data is by no relay of this network: do not use it")
	ErrListTime  = errors.New("a list of disclosed data is from another time: check the clock of this computer")
	ErrItems     = errors.New("the data beside a list are not what its relay signed: fetch it from another relay")
)

// content is what a relay signs with its identity key.
type content struct {
	Version uint8      `cbor:"1,keyasint"`
	Relay   []byte     `cbor:"2,keyasint"` // peer ID in binary
	Number  uint64     `cbor:"3,keyasint"` // 1, 2, 3 ... at this relay
	Issued  uint64     `cbor:"4,keyasint"` // Unix seconds: the tick, not when it was made
	Items   [][32]byte `cbor:"5,keyasint"` // SHA-256 of each item, in random order
}

// List is published data of one relay.
type List struct {
	Relay  peer.ID
	Number uint64
	Issued time.Time
	Items  [][]byte // opaque, as they were posted

	signed []byte
}

// makeList signs items as the list number of the relay with key.
func makeList(key ed25519.PrivateKey, relay peer.ID, number uint64, tick time.Time, items [][]byte) (List, error) {
	c := content{Version: version, Relay: []byte(relay), Number: number, Issued: uint64(tick.Unix())}
	for _, item := range items {
		c.Items = append(c.Items, sha256.Sum256(item))
	}
	signed, err := wire.SignObject(listType, key, c)
	if err != nil {
		return List{}, fmt.Errorf("sign a list: %w", err)
	}
	return List{Relay: relay, Number: number, Issued: tick, Items: items, signed: signed}, nil
}

// readList checks a signed list without its items: form, that trusted knows its relay, signature, time. hashes are what its items must have.
// With ErrListRelay and ErrListTime, too, it says whose list it claims to be and what its items are, so that it can be skipped.
func readList(signed []byte, trusted func(peer.ID) bool, now time.Time) (l List, hashes [][32]byte, err error) {
	env, c, relay, err := parseList(signed)
	if err != nil {
		return List{}, nil, err
	}
	l = List{Relay: relay, Number: c.Number, Issued: time.Unix(int64(c.Issued), 0).UTC(), signed: signed}
	if !trusted(relay) {
		return l, c.Items, ErrListRelay
	}
	key, err := keyOf(relay)
	if err != nil {
		return l, c.Items, ErrListRelay
	}
	if err := env.Verify(listType, key); err != nil {
		return List{}, nil, fmt.Errorf("%w (%w)", ErrList, err)
	}
	if l.Issued.After(now.Add(listSkew)) || l.Issued.Before(now.Add(-Retention-listSkew)) {
		return l, c.Items, ErrListTime
	}
	return l, c.Items, nil
}

// parseList reads the form of a list.
func parseList(signed []byte) (env *wire.Envelope, c content, relay peer.ID, err error) {
	if len(signed) > maxListBytes {
		return nil, c, "", ErrList
	}
	if env, err = wire.ParseSigned(signed); err != nil {
		return nil, c, "", fmt.Errorf("%w (%w)", ErrList, err)
	}
	if err := wire.Unmarshal(env.Payload, &c); err != nil {
		return nil, c, "", fmt.Errorf("%w (%w)", ErrList, err)
	}
	relay, err = peer.IDFromBytes(c.Relay)
	switch {
	case err != nil, len(c.Relay) > maxPeerID, c.Version != version, c.Number == 0, len(c.Items) == 0, len(c.Items) > maxItems, c.Issued > maxUnix:
		return nil, c, "", ErrList
	}
	return env, c, relay, nil
}

// checkItem holds one item against what was signed.
func checkItem(item []byte, hash [32]byte) error {
	if len(item) == 0 || len(item) > MaxData || sha256.Sum256(item) != hash {
		return ErrItems
	}
	return nil
}

// size is what a list takes on a disk.
func (l List) size() int {
	n := len(l.signed)
	for _, item := range l.Items {
		n += len(item)
	}
	return n
}
