package spoken

import "strings"

// Form is how a code was written.
type Form byte

const (
	ByDigits Form = 'd'
	ByWords  Form = 'w'
	ByQR     Form = 'q'
)

// Recognise says in which form a text is, and gives what is to be read of it: a QR code's text behind its prefix, in any case; digits without what stands
// between them; or words as they are.
func Recognise(text, qrPrefix string) (Form, string) {
	text = strings.TrimFunc(text, isSeparator)
	if len(text) >= len(qrPrefix) && strings.EqualFold(text[:len(qrPrefix)], qrPrefix) {
		return ByQR, text[len(qrPrefix):]
	}
	if digits, ok := Digits(text); ok {
		return ByDigits, digits
	}
	return ByWords, text
}
