package popp

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// WorkplaceID names a workplace or a process of an institution. "" is none.
type WorkplaceID string

// ParseWorkplaceID takes one that is there. Beside the nine characters of A_28629 it may not hold what does not show or moves what does:
// it is a stranger's text on two screens.
func ParseWorkplaceID(s string) (WorkplaceID, error) {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > MaxWorkplace || strings.TrimSpace(s) == "" {
		return "", ErrWorkplace
	}
	for _, r := range s {
		if strings.ContainsRune(`\/:*?"<>|`, r) || unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control) || r == utf8.RuneError {
			return "", ErrWorkplace
		}
	}
	return WorkplaceID(s), nil
}
