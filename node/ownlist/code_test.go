package ownlist

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"
	"pgregory.net/rapid"
)

// vector is the device and the relay of doc.go.
func vector() ([32]byte, peer.ID) {
	var device [32]byte
	for i := range device {
		device[i] = byte(i)
	}
	return device, peer.ID("\x00\x24\x08\x01\x12\x20" + strings.Repeat("\x11", 32))
}

func TestDocCodes(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	device, relay := vector()
	for _, c := range []Code{NewCode(device, nil), NewCode(device, []peer.ID{relay})} {
		if !strings.Contains(string(doc), "//\t"+c.String()+"\n") {
			t.Errorf("doc.go lacks %s", c)
		}
	}
}

// Every code is read back from its text, and the text fits a QR code of version 4 at level Q.
func TestCodeThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		device := [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "device"))
		var relays []peer.ID
		for _, text := range rapid.SliceOfN(rapid.StringN(1, 40, 80), 0, 4).Draw(t, "relays") {
			relays = append(relays, peer.ID(text))
		}
		c := NewCode(device, relays)
		text := c.String()
		if len(text) > 67 || strings.Trim(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:") != "" {
			t.Fatalf("%q does not fit", text)
		}
		again, err := ParseCode(text)
		if err != nil || again.Device != device || again.String() != text {
			t.Fatalf("%q: %v", text, err)
		}
		for i, h := range again.Hints {
			if i == 0 && !h.Names(relays[0]) {
				t.Fatal("the first relay is not named")
			}
		}
	})
}

func TestOtherTexts(t *testing.T) {
	device, relay := vector()
	good := NewCode(device, []peer.ID{relay}).String()
	for name, text := range map[string]string{
		"empty": "", "prefix": "PIEKS:", "small": strings.ToLower(good), "space": good + " ", "token": "TM1:" + good[6:],
		"short": good[:57], "colon without hint": good[:59], "half a hint": good[:61], "three hints": good + "AAAABBBB", "same hint twice": good + good[59:],
		"no colon": good[:58] + good[59:], "two colons": good[:58] + ":" + good[58:], "digit 1": strings.Replace(good, "PIEKS:A", "PIEKS:1", 1),
		"bits behind the end": good[:57] + "R" + good[58:], "foreign hint": good[:59] + "KP-F", "newline in it": good[:30] + "\n" + good[31:],
	} {
		if c, err := ParseCode(text); !errors.Is(err, ErrCode) {
			t.Errorf("%s: %q is read as %v", name, text, c)
		}
	}
}

func FuzzParseCode(f *testing.F) {
	device, relay := vector()
	f.Add(NewCode(device, nil).String())
	f.Add(NewCode(device, []peer.ID{relay, "x"}).String())
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCode(text)
		if err != nil {
			if !bytes.Equal(c.Device[:], make([]byte, 32)) || c.Hints != nil {
				t.Error("an error with a code")
			}
			return
		}
		if c.String() != text {
			t.Errorf("%q is another form of %q", text, c)
		}
	})
}
