package spoken

import (
	_ "embed"
	"sort"
	"strings"
)

// wordList is de-2048-v1 of github.com/dys2p/wordlists-de, by dys2p and its contributors, Unlicense or CC0 at choice.
//
//go:embed words.txt
var wordList string

var words = strings.Fields(wordList)

// Word is the word of a number of 11 bits.
func Word(i uint16) string { return words[int(i)%len(words)] }

// wordPrefix is how many letters make a word of the list unique.
const wordPrefix = 4

// Index finds a word by itself or by at least its first four letters. The text is lower-case ASCII, as Words gives it.
func Index(text string) (uint16, bool) {
	i := sort.SearchStrings(words, text)
	if i == len(words) || len(text) < wordPrefix || !strings.HasPrefix(words[i], text) {
		return 0, false
	}
	return uint16(i), true
}
