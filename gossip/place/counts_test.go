package place

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"testing/iotest"
)

func TestParseCounts(t *testing.T) {
	want := map[PLZ]int{"50667": 12, "01067": 0}
	for name, text := range map[string]string{
		"plain":        "50667,12\n01067,0\n",
		"header":       "plz,count\n50667,12\n01067,0\n",
		"spreadsheet":  "\ufeffPLZ;Praxen\r\n50667;12\r\n01067;0\r\n",
		"comments":     "# of 2026\n\n50667,12\n#\n01067,0",
		"quoted":       "\"50667\",\"12\"\n\"01067\",0\n",
		"spaces":       " 50667 , 12\n01067,0 \n",
		"leading zero": "50667,012\n01067,0\n",
	} {
		got, err := ParseCounts(strings.NewReader(text))
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
	if got, err := ParseCounts(strings.NewReader("")); err != nil || len(got) != 0 {
		t.Errorf("empty: %v %v", got, err)
	}
}

func TestParseCountsNamesTheLine(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"unknown postcode": {"plz,count\n50667,1\n99999,1\n", "line 3: " + ErrPLZUnknown.Error()},
		"four digits":      {"5066,1\n", "line 1: " + ErrPLZForm.Error()},
		"Arabic digits":    {"50667,1\n٠١٠٦٧,1\n", "line 2: " + ErrPLZForm.Error()},
		"twice":            {"50667,1\n\n50668,2\n50667,1\n", "line 4: this postcode was already on line 1"},
		"negative":         {"50667,-1\n", "line 1: the count"},
		"fraction":         {"50667,1.5\n", "line 1: the count"},
		"plus":             {"50667,+1\n", "line 1: the count"},
		"huge":             {"50667,10001\n", "line 1: the count"},
		"overflow":         {"50667,99999999999999999999\n", "line 1: the count"},
		"no count":         {"50667,\n", "line 1: the count"},
		"one field":        {"50667,1\n50668\n", "line 2: a line is"},
		"three fields":     {"50667,1,2\n", "line 1: a line is"},
		"open quote":       {"50667,1\n\"50668,2\n", "line 2: "},
		"header later":     {"50667,1\nplz,count\n", "line 2: "},
	} {
		got, err := ParseCounts(strings.NewReader(c.text))
		if !errors.Is(err, ErrCounts) || !strings.Contains(err.Error(), c.says) || got != nil {
			t.Errorf("%s: %v %v, want %q", name, got, err, c.says)
		}
	}
	if _, err := ParseCounts(strings.NewReader(strings.Repeat("#", maxCountsBytes+1))); !errors.Is(err, ErrCounts) {
		t.Errorf("too large: %v", err)
	}
	if _, err := ParseCounts(iotest.ErrReader(errors.New("disk gone"))); !errors.Is(err, ErrCounts) || !strings.Contains(err.Error(), "disk gone") {
		t.Errorf("unreadable: %v", err)
	}
}
