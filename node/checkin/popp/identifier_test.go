package popp

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestKVNR(t *testing.T) { // T7
	for _, s := range []string{
		"X110540756", "X110639491", "X110630769", "X110617786", "X110687252", "X110411319", "N430869088", "X110465770", "A000500015", "P123464117",
		"Z123456783", "A123456780", "Y091263771",
	} {
		if got, err := ParseKVNR(s); err != nil || string(got) != s {
			t.Errorf("%s: %v", s, err)
		}
	}
	for s, right := range map[string]string{"A123456789": "0", "X123456789": "8", "A000000000": "2", "X110540757": "6"} {
		if _, err := ParseKVNR(s); !errors.Is(err, ErrKVNRDigit) {
			t.Errorf("%s: %v", s, err)
		}
		if _, err := ParseKVNR(s[:9] + right); err != nil {
			t.Errorf("%s: %v", s[:9]+right, err)
		}
		if err := KVNR(s).CheckForm(); err != nil {
			t.Errorf("form of %s: %v", s, err)
		}
	}
	for _, s := range []string{"", "x110540756", "Ä110540756", "Ä11054075", "X11054075", "X1105407560", "X11054075O", "1110540756", "X110540756\n",
		"X１10540756", " X110540756"} {
		if _, err := ParseKVNR(s); !errors.Is(err, ErrKVNR) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestIK(t *testing.T) { // T8
	for _, s := range []string{"260326822", "109500969", "101575519", "109777509", "104212059", "100696012"} {
		if _, err := ParseIK(s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	for s, right := range map[string]string{"123456789": "0", "987654321": "4"} {
		if _, err := ParseIK(s); !errors.Is(err, ErrIKDigit) {
			t.Errorf("%s: %v", s, err)
		}
		if _, err := ParseIK(s[:8] + right); err != nil {
			t.Errorf("%s: %v", s[:8]+right, err)
		}
	}
	for _, s := range []string{"", "26032682X", "26032682", "2603268220", "26032682２"} {
		if _, err := ParseIK(s); !errors.Is(err, ErrIK) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// TestOneDigit: both schemes find each single wrong digit.
func TestOneDigit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for s, parse := range map[string]func(string) error{
			"X110540756": func(s string) error { _, err := ParseKVNR(s); return err },
			"109500969":  func(s string) error { _, err := ParseIK(s); return err },
		} {
			first := len(s) - 9
			if first == 0 {
				first = 2 // class and region of an IK are not checked
			}
			at := rapid.IntRange(first, len(s)-1).Draw(t, "at")
			digit := rapid.IntRange('0', '9').Draw(t, "digit")
			if byte(digit) == s[at] {
				continue
			}
			if parse(s[:at]+string(rune(digit))+s[at+1:]) == nil {
				t.Fatalf("digit %d of %s as %c is not found", at, s, digit)
			}
		}
	})
}

func TestTelematikID(t *testing.T) { // T9
	for _, s := range []string{
		"1-234567890", "3-07.2.1444560000.16.108", "2-SMC-B-Testkarte--883110000168661", "1-2arvtst-ap000052", "9-2-DIGA-01", "10-67.247.1", "1-Ä_ß",
		"1-" + strings.Repeat("a", 126), "1-" + strings.Repeat("ä", 126),
	} {
		if got, err := ParseTelematikID(s); err != nil || string(got) != s {
			t.Errorf("%s: %v", s, err)
		}
	}
	for _, s := range []string{
		"", "-1", "1_2", "1-", "1-a b", "1-" + strings.Repeat("a", 127), "1-<script>", "100-1", "1", "a-1", "1-a\n", " 1-2", "1-2 ", "1-\xff", "1-a/b", "1-a?b",
		"1–2", "１-2",
		"1-\u202e2", "1-🙂",
	} {
		if _, err := ParseTelematikID(s); !errors.Is(err, ErrTelematikID) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestWorkplace(t *testing.T) { // T10
	for _, s := range []string{
		"Arbeitsplatz 1", "REZEPTION-1", strings.Repeat("x", 64), strings.Repeat("🙂", 64), "Empfang (links), 2. OG", "ä&ß'",
	} {
		if got, err := ParseWorkplaceID(s); err != nil || string(got) != s {
			t.Errorf("%s: %v", s, err)
		}
	}
	bad := []string{"", " ", strings.Repeat("x", 65), strings.Repeat("🙂", 65), "\n", "a\nb", "a\x00b", "a\x7fb", "a\u0085b", "a\u2028b", "a\u202eb",
		"a\u2066b", "\xff", "a\ufffdb"}
	for _, r := range `\/:*?"<>|` {
		bad = append(bad, string(r), "a"+string(r)+"b")
	}
	for _, s := range bad {
		if _, err := ParseWorkplaceID(s); !errors.Is(err, ErrWorkplace) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestState(t *testing.T) { // T24
	for s, want := range map[string]State{"success": Success, "pending": Pending, "canceled": Canceled, "cancelled": Canceled} {
		if got, err := ParseState(s); err != nil || got != want {
			t.Errorf("%s: %v, %v", s, got, err)
		}
		var status Status
		if err := json.Unmarshal([]byte(`{"state":"`+s+`"}`), &status); err != nil || status.State != want {
			t.Errorf("%s as JSON: %v, %v", s, status.State, err)
		}
		if got, err := ParseStatus([]byte(`{"state":"` + s + `","message":"m","id":"237CC7B7-f85e-42c3-981c-ad7f9d97ddca","more":[1]}`)); err != nil ||
			got != (Status{want, "m", "237CC7B7-f85e-42c3-981c-ad7f9d97ddca"}) {
			t.Errorf("%s as a status: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "Success", "success ", "unsuccessful", "canceled|pending", "done"} {
		if _, err := ParseState(s); !errors.Is(err, ErrState) {
			t.Errorf("%q: %v", s, err)
		}
		var status Status
		if err := json.Unmarshal([]byte(`{"state":"`+s+`"}`), &status); !errors.Is(err, ErrState) {
			t.Errorf("%q as JSON: %v", s, err)
		}
	}
	long, err := json.Marshal(Status{State: Success, Message: strings.Repeat("ä", maxMessage+1)})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{
		``, `{}`, `[]`, `{"state":1}`, `{"state":"success","state":"canceled"}`, `{"State":"success"}`, `{"state":"success","id":"1"}`,
		`{"state":"success","message":1}`, `{"state":"success","id":"237cc7b7-f85e-42c3-981c-ad7f9d97ddcg"}`,
		`{"state":"success","id":"237cc7b7xf85e-42c3-981c-ad7f9d97ddca"}`, string(long), `{"state":"success","x":"` + strings.Repeat("x", maxStatus) + `"}`,
	} {
		if got, err := ParseStatus([]byte(s)); !errors.Is(err, ErrStatus) {
			t.Errorf("%.80s: %v, %v", s, got, err)
		}
	}
}
