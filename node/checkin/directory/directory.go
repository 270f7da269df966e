// Package directory is the list of institutions that take check-ins.
package directory

import (
	"errors"
	"time"

	"pieks/card"
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
