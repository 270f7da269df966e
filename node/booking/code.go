package booking

import (
	"encoding/binary"
	"errors"
	"strings"

	"pieks/node/spoken"
)

var (
	// ErrTypo says that a code cannot be right as it stands. It was not looked up and no try was counted.
	ErrTypo = errors.New("typing error: compare the code with the patient's screen and enter it again")
	// ErrCodeForm says that a text is no verification token at all.
	ErrCodeForm = errors.New("this is no verification token: enter the eleven digits, the four words, or scan the QR code")
)

// typedCode is a code that could be right: its form and the bytes that it is found by.
type typedCode struct {
	form      spoken.Form
	key       []byte // form, then 10 digits, or 8 bytes of word indexes, or token and MAC
	reference string // the first six digits; empty for words and QR
}

// lookupKeys are the keys that a visit's code is found by, one a form.
func (c Code) lookupKeys() [][]byte {
	var digits [10]byte
	n := c.Number % tenDigits
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = '0' + byte(n%10)
		n /= 10
	}
	return [][]byte{
		append([]byte{byte(spoken.ByDigits)}, digits[:]...),
		wordsKey(c.Word),
		append(append([]byte{byte(spoken.ByQR)}, c.Token[:]...), c.MAC[:]...),
	}
}

func wordsKey(indexes [4]uint16) []byte {
	key := []byte{byte(spoken.ByWords)}
	for _, i := range indexes {
		key = binary.BigEndian.AppendUint16(key, i)
	}
	return key
}

// parseCode reads what reception typed or scanned. It gives ErrTypo or ErrCodeForm, and never looks anything up.
func parseCode(text string) (typedCode, error) {
	if len(text) > maxCodeInput {
		return typedCode{}, ErrCodeForm
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

func parseQR(text string) (typedCode, error) {
	if len(text) != qrEncoding.EncodedLen(qrBytes) {
		return typedCode{}, ErrCodeForm
	}
	raw, err := qrEncoding.DecodeString(strings.ToUpper(text))
	if err != nil || len(raw) != qrBytes || raw[0] != qrVersion {
		return typedCode{}, ErrCodeForm
	}
	return typedCode{form: spoken.ByQR, key: append([]byte{byte(spoken.ByQR)}, raw[1:]...)}, nil
}

func parseDigits(digits string) (typedCode, error) {
	if len(digits) != 11 || spoken.Damm(digits) != 0 {
		return typedCode{}, ErrTypo
	}
	return typedCode{form: spoken.ByDigits, key: append([]byte{byte(spoken.ByDigits)}, digits[:10]...), reference: digits[:6]}, nil
}

func parseWords(text string) (typedCode, error) {
	parts := spoken.Words(text)
	if len(parts) != 4 {
		return typedCode{}, ErrCodeForm
	}
	var indexes [4]uint16
	for i, p := range parts {
		at, ok := spoken.Index(p)
		if !ok {
			return typedCode{}, ErrTypo
		}
		indexes[i] = at
	}
	return typedCode{form: spoken.ByWords, key: wordsKey(indexes)}, nil
}
