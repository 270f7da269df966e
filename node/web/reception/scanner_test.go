package reception

import (
	"strings"
	"testing"
)

const rightCode = "TM1:AEIRCEIRCEIRCEJPQSKLP2W3IJU2XDS7NCLNK7WN"

// typedBy are what a keyboard types when a scanner of another layout sends a text.
func typedBy(text string, layout map[rune]rune) string {
	return strings.Map(func(r rune) rune {
		if typed, ok := layout[r]; ok {
			return typed
		}
		return r
	}, text)
}

var (
	usScannerGermanPC = map[rune]rune{':': 'Ö', '-': 'ß', '/': '-', 'Y': 'Z', 'Z': 'Y', 'y': 'z', 'z': 'y'}
	germanScannerUSPC = map[rune]rune{':': '>', '-': '/', '/': '&', 'Y': 'Z', 'Z': 'Y', 'y': 'z', 'z': 'y'}
)

func TestScanned(t *testing.T) {
	own := "PIEKS:ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLMNOPQRST:AYZB"
	for _, test := range []struct{ name, typed, want string }{
		{"right", rightCode, rightCode},
		{"with spaces and a line end", "  " + rightCode + "\r\n", rightCode},
		{"lower case", strings.ToLower(rightCode), rightCode},
		{"US scanner, German computer", typedBy(rightCode, usScannerGermanPC), rightCode},
		{"the same with caps lock", strings.ToLower(typedBy(rightCode, usScannerGermanPC)), rightCode},
		{"German scanner, US computer", typedBy(rightCode, germanScannerUSPC), rightCode},
		{"practice code", own, own},
		{"practice code, US scanner, German computer", typedBy(own, usScannerGermanPC), own},
		{"Y and Z of a right one stay", "TM1:YZYZ", "TM1:YZYZ"},
		{"Y and Z of a wrong one change", "TM1ÖZYZY", "TM1:YZYZ"},
		{"after a code that was never sent", "TM1:WRONG" + rightCode, rightCode},
		{"digits", "085911-0559-9", "085911-0559-9"},
		{"words", "konflikt weisheit trinken größe", "konflikt weisheit trinken größe"},
		{"nothing", "  ", ""},
	} {
		got := scanned(test.typed)
		if got != test.want {
			t.Errorf("%s: %q gives %q, want %q", test.name, test.typed, got, test.want)
		}
		if again := scanned(got); again != got {
			t.Errorf("%s: not idempotent: %q, then %q", test.name, got, again)
		}
	}
}
