package table

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

// minRow is the fewest bytes a row can take: six fields of one byte, the name the same as before.
const minRow = 6

// Decode reads a table. Its rows share memory.
func Decode(data []byte) ([]Row, error) {
	if !strings.HasPrefix(string(data[:min(len(data), len(Header))]), Header) {
		return nil, fmt.Errorf("%w: wrong header", ErrTable)
	}
	r := reader{rest: data[len(Header):]}
	states := r.states()
	n := r.number(maxCode)
	if r.err == nil && n > len(r.rest)/minRow {
		r.fail("more rows than bytes")
	}
	if r.err != nil {
		return nil, r.err
	}
	rows := make([]Row, n)
	spans := make([]span, n)
	names := make([]byte, 0, len(r.rest))
	var before Row
	var last span
	for i := range rows {
		code := r.number(maxCode)
		state := r.number(maxStates)
		lat, lon := r.step(), r.step()
		shared := r.number(maxName)
		rest := r.bytes(r.number(maxName))
		if r.err == nil && (state >= len(states) || shared > last.to-last.from) {
			r.fail("a reference to nothing")
		}
		if r.err != nil {
			return nil, r.err
		}
		if len(rest) > 0 || shared < last.to-last.from {
			from := len(names)
			names = append(names, names[last.from:last.from+shared]...)
			names = append(names, rest...)
			last = span{from, len(names)}
		}
		row := Row{Code: before.Code + uint32(code), State: states[state], Lat: before.Lat + lat, Lon: before.Lon + lon}
		rows[i], spans[i], before = row, last, row
	}
	if len(r.rest) != 0 {
		return nil, fmt.Errorf("%w: %d bytes after the last row", ErrTable, len(r.rest))
	}
	return named(rows, spans, string(names))
}

// span is where a name lies in the text of all names, which is made a string only once.
type span struct{ from, to int }

func named(rows []Row, spans []span, names string) ([]Row, error) {
	var before Row
	for i := range rows {
		rows[i].Name = names[spans[i].from:spans[i].to]
		if err := checkRow(before, rows[i]); err != nil {
			return nil, err
		}
		before = rows[i]
	}
	return rows, nil
}

// reader takes fields off the front of rest until the first error.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrTable, what)
	}
}

func (r *reader) number(limit int) int {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || v > uint64(limit) {
		r.fail("a number is cut off or too large")
		return 0
	}
	r.rest = r.rest[n:]
	return int(v)
}

func (r *reader) step() int32 {
	v, n := binary.Varint(r.rest)
	if n <= 0 || v < math.MinInt32/4 || v > math.MaxInt32/4 {
		r.fail("a coordinate is cut off or too large")
		return 0
	}
	r.rest = r.rest[n:]
	return int32(v)
}

func (r *reader) bytes(n int) []byte {
	if n > len(r.rest) {
		r.fail("a name is cut off")
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) states() []string {
	states := make([]string, 0, 16)
	for range r.number(maxStates) {
		name := string(r.bytes(r.number(maxName)))
		if err := checkName(name); err != nil {
			r.fail("a state without a name")
		}
		states = append(states, name)
	}
	return states
}
