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
		return none, control.Errorf(control.KindUsage, "A plan has 1 to %d days, the first one first.", planDays)
	}
	for _, d := range in.Weekdays {
		if d < 1 || d > 7 {
			return none, control.Errorf(control.KindUsage, "A weekday is 1 (Monday) to 7 (Sunday).")
		}
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
		made, err := booking.Expand(control.SlotsAdd{
			Day: day.Day, From: in.From, To: in.To, Every: in.Every, Vaccine: in.Vaccine, Dose: in.Dose,
		}, now)
		if err != nil {
			if day.Problem = booking.DayProblem(err); day.Problem == "" {
				return nil, nil, usage(err) // it is wrong on every day
			}
		}
		if in.Vials && len(made) > 0 {
			if made = made[:len(made)-len(made)%vial]; len(made) == 0 {
				day.Problem = "vial"
			}
		}
		if len(made) > 0 {
			for _, o := range n.ledger.Between(booking.StartOfDay(d), booking.StartOfDay(d.AddDate(0, 0, 1))) {
				if o.Start.Before(made[len(made)-1].End) && o.End.After(made[0].Start) {
					day.Already++
				}
			}
		}
		day.Count = len(made)
		days, all = append(days, day), append(all, made...)
	}
	return days, all, nil
}

func isoWeekday(d time.Time) int { return (int(d.Weekday())+6)%7 + 1 }

// offered finds a vaccine of the catalogue, if anything may be added now.
func (n *Node) offered(code string, dose int) (gossip.Vaccine, error) {
	if err := n.home.Network.Usable(); err != nil {
		return gossip.Vaccine{}, control.Errorf(control.KindUnavailable, "No appointments were added: %w", err)
	}
	policy := n.home.Network.Policy()
	vaccine, known := policy.Vaccines[code]
	if !known {
		codes := slices.Sorted(maps.Keys(policy.Vaccines))
		return vaccine, control.Errorf(control.KindUsage, "There is no vaccine %q in this network. Known are: %v.", code, codes)
	}
	if dose < 0 || dose > int(vaccine.Doses) {
		return vaccine, control.Errorf(control.KindUsage, "%s has %d doses: choose one of them, or 0 for any.", vaccine.Name, vaccine.Doses)
	}
	return vaccine, nil
}
