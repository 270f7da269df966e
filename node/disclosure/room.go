package disclosure

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
)

// roomLabel separates marks from any other use of a room key.
const roomLabel = "pieks/room/1"

const warningVersion = 1

// WarningBytes is the size of every warning.
const WarningBytes = 1 + saltBytes + MaxRooms*markBytes

// ErrRooms says that a warning has no room for all rooms: its data would show by their size how many there were.
var ErrRooms = errors.New("a warning names 1 to 14 rooms: take the last 14 days")

// NewWarning makes the data that a patient discloses to warn who waited in the same rooms. keys are the room keys, 32 random bytes of one
// practice and one day, that those present got. Without a key a warning says nothing, not even how many rooms it names.
func NewWarning(keys [][32]byte) ([]byte, error) {
	if len(keys) == 0 || len(keys) > MaxRooms {
		return nil, fmt.Errorf("%w: not %d", ErrRooms, len(keys))
	}
	out := make([]byte, WarningBytes)
	_, _ = rand.Read(out) // never fails; what no room fills stays random
	out[0] = warningVersion
	salt, marks := out[1:1+saltBytes], out[1+saltBytes:]
	at := make([]int, MaxRooms)
	for i := range at {
		at[i] = i
	}
	shuffle(len(at), func(i, j int) { at[i], at[j] = at[j], at[i] })
	for i, key := range keys {
		mark := roomMark(key, salt)
		copy(marks[at[i]*markBytes:], mark[:])
	}
	return out, nil
}

// Match says whether a warning names the room of key. Its time does not depend on whether it does, or where.
func Match(data []byte, key [32]byte) bool {
	if len(data) != WarningBytes || data[0] != warningVersion {
		return false
	}
	mark := roomMark(key, data[1:1+saltBytes])
	found := 0
	for i := range MaxRooms {
		from := 1 + saltBytes + i*markBytes
		found |= subtle.ConstantTimeCompare(data[from:from+markBytes], mark[:])
	}
	return found == 1
}

func roomMark(key [32]byte, salt []byte) [markBytes]byte {
	mac := hmac.New(sha256.New, key[:])
	mac.Write(lp(roomLabel, salt))
	return [markBytes]byte(mac.Sum(nil))
}
