package place

import (
	"encoding/csv"
	"errors"
	"os"
	"strconv"
	"testing"
)

func TestParsePLZ(t *testing.T) {
	for _, s := range []string{"50667", "01067", "10115", "99998", "80331"} {
		if p, err := ParsePLZ(s); err != nil || string(p) != s {
			t.Errorf("%s: %q %v", s, p, err)
		}
	}
	for s, want := range map[string]error{
		"":                     ErrPLZForm,
		"5066":                 ErrPLZForm,
		"506677":               ErrPLZForm,
		" 50667":               ErrPLZForm,
		"50667 ":               ErrPLZForm,
		"50667\n":              ErrPLZForm,
		"5066\u00a07":          ErrPLZForm,
		"+5066":                ErrPLZForm,
		"-5066":                ErrPLZForm,
		"5066.":                ErrPLZForm,
		"0x506":                ErrPLZForm,
		"1e400":                ErrPLZForm,
		"D-506":                ErrPLZForm,
		"٠١٠٦٧":                ErrPLZForm, // Arabic-Indic digits of 01067
		"５０６６７":                ErrPLZForm, // full-width
		"5066٧":                ErrPLZForm,
		"1'; DROP":             ErrPLZForm,
		"50667'; DROP TABLE--": ErrPLZForm,
		"../..":                ErrPLZForm,
		"5066\x00":             ErrPLZForm,
		"\xff\xfe\xfd\xfc\xfb": ErrPLZForm,
		"506+2":                ErrPLZForm,
		"00000":                ErrPLZUnknown,
		"99999":                ErrPLZUnknown,
		"50660":                ErrPLZUnknown,
	} {
		if p, err := ParsePLZ(s); !errors.Is(err, want) || p != "" {
			t.Errorf("%q: %q %v, want %v", s, p, err, want)
		}
	}
}

func TestLookup(t *testing.T) {
	p, ok := Lookup("50667")
	if want := (Place{"50667", "Köln", "Nordrhein-Westfalen", 50.9387, 6.9547}); !ok || p != want {
		t.Errorf("%+v %v", p, ok)
	}
	for _, bad := range []PLZ{"", "99999", "zzzzz", "506", "506670", ":"} {
		if p, ok := Lookup(bad); ok || p != (Place{}) {
			t.Errorf("%q: %+v", bad, p)
		}
	}
}

func TestAllIsOrderedAndTheCallers(t *testing.T) {
	all := All()
	if len(all) != 8195 {
		t.Fatalf("%d postcodes", len(all))
	}
	for i, p := range all {
		if got, ok := Lookup(p.PLZ); !ok || got != p {
			t.Fatalf("%s: %+v %v", p.PLZ, got, ok)
		}
		if i > 0 && all[i-1].PLZ >= p.PLZ {
			t.Fatalf("%s after %s", p.PLZ, all[i-1].PLZ)
		}
	}
	all[0].Name = "changed"
	if All()[0].Name == "changed" {
		t.Error("All shares its memory")
	}
}

// TestTableIsThatOfTheSource runs where the source CSV is at hand, and shows that the embedded table was generated from it.
func TestTableIsThatOfTheSource(t *testing.T) {
	f, err := os.Open("../../../shared/data/plz_de.csv")
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("the source of the table is not here; the build does not need it")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := csv.NewReader(f)
	lines.Comment = '#'
	rows, err := lines.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows)-1 != len(All()) {
		t.Fatalf("%d rows", len(rows)-1)
	}
	for _, row := range rows[1:] {
		lat, _ := strconv.ParseFloat(row[5], 64)
		lon, _ := strconv.ParseFloat(row[6], 64)
		if got, _ := Lookup(PLZ(row[0])); got != (Place{PLZ(row[0]), row[1], row[2], lat, lon}) {
			t.Fatalf("%v: %+v", row, got)
		}
	}
}
