package patient

import (
	"context"
	"slices"
	"time"

	"pieks/gossip"
	"pieks/gossip/wire"
	"pieks/node/booking"
	"pieks/store"
)

// roomBucket holds the waiting rooms that this node's people were in, by key.
var roomBucket = store.NewHiddenBucket("rooms")

// keepRooms: who was infected later than that was not infectious then.
const keepRooms = 14

// room is a waiting room on one day.
type room struct {
	Key      booking.RoomKey `cbor:"1,keyasint"`
	Day      uint32          `cbor:"2,keyasint"` // days since 1970-01-01, Europe/Berlin
	Practice string          `cbor:"3,keyasint"`
	Warned   uint64          `cbor:"4,keyasint,omitempty"` // unix seconds: a warning about it was found
}

func (r room) save(ctx context.Context, st *store.Store) error {
	return st.Update(ctx, func(tx *store.Tx) error { return r.put(tx) })
}

func (r room) put(tx *store.Tx) error {
	data, err := wire.Marshal(r)
	if err != nil {
		return err
	}
	return tx.Put(roomBucket, r.Key[:], data)
}

// rememberRooms writes down the waiting rooms that a booking tells of. Call it with the entry's mutex held.
func (e *entry) rememberRooms(ctx context.Context, st *store.Store, now time.Time) error {
	view, offered := e.attempt.View()
	receipt, told := e.attempt.Receipted()
	if !offered || !told {
		return nil
	}
	var fresh []room
	for _, v := range e.attempt.Visits() {
		// The receipt that first tells of a room is of the moment at which its visit was attended.
		r := room{Day: gossip.DayOf(time.Unix(int64(receipt.Issued), 0).In(v.Start.Location())), Practice: view.Licence.Statement.Name}
		if v.Room != nil && r.remembered(now) {
			r.Key = *v.Room
			fresh = append(fresh, r)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	return remember(ctx, st, fresh)
}

// remember writes rooms down that are not known and were not disclosed.
func remember(ctx context.Context, st *store.Store, rooms []room) error {
	return st.Update(ctx, func(tx *store.Tx) error {
		for _, r := range rooms {
			spent, err := tx.Get(disclosedBucket, r.Key[:])
			if err != nil {
				return err
			}
			known, err := tx.Get(roomBucket, r.Key[:])
			if err != nil {
				return err
			}
			if spent != nil || known != nil {
				continue // what was disclosed is not to come back with the next receipt
			}
			if err := r.put(tx); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r room) remembered(now time.Time) bool { return gossip.DayOf(now) <= r.Day+keepRooms }

// loadRooms lists the rooms of the last days, the newest first.
func loadRooms(st *store.Store, now time.Time) ([]room, error) {
	var rooms []room
	err := eachRecord(st, roomBucket, func(r room) {
		if r.remembered(now) {
			rooms = append(rooms, r)
		}
	})
	slices.SortFunc(rooms, func(a, b room) int { return int(b.Day) - int(a.Day) })
	return rooms, err
}

func retainRoom(_, value []byte, now time.Time) bool {
	var r room
	return wire.Unmarshal(value, &r) == nil && r.remembered(now)
}
