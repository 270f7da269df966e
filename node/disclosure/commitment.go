package disclosure

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// commitLabel is that of crypto.md 8.5. It carries its own version.
const commitLabel = "tm1/disclosure"

// Commitment is SHA-256(LP("tm1/disclosure", O, r)): it fixes the data before anybody has seen it.
type Commitment [32]byte

// Commit commits to data under secret, 32 random bytes: without them who knows C and guesses the data could tell that it is right.
func Commit(data []byte, secret [32]byte) Commitment {
	return sha256.Sum256(lp(commitLabel, data, secret[:]))
}

// lp writes a label and parts one after the other, each behind its length in 4 bytes, big-endian.
func lp(label string, parts ...[]byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(label)))
	out = append(out, label...)
	for _, p := range parts {
		out = binary.BigEndian.AppendUint32(out, uint32(len(p)))
		out = append(out, p...)
	}
	return out
}

// Consent is what a patient's app holds from the moment of consent until its data is posted; then it is destroyed, and the app rekeys.
type Consent struct {
	Data   []byte   `cbor:"1,keyasint"` // O, opaque
	Secret [32]byte `cbor:"2,keyasint"` // r
	Code   Code     `cbor:"3,keyasint"`
}

// NewConsent draws secret and code for data of 1 byte to MaxData.
func NewConsent(data []byte) (Consent, error) {
	if len(data) == 0 || len(data) > MaxData {
		return Consent{}, fmt.Errorf("%w: %d bytes", ErrData, len(data))
	}
	c := Consent{Data: append([]byte(nil), data...), Code: NewCode()}
	_, _ = rand.Read(c.Secret[:]) // never fails, crypto/rand ends the process instead
	return c, nil
}

// Commitment is C.
func (c Consent) Commitment() Commitment { return Commit(c.Data, c.Secret) }
