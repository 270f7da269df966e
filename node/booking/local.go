package booking

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"pieks/node/control"
)

// ErrSeries says that appointments cannot be made as asked for. The error that wraps it says why in a sentence; nothing was changed.
var ErrSeries = errors.New("no appointments were added")

// Expand turns a day, a span and a step in local time into appointments: one at From and after each Every, as long as it ends by To.
// With Count it stops after so many, and To may be empty. It refuses, with ErrSeries and a sentence, what is no date or time, a day or time that is past, a local
// time that the clocks skip that day or, without Fold, pass twice, and more than 200 appointments.
func Expand(add control.SlotsAdd, now time.Time) ([]Appointment, error) {
	s, err := readSeries(add)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSeries, err)
	}
	made, err := s.expand(now)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSeries, err)
	}
	return made, nil
}

// series is a control.SlotsAdd whose fields were read. Clock times are durations since midnight as a wall clock shows them.
type series struct {
	day      time.Time // midnight UTC of the date
	from, to time.Duration
	every    time.Duration
	vaccine  string
	dose     uint8
	fold     fold
	count    int
}

// fold chooses between the two instants of a local time that exists twice.
type fold uint8

const (
	unfolded fold = iota
	first
	second
)

func readSeries(add control.SlotsAdd) (series, error) {
	s := series{vaccine: strings.TrimSpace(add.Vaccine), dose: uint8(min(max(add.Dose, 0), 255)), count: add.Count}
	var err error
	if s.day, err = time.Parse(time.DateOnly, add.Day); err != nil {
		return s, fmt.Errorf("%q is no day: write it like 2026-12-01", add.Day)
	}
	if s.from, err = parseClock(add.From, 23*time.Hour+59*time.Minute); err != nil {
		return s, err
	}
	if s.every, err = time.ParseDuration(add.Every); err != nil || s.every < minVisit || s.every > maxVisit || s.every%time.Minute != 0 {
		return s, fmt.Errorf("%q is no length of an appointment: write it like 10m, from 1m to 8h", add.Every)
	}
	switch {
	case add.To != "":
		if s.to, err = parseClock(add.To, 24*time.Hour); err != nil {
			return s, err
		}
	case add.Count > 0:
		s.to = 24 * time.Hour
	default:
		return s, errors.New("say until when or how many: --to 12:00 or --count 10")
	}
	if s.to < s.from+s.every {
		return s, fmt.Errorf("from %s to %s there is no room for an appointment of %s", add.From, add.To, add.Every)
	}
	switch {
	case s.vaccine == "" || len(s.vaccine) > maxVaccine || !isText(s.vaccine):
		return s, errors.New("say which vaccine: --vaccine comirnaty")
	case add.Dose < 0 || add.Dose > 9:
		return s, errors.New("a dose is 1 to 9, or 0 for any")
	case add.Count < 0:
		return s, errors.New("the number of appointments cannot be negative")
	}
	return s, s.fold.read(add.Fold)
}

func (f *fold) read(text string) error {
	switch text {
	case "":
		*f = unfolded
	case "first":
		*f = first
	case "second":
		*f = second
	default:
		return fmt.Errorf("%q is no choice of a time that exists twice: write first or second", text)
	}
	return nil
}

// parseClock reads 09:00, and 24:00 where latest allows it.
func parseClock(text string, latest time.Duration) (time.Duration, error) {
	if text == "24:00" && latest == 24*time.Hour {
		return latest, nil
	}
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return 0, fmt.Errorf("%q is no time of day: write it like 09:00", text)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}

func (s series) expand(now time.Time) ([]Appointment, error) {
	var made []Appointment
	for at := s.from; at+s.every <= s.to && (s.count == 0 || len(made) < s.count); at += s.every {
		if len(made) == maxPerDay {
			return nil, fmt.Errorf("that would be more than %d appointments: add fewer at a time", maxPerDay)
		}
		start, err := s.instant(at)
		if err != nil {
			return nil, err
		}
		if !start.After(now) {
			return nil, &pastError{start}
		}
		if start.After(now.AddDate(maxYearsAhead, 0, 0)) {
			return nil, fmt.Errorf("%s is more than %d years ahead: check the year", start.Format(time.DateOnly), maxYearsAhead)
		}
		made = append(made, Appointment{Start: start, End: start.Add(s.every), Vaccine: s.vaccine, Dose: s.dose, Status: SlotOpen})
	}
	if s.count > 0 && len(made) < s.count {
		return nil, fmt.Errorf("only %d of %d appointments fit: let them end later, or add fewer", len(made), s.count)
	}
	return made, nil
}

// errNoSuchTime says that a clock in Germany does not show a time on a day, or shows it twice.
var errNoSuchTime = errors.New("no such time")

// pastError is ErrPast with the time.
type pastError struct{ start time.Time }

func (e *pastError) Error() string {
	return e.start.Format("2006-01-02 15:04") + " is past: choose a later day or time"
}
func (e *pastError) Is(target error) bool { return target == ErrPast }

// DayProblem is the code of why Expand refuses one day where it may take another: "clock" (the clocks skip a time or pass it twice), "past"; "" for all
// other errors.
func DayProblem(err error) string {
	switch {
	case errors.Is(err, errNoSuchTime):
		return string(ProblemClock)
	case errors.Is(err, ErrPast):
		return string(ProblemPast)
	}
	return ""
}

// AtClock is the instant at which a clock in Germany shows a time like 17:30 on the date of day. It gives ErrSeries with a sentence.
func AtClock(day time.Time, clock string) (time.Time, error) {
	at, err := parseClock(clock, 23*time.Hour+59*time.Minute)
	if err == nil {
		var start time.Time
		if start, err = localTime(day, at); err == nil {
			return start, nil
		}
	}
	return time.Time{}, fmt.Errorf("%w: %w", ErrSeries, err)
}

// clockError is errNoSuchTime with a sentence.
type clockError struct{ text string }

func (e *clockError) Error() string        { return e.text }
func (e *clockError) Is(target error) bool { return target == errNoSuchTime }

// instant is the moment at which a wall clock in Germany shows the series' day and the time at.
func (s series) instant(at time.Duration) (time.Time, error) {
	y, m, d := s.day.Date()
	hour, minute := int(at/time.Hour), int(at%time.Hour/time.Minute)
	t := time.Date(y, m, d, hour, minute, 0, 0, berlin)
	if t.Hour() != hour || t.Minute() != minute {
		return t, &clockError{fmt.Sprintf("%02d:%02d does not exist on %s, since the clocks are put forward: choose another time", hour, minute, s.day.Format(time.DateOnly))}
	}
	early, late := t, t
	if before := t.Add(-time.Hour); before.Hour() == hour && before.Minute() == minute {
		early = before
	}
	if after := t.Add(time.Hour); after.Hour() == hour && after.Minute() == minute {
		late = after
	}
	if early.Equal(late) {
		return t, nil
	}
	switch s.fold {
	case first:
		return early, nil
	case second:
		return late, nil
	}
	return t, &clockError{fmt.Sprintf("%02d:%02d exists twice on %s, since the clocks are put back: say --fold first or --fold second", hour, minute, s.day.Format(time.DateOnly))}
}
