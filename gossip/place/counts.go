package place

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// ErrCounts says that practice counts cannot be read or used; the error that wraps it names the line.
var ErrCounts = errors.New("the practice counts cannot be used")

// ParseCounts reads a CSV file "plz,count" with one line a postcode, separated by comma or semicolon. A first line may name the columns;
// lines that begin with # and empty lines are skipped. Postcodes that are not named have no practice.
// Errors wrap ErrCounts and name the line.
func ParseCounts(r io.Reader) (map[PLZ]int, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxCountsBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCounts, err)
	}
	if len(data) > maxCountsBytes {
		return nil, fmt.Errorf("%w: the file is larger than %d KiB", ErrCounts, maxCountsBytes>>10)
	}
	// Spreadsheets write a byte order mark, and semicolons where the comma is the decimal sign.
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	lines := csv.NewReader(bytes.NewReader(data))
	lines.Comment, lines.FieldsPerRecord, lines.ReuseRecord = '#', 2, true
	if bytes.Count(data, []byte{';'}) > bytes.Count(data, []byte{','}) {
		lines.Comma = ';'
	}
	counts, lineOf := make(map[PLZ]int), make(map[PLZ]int)
	for first := true; ; first = false {
		fields, err := lines.Read()
		if err == io.EOF {
			return counts, nil
		}
		if err != nil {
			return nil, countsError(err)
		}
		line, _ := lines.FieldPos(0)
		if first && strings.EqualFold(strings.TrimSpace(fields[0]), "plz") {
			continue
		}
		p, n, err := parseCount(fields)
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrCounts, line, err)
		}
		if at, twice := lineOf[p]; twice {
			return nil, fmt.Errorf("%w: line %d: this postcode was already on line %d", ErrCounts, line, at)
		}
		counts[p], lineOf[p] = n, line
	}
}

func parseCount(fields []string) (PLZ, int, error) {
	p, err := ParsePLZ(strings.TrimSpace(fields[0]))
	if err != nil {
		return "", 0, err
	}
	count := strings.TrimSpace(fields[1])
	n, err := strconv.Atoi(count)
	if err != nil || !digits(count) || n > maxCount {
		return "", 0, fmt.Errorf("the count is a whole number from 0 to %d", maxCount)
	}
	return p, n, nil
}

// countsError says in our words what the CSV reader met.
func countsError(err error) error {
	var at *csv.ParseError
	if !errors.As(err, &at) {
		return fmt.Errorf("%w: %w", ErrCounts, err)
	}
	if errors.Is(err, csv.ErrFieldCount) {
		return fmt.Errorf("%w: line %d: a line is a postcode and a count, such as 50667,12", ErrCounts, at.StartLine)
	}
	return fmt.Errorf("%w: line %d: %w", ErrCounts, at.StartLine, at.Err)
}
