package egk

import (
	"fmt"
	"slices"
)

// What EF.Version2 says (popp.md 3.1): a template EF with C0, the version of the filling instruction, and C1, that of the object system.
const (
	tagVersions = 0xef
	tagFilling  = 0xc0
	tagSystem   = 0xc1
)

const (
	fillingG2 = "\x02\x00\x00"
	systemG3  = "\x05\x00\x00"
)

// systemsG21 are the versions of the object system of generation 2.1 that a PoPP service takes.
var systemsG21 = []string{
	"\x04\x04\x00", "\x04\x04\x01", "\x04\x05\x00", "\x04\x05\x01", "\x04\x05\x02", "\x04\x06\x00", "\x04\x07\x00",
}

// checkVersion refuses a card that cannot do what is asked of it.
func checkVersion(file []byte) error {
	content, rest, ok := element(file, tagVersions)
	if !ok || !isPadding(rest) {
		return fmt.Errorf("%w: its version", ErrAnswer)
	}
	versions := map[byte]string{}
	for len(content) > 0 {
		tag := content[0]
		var value []byte
		if value, content, ok = element(content, tag); !ok {
			return fmt.Errorf("%w: its version", ErrAnswer)
		}
		if _, doubled := versions[tag]; doubled {
			return fmt.Errorf("%w: its version, twice", ErrAnswer)
		}
		versions[tag] = string(value)
	}
	switch system := versions[tagSystem]; {
	case len(system) != 3:
		return fmt.Errorf("%w: its version", ErrAnswer)
	case system == systemG3:
		return ErrG3
	case versions[tagFilling] != fillingG2 || !slices.Contains(systemsG21, system):
		return ErrOldCard
	}
	return nil
}

// element reads one with a tag and a length of a byte each, below 128.
func element(data []byte, tag byte) (value, rest []byte, ok bool) {
	if len(data) < 2 || data[0] != tag || data[1] >= 0x80 || len(data)-2 < int(data[1]) {
		return nil, nil, false
	}
	end := 2 + int(data[1])
	return data[2:end], data[end:], true
}

// isPadding says whether what follows a file's content is what cards fill files with: zeros, or ones.
func isPadding(rest []byte) bool {
	for _, b := range rest {
		if b != rest[0] || (b != 0x00 && b != 0xff) {
			return false
		}
	}
	return true
}
