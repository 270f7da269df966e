package directory

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold writes text so that it can be compared with what somebody types: lower case, umlauts as two letters, no accents. "Müller" and "Mueller" are one.
func Fold(text string) string { return bare(umlauts.Replace(lower(text))) }

// foldShort is Fold with umlauts as one letter, for those who type "Muller".
func foldShort(text string) string { return bare(strings.ReplaceAll(lower(text), "ß", "ss")) }

var umlauts = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss")

// lower has one form of each letter.
func lower(text string) string { return strings.ToLower(norm.NFC.String(text)) }

// bare takes accents off.
func bare(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(text))
}

// Words are what a text consists of: letters and digits, and what stands between them is left out.
func Words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) })
}

// haystack is a text in which words are looked for.
type haystack struct{ long, short string }

func newHaystack(parts ...string) haystack {
	text := strings.Join(parts, "\n")
	h := haystack{Fold(text), foldShort(text)}
	if h.long == h.short {
		h.short = h.long // one text in memory
	}
	return h
}

// needle is a word that is looked for.
type needle haystack

// needlesOf are the words of a query.
func needlesOf(query string) (out []needle) {
	for _, w := range Words(query[:min(len(query), maxQuery)]) {
		if len(out) == maxWords {
			break
		}
		out = append(out, needle{Fold(w), foldShort(w)})
	}
	return out
}

// hasAll says whether all words are somewhere in the text, as parts of words too.
func (h haystack) hasAll(words []needle) bool {
	for _, w := range words {
		if !strings.Contains(h.long, w.long) && !strings.Contains(h.short, w.short) {
			return false
		}
	}
	return true
}
