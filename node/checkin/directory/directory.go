// Package directory is the list of institutions that take check-ins.
package directory

import (
	"errors"
	"time"

	"context"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/card"
	"pieks/node/control"
	"pieks/node/network"
	"pieks/store"
)

// Entry is one institution as its own node lists it in the mesh: verified, and reachable.
type Entry struct {
	Licence card.Licence // of the practice card: name, address, Telematik-ID, profession, D
	Alias   string
	Hours   []Hours
	Relays  []string // peer IDs where the desk has a circuit and its box
	Device  [32]byte
	Sealing [32]byte
	Issued  time.Time
	Expires time.Time
}

// Hours is a span of a weekday, in minutes since midnight.
type Hours struct {
	Weekday uint8  `cbor:"1,keyasint"` // 1 is Monday
	From    uint16 `cbor:"2,keyasint"`
	To      uint16 `cbor:"3,keyasint"`
}

var errSketch = errors.New("not built yet")

// Copy is somebody's copy of the directory, kept in their store.
type Copy struct{}

// Open reads the kept one; bundle says what cards and devices are good now.
func Open(st *store.Store, current *network.Current, now func() time.Time) (*Copy, error) {
	return nil, errSketch
}

// Sync fetches from a relay what is new. It says nothing of what is looked for: the whole directory comes.
func (c *Copy) Sync(ctx context.Context, h host.Host, relay peer.ID) (changed bool, err error) {
	return false, errSketch
}

// All are the entries that are good now; With those of one Telematik-ID.
func (c *Copy) All() []Entry                    { return nil }
func (c *Copy) With(telematikID string) []Entry { return nil }

// Search finds entries and shows them.
func (c *Copy) Search(q control.InstitutionQuery) []control.Institution { return nil }

// Shown is an entry as its user sees it.
func (e Entry) Shown() control.Institution { return control.Institution{} }
