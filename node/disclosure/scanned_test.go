package disclosure

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"
	"pgregory.net/rapid"

	"pieks/gossip/wire"
	"pieks/node/host/hosttest"
	"pieks/node/spoken"
)

var qrRelay = peerOf(hosttest.Key(2))

func drawCode(t *rapid.T) Code { return Code(rapid.Uint64Range(0, tenDigits-1).Draw(t, "code")) }

func TestCodeVectors(t *testing.T) {
	for n, want := range map[Code][2]string{
		0:             {"000000-0000-0", ""},
		123456789:     {"012345-6789-4", "abpfiff redner stark speziell"},
		tenDigits - 1: {"999999-9999-2", ""},
		859110559:     {"085911-0559-9", ""},
		1234567890:    {"123456-7890-6", ""},
	} {
		if got := n.Digits(); got != want[0] {
			t.Errorf("digits %s, want %s", got, want[0])
		}
		if got := n.Words(); want[1] != "" && got != want[1] {
			t.Errorf("words %s, want %s", got, want[1])
		}
	}
}

// Every form, in every way that people write it, is read as the code it was made from.
func TestEveryFormIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := drawCode(t)
		c := Commitment(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "commitment"))
		qr := must(QR(qrRelay, code, c))
		w, d := code.Words(), code.Digits()
		for _, text := range []string{
			d, strings.ReplaceAll(d, "-", ""), "\u00a0" + strings.ReplaceAll(d, "-", " \u2013 ") + "\n", w, strings.ToUpper(w), strings.ReplaceAll(w, " ", ", "), abbreviated(w),
		} {
			got, err := ParseCode(text)
			if err != nil || got.Code != code || got.Commitment != nil || got.Relay != "" {
				t.Fatalf("%q: %v", text, err)
			}
		}
		for _, text := range []string{qr, " " + strings.ToLower(qr) + "\n"} {
			got, err := ParseCode(text)
			if err != nil || got.Code != code || got.Commitment == nil || *got.Commitment != c || got.Relay != qrRelay.String() {
				t.Fatalf("%q: %v", text, err)
			}
		}
		if len(qr) != 121 || strings.Trim(qr, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:") != "" {
			t.Fatalf("not of the alphanumeric mode: %s", qr)
		}
		if code.Reference()+code.PIN() != strings.ReplaceAll(d, "-", "")[:10] {
			t.Fatal("reference and pin are not the digits")
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

func TestEverySlipOfADigitIsATypo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := strings.ReplaceAll(drawCode(t).Digits(), "-", "")
		for i := range digits {
			for d := byte('0'); d <= '9'; d++ {
				slip := []byte(digits)
				slip[i] = d
				if _, err := ParseCode(string(slip)); (err != ErrTypo) != (d == digits[i]) {
					t.Fatalf("%s for %s: %v", slip, digits, err)
				}
			}
			if i > 0 && digits[i] != digits[i-1] {
				slip := []byte(digits)
				slip[i], slip[i-1] = slip[i-1], slip[i]
				if _, err := ParseCode(string(slip)); err != ErrTypo {
					t.Fatalf("%s for %s: %v", slip, digits, err)
				}
			}
		}
	})
}

// A wrong word passes once in a thousand times: 2,047 wrong words in each of four places give 8 of 8,188, and never 50.
func TestWrongWordsAreFound(t *testing.T) {
	code := Code(123456789)
	right := strings.Fields(code.Words())
	passed := 0
	for at := range right {
		for i := range uint16(2048) {
			wrong := append([]string(nil), right...)
			if wrong[at] = spoken.Word(i); wrong[at] == right[at] {
				continue
			}
			switch _, err := ParseCode(strings.Join(wrong, " ")); err {
			case nil:
				passed++
			case ErrTypo:
			default:
				t.Fatal(err)
			}
		}
	}
	if passed > 50 {
		t.Errorf("%d wrong words pass", passed)
	}
}

func TestOddInput(t *testing.T) {
	qr := must(QR(qrRelay, 123456789, Commitment{1}))
	for text, want := range map[string]error{
		"٠١٢٣٤٥٦٧٨٩٤": nil, "０１２３４５６７８９４": nil, "012345\u20116789\u00a04": nil, "Abpfiff, REDNER stark.speziell": nil,
		"": ErrCodeForm, " - ": ErrCodeForm, "0123456789": ErrTypo, "012345678940": ErrTypo, "०१२३": ErrCodeForm,
		"abpfiff redner stark": ErrCodeForm, "abpfiff redner stark bahnhof": ErrTypo, "abp red sta spe": ErrTypo, "zzzz zzzz zzzz zzzz": ErrTypo,
		qrPrefix: ErrCodeForm, qr[:len(qr)-1]: ErrCodeForm, qr + "A": ErrCodeForm, strings.Replace(qr, "PIEKS-D1", "PIEKS-D2", 1): ErrCodeForm,
		qrPrefix + strings.Repeat("!", 112): ErrCodeForm, qrPrefix + "C" + qr[len(qrPrefix)+1:]: ErrCodeForm, qrPrefix + strings.Repeat("A", 3000): ErrCodeForm,
		qrPrefix + qrEncoding.EncodeToString(append(append([]byte{1}, make([]byte, 32)...), append([]byte{0xff, 0xff, 0xff, 0xff, 0xff}, make([]byte, 32)...)...)): ErrCodeForm,
		strings.Repeat("1", 3000): ErrCodeForm, "https://example.org/" + qr: ErrCodeForm, "<script>alert(1)</script>": ErrCodeForm,
		"TM1:AEIRCEIRCEIRCEJPQSKLP2W3IJU2XDS7NCLNK7WN": ErrCodeForm, "\xff\xfe": ErrCodeForm, "\x00": ErrCodeForm,
	} {
		if _, err := ParseCode(text); err != want {
			t.Errorf("%.60q: %v, want %v", text, err, want)
		}
	}
}

func TestCodesHideThemselves(t *testing.T) {
	c := must(NewConsent([]byte("x")))
	c.Code = 123456789
	shown := fmt.Sprintf("%v %d %s %x %+v %#v", c.Code, c.Code, c.Code, c.Code, Scanned{Code: c.Code}, c.Code) + c.Code.LogValue().String() + string(must(json.Marshal(c.Code)))
	if strings.Contains(shown, "123456789") || strings.Contains(shown, "75bcd15") {
		t.Errorf("shown: %s", shown)
	}
	var back Consent
	if err := wire.Unmarshal(must(wire.Marshal(c)), &back); err != nil || back.Code != c.Code || back.Commitment() != c.Commitment() {
		t.Errorf("a consent is not read back: %v", err)
	}
}

func TestQRNamesRelaysOnly(t *testing.T) {
	if _, err := QR(peer.ID("no peer"), 1, Commitment{}); err == nil {
		t.Error("a QR code for no relay")
	}
}

func FuzzCode(f *testing.F) {
	for _, seed := range []string{"012345-6789-4", "abpfiff redner stark speziell", must(QR(qrRelay, 123456789, Commitment{1})), "０１２", "u\u0308ber"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseCode(text)
		if err != nil {
			if err != ErrTypo && err != ErrCodeForm {
				t.Fatal(err)
			}
			return
		}
		if got.Code >= tenDigits || (got.Commitment == nil) != (got.Relay == "") {
			t.Fatal("out of bounds")
		}
		if again, err := ParseCode(got.Code.Digits()); err != nil || again.Code != got.Code {
			t.Fatal("its digits are read as another code")
		}
		if got.Commitment != nil {
			id, err := peer.Decode(got.Relay)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := ParseCode(must(QR(id, got.Code, *got.Commitment))); err != nil || again.Relay != got.Relay || *again.Commitment != *got.Commitment {
				t.Fatal("two QR codes for one thing")
			}
		}
	})
}
