package practice

import (
	"context"
	"maps"
	"slices"
	"time"

	"pieks/gossip"
	"pieks/node/booking"
	"pieks/node/control"
)

// planDays: two months, and more days than appointments can be given out ahead.
const planDays = 62

// plan makes appointments on many days by weekday, all or none, or says what they would be.
func (n *Node) plan(ctx context.Context, in control.Plan) (control.Planned, error) {
	none := control.Planned{}
	vaccine, err := n.offered(in.Vaccine, in.Dose)
	if err != nil {
		return none, err
	}
	first, err := readDay(in.First)
	if err != nil {
		return none, err
	}
	last, err := readDay(in.Last)
	if err != nil {
		return none, err
	}
	if last.Before(first) || last.After(first.AddDate(0, 0, planDays-1)) {
		return none, control.Coded(control.KindUsage, control.CodeDays, "A plan has 1 to %d days, the first one first.", planDays)
	}
	for _, d := range in.Weekdays {
		if d < 1 || d > 7 {
			return none, control.Coded(control.KindUsage, control.CodeWeekday, "A weekday is 1 (Monday) to 7 (Sunday).")
		}
	}
	if err := inTurn(in.Spans); err != nil {
		return none, err
	}
	days, made, err := n.planned(in, first, last, int(vaccine.VialDoses))
	if err != nil {
		return none, err
	}
	if err := n.ledger.Room(len(made)); err != nil {
		return none, usage(err)
	}
	var ids []booking.AppointmentID
	if !in.Preview && len(made) > 0 {
		if ids, err = n.ledger.Add(ctx, made); err != nil {
			return none, usage(err)
		}
	}
	out := control.Planned{SlotsChanged: n.slotsChanged(ids), Days: days}
	if in.Preview {
		out.Changed = len(made)
	}
	return out, nil
}

// planned expands each day of a plan. Days that have passed or are too far ahead are left out.
func (n *Node) planned(in control.Plan, first, last time.Time, vial int) ([]control.PlannedDay, []booking.Appointment, error) {
	now := n.home.Now()
	today := gossip.DayOf(booking.InZone(now))
	furthest := today + n.rules().DaysAhead
	days, all := []control.PlannedDay{}, []booking.Appointment(nil)
	for d := first; !d.After(last); d = d.AddDate(0, 0, 1) {
		number := gossip.DayOf(d)
		if number < today || number > furthest || len(in.Weekdays) > 0 && !slices.Contains(in.Weekdays, isoWeekday(d)) {
			continue
		}
		day := control.PlannedDay{Day: d.Format(time.DateOnly)}
		made, problem, err := expandSpans(day.Day, in, now)
		if err != nil {
			return nil, nil, usage(err) // it is wrong on every day
		}
		day.Problem = problem
		if in.Vials && len(made) > 0 {
			if made = made[:len(made)-len(made)%vial]; len(made) == 0 {
				day.Problem = "vial"
			}
		}
		day.Count, day.Already = len(made), already(n.ledger.Between(booking.StartOfDay(d), booking.StartOfDay(d.AddDate(0, 0, 1))), made)
		days, all = append(days, day), append(all, made...)
	}
	return days, all, nil
}

// inTurn says whether the spans of a day follow each other. What a time of day is, booking.Expand says.
func inTurn(spans []control.Span) error {
	if len(spans) < 1 || len(spans) > spansPerDay {
		return control.Coded(control.KindUsage, control.CodeSpans, "A day of a plan has 1 to %d spans.", spansPerDay)
	}
	for i := 1; i < len(spans); i++ {
		if spans[i].From < spans[i-1].To {
			return control.Coded(control.KindUsage, control.CodeSpans, "The spans of a day follow each other: each begins when the one before has ended.")
		}
	}
	return nil
}

// expandSpans makes the appointments of one day. problem says why a span has none where another, or another day, may have some.
func expandSpans(day string, in control.Plan, now time.Time) (made []booking.Appointment, problem string, err error) {
	for _, s := range in.Spans {
		part, err := booking.Expand(control.SlotsAdd{Day: day, From: s.From, To: s.To, Every: in.Every, Vaccine: in.Vaccine, Dose: in.Dose}, now)
		if err != nil {
			if problem = booking.DayProblem(err); problem == "" {
				return nil, "", err
			}
		}
		made = append(made, part...)
	}
	return made, problem, nil
}

// already counts the appointments of a day that are there at the time of one of those to be made.
func already(there []booking.Occupied, made []booking.Appointment) (n int) {
	for _, o := range there {
		if slices.ContainsFunc(made, func(a booking.Appointment) bool { return o.Start.Before(a.End) && o.End.After(a.Start) }) {
			n++
		}
	}
	return n
}

func isoWeekday(d time.Time) int { return (int(d.Weekday())+6)%7 + 1 }

// offered finds a vaccine of the catalogue, if anything may be added now.
func (n *Node) offered(code string, dose int) (gossip.Vaccine, error) {
	if err := n.home.Network.Usable(); err != nil {
		return gossip.Vaccine{}, control.Coded(control.KindUnavailable, control.WhyNetwork, "No appointments were added: %w", err)
	}
	policy := n.home.Network.Policy()
	vaccine, known := policy.Vaccines[code]
	if !known {
		codes := slices.Sorted(maps.Keys(policy.Vaccines))
		return vaccine, control.Coded(control.KindUsage, control.CodeVaccine, "There is no vaccine %q in this network. Known are: %v.", code, codes)
	}
	if dose < 0 || dose > int(vaccine.Doses) {
		return vaccine, control.Coded(control.KindUsage, control.CodeDose, "%s has %d doses: choose one of them, or 0 for any.", vaccine.Name, vaccine.Doses)
	}
	return vaccine, nil
}
