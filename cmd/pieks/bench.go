package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/alecthomas/kong"

	"pieks/scenarios"
)

// BenchCmd measures this computer against the budget of the design.
type BenchCmd struct {
	Name     string  `arg:"" enum:"${benches}" help:"What to measure: ${enum}."`
	Slots    int     `default:"50" env:"-" help:"contention: how many appointments (${default})." placeholder:"N"`
	Patients int     `env:"-" help:"contention, relay: how many patients." placeholder:"N"`
	Via      string  `enum:"direct,relay" default:"direct" env:"-" help:"contention: direct streams, or circuits through a relay (${default})." placeholder:"direct|relay"`
	N        int     `name:"n" default:"200" env:"-" help:"booking, checkin: how many (${default})." placeholder:"N"`
	Pace     bool    `env:"-" help:"checkin: read the cards without contacts."`
	Tokens   int     `default:"10000" env:"-" help:"search: how many open appointments (${default})." placeholder:"N"`
	Radius   float64 `default:"20" env:"-" help:"search: within how many kilometres (${default})." placeholder:"KM"`
}

// benchNames are for the grammar.
func benchNames() kong.Vars {
	var names []string
	for _, b := range scenarios.Benches() {
		names = append(names, b.Name)
	}
	return kong.Vars{"benches": strings.Join(names, ",")}
}

func (BenchCmd) Help() string {
	var list strings.Builder
	for _, b := range scenarios.Benches() {
		fmt.Fprintf(&list, "    %-12s %s\n", b.Name, b.About)
	}
	return "Real hosts, streams and stores on this computer, and nothing is kept.\n\n" + list.String() + `
    pieks bench contention --slots 50 --patients 64 --via relay --json`
}

func (c *BenchCmd) Run(ctx context.Context, a *app) error {
	if c.Slots < 1 || c.Patients < 0 || c.N < 1 || c.Tokens < 1 || c.Radius < 0 {
		return usagef("How many of something is at least 1")
	}
	binary, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	var mu sync.Mutex
	var step func(done, total int)
	end, at := func() {}, ""
	result, err := scenarios.RunBench(ctx, c.Name, scenarios.BenchOptions{
		Slots: c.Slots, Patients: c.Patients, Via: c.Via, N: c.N, Pace: c.Pace, Tokens: c.Tokens, RadiusKM: c.Radius, Binary: binary, Log: a.trialLog(),
		Progress: func(done, total int, what string) {
			mu.Lock() // measurements are made by many at once
			defer mu.Unlock()
			if what != at {
				end()
				at = what
				step, end = a.steps(what)
			}
			step(done, total)
		},
	})
	end()
	if err != nil {
		return fmt.Errorf("measure %s: %w", c.Name, err)
	}
	return a.report(result, func(p *page) {
		p.line(a.bold(c.Name))
		p.pairs(fieldsOf(result)...)
	})
}

// fieldsOf lists the fields of a result in the order in which its struct has them.
func fieldsOf(result any) [][2]string {
	data, err := json.Marshal(result)
	if err != nil {
		return nil
	}
	var fields [][2]string
	d := json.NewDecoder(bytes.NewReader(data))
	_, _ = d.Token()
	for d.More() {
		name, err := d.Token()
		if err != nil {
			break
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			break
		}
		fields = append(fields, [2]string{strings.ReplaceAll(fmt.Sprint(name), "_", " "), strings.Trim(string(value), `"`)})
	}
	return fields
}
