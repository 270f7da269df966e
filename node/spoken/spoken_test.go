package spoken

import (
	"strings"
	"testing"
)

func TestDammVectors(t *testing.T) {
	for digits, want := range map[string]byte{"572": 4, "0000000000": 0, "1234567890": 6, "9876543210": 3} {
		if got := Damm(digits); got != want {
			t.Errorf("%s: %d, want %d", digits, got, want)
		}
	}
}

func TestWordList(t *testing.T) {
	if len(words) != 2048 {
		t.Fatalf("%d words", len(words))
	}
	if strings.Join(words, "\n")+"\n" != wordList {
		t.Error("the list has other white space than one line feed a word")
	}
	for i, w := range words {
		if len(w) < 4 || len(w) > 8 || strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") != "" {
			t.Errorf("%q", w)
		}
		if i > 0 && (words[i-1] >= w || words[i-1][:4] == w[:4]) {
			t.Errorf("%q after %q", w, words[i-1])
		}
		if at, ok := Index(w); !ok || int(at) != i || Word(at) != w {
			t.Errorf("%q is not found", w)
		}
		if at, ok := Index(w[:4]); !ok || int(at) != i {
			t.Errorf("%q is not found by four letters", w)
		}
	}
}

func TestFolding(t *testing.T) {
	for in, want := range map[string]string{"Walroß": "walross", "NUSS": "nuss", "Übung": "uebung", "u\u0308bung": "uebung"} {
		if got := foldLetters(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	for in, want := range map[string]string{
		"085911-0559-9": "08591105599", " ٠٨٥ ": "085", "۱۲": "12", "０９": "09", "1\u20112\u00a03\u22124": "1234", "": "", " - ": "", "1a": "", "०": "",
	} {
		if got, ok := Digits(in); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q %v", in, got, ok)
		}
	}
	if got := Words(" Konflikt, WEISHEIT-trinken.Station\n"); strings.Join(got, " ") != "konflikt weisheit trinken station" {
		t.Errorf("%q", got)
	}
	if form, got := Recognise("\ufeff -tm1:A. ", "TM1:"); form != ByQR || got != "A" {
		t.Errorf("%q", got)
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{"085911-0559-9", "konflikt weisheit trinken station", "０８５９", "u\u0308ber", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if digits, ok := Digits(text); ok && (digits == "" || strings.Trim(digits, "0123456789") != "" || Damm(digits) > 9) {
			t.Fatalf("%q: %q", text, digits)
		}
		for _, w := range Words(text) {
			if at, ok := Index(w); ok && !strings.HasPrefix(Word(at), w) {
				t.Fatalf("%q is %q", w, Word(at))
			}
		}
	})
}
