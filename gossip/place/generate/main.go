// Command generate makes the embedded postcode table of package place from a CSV with the columns plz, place, state, lat and lon, in
// any order and among others; lines that begin with # are skipped. Run it through `go generate ./gossip/place`, or with
// -csv PATH for another file. The source is GeoNames postal codes DE, CC BY 4.0.
package main

import (
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"

	"pieks/gossip/place/table"
)

func main() {
	from := flag.String("csv", "", "CSV of postcodes to read")
	to := flag.String("out", "plz.bin", "table to write")
	flag.Parse()
	if err := generate(*from, *to); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func generate(from, to string) error {
	if from == "" {
		return errors.New("say with -csv PATH which file to read")
	}
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	rows, err := readRows(f)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	data, err := table.Encode(rows)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	if err := os.WriteFile(to, data, 0o644); err != nil {
		return err
	}
	fmt.Printf("%d postcodes, %d bytes\n", len(rows), len(data))
	return nil
}

// readRows reads all rows and sorts them, so that the table does not depend on the order of the file.
func readRows(r io.Reader) ([]table.Row, error) {
	lines := csv.NewReader(r)
	lines.Comment = '#'
	head, err := lines.Read()
	if err != nil {
		return nil, err
	}
	column := make(map[string]int)
	for _, name := range []string{"plz", "place", "state", "lat", "lon"} {
		if column[name] = slices.Index(head, name); column[name] < 0 {
			return nil, fmt.Errorf("no column %q", name)
		}
	}
	var rows []table.Row
	for {
		fields, err := lines.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		row, err := readRow(fields, column)
		if err != nil {
			line, _ := lines.FieldPos(0)
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b table.Row) int { return int(a.Code) - int(b.Code) })
	return rows, nil
}

func readRow(fields []string, column map[string]int) (table.Row, error) {
	plz := fields[column["plz"]]
	code, err := strconv.ParseUint(plz, 10, 32)
	if err != nil || len(plz) != 5 {
		return table.Row{}, fmt.Errorf("postcode %q has not five digits", plz)
	}
	lat, err := degrees(fields[column["lat"]], 90)
	if err != nil {
		return table.Row{}, err
	}
	lon, err := degrees(fields[column["lon"]], 180)
	if err != nil {
		return table.Row{}, err
	}
	return table.Row{Code: uint32(code), State: fields[column["state"]], Name: fields[column["place"]], Lat: lat, Lon: lon}, nil
}

func degrees(s string, limit float64) (int32, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(math.Abs(v) <= limit) {
		return 0, fmt.Errorf("coordinate %q is not within %v degrees", s, limit)
	}
	return int32(math.Round(v * table.Scale)), nil
}
