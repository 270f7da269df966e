package booking

import (
	"crypto/rand"
	"encoding/binary"
	"time"

	"pieks/gossip"
	"pieks/node/records"
	"pieks/store"
)

// RoomKey is a random key that all share who were in the waiting room of one practice on one day. Who discloses an infection later marks
// it with this key, and only who has the same one sees that it concerns them (package disclosure).
type RoomKey [32]byte

// roomOf is the key of the practice's waiting room on the day of now, made for the first patient who comes. The practice forgets it with the day; the
// bookings of the day keep it for those patients.
func roomOf(tx *store.Tx, now time.Time) ([]byte, error) {
	day := binary.BigEndian.AppendUint32(nil, gossip.DayOf(now.In(berlin)))
	var room roomRecord
	found, err := records.Get(tx, bucketRooms, day, &room)
	if err != nil {
		return nil, err
	}
	if !found {
		rand.Read(room.Key[:])
		room.Until = uint64(endOfDay(now).Unix())
		if err := records.Put(tx, bucketRooms, day, room); err != nil {
			return nil, err
		}
	}
	return room.Key[:], nil
}

// room is the key of the waiting room that a visit was in, if the practice has told it.
func (v ReceiptVisit) room() (key RoomKey, ok bool) {
	if len(v.Room) != len(key) {
		return key, false
	}
	return RoomKey(v.Room), true
}
