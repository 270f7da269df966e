package table

import (
	"errors"
	"os"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func sample() []Row {
	return []Row{
		{1067, "Sachsen", "Dresden Innere Altstadt", 510547, 137269},
		{1069, "Sachsen", "Dresden", 510430, 137373},
		{50667, "Nordrhein-Westfalen", "Köln", 509387, 69547},
		{50668, "Nordrhein-Westfalen", "Köln", 509515, 69607},
		{99998, "Thüringen", "Mühlhausen/Thüringen", 512125, 105625},
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[A-Zäöü][a-zäöüß ]{0,20}`)
		steps := rapid.SliceOf(rapid.Uint32Range(1, 500)).Draw(t, "steps")
		rows := make([]Row, 0, len(steps))
		var code uint32
		for _, step := range steps {
			code += step
			rows = append(rows, Row{code, rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "state"), name.Draw(t, "name"),
				rapid.Int32Range(-maxLat, maxLat).Draw(t, "lat"), rapid.Int32Range(-maxLon, maxLon).Draw(t, "lon")})
			if code > 99_000 {
				break
			}
		}
		data, err := Encode(rows)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(data)
		if err != nil || !reflect.DeepEqual(got, rows) {
			t.Fatalf("%v: %v, want %v", err, got, rows)
		}
	})
}

func TestEveryCutAndAnyMoreIsRefused(t *testing.T) {
	data, err := Encode(sample())
	if err != nil {
		t.Fatal(err)
	}
	for n := range data {
		if _, err := Decode(data[:n]); !errors.Is(err, ErrTable) {
			t.Fatalf("cut to %d of %d bytes: %v", n, len(data), err)
		}
	}
	if _, err := Decode(append(data, 0)); !errors.Is(err, ErrTable) {
		t.Errorf("one byte more: %v", err)
	}
	data[len("Pieks PLZ table ")] = '2'
	if _, err := Decode(data); !errors.Is(err, ErrTable) {
		t.Errorf("version 2: %v", err)
	}
}

func TestRowsThatAreNoTable(t *testing.T) {
	for name, change := range map[string]func([]Row){
		"out of order":     func(r []Row) { r[1], r[2] = r[2], r[1] },
		"twice":            func(r []Row) { r[1].Code = r[0].Code },
		"six digits":       func(r []Row) { r[4].Code = 100_000 },
		"code zero":        func(r []Row) { r[0].Code = 0 },
		"no name":          func(r []Row) { r[2].Name = "" },
		"no state":         func(r []Row) { r[2].State = "" },
		"name not UTF-8":   func(r []Row) { r[2].Name = "K\xf6ln" },
		"beyond the pole":  func(r []Row) { r[3].Lat = 90*Scale + 1 },
		"beyond longitude": func(r []Row) { r[3].Lon = -180*Scale - 1 },
	} {
		rows := sample()
		change(rows)
		if _, err := Encode(rows); !errors.Is(err, ErrTable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	good, err := Encode(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(Header))
	if embedded, err := os.ReadFile("../plz.bin"); err == nil {
		f.Add(embedded[:4000])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := Decode(data)
		if err != nil {
			return
		}
		// What is read can be written and is the same table, if not always the same bytes: a writer may share less of a name.
		again, err := Encode(rows)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Decode(again); err != nil || len(got) != len(rows) || len(rows) > 0 && !reflect.DeepEqual(got, rows) {
			t.Fatalf("%v: %v, was %v", err, got, rows)
		}
	})
}
