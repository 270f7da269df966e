package scenarios

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"pieks/node/control"
)

const defaultRadiusKM = 20

func search(ctx context.Context, node *Node, radius float64) ([]control.Token, error) {
	if radius == 0 {
		radius = defaultRadiusKM
	}
	var tokens []control.Token
	err := node.Call(ctx, control.MethodSearch, control.SearchRequest{RadiusKM: radius}, &tokens)
	return tokens, err
}

// choose finds the tokens to ask for: the nearest, or two of one practice for both doses. Each further try takes the next one.
func (r *runner) choose(ctx context.Context, node *Node, s BookStep) ([]string, error) {
	tokens, err := search(ctx, node, s.Radius)
	if err != nil {
		return nil, err
	}
	if len(tokens) > 0 {
		tokens = tokens[s.skip%len(tokens):]
	}
	area := ""
	if s.From != "" {
		practice, err := r.net.Node(s.From)
		if err != nil {
			return nil, err
		}
		area = practice.details.PLZ // a network without practice counts shows whole postcodes
	}
	var ids []string
	firstDay := ""
	for _, t := range tokens {
		if (area != "" && t.Area != area) || t.Day == firstDay || r.asked[t.ID] {
			continue
		}
		if len(ids) == 0 {
			area, firstDay = t.Area, t.Day // the second dose is at the same practice on another day
		}
		if ids = append(ids, t.ID); len(ids) == max(s.Doses, 1) {
			return ids, nil
		}
	}
	return nil, fmt.Errorf("%w: %s sees %d, and not %d that fit", errNothing, node.Name, len(tokens), max(s.Doses, 1))
}

var errNothing = errors.New("no appointment")

// again repeats a step that found no appointment, or one which somebody else took, after the next cycle has brought a newer list.
func (r *runner) again(ctx context.Context, s BookStep, step func(context.Context, BookStep) (state string, err error)) error {
	for try := 1; ; try++ {
		s.skip = try - 1
		state, err := step(ctx, s)
		if err == nil || (state != "taken" && !errors.Is(err, errNothing)) || try >= s.Tries {
			return err
		}
		timer := time.NewTimer(r.net.Rules().Cycle)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
	}
}

func (r *runner) request(ctx context.Context, s BookStep) (string, error) {
	node, err := r.net.Node(s.At)
	if err != nil {
		return "", err
	}
	ids, err := r.choose(ctx, node, s)
	if err != nil {
		return "", err
	}
	var offer control.Offer
	if err := node.Call(ctx, control.MethodRequest, control.RequestRequest{Tokens: ids}, &offer); err != nil {
		return "", err
	}
	if s.As != "" {
		r.bookings[s.As] = &known{patient: s.At, at: s.From, Booking: control.Booking{ID: offer.Booking, State: offer.State, Visits: offer.Visits}}
	}
	want := s.Expect
	if want == "" {
		want = "offered"
	}
	if offer.State != want {
		return offer.State, fmt.Errorf("the request is %s, not %s: %s", offer.State, want, offer.Message)
	}
	for _, id := range ids { // it stays listed while it is held: the next step wants another one
		r.asked[id] = true
	}
	return "", nil
}

func (r *runner) book(ctx context.Context, s BookStep) (string, error) {
	node, err := r.net.Node(s.At)
	if err != nil {
		return "", err
	}
	in := person(s.At)
	if s.Name != "" {
		in.Name = s.Name
	}
	if s.BirthDate != "" {
		in.BirthDate = s.BirthDate
	}
	if s.Confirm != "" {
		b, ok := r.bookings[s.Confirm]
		if !ok {
			return "", fmt.Errorf("there is no booking %q", s.Confirm)
		}
		in.Booking = b.ID
	} else if in.Tokens, err = r.choose(ctx, node, s); err != nil {
		return "", err
	}
	var b control.Booking
	if err := node.Call(ctx, control.MethodBook, in, &b); err != nil {
		return "", err
	}
	if s.As != "" {
		r.bookings[s.As] = &known{patient: s.At, at: s.From, Booking: b}
	}
	want := s.Expect
	if want == "" {
		want = "booked"
	}
	if b.State != want {
		return b.State, fmt.Errorf("the booking is %s, not %s: %s", b.State, want, b.Message)
	}
	return "", nil
}

// person is who books at a node when the scenario does not say.
func person(node string) control.BookRequest {
	return control.BookRequest{Name: "Erika " + node, BirthDate: "1950-03-01"}
}

// race has all patients book one appointment at once: one wins, all others are told so.
func (r *runner) race(ctx context.Context, s RaceStep) error {
	if len(s.Patients) < 2 {
		return fmt.Errorf("a race needs two patients")
	}
	first, err := r.net.Node(s.Patients[0])
	if err != nil {
		return err
	}
	tokens, err := search(ctx, first, s.Radius)
	if err != nil {
		return err
	}
	if len(tokens) == 0 {
		return fmt.Errorf("%s sees no appointment", first.Name)
	}
	var mu sync.Mutex
	states := map[string]int{}
	err = r.each(s.Patients, func(n *Node) error {
		in := person(n.Name)
		in.Tokens = []string{tokens[0].ID}
		var b control.Booking
		if err := n.Call(ctx, control.MethodBook, in, &b); err != nil {
			return fmt.Errorf("%s: %w", n.Name, err)
		}
		mu.Lock()
		defer mu.Unlock()
		states[b.State]++
		if b.State == "booked" && s.As != "" {
			r.bookings[s.As] = &known{patient: n.Name, Booking: b}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if states["booked"] != 1 || states["taken"] != len(s.Patients)-1 {
		return fmt.Errorf("of %d patients: %v", len(s.Patients), states)
	}
	return nil
}

func (r *runner) plz(ctx context.Context, s PLZStep) error {
	node, err := r.net.Node(s.At)
	if err != nil {
		return err
	}
	var result control.PLZResult
	err = node.Call(ctx, control.MethodPLZ, control.PLZRequest{PLZ: s.PLZ}, &result)
	if err := expected(err, s.Expect); err != nil || s.Expect != "" {
		return err
	}
	node.plz = s.PLZ
	if now, _ := node.Status(ctx); result.Cycle <= now.Cycle {
		return fmt.Errorf("the change takes effect in cycle %d, and it is %d already", result.Cycle, now.Cycle)
	}
	return nil
}
