package popp

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestQR(t *testing.T) { // T11
	const text = `{"tid":"1-234567890","typ":"popp-checkin","wpid":"REZEPTION-1"}`
	want := QR{"1-234567890", "REZEPTION-1"}
	if got, err := ParseQR([]byte(text)); err != nil || got != want {
		t.Errorf("got %v, %v", got, err)
	}
	if got := want.Text(); got != text {
		t.Errorf("text %s", got)
	}
	for text, want := range map[string]QR{
		`{"typ":"popp-checkin","tid":"1-234567890"}`:                                  {"1-234567890", ""},
		" { \"tid\" : \"1-2\",\n\t\"typ\":\"popp-checkin\" } \n":                      {"1-2", ""},
		`{"tid":"1-2","typ":"popp\u002dcheckin","wpid":"\u00e4 \ud83d\ude42"}`:        {"1-2", "ä 🙂"},
		`{"tid":"1-2","typ":"popp-checkin","wpid":"` + strings.Repeat("🙂", 64) + `"}`: {"1-2", WorkplaceID(strings.Repeat("🙂", 64))},
	} {
		if got, err := ParseQR([]byte(text)); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	if got := (QR{TelematikID: "1-2", Workplace: "A&B"}).Text(); got != `{"tid":"1-2","typ":"popp-checkin","wpid":"A&B"}` {
		t.Errorf("text %s", got)
	}
}

func TestFaultyQR(t *testing.T) { // T12
	for name, text := range map[string]string{
		"extra key":             `{"tid":"1-2","typ":"popp-checkin","url":"x"}`,
		"duplicate tid":         `{"tid":"1-2","tid":"1-2","typ":"popp-checkin"}`,
		"duplicate, escaped":    `{"tid":"1-2","\u0074id":"1-3","typ":"popp-checkin"}`,
		"TYP":                   `{"tid":"1-2","TYP":"popp-checkin"}`,
		"TYP beside typ":        `{"tid":"1-2","typ":"popp-checkin","TYP":"x"}`,
		"Tid":                   `{"Tid":"1-2","typ":"popp-checkin"}`,
		"value in another case": `{"tid":"1-2","typ":"popp-Checkin"}`,
		"no typ":                `{"tid":"1-2"}`,
		"no tid":                `{"typ":"popp-checkin"}`,
		"tid a number":          `{"tid":12,"typ":"popp-checkin"}`,
		"tid null":              `{"tid":null,"typ":"popp-checkin"}`,
		"wpid null":             `{"tid":"1-2","typ":"popp-checkin","wpid":null}`,
		"wpid empty":            `{"tid":"1-2","typ":"popp-checkin","wpid":""}`,
		"wpid a link":           `{"tid":"1-2","typ":"popp-checkin","wpid":"https://evil.example"}`,
		"wpid half a character": `{"tid":"1-2","typ":"popp-checkin","wpid":"\ud83d"}`,
		"array":                 `[{"tid":"1-2","typ":"popp-checkin"}]`,
		"trailing":              `{"tid":"1-2","typ":"popp-checkin"}{}`,
		"trailing text":         `{"tid":"1-2","typ":"popp-checkin"} x`,
		"byte order mark":       "\ufeff" + `{"tid":"1-2","typ":"popp-checkin"}`,
		"invalid UTF-8":         "{\"tid\":\"1-2\",\"typ\":\"popp-checkin\",\"wpid\":\"\xff\"}",
		"link":                  "https://evil.example/?tid=1-2",
		"scheme":                "weixin://dl/1-2",
		"nested":                `{"tid":{"tid":"1-2"},"typ":"popp-checkin"}`,
		"10 kB":                 `{"tid":"1-2","typ":"popp-checkin"}` + strings.Repeat(" ", 10<<10),
		"513 bytes":             `{"tid":"1-2","typ":"popp-checkin"}` + strings.Repeat(" ", 513-34),
		"comma":                 `{"tid":"1-2","typ":"popp-checkin",}`,
		"single quotes":         `{'tid':'1-2','typ':'popp-checkin'}`,
		"empty":                 "",
		"null":                  "null",
		"bare id":               "1-234567890",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseQR([]byte(text))
			if !errors.Is(err, ErrQR) || got != (QR{}) {
				t.Fatalf("got %v, %v", got, err)
			}
			if !strings.Contains(err.Error(), "tell the staff") || strings.Contains(err.Error(), "evil") || strings.Contains(err.Error(), "1-2") {
				t.Errorf("the error does not send to the staff, or repeats the code: %v", err)
			}
		})
	}
	if _, err := ParseQR([]byte(`{"tid":"1-2","typ":"popp-checkin"}` + strings.Repeat(" ", MaxQR-34))); err != nil {
		t.Errorf("exactly %d bytes: %v", MaxQR, err)
	}
}

// TestRoundTrip: whatever a practice may put into its code, a patient reads.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := QR{TelematikID: TelematikID(rapid.StringMatching(`[0-9]{1,2}-[._A-Za-z0-9-]{1,120}`).Draw(t, "tid"))}
		workplace := rapid.StringN(0, 64, -1).Draw(t, "workplace")
		if id, err := ParseWorkplaceID(workplace); err == nil {
			q.Workplace = id
		}
		if got, err := ParseQR([]byte(q.Text())); err != nil || got != q {
			t.Fatalf("%s: %v, %v", q.Text(), got, err)
		}
	})
}

func FuzzParseQR(f *testing.F) {
	f.Add([]byte(`{"tid":"1-234567890","typ":"popp-checkin","wpid":"REZEPTION-1"}`))
	f.Add([]byte(`{"tid":"1-2","typ":"popp-checkin","tid":"1-3"}`))
	f.Add([]byte(`https://evil.example/?tid=1-2`))
	f.Fuzz(func(t *testing.T, text []byte) {
		q, err := ParseQR(text)
		if err != nil {
			if !errors.Is(err, ErrQR) {
				t.Fatalf("%v is not ErrQR", err)
			}
			return
		}
		if _, err := ParseTelematikID(string(q.TelematikID)); err != nil {
			t.Fatalf("%q: %v", q.TelematikID, err)
		}
		if again, err := ParseQR([]byte(q.Text())); len(q.Text()) <= MaxQR && (err != nil || again != q) {
			t.Fatalf("%q is not read again: %v", q.Text(), err)
		}
	})
}

func FuzzParseTelematikID(f *testing.F) {
	f.Add("1-234567890")
	f.Add("10-67.247.ä")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := ParseTelematikID(s)
		if err == nil && (string(id) != s || strings.ContainsAny(s, " /:?&=#%<>\"'\\\n\x00") || len(s) < 3) {
			t.Fatalf("%q is taken", s)
		}
	})
}
