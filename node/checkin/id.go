package checkin

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strings"
)

// ID names a check-in: a random UUID (RFC 9562, version 4), as StatusPoPPTokenGeneration wants it.
type ID [16]byte

// ErrID says that a text names no check-in.
var ErrID = errors.New("a check-in is named by a UUID such as 237cc7b7-f85e-42c3-981c-ad7f9d97ddca: copy it whole")

// NewID makes one that nobody can guess.
func NewID() ID {
	var id ID
	rand.Read(id[:])
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

// check says whether it is of the only version and variant that NewID makes.
func (id ID) check() bool { return id[6]>>4 == 4 && id[8]>>6 == 2 }

// String is the usual form, in small letters.
func (id ID) String() string {
	h := hex.EncodeToString(id[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// ParseID reads what String gives, in letters of either size.
func ParseID(s string) (ID, error) {
	var id ID
	raw, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(raw) != len(id) {
		return id, ErrID
	}
	copy(id[:], raw)
	if id.String() != strings.ToLower(s) || !id.check() {
		return ID{}, ErrID
	}
	return id, nil
}
