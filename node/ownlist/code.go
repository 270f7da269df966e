package ownlist

import (
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"slices"
	"strings"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Code is what a practice's poster and slips say.
type Code struct {
	Device [32]byte // D
	Hints  []Hint   // relays at which the desk was when the code was made, at most two
}

// Hint is the beginning of the SHA-256 of a relay's peer ID: four characters of Base32. Several relays may share one; it only says whom to ask
// first.
type Hint string

// ErrCode says that a text is no code of a practice.
var ErrCode = errors.New("this is not the code of a practice: scan the QR code of its poster or slip again")

const (
	codePrefix  = "PIEKS:"
	deviceChars = 52 // 32 bytes in Base32
	hintChars   = 4
)

var base32Code = base32.StdEncoding.WithPadding(base32.NoPadding)

// HintOf is the hint for a relay.
func HintOf(relay peer.ID) Hint {
	sum := sha256.Sum256([]byte(relay))
	return Hint(base32Code.EncodeToString(sum[:])[:hintChars])
}

// Names says whether the hint is for this relay.
func (h Hint) Names(relay peer.ID) bool { return HintOf(relay) == h }

// NewCode is the code of a desk that keeps circuits at these relays; those beyond two, and those with the hint of another one, are left out.
func NewCode(device [32]byte, relays []peer.ID) Code {
	c := Code{Device: device}
	for _, id := range relays {
		if hint := HintOf(id); len(c.Hints) < codeHints && !slices.Contains(c.Hints, hint) {
			c.Hints = append(c.Hints, hint)
		}
	}
	return c
}

// String is the text of the QR code: 58, 63 or 67 characters of its alphanumeric set.
func (c Code) String() string {
	text := codePrefix + base32Code.EncodeToString(c.Device[:])
	if len(c.Hints) == 0 {
		return text
	}
	text += ":"
	for _, h := range c.Hints {
		text += string(h)
	}
	return text
}

// ParseCode reads what String gives, and nothing else: ErrCode.
func ParseCode(text string) (Code, error) {
	var c Code
	rest, ok := strings.CutPrefix(text, codePrefix)
	if !ok || len(rest) < deviceChars {
		return c, ErrCode
	}
	raw, err := base32Code.DecodeString(rest[:deviceChars])
	if err != nil || len(raw) != len(c.Device) {
		return c, ErrCode
	}
	c.Device = [32]byte(raw)
	if hints := strings.TrimPrefix(rest[deviceChars:], ":"); len(hints) <= codeHints*hintChars && len(hints)%hintChars == 0 {
		for chars := range slices.Chunk([]byte(hints), hintChars) {
			if strings.Trim(string(chars), "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == "" {
				c.Hints = append(c.Hints, Hint(chars))
			}
		}
	}
	if c.String() != text || len(c.Hints) == codeHints && c.Hints[0] == c.Hints[1] {
		return Code{}, ErrCode // another form of the same: last bits that are not zero, foreign characters, something behind it
	}
	return c, nil
}
