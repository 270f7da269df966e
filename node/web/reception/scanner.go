package reception

import (
	"regexp"
	"strings"
)

// A hand scanner is a keyboard to the computer. One that is set to another layout than the computer types other characters:
//
//	US scanner on a German computer:  : is Ö, - is ß, / is -, Y is Z and Z is Y
//	German scanner on a US computer:  : is >, - is /, / is &, Y is Z and Z is Y
//
// With caps lock all letters are the other case. Codes are capitals, digits and a colon after TM1 or PIEKS, so the character in place of the
// colon tells which of it happened, and a right text is not changed but for its case.
var (
	usOnGerman = strings.NewReplacer("Ö", ":", "ö", ":", "ß", "-", "?", "-", "-", "/", "_", "/", "Y", "Z", "Z", "Y", "y", "Z", "z", "Y")
	germanOnUS = strings.NewReplacer(">", ":", "/", "-", "?", "-", "&", "/", "Y", "Z", "Z", "Y", "y", "Z", "z", "Y")
	// scanStart finds a code's beginning: what stands before it was typed or scanned earlier and never sent.
	scanStart = regexp.MustCompile(`(?i)(TM1|PIEKS)([:öÖ>])`)
)

// scanned is a code as it was meant: a scanned one in the form in which it was printed, a typed one as it is.
func scanned(text string) string {
	text = strings.TrimSpace(text)
	found := scanStart.FindAllStringSubmatchIndex(text, -1)
	if found == nil {
		return text
	}
	last := found[len(found)-1]
	prefix, colon, rest := text[last[2]:last[3]], text[last[4]:last[5]], text[last[5]:]
	switch colon {
	case "ö", "Ö":
		rest = usOnGerman.Replace(rest)
	case ">":
		rest = germanOnUS.Replace(rest)
	}
	return strings.ToUpper(prefix) + ":" + strings.ToUpper(strings.TrimSpace(rest))
}
