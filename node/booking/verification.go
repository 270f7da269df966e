package booking

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"math/bits"

	"pieks/gossip"
	"pieks/node/spoken"
)

// labels of crypto.md 8.4. They carry their own version, so they stay when a message version changes.
const (
	labelCommit     = "tm1/sas-commit"
	labelTranscript = "tm1/transcript"
	labelVerify     = "tm1/verify"
)

// Commit is SHA-256(LP(label, token ids one after the other, B, n_p)): it fixes the patient's part before the practice shows its own.
func Commit(tokens []gossip.TokenID, key, nonce [32]byte) [32]byte {
	var ids []byte
	for _, t := range tokens {
		ids = append(ids, t[:]...)
	}
	return hashLP(labelCommit, ids, key[:], nonce[:])
}

// Transcript is SHA-256(LP(label, token id, B, commitment, n_d)): what both sides must have seen alike.
func Transcript(token gossip.TokenID, key, commitment, nonce [32]byte) [32]byte {
	return hashLP(labelTranscript, token[:], key[:], commitment[:], nonce[:])
}

func hashLP(label string, parts ...[]byte) [32]byte {
	h := sha256.New()
	var size [4]byte
	binary.BigEndian.PutUint32(size[:], uint32(len(label)))
	h.Write(size[:])
	h.Write([]byte(label))
	for _, p := range parts {
		binary.BigEndian.PutUint32(size[:], uint32(len(p)))
		h.Write(size[:])
		h.Write(p)
	}
	return [32]byte(h.Sum(nil))
}

// Code is the verification token of one visit. Its three forms come from disjoint parts of one key, so showing one
// tells nothing about the others.
type Code struct {
	Number uint64    `cbor:"1,keyasint"` // below 10^10; shown with its check digit
	Word   [4]uint16 `cbor:"2,keyasint"` // indexes into the word list
	Token  [8]byte   `cbor:"3,keyasint"` // first bytes of the token id
	MAC    [16]byte  `cbor:"4,keyasint"`
}

const tenDigits = 10_000_000_000

// DeriveCode is the code of the visit behind token: np is the patient's nonce, nd the practice's.
func DeriveCode(token gossip.TokenID, np, nd, transcript [32]byte) (Code, error) {
	k, err := hkdf.Key(sha256.New, append(np[:], nd[:]...), transcript[:], labelVerify, 48)
	if err != nil {
		return Code{}, fmt.Errorf("derive the verification token: %w", err)
	}
	var c Code
	// 128 bits mod 10^10: the bias is below 2^-94.
	_, rem := bits.Div64(0, binary.BigEndian.Uint64(k[0:8]), tenDigits)
	_, c.Number = bits.Div64(rem, binary.BigEndian.Uint64(k[8:16]), tenDigits)
	words := binary.BigEndian.Uint64(k[16:24])
	for i := range c.Word {
		c.Word[i] = uint16(words >> (64 - 11*(i+1)) & 0x7ff)
	}
	c.Token = [8]byte(token[:8])
	c.MAC = [16]byte(k[32:48])
	return c, nil
}

// Digits is the spoken form: NNNNNN-NNNN and the check digit.
func (c Code) Digits() string {
	d := fmt.Sprintf("%010d", c.Number%tenDigits)
	return d[:6] + "-" + d[6:] + "-" + string('0'+spoken.Damm(d))
}

// Words is the form of four German words.
func (c Code) Words() string {
	return spoken.Word(c.Word[0]) + " " + spoken.Word(c.Word[1]) + " " + spoken.Word(c.Word[2]) + " " + spoken.Word(c.Word[3])
}

const (
	qrPrefix  = "TM1:"
	qrVersion = 1
	qrBytes   = 1 + 8 + 16
)

var qrEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// QR is the text of the QR code, 44 characters of its alphanumeric mode.
func (c Code) QR() string {
	raw := append([]byte{qrVersion}, c.Token[:]...)
	return qrPrefix + qrEncoding.EncodeToString(append(raw, c.MAC[:]...))
}
