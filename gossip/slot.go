package gossip

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"time"
)

// SlotID names one open appointment within the sheets of one pseudonym. It is random and lives as long as the pseudonym.
type SlotID [16]byte

// NewSlotID draws a random slot id.
func NewSlotID() SlotID {
	var id SlotID
	rand.Read(id[:])
	return id
}

// Part is the part of day that a sheet shows instead of the time: the exact time comes with the practice's offer.
type Part uint8

// The parts of a day, by local time in Germany.
const (
	Morning   Part = iota // before 11:00
	Noon                  // 11:00 to 13:59
	Afternoon             // 14:00 to 16:59
	Evening               // from 17:00
)

var partNames = [...]string{"morning", "noon", "afternoon", "evening"}

func (p Part) String() string {
	if int(p) < len(partNames) {
		return partNames[p]
	}
	return "unknown"
}

// ParsePart reads the name that String gives.
func ParsePart(name string) (Part, error) {
	for i, n := range partNames {
		if n == name {
			return Part(i), nil
		}
	}
	return 0, errPart
}

var errPart = errors.New("a part of day is morning, noon, afternoon or evening")

// PartAt is the part of day at a local hour, 0 to 23.
func PartAt(hour int) Part {
	switch {
	case hour < 11:
		return Morning
	case hour < 14:
		return Noon
	case hour < 17:
		return Afternoon
	}
	return Evening
}

// Slot is one open appointment as a sheet shows it.
type Slot struct {
	ID      SlotID `cbor:"1,keyasint"`
	Day     uint32 `cbor:"2,keyasint"` // days since 1970-01-01, the local date in Germany
	Part    Part   `cbor:"3,keyasint"`
	Vaccine string `cbor:"4,keyasint"` // code in the network's vaccine catalogue
	Dose    uint8  `cbor:"5,keyasint"` // 1 for the first, at most the catalogue's number of doses; 0: any of them
}

// DayOf is the day number of the calendar date of t in t's own location, 0 before 1970.
func DayOf(t time.Time) uint32 {
	y, m, d := t.Date()
	return uint32(max(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix(), 0) / secondsPerDay)
}

// DateOf is midnight UTC of a day number; only its calendar date means something.
func DateOf(day uint32) time.Time { return time.Unix(int64(day)*secondsPerDay, 0).UTC() }

// dayRange is the first and last day that a slot may have in a sheet issued at an instant. German local dates are those of
// UTC+1 in winter and UTC+2 in summer; both are allowed all year, so that a node needs no time zone table.
func dayRange(issued time.Time, ahead uint32) (first, last uint32) {
	winter, summer := time.FixedZone("", 3600), time.FixedZone("", 2*3600)
	return DayOf(issued.In(winter)), DayOf(issued.In(summer)) + ahead
}

const secondsPerDay = 24 * 60 * 60

// TokenID names one slot token in the whole network, without saying whose it is.
type TokenID [32]byte

// TokenOf is SHA-256 over "pieks/slot/1", the pseudonym and the slot id, each with a 4-byte big-endian length before it.
func TokenOf(p [32]byte, id SlotID) TokenID {
	var buf [4 + len(slotDomain) + 4 + 32 + 4 + 16]byte
	b := binary.BigEndian.AppendUint32(buf[:0], uint32(len(slotDomain)))
	b = append(b, slotDomain...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(p)))
	b = append(b, p[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(id)))
	b = append(b, id[:]...)
	return sha256.Sum256(b)
}

const slotDomain = "pieks/slot/1"

// String is what people see and type: the first 16 bytes in hex.
func (t TokenID) String() string { return hex.EncodeToString(t[:shownTokenBytes]) }

const shownTokenBytes = 16

// TokenName is the shown form of a token: its first 16 bytes. 128 random bits, so a name stands for one token.
type TokenName [shownTokenBytes]byte

// Name is the shown form as a value that can be compared.
func (t TokenID) Name() TokenName { return TokenName(t[:shownTokenBytes]) }

// ErrTokenName says that a text is not the name of a slot token.
var ErrTokenName = errors.New("a slot token is 32 characters 0-9 and a-f: copy it from the search result")

// ParseTokenName reads the 32 hex characters that TokenID.String gives.
func ParseTokenName(text string) (TokenName, error) {
	var name TokenName
	if len(text) != 2*shownTokenBytes {
		return name, ErrTokenName
	}
	if _, err := hex.Decode(name[:], []byte(text)); err != nil {
		return TokenName{}, ErrTokenName
	}
	return name, nil
}

func (n TokenName) String() string { return hex.EncodeToString(n[:]) }
