package popp

import (
	"unicode"
	"unicode/utf8"
)

// TelematikID names an institution of the Telematikinfrastruktur: sector, dash, the rest.
type TelematikID string

// ParseTelematikID takes one as a code or a protocol gives it; blanks around what a person typed are the caller's to cut.
func ParseTelematikID(s string) (TelematikID, error) {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxTelematikID {
		return "", ErrTelematikID
	}
	sector := 0
	for sector < len(s) && digit(s[sector]) {
		sector++
	}
	if sector < 1 || sector > 2 || len(s) < sector+2 || s[sector] != '-' {
		return "", ErrTelematikID
	}
	for _, r := range s[sector+1:] {
		if r != '.' && r != '_' && r != '-' && !(r >= '0' && r <= '9') && !unicode.IsLetter(r) {
			return "", ErrTelematikID
		}
	}
	return TelematikID(s), nil
}

func digit(b byte) bool { return b >= '0' && b <= '9' }
