package disclosure

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/big"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/node/host"
	"pieks/node/spoken"
)

const (
	tenDigits       = 10_000_000_000
	referenceDigits = 6
	pinDigits       = 4
)

// Code is the ten digits of one disclosure: reference and pin. It hides itself from fmt, slog and text encoders, since both parts are a
// secret of patient and professional for as long as they are good.
type Code uint64

const hiddenCode = "code(hidden)"

// Format prints a fixed word for every verb.
func (Code) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(hiddenCode)) }

// LogValue hides the code from slog.
func (Code) LogValue() slog.Value { return slog.StringValue(hiddenCode) }

// MarshalText hides the code from JSON and other text encoders.
func (Code) MarshalText() ([]byte, error) { return []byte(hiddenCode), nil }

// NewCode draws ten random digits.
func NewCode() Code {
	n, _ := rand.Int(rand.Reader, big.NewInt(tenDigits)) // never fails, crypto/rand ends the process instead
	return Code(n.Uint64())
}

// ten is the digits without anything between them.
func (c Code) ten() string { return fmt.Sprintf("%010d", uint64(c)%tenDigits) }

// Reference is the first six digits, which the relay is told.
func (c Code) Reference() string { return c.ten()[:referenceDigits] }

// PIN is the last four digits, which the relay is not told before the card has signed.
func (c Code) PIN() string { return c.ten()[referenceDigits:] }

// Digits is the spoken form: NNNNNN-NNNN and the check digit.
func (c Code) Digits() string {
	return c.Reference() + "-" + c.PIN() + "-" + string('0'+spoken.Damm(c.ten()))
}

const (
	wordCount = 4
	wordBits  = 11
	checkBits = 10
	checkMask = 1<<checkBits - 1
	wordMask  = 1<<wordBits - 1
)

// wordCheck is the 10 bits that fill 34 bits of number up to four words: one wrong word in a thousand stays unnoticed.
func wordCheck(n uint64) uint64 {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("pieks/disclosure-words/1"), n))
	return binary.BigEndian.Uint64(sum[:8]) >> (64 - checkBits)
}

// Words is the same number as four German words.
func (c Code) Words() string {
	n := uint64(c) % tenDigits
	bits := n<<checkBits | wordCheck(n)
	out := ""
	for i := range wordCount {
		if i > 0 {
			out += " "
		}
		out += spoken.Word(uint16(bits >> (wordBits * (wordCount - 1 - i)) & wordMask))
	}
	return out
}

const (
	qrPrefix  = "PIEKS-D1:"
	qrVersion = 1
	qrBytes   = 1 + ed25519.PublicKeySize + 5 + 32
)

var qrEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// QR is the text of the QR code, 121 characters of its alphanumeric mode: relay, code and commitment, so that whoever scans it needs
// to trust no relay for what is signed.
func QR(relay peer.ID, code Code, c Commitment) (string, error) {
	key, err := keyOf(relay)
	if err != nil {
		return "", err
	}
	raw := append([]byte{qrVersion}, key...)
	raw = append(raw, binary.BigEndian.AppendUint64(nil, uint64(code)%tenDigits)[3:]...)
	return qrPrefix + qrEncoding.EncodeToString(append(raw, c[:]...)), nil
}

// keyOf is the Ed25519 key that a peer ID is made of.
func keyOf(id peer.ID) (ed25519.PublicKey, error) {
	key, err := host.PublicKey(id)
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrRelay, err)
	}
	return key[:], nil
}

// idOf is the peer ID of a key.
func idOf(key ed25519.PublicKey) (peer.ID, error) {
	id, err := host.PeerID(key)
	if err != nil {
		return "", fmt.Errorf("%w (%w)", ErrRelay, err)
	}
	return id, nil
}
