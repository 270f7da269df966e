package booking

import (
	"time"

	"pieks/gossip"
)

// MoveOrder says which visits go where. One of ToDay, ToTime and Appointment is needed.
type MoveOrder struct {
	Visits      []VisitRef     // these, or
	Day         time.Time      // all that are booked on this date
	ToDay       time.Time      // date to go to; zero: the visit's own
	ToTime      *time.Duration // when the first one begins, on a wall clock since midnight; nil: all keep their times of day
	Appointment *AppointmentID // the open or blocked appointment that the one visit takes
	Reason      string         // a sentence for the patients, at most 240 bytes
	Preview     bool           // change nothing
	// Interval is how many days a vaccine asks for between two doses; nil or zeros: any.
	Interval func(vaccine string) (least, most int)
}

// aim gives each visit that can be moved its new time. It reads no clock but now.
func (o MoveOrder) aim(all []touched, now time.Time) error {
	base := 24 * time.Hour
	for n := range all {
		t := &all[n]
		if t.problem = t.visit.unfit(now); t.problem == "" {
			base = min(base, wallClock(unix(t.visit.Start)))
		}
	}
	for n := range all {
		t := &all[n]
		if t.problem != "" {
			continue
		}
		start := unix(t.visit.Start).In(berlin)
		at, day := wallClock(start), start
		if o.ToTime != nil {
			at += *o.ToTime - base
		}
		if !o.ToDay.IsZero() {
			day = o.ToDay
		}
		to, err := localTime(day, at)
		switch {
		case err != nil:
			t.problem = ProblemClock
			continue
		case to.After(now.AddDate(maxYearsAhead, 0, 0)):
			return ErrFarAhead
		case !to.After(now):
			t.problem = ProblemPast
		case to.Equal(start):
			t.problem = ProblemSame
		}
		t.to = appointmentRecord{Start: uint64(to.Unix()), End: uint64(to.Unix()) + t.visit.End - t.visit.Start,
			Vaccine: t.visit.Vaccine, Dose: t.visit.Dose, Status: SlotBooked}
	}
	o.keepIntervals(all)
	return nil
}

// keepIntervals has visits stay whose booking would have its doses too close or too far apart.
func (o MoveOrder) keepIntervals(all []touched) {
	if o.Interval == nil {
		return
	}
	for n := range all {
		t := &all[n]
		if t.problem != "" || len(t.record.Visits) != 2 {
			continue
		}
		var days [2]int
		skip := false
		for v, visit := range t.record.Visits {
			start := visit.Start
			for _, other := range all {
				if other.VisitRef == (VisitRef{t.Booking, v}) && (other.problem == "" || other.problem == ProblemInterval) {
					start = other.to.Start
				}
			}
			skip = skip || visit.State == Cancelled
			days[v] = int(gossip.DayOf(unix(start).In(berlin)))
		}
		least, most := o.Interval(t.visit.Vaccine)
		if !skip && !apart(days[0], days[1], least, most) {
			t.problem = ProblemInterval
		}
	}
}

// apart says whether the days of two doses are as far apart as a vaccine asks for; zeros ask for nothing.
func apart(first, second, least, most int) bool {
	return most == 0 || second-first >= least && second-first <= most
}

// wallClock is what a clock in Germany shows at an instant, since midnight.
func wallClock(t time.Time) time.Duration {
	t = t.In(berlin)
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second
}

// localTime is the instant at which a clock in Germany shows a time on a date; an error when there is none, or two.
func localTime(date time.Time, at time.Duration) (time.Time, error) {
	if at < 0 || at >= 24*time.Hour {
		return time.Time{}, errNoSuchTime
	}
	y, m, d := date.Date()
	return series{day: time.Date(y, m, d, 0, 0, 0, 0, time.UTC)}.instant(at)
}
