package booking

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"pieks/gossip"

	"pgregory.net/rapid"
)

func filled(b byte) [32]byte { return [32]byte(bytes.Repeat([]byte{b}, 32)) }

// The vector of crypto.md 8.4.
func TestVector(t *testing.T) {
	token, np, nd, r := gossip.TokenID(filled(0x11)), filled(0x22), filled(0x33), filled(0x44)
	c := Commit([]gossip.TokenID{token}, r, np)
	if got := hex.EncodeToString(c[:]); got != "9b867607fecd05c23fc7ff615f93626900e7b739a76973cc75b82af4f7505c32" {
		t.Errorf("commitment %s", got)
	}
	code, err := DeriveCode(token, np, nd, Transcript(token, r, c, nd))
	if err != nil {
		t.Fatal(err)
	}
	if got := code.Digits(); got != "085911-0559-9" {
		t.Errorf("digits %s", got)
	}
	if got := code.Word; got != [4]uint16{1022, 1940, 1807, 1675} {
		t.Errorf("word indexes %v", got)
	}
	if got := code.Words(); got != "konflikt weisheit trinken station" {
		t.Errorf("words %s", got)
	}
	if got := hex.EncodeToString(code.MAC[:]); got != "2f8494b7eadb4269ab8e5f6896d57ecd" {
		t.Errorf("MAC %s", got)
	}
	if got := code.QR(); got != "TM1:AEIRCEIRCEIRCEJPQSKLP2W3IJU2XDS7NCLNK7WN" || len(got) != 44 {
		t.Errorf("QR %s", got)
	}
}

func TestTwoSlotsHaveOwnCodesUnderOneCommitment(t *testing.T) {
	a, b, key, np, nd := gossip.TokenID(filled(1)), gossip.TokenID(filled(2)), filled(3), filled(4), filled(5)
	c := Commit([]gossip.TokenID{a, b}, key, np)
	if c == Commit([]gossip.TokenID{b, a}, key, np) || c == Commit([]gossip.TokenID{a}, key, np) {
		t.Error("the commitment does not bind the slots and their order")
	}
	ca, _ := DeriveCode(a, np, nd, Transcript(a, key, c, nd))
	cb, _ := DeriveCode(b, np, nd, Transcript(b, key, c, nd))
	if ca.Number == cb.Number || ca.Word == cb.Word || ca.MAC == cb.MAC {
		t.Error("two visits share a code")
	}
}

func drawCode(t *rapid.T) Code {
	token := gossip.TokenID(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "token"))
	np := [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "np"))
	c, err := DeriveCode(token, np, filled(1), filled(2))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Every form of a code, and every way people write it, is read as the key it is kept under.
func TestEveryFormIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCode(t)
		keys := c.lookupKeys()
		w := c.Words()
		for text, want := range map[string][]byte{
			c.Digits(): keys[0], strings.ReplaceAll(c.Digits(), "-", ""): keys[0], "\u00a0" + strings.ReplaceAll(c.Digits(), "-", " \u2013 ") + "\n": keys[0],
			w: keys[1], strings.ToUpper(w): keys[1], strings.ReplaceAll(w, " ", "-"): keys[1], strings.ReplaceAll(w, " ", ", "): keys[1], abbreviated(w): keys[1],
			c.QR(): keys[2], strings.ToLower(c.QR()) + " ": keys[2],
		} {
			got, err := parseCode(text)
			if err != nil || !bytes.Equal(got.key, want) {
				t.Fatalf("%q: %x %v, want %x", text, got.key, err, want)
			}
		}
	})
}

func abbreviated(words string) string {
	var short []string
	for _, w := range strings.Fields(words) {
		short = append(short, w[:4])
	}
	return strings.Join(short, " ")
}

// Case 25: one wrong digit, or two neighbours swapped, is a typing error for every code.
func TestEverySlipOfADigitIsATypo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := strings.ReplaceAll(drawCode(t).Digits(), "-", "")
		for i := range digits {
			for d := byte('0'); d <= '9'; d++ {
				slip := []byte(digits)
				slip[i] = d
				if _, err := parseCode(string(slip)); (err != ErrTypo) != (d == digits[i]) {
					t.Fatalf("%s for %s: %v", slip, digits, err)
				}
			}
			if i > 0 && digits[i] != digits[i-1] {
				slip := []byte(digits)
				slip[i], slip[i-1] = slip[i-1], slip[i]
				if _, err := parseCode(string(slip)); err != ErrTypo {
					t.Fatalf("%s for %s: %v", slip, digits, err)
				}
			}
		}
	})
}

// Cases 28 and 29.
func TestOddInput(t *testing.T) {
	const digits = "08591105599"
	arabic, wide := "", ""
	for _, r := range digits {
		arabic += string('٠' + r - '0')
		wide += string('０' + r - '0')
	}
	for text, want := range map[string]error{
		arabic: nil, wide: nil, "085911\u20110559\u00a09": nil, "085911.0559.9": nil,
		"KONFLIKT  Weisheit trinken,station": nil, "konf weis trin stat": nil, "konfli weisheit trink station": nil,
		"": ErrCodeForm, " - ": ErrCodeForm, "0859110559": ErrTypo, "085911055990": ErrTypo, "०८५९": ErrCodeForm,
		"konflikt weisheit trinken": ErrCodeForm, "konflikt weisheit trinken bahnhof": ErrTypo, "kon wei tri sta": ErrTypo,
		"konflikt weisheit trinken stationen": ErrTypo,
		"TM1:":                                ErrCodeForm, "TM1:AEIRCEIRCEIRCEJPQSKLP2W3IJU2XDS7NCLNK7W": ErrCodeForm,
		"TM1:!EIRCEIRCEIRCEJPQSKLP2W3IJU2XDS7NCLNK7WN": ErrCodeForm, "TM1:AIIRCEIRCEIRCEJPQSKLP2W3IJU2XDS7NCLNK7WN": ErrCodeForm,
		"TM1:" + strings.Repeat("A", 3000): ErrCodeForm, strings.Repeat("1", 3000): ErrCodeForm,
		"https://example.org/TM1:AEIRCEIRCEIRCEJPQSKLP2W3IJU2XDS7NCLNK7WN": ErrCodeForm, "<script>alert(1)</script>": ErrCodeForm,
		"TM2:AEIRCEIRCEIRCEJPQSKLP2W3IJU2XDS7NCLNK7WN": ErrCodeForm, "\xff\xfe": ErrCodeForm, "\x00": ErrCodeForm,
	} {
		if _, err := parseCode(text); err != want {
			t.Errorf("%.60q: %v, want %v", text, err, want)
		}
	}
}

func ExampleCode() {
	token, np, nd, b := gossip.TokenID(filled(0x11)), filled(0x22), filled(0x33), filled(0x44)
	c, _ := DeriveCode(token, np, nd, Transcript(token, b, Commit([]gossip.TokenID{token}, b, np), nd))
	fmt.Println(c.Digits())
	fmt.Println(c.Words())
	fmt.Println(c.QR())
	// Output:
	// 085911-0559-9
	// konflikt weisheit trinken station
	// TM1:AEIRCEIRCEIRCEJPQSKLP2W3IJU2XDS7NCLNK7WN
}
