package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"pieks/node/zone"
)

// page is a result for people: lines, and tables with aligned columns. Colour codes take no width.
type page struct {
	strings.Builder
	a *app
}

func (p *page) line(s string) { p.WriteString(strings.TrimRight(s, " ") + "\n") }

func (p *page) linef(format string, args ...any) { p.line(fmt.Sprintf(format, args...)) }

// pairs prints names and values in two columns; pairs without a value are left out.
func (p *page) pairs(rows ...[2]string) {
	var table [][]string
	for _, row := range rows {
		if row[1] != "" {
			table = append(table, []string{p.a.faint(row[0]), row[1]})
		}
	}
	p.table(nil, table)
}

// table prints rows below a head, which may be nil. The last column is not padded.
func (p *page) table(head []string, rows [][]string) {
	var widths []int
	for _, row := range append([][]string{head}, rows...) {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], visible(cell))
		}
	}
	print := func(row []string, paint func(string) string) {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(paint(cell))
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", widths[i]-visible(cell)+2))
			}
		}
		p.line(line.String())
	}
	if head != nil {
		print(head, p.a.faint)
	}
	for _, row := range rows {
		print(row, func(s string) string { return s })
	}
}

// visible is the width of a cell on the screen, without colour codes.
func visible(s string) int {
	width := 0
	for s != "" {
		if strings.HasPrefix(s, "\x1b[") {
			if end := strings.IndexByte(s, 'm'); end > 0 {
				s = s[end+1:]
				continue
			}
		}
		_, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		width++
	}
	return width
}

// berlin is where the appointments are.
var berlin = zone.Berlin

func day(t time.Time) string     { return t.In(berlin).Format("Mon 2006-01-02") }
func clock(t time.Time) string   { return t.In(berlin).Format("15:04") }
func instant(t time.Time) string { return when(t, "Mon 2006-01-02 15:04") }

// precise is for ticks, which may be seconds apart.
func precise(t time.Time) string { return when(t, "Mon 2006-01-02 15:04:05") }

func when(t time.Time, layout string) string {
	if t.IsZero() {
		return ""
	}
	return t.In(berlin).Format(layout)
}

// span is a visit: day, start and end.
func span(from, to time.Time) string {
	if to.IsZero() {
		return instant(from)
	}
	return instant(from) + "-" + clock(to)
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func bytesOf(n int64) string {
	switch {
	case n < 0:
		return ""
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	default:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	}
}
