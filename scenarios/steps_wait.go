package scenarios

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"pieks/gossip/place"
	"pieks/node/control"
)

const (
	// waitDefault is ample on a loaded machine: cycles of scenarios are a second or two.
	waitDefault = 30 * time.Second
	// waitPoll: a condition is looked at so often.
	waitPoll = 50 * time.Millisecond
)

// until polls a condition. why says what is there instead; an error of the node ends the wait only at the deadline, since nodes come and go.
func until(ctx context.Context, within time.Duration, condition func(context.Context) (ok bool, why string, err error)) error {
	if within == 0 {
		within = waitDefault
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(waitPoll)
	defer tick.Stop()
	var last error
	for {
		ok, why, err := condition(ctx)
		if ok && err == nil {
			return nil
		}
		if ctx.Err() == nil || last == nil {
			last = errors.Join(errors.New(why), err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within %s: %w", within, last)
		case <-tick.C:
		}
	}
}

func (r *runner) wait(ctx context.Context, s WaitStep) error {
	node, err := r.net.Node(s.At)
	if err != nil {
		return err
	}
	if s.Epoch != "" && r.epochs[s.At] == 0 {
		now, err := node.Status(ctx)
		if err != nil {
			return err
		}
		r.epochs[s.At] = now.Epoch
	}
	return until(ctx, s.Within, func(ctx context.Context) (bool, string, error) {
		switch {
		case s.Tokens != nil || s.AtLeast != nil:
			return tokensSeen(ctx, node, s)
		case s.Booking != "":
			return r.bookingIn(ctx, node, s)
		case s.Open != nil:
			return openSlots(ctx, node, *s.Open)
		case s.Enrolment != "":
			var e control.Enrolment
			err := node.Call(ctx, control.MethodEnrolment, nil, &e)
			return e.State == s.Enrolment, fmt.Sprintf("the enrolment of %s is %s: %s", s.At, e.State, e.Reason), err
		case s.Disclosure != "":
			return r.disclosureIn(ctx, node, s)
		case s.Directory != nil:
			var o control.CheckinOptions
			err := node.Call(ctx, control.MethodCheckinOptions, nil, &o)
			return o.Directory == *s.Directory, fmt.Sprintf("%s knows %d institutions", s.At, o.Directory), err
		case s.Listed != nil:
			var l control.Listing
			err := node.Call(ctx, control.MethodListing, nil, &l)
			return l.Kept == *s.Listed, fmt.Sprintf("%d relays have the listing of %s", l.Kept, s.At), err
		case s.Checkin != "":
			return r.checkinIn(ctx, node, s)
		case s.Arrivals != nil:
			return arrived(ctx, node, s)
		case s.History != nil:
			var all []control.Checkin
			err := node.Call(ctx, control.MethodCheckins, nil, &all)
			return len(all) == *s.History, fmt.Sprintf("%s has %d check-ins", s.At, len(all)), err
		case s.Warnings != nil || s.Lists != nil || s.Queued != nil:
			return listsSeen(ctx, node, s)
		}
		now, err := node.Status(ctx)
		if err != nil {
			return false, "no status", err
		}
		switch {
		case s.Reserved != nil:
			reserved := count(now.Relays, func(x control.Relay) bool { return x.Reserved })
			return reserved == *s.Reserved, fmt.Sprintf("%s is reached through %d relays", s.At, reserved), nil
		case s.Relay != "":
			return slices.ContainsFunc(now.Relays, func(x control.Relay) bool {
				return x.Connected && (s.Relay == "any" || x.Operator == s.Relay)
			}), fmt.Sprintf("%s is connected to %v", s.At, now.Relays), nil
		case s.Epoch == "next":
			if now.Epoch > r.epochs[s.At] {
				r.epochs[s.At] = now.Epoch
				return true, "", nil
			}
			return false, fmt.Sprintf("%s is still in epoch %d", s.At, now.Epoch), nil
		}
		return false, "no condition is set", nil
	})
}

func count[T any](all []T, is func(T) bool) (n int) {
	for _, x := range all {
		if is(x) {
			n++
		}
	}
	return n
}

func tokensSeen(ctx context.Context, node *Node, s WaitStep) (bool, string, error) {
	tokens, err := search(ctx, node, s.Radius)
	why := fmt.Sprintf("%s sees %d appointments", node.Name, len(tokens))
	if s.Tokens != nil {
		return len(tokens) == *s.Tokens, why, err
	}
	return len(tokens) >= *s.AtLeast, why, err
}

func openSlots(ctx context.Context, node *Node, want int) (bool, string, error) {
	var all []control.Appointment
	err := node.Call(ctx, control.MethodSlotsList, nil, &all)
	open := count(all, func(a control.Appointment) bool { return a.State == "open" })
	return open == want, fmt.Sprintf("%s has %d open appointments", node.Name, open), err
}

// bookingIn looks for a booking at either side, and remembers the patient's newest view of it.
func (r *runner) bookingIn(ctx context.Context, node *Node, s WaitStep) (bool, string, error) {
	b, ok := r.bookings[s.Booking]
	if !ok {
		return false, fmt.Sprintf("there is no booking %q", s.Booking), nil
	}
	var all []control.Booking
	if err := node.Call(ctx, control.MethodBookings, nil, &all); err != nil {
		return false, "no bookings", err
	}
	for _, x := range all {
		mine := x.ID == b.ID
		if node.Role == "practice" {
			mine = len(b.Visits) > 0 && len(x.Visits) > 0 && x.Visits[0].Start.Equal(b.Visits[0].Start)
		}
		if mine && x.State == s.State {
			if node.Role == "patient" {
				b.Booking = x
			}
			return true, "", nil
		}
		if mine {
			return false, fmt.Sprintf("the booking is %s at %s: %s", x.State, node.Name, x.Message), nil
		}
	}
	return false, fmt.Sprintf("%s does not know the booking", node.Name), nil
}

// link has two nodes refuse each other, or no longer.
func (r *runner) link(ctx context.Context, names []string, method string) error {
	if len(names) != 2 {
		return fmt.Errorf("a link has two ends")
	}
	for i, name := range names {
		node, err := r.net.Node(name)
		if err != nil {
			return err
		}
		other, err := r.net.Node(names[1-i])
		if err != nil {
			return err
		}
		now, err := other.Status(ctx)
		if err != nil {
			return err
		}
		for _, id := range now.PeerIDs {
			if err := node.Call(ctx, method, control.DenyRequest{Peer: id}, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// samePool waits until all nodes hold the same sheets of a region. Patients are told to look, as a user would.
func (r *runner) samePool(ctx context.Context, s SamePoolStep) error {
	policy, err := r.net.made.Bundle.Policy()
	if err != nil {
		return err
	}
	region := policy.Map.Region(place.PLZ(s.PLZ))
	return until(ctx, s.Within, func(ctx context.Context) (bool, string, error) {
		digests := map[string][]string{}
		for _, name := range s.Nodes {
			node, err := r.net.Node(name)
			if err != nil {
				return false, "", err
			}
			now, err := node.Status(ctx)
			if err != nil {
				return false, "no status of " + name, err
			}
			digest := "nothing"
			for _, p := range now.Pool {
				if p.Region == region {
					digest = fmt.Sprintf("%d sheets %d slots %s", p.Sheets, p.Slots, p.Digest)
				}
			}
			digests[digest] = append(digests[digest], name)
		}
		_, empty := digests["nothing"]
		return len(digests) == 1 && !empty, fmt.Sprintf("region %s: %v", region, digests), nil
	})
}
