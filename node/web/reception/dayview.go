package reception

import (
	"time"

	"pieks/node/control"
)

// row is one appointment of a day.
type row struct {
	ID         string
	Start, End time.Time
	State      string // see stateOf
	Symbol     string
	Vaccine    string
	Dose       int
	Booking    string
	Visit      int
	Name       string
	Birth      string
	Phone      string
	ByPhone    bool
	Moved      bool
	Attended   time.Time
	Lot        string
	Listed     bool
}

// The states of an appointment as reception sees them, and a symbol for each: colours alone would not do.
var symbols = map[string]string{
	"open": "○", "held": "◔", "booked": "●", "attended": "✓", "vaccinated": "✚", "noshow": "✕", "blocked": "–", "unused": "·", "cancelled": "✕",
}

// stateOf is what became of an appointment: its own state, or what happened at the visit. One that nobody took is "unused" once it began.
func stateOf(e control.Entry, now time.Time) string {
	switch e.State {
	case "open", "held":
		if !now.Before(e.Start) {
			return "unused"
		}
	case "booked", "attended":
		if v := visitOf(e); v != nil && v.Outcome != "" {
			return v.Outcome
		}
	}
	return e.State
}

func visitOf(e control.Entry) *control.Visit {
	if e.Booking == nil || e.Visit < 0 || e.Visit >= len(e.Booking.Visits) {
		return nil
	}
	return &e.Booking.Visits[e.Visit]
}

func rowOf(e control.Entry, k catalogue, now time.Time) row {
	r := row{ID: e.ID, Start: e.Start, End: e.End, State: stateOf(e, now), Vaccine: k.Name(e.Vaccine), Dose: e.Dose, Listed: e.Listed}
	r.Symbol = symbols[r.State]
	if e.Booking == nil {
		return r
	}
	r.Booking, r.Visit, r.ByPhone, r.Moved = e.Booking.ID, e.Visit, e.Booking.Phone, !e.Booking.Moved.IsZero()
	if p := e.Booking.Patient; p != nil {
		r.Name, r.Birth, r.Phone = p.Name, p.BirthDate, p.Phone
	}
	if v := visitOf(e); v != nil {
		r.Attended, r.Lot = v.Attended, v.Lot
	}
	return r
}

func rowsOf(entries []control.Entry, k catalogue, now time.Time) []row {
	rows := make([]row, 0, len(entries))
	for _, e := range entries {
		rows = append(rows, rowOf(e, k, now))
	}
	return rows
}

// tally counts the appointments of a day by state.
type tally struct{ All, Open, Held, Booked, Here, Done, Missing, Blocked, Unused int }

func tallyOf(rows []row) (t tally) {
	t.All = len(rows)
	for _, r := range rows {
		switch r.State {
		case "open":
			t.Open++
		case "held":
			t.Held++
		case "booked":
			t.Booked++
		case "attended":
			t.Here++
		case "vaccinated":
			t.Done++
		case "noshow":
			t.Missing++
		case "blocked":
			t.Blocked++
		case "unused":
			t.Unused++
		}
	}
	return t
}

// Taken are those that somebody has.
func (t tally) Taken() int { return t.Booked + t.Here + t.Done + t.Missing }

// vial is the hint for one vaccine: how far the opened vials are given away.
type vial struct {
	Code, Name string
	Booked, Of int // doses given away, of those in the vials that are opened for them
	Left, Open int
	Offer      int // what can be offered as left over now; 0 for none
}

// vialsOf are the hints of a day. Doses are offered as left over only today, and only those that no open appointment is there for.
func vialsOf(day control.Day, k catalogue, isToday bool) []vial {
	var out []vial
	for _, v := range day.Vials {
		if v.Doses < 2 || v.Booked == 0 {
			continue
		}
		h := vial{Code: v.Vaccine, Name: k.Name(v.Vaccine), Booked: v.Booked, Of: v.Booked + v.Left, Left: v.Left, Open: v.Open}
		if isToday && v.Left > v.Open {
			h.Offer = v.Left - v.Open
		}
		out = append(out, h)
	}
	return out
}
