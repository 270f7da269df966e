package directory

import (
	"fmt"
	"time"

	"pieks/card"
	"pieks/node/control"
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
	Expires time.Time // of the listing or of the practice card, whichever is first

	texts *texts // what a search looks through; nil: to be made
}

// Hours is a span of a weekday, in minutes since midnight.
type Hours struct {
	Weekday uint8  `cbor:"1,keyasint"` // 1 is Monday
	From    uint16 `cbor:"2,keyasint"`
	To      uint16 `cbor:"3,keyasint"` // 1440 is midnight
}

// Shown is an entry as its user sees it: name, alias only where it says something else, kind, and the address of an institution that has a door
// (A_28488).
func (e Entry) Shown() control.Institution {
	s := e.Licence.Statement
	out := control.Institution{
		TelematikID: s.TelematikID, Name: s.Name, Kind: KindName(e.Licence.Profession), Profession: e.Licence.Profession,
		Phone: s.Phone, Origin: Origin, Mesh: true,
	}
	if e.Alias != s.Name {
		out.Alias = e.Alias
	}
	if HasAddress(e.Licence.Profession) {
		out.Street, out.PLZ, out.Place = s.Street, s.PLZ, s.Place
	}
	for _, h := range e.Hours {
		out.Hours = append(out.Hours, control.Hours{Weekday: int(h.Weekday), From: clock(h.From), To: clock(h.To)})
	}
	return out
}

// Origin is control.Institution.Origin of an entry.
const Origin = "mesh"

func clock(minutes uint16) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }
