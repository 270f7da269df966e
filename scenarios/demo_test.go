package scenarios

import (
	"context"
	"testing"
	"time"
)

func TestDemo(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	r, err := Demo(ctx, DemoOptions{Log: logger(), Say: func(line string) { t.Log(line) }})
	if err != nil {
		t.Fatal(err)
	}
	if !r.OK || r.Relays != 2 || r.Practices != 3 || r.Patients != 6 || r.Slots != 36 || r.Bookings != 6 || r.DoubleBookings != 0 || r.Verified != 3 || r.Cancelled != 2 || r.Warned != 1 || r.Arrived != 1 {
		t.Errorf("%+v", r)
	}
}
