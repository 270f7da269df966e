package client

import (
	"strings"
	"unicode"
)

// plain says whether a code of the service can stand in a message of ours.
func plain(code string) bool {
	if code == "" || len(code) > maxErrorCode {
		return false
	}
	for _, c := range code {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

// sentence makes something that can be shown of a text of the service: one line, no marks that steer a terminal or turn the writing round, cut at most
// characters.
func sentence(s string, most int) string {
	var out strings.Builder
	n := 0
	for _, c := range s {
		if n == most {
			break
		}
		if unicode.IsControl(c) || unicode.In(c, unicode.Cf) || c == unicode.ReplacementChar {
			c = ' '
		}
		out.WriteRune(c)
		n++
	}
	return strings.TrimSpace(out.String())
}
