package scenarios

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"pieks/node/control"
	"pieks/node/zone"
)

// day reads +7 or a date, in German time.
func day(text string) (string, error) {
	ahead, relative := strings.CutPrefix(text, "+")
	if !relative {
		return text, nil
	}
	days, err := strconv.Atoi(ahead)
	if err != nil {
		return "", fmt.Errorf("day %q: %w", text, err)
	}
	return time.Now().In(zone.Berlin).AddDate(0, 0, days).Format(time.DateOnly), nil
}

func (r *runner) slots(ctx context.Context, s SlotsStep) error {
	node, err := r.net.Node(s.At)
	if err != nil {
		return err
	}
	date, err := day(s.Day)
	if err != nil {
		return err
	}
	if s.Every == "" {
		s.Every = "10m"
	}
	var changed control.SlotsChanged
	err = node.Call(ctx, control.MethodSlotsAdd, control.SlotsAdd{
		Day: date, From: s.From, To: s.To, Every: s.Every, Vaccine: s.Vaccine, Dose: s.Dose,
	}, &changed)
	return expected(err, s.Expect)
}

// expected turns a refusal that was asked for into success, and its absence into an error.
func expected(err error, part string) error {
	switch {
	case part == "":
		return err
	case err == nil:
		return fmt.Errorf("it was taken, though %q was expected", part)
	case !strings.Contains(err.Error(), part):
		return fmt.Errorf("it was refused otherwise than with %q: %w", part, err)
	}
	return nil
}

func (r *runner) block(ctx context.Context, s BlockStep) error {
	node, err := r.net.Node(s.At)
	if err != nil {
		return err
	}
	date, err := day(s.Day)
	if err != nil {
		return err
	}
	method, ok := map[string]string{
		"block": control.MethodSlotsBlock, "unblock": control.MethodSlotsUnblock, "withdraw": control.MethodSlotsWithdraw,
	}[s.Do]
	if !ok {
		return fmt.Errorf("do is block, unblock or withdraw, not %q", s.Do)
	}
	return node.Call(ctx, method, control.SlotsSelect{Day: date}, nil)
}

func (r *runner) verify(ctx context.Context, s VerifyStep) error {
	node, err := r.net.Node(s.At)
	if err != nil {
		return err
	}
	code := s.Code
	if code == "" {
		b, ok := r.bookings[s.Booking]
		if !ok || s.Visit >= len(b.Visits) {
			return fmt.Errorf("there is no booking %q with visit %d", s.Booking, s.Visit)
		}
		v := b.Visits[s.Visit]
		code = map[string]string{"": v.Digits, "digits": v.Digits, "words": v.Words, "qr": v.QR}[s.Form]
		if code == "" {
			return fmt.Errorf("booking %q has no code in the form %q", s.Booking, s.Form)
		}
	}
	var result control.VerifyResult
	if err := node.Call(ctx, control.MethodVerify, control.VerifyRequest{Code: code}, &result); err != nil {
		return err
	}
	got := "refused"
	switch {
	case result.OK:
		got = "ok"
	case !result.Used.IsZero():
		got = "used"
	}
	want := s.Expect
	if want == "" {
		want = "ok"
	}
	if got != want {
		return fmt.Errorf("the code was %s, not %s: %s", got, want, result.Message)
	}
	return nil
}

// cancel cancels a booking from the side of s.At. The practice finds it by the times of its visits.
func (r *runner) cancel(ctx context.Context, s CancelStep) error {
	node, err := r.net.Node(s.At)
	if err != nil {
		return err
	}
	b, ok := r.bookings[s.Booking]
	if !ok {
		return fmt.Errorf("there is no booking %q", s.Booking)
	}
	id := b.ID
	if node.Role == "practice" {
		if id, err = bookingAt(ctx, node, b.Booking); err != nil {
			return err
		}
	}
	var after control.Booking
	err = node.Call(ctx, control.MethodCancel, control.CancelRequest{Booking: id, Reason: s.Reason, Reopen: s.Reopen}, &after)
	if err != nil {
		return err
	}
	want := s.Expect
	if want == "" {
		want = "cancelled"
	}
	if after.State != want {
		return fmt.Errorf("the booking is %s, not %s: %s", after.State, want, after.Message)
	}
	return nil
}

// bookingAt finds the practice's own id of a patient's booking.
func bookingAt(ctx context.Context, node *Node, of control.Booking) (string, error) {
	var all []control.Booking
	if err := node.Call(ctx, control.MethodBookings, nil, &all); err != nil {
		return "", err
	}
	for _, b := range all {
		if b.State == "booked" && len(b.Visits) == len(of.Visits) && b.Visits[0].Start.Equal(of.Visits[0].Start) {
			return b.ID, nil
		}
	}
	return "", fmt.Errorf("%s has no booking at %s", node.Name, of.Visits[0].Start)
}
