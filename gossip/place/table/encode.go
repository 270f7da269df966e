package table

import (
	"encoding/binary"
	"fmt"
	"slices"
	"unicode/utf8"
)

// Encode writes rows, which must be in ascending order of postcode.
func Encode(rows []Row) ([]byte, error) {
	states := stateNames(rows)
	if len(states) > maxStates {
		return nil, fmt.Errorf("%w: %d states", ErrTable, len(states))
	}
	out := binary.AppendUvarint([]byte(Header), uint64(len(states)))
	for _, s := range states {
		if err := checkName(s); err != nil {
			return nil, err
		}
		out = appendText(out, s)
	}
	out = binary.AppendUvarint(out, uint64(len(rows)))
	var before Row
	for _, row := range rows {
		if err := checkRow(before, row); err != nil {
			return nil, err
		}
		state, _ := slices.BinarySearch(states, row.State)
		shared := sharedPrefix(before.Name, row.Name)
		out = binary.AppendUvarint(out, uint64(row.Code-before.Code))
		out = append(out, byte(state))
		out = binary.AppendVarint(out, int64(row.Lat)-int64(before.Lat))
		out = binary.AppendVarint(out, int64(row.Lon)-int64(before.Lon))
		out = append(out, byte(shared))
		out = appendText(out, row.Name[shared:])
		before = row
	}
	return out, nil
}

func stateNames(rows []Row) []string {
	var states []string
	for _, row := range rows {
		states = append(states, row.State)
	}
	slices.Sort(states)
	return slices.Compact(states)
}

func appendText(out []byte, s string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(s))), s...)
}

// checkRow is the one rule of what a row may be; the reader applies it too.
func checkRow(before, row Row) error {
	if row.Code <= before.Code || row.Code > maxCode {
		return fmt.Errorf("%w: postcode %05d after %05d", ErrTable, row.Code, before.Code)
	}
	if row.Lat < -maxLat || row.Lat > maxLat || row.Lon < -maxLon || row.Lon > maxLon {
		return fmt.Errorf("%w: postcode %05d is nowhere on Earth", ErrTable, row.Code)
	}
	return checkName(row.Name)
}

func checkName(s string) error {
	if s == "" || len(s) > maxName || !utf8.ValidString(s) {
		return fmt.Errorf("%w: a name of %d bytes", ErrTable, len(s))
	}
	return nil
}

func sharedPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
