package disclosure

import (
	"encoding/binary"
	"errors"
	"strconv"
	"strings"

	"pieks/node/spoken"
)

var (
	// ErrTypo says that a code cannot be right as it stands. Nothing was asked of a relay.
	ErrTypo = errors.New("typing error: compare the code with the patient's screen and enter it again")
	// ErrCodeForm says that a text is no code of a disclosure at all.
	ErrCodeForm = errors.New("this is no code of a disclosure: enter the eleven digits, the four words, or scan the QR code")
)

// Scanned is what a professional typed or scanned.
type Scanned struct {
	Code       Code
	Commitment *[32]byte // from a QR code only: what the relay's answer is held against before anything is signed
	Relay      string    // from a QR code only: peer ID of the patient's relay; else every relay of the network may have it
}

// ParseCode reads any of the three forms. It gives ErrTypo or ErrCodeForm, which do not repeat the text.
func ParseCode(text string) (Scanned, error) {
	if len(text) > maxCodeInput {
		return Scanned{}, ErrCodeForm
	}
	switch form, rest := spoken.Recognise(text, qrPrefix); form {
	case spoken.ByQR:
		return parseQR(rest)
	case spoken.ByDigits:
		return parseDigits(rest)
	default:
		return parseWords(rest)
	}
}

func parseDigits(digits string) (Scanned, error) {
	if len(digits) != referenceDigits+pinDigits+1 || spoken.Damm(digits) != 0 {
		return Scanned{}, ErrTypo
	}
	n, err := strconv.ParseUint(digits[:referenceDigits+pinDigits], 10, 64)
	if err != nil {
		return Scanned{}, ErrTypo
	}
	return Scanned{Code: Code(n)}, nil
}

func parseWords(text string) (Scanned, error) {
	parts := spoken.Words(text)
	if len(parts) != wordCount {
		return Scanned{}, ErrCodeForm
	}
	var bits uint64
	for _, p := range parts {
		at, ok := spoken.Index(p)
		if !ok {
			return Scanned{}, ErrTypo
		}
		bits = bits<<wordBits | uint64(at)
	}
	n := bits >> checkBits
	if n >= tenDigits || wordCheck(n) != bits&checkMask {
		return Scanned{}, ErrTypo
	}
	return Scanned{Code: Code(n)}, nil
}

func parseQR(text string) (Scanned, error) {
	if len(text) != qrEncoding.EncodedLen(qrBytes) {
		return Scanned{}, ErrCodeForm
	}
	raw, err := qrEncoding.DecodeString(strings.ToUpper(text))
	if err != nil || len(raw) != qrBytes || raw[0] != qrVersion {
		return Scanned{}, ErrCodeForm
	}
	relay, err := idOf(raw[1:33])
	if err != nil {
		return Scanned{}, ErrCodeForm
	}
	n := binary.BigEndian.Uint64(append([]byte{0, 0, 0}, raw[33:38]...))
	if n >= tenDigits {
		return Scanned{}, ErrCodeForm
	}
	commitment := [32]byte(raw[38:])
	return Scanned{Code: Code(n), Commitment: &commitment, Relay: relay.String()}, nil
}
