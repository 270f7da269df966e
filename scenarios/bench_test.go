package scenarios

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// The measurements are run small, for what they count; how long they take is for pieks bench to say.
func TestBenchesMeasureWhatTheySay(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	run := func(t *testing.T, name string, o BenchOptions) any {
		t.Helper()
		o.Log = logger()
		result, err := RunBench(ctx, name, o)
		if err != nil {
			t.Fatal(err)
		}
		line, err := json.Marshal(result)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s", line)
		return result
	}
	for _, via := range []string{"direct", "relay"} {
		t.Run("contention "+via, func(t *testing.T) {
			r := run(t, "contention", BenchOptions{Slots: 6, Patients: 8, Via: via}).(ContentionResult)
			if r.Attempts != 48 || r.Booked != 6 || r.DoubleBooked != 0 || r.AttemptsPerSecond <= 0 || r.P50 > r.P99 {
				t.Errorf("%+v", r)
			}
		})
	}
	t.Run("cms", func(t *testing.T) {
		if r := run(t, "cms", BenchOptions{}).(CMSResult); r.VerifyP256 <= 0 || r.VerifyBrainpool <= 0 || r.Bytes < 1000 {
			t.Errorf("%+v", r)
		}
	})
	t.Run("booking", func(t *testing.T) {
		if r := run(t, "booking", BenchOptions{N: 5}).(BookingResult); r.N != 5 || r.P50 <= 0 || r.P50 > r.P99 {
			t.Errorf("%+v", r)
		}
	})
	for _, pace := range []bool{false, true} {
		t.Run(fmt.Sprintf("checkin pace=%v", pace), func(t *testing.T) {
			if r := run(t, "checkin", BenchOptions{N: 12, Pace: pace}).(CheckinResult); r.N != 12 || r.Pace != pace || r.P50 <= 0 || r.P50 > r.P99 {
				t.Errorf("%+v", r)
			}
		})
	}
	t.Run("search", func(t *testing.T) {
		if r := run(t, "search", BenchOptions{Tokens: 4000, RadiusKM: 60}).(SearchResult); r.Tokens != 4000 || r.Matches == 0 || r.Matches == 4000 {
			t.Errorf("%+v", r)
		}
	})
	t.Run("sheet", func(t *testing.T) {
		if r := run(t, "sheet", BenchOptions{}).(SheetResult); r.Cached <= 0 || r.Cold <= 0 || r.Bytes < 1000 {
			t.Errorf("%+v", r)
		}
	})
	t.Run("catchup", func(t *testing.T) {
		if r := run(t, "catchup", BenchOptions{}).(CatchupResult); float64(r.WireBytes) > r.Budget || r.WireBytes < int64(r.MissingBytes) {
			t.Errorf("%+v", r)
		}
	})
	t.Run("unknown", func(t *testing.T) {
		if _, err := RunBench(ctx, "nothing", BenchOptions{}); err == nil {
			t.Error("it ran")
		}
	})
}
