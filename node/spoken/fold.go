package spoken

import (
	"strings"
	"unicode"
)

// Digits takes separators out and turns Arabic and full-width digits into ASCII. It is false when anything else
// is in the text, or nothing.
func Digits(text string) (string, bool) {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r >= '٠' && r <= '٩':
			b.WriteRune('0' + r - '٠')
		case r >= '۰' && r <= '۹':
			b.WriteRune('0' + r - '۰')
		case r >= '０' && r <= '９':
			b.WriteRune('0' + r - '０')
		case isSeparator(r):
		default:
			return "", false
		}
	}
	return b.String(), b.Len() > 0
}

// Words splits a text into what stands between separators, for Index.
func Words(text string) []string { return strings.FieldsFunc(foldLetters(text), isSeparator) }

var umlauts = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "a\u0308", "ae", "o\u0308", "oe", "u\u0308", "ue")

// foldLetters writes umlauts as the list does, which has none, and everything in lower case.
func foldLetters(text string) string { return umlauts.Replace(strings.ToLower(text)) }

// isSeparator takes every space, dash, comma and dot that people, phones and word processors put between groups.
func isSeparator(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || r == ',' || r == '.' || r == '\u2212' || r == '\u00ad' || r == '\u200b' || r == '\ufeff'
}
