package booking

import (
	"fmt"
	"slices"
	"time"

	"pieks/gossip"
)

// OwnList is what a patient knows from a practice's own list, once it has verified it.
type OwnList struct {
	Device  [32]byte // D
	Sealing [32]byte // X25519 of D, from the practice card
	Relays  []string // where the desk is reached and box D is kept
	Expires time.Time
	Slots   []Listed
}

// listedTime is when a listed appointment begins and ends, unix seconds: an offer may not differ.
type listedTime struct {
	Start uint64 `cbor:"1,keyasint"`
	End   uint64 `cbor:"2,keyasint"`
}

// NewOwnAttempt is NewAttempt for slots of a practice's own list: all messages go to its desk.
func NewOwnAttempt(list OwnList, slots []gossip.SlotID, relays []string, now time.Time) (*Attempt, error) {
	if len(slots) < 1 || len(slots) > maxTokens || len(slots) == 2 && slots[0] == slots[1] {
		return nil, ErrSlots
	}
	d := attemptData{
		Version: Version, State: Pending, Created: uint64(now.Unix()),
		Front: list.Device, FrontSeal: list.Sealing, FrontRelays: slices.Clone(list.Relays),
		Expires: uint64(list.Expires.Unix()), Relays: slices.Clone(relays[:min(len(relays), maxRelays)]), Unconfirmed: true,
	}
	for _, id := range slots {
		i := slices.IndexFunc(list.Slots, func(s Listed) bool { return s.ID == id })
		if i < 0 {
			return nil, fmt.Errorf("%w: not in the list any more", ErrSlots)
		}
		d.Slots = append(d.Slots, list.Slots[i].Slot())
		d.Times = append(d.Times, listedTime{list.Slots[i].Start, list.Slots[i].End})
	}
	return begun(d)
}

// own says that the attempt is for slots of a practice's own list.
func (a *Attempt) own() bool { return len(a.d.Times) > 0 }
