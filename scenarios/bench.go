package scenarios

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// BenchOptions are the sizes of the measurements; zero takes the size that the budget names.
type BenchOptions struct {
	Slots    int     // contention: appointments
	Patients int     // contention: patients that want each; relay: idle patients
	Via      string  // contention: "direct" or "relay" (circuits)
	N        int     // booking, checkin: how many
	Tokens   int     // search: slot tokens in the pool
	RadiusKM float64 // search
	Pace     bool    // checkin: without contacts
	Binary   string  // the pieks program, for measurements of processes
	Log      *slog.Logger
	Progress func(done, total int, what string)
}

// Bench is one measurement. Its result is a struct for one line of JSON.
type Bench struct {
	Name  string
	About string
	run   func(ctx context.Context, o BenchOptions) (any, error)
}

// Benches lists all measurements.
func Benches() []Bench {
	return []Bench{
		{"contention", "many patients want each of some appointments: real streams, fsync", benchContention},
		{"booking", "one booking after the other, all four messages", benchBooking},
		{"checkin", "one check-in with a virtual card after the other, fsync; with --pace without contacts", benchCheckin},
		{"search", "the patient's own search", benchSearch},
		{"sheet", "checking a sheet, with its pass not seen before and seen", benchSheet},
		{"idle", "memory, start and stop of each role in a process of its own, and the size of the program", benchIdle},
		{"pages", "the pages of a practice with 2,000 bookings and of a patient with 10,000 appointments to choose from", benchPages},
		{"relay", "what an idle patient costs a relay", benchRelay},
		{"cms", "checking what a card has signed, on both curves", benchCMS},
		{"catchup", "bytes to catch up after being offline", benchCatchup},
	}
}

// RunBench runs one measurement by its name.
func RunBench(ctx context.Context, name string, o BenchOptions) (any, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Progress == nil {
		o.Progress = func(int, int, string) {}
	}
	var names []string
	for _, b := range Benches() {
		if b.Name == name {
			return b.run(ctx, o)
		}
		names = append(names, b.Name)
	}
	return nil, fmt.Errorf("there is no measurement %q: choose one of %s", name, strings.Join(names, ", "))
}

// quantile is the value below which the fraction q of the measurements lies. It sorts them.
func quantile(all []time.Duration, q float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[min(int(q*float64(len(all))), len(all)-1)]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
func microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
