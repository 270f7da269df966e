package reception

import (
	"slices"
	"time"

	"pieks/node/control"
	"pieks/node/web"
)

// bookingPage is what the page of a booking shows.
type bookingPage struct {
	control.Booking
	Visits []bookedVisit
	States map[string]string
	Doses  doses
	Codes  bool // it was booked by phone: reception has its codes
}

// bookedVisit is a visit and what can be done with it now.
type bookedVisit struct {
	control.Visit
	Index                                         int
	Name                                          string // of the vaccine
	What                                          string // its state, as of a row
	Symbol                                        string
	Day                                           string
	CanAttend, CanVaccinate, CanMiss, CanTakeBack bool
	CanMove, CanCancel                            bool
	LastLot                                       string
}

// visitState is what became of a visit.
func visitState(v control.Visit) string {
	if v.Outcome != "" {
		return v.Outcome
	}
	if v.State == "" {
		return "booked"
	}
	return v.State
}

// bookedVisitOf says what can be done: check in on the visit's day, not come after its start, vaccinated after the check-in; move and cancel
// before it begins.
func bookedVisitOf(i int, v control.Visit, k catalogue, now time.Time) bookedVisit {
	b := bookedVisit{Visit: v, Index: i, Name: k.Name(v.Vaccine), What: visitState(v), Day: isoDay(v.Start)}
	b.Symbol = symbols[b.What]
	begun := !now.Before(v.Start)
	b.CanAttend = b.What == "booked" && isoDay(now) == b.Day
	b.CanVaccinate = b.What == "attended"
	b.CanMiss = b.What == "booked" && begun
	b.CanTakeBack = b.What == "vaccinated" || b.What == "noshow"
	b.CanMove = b.What == "booked" && !begun
	b.CanCancel = b.CanMove
	return b
}

// findBooking is the booking of a path.
func findBooking(c *web.Call, id string) (control.Booking, error) {
	all, err := web.Ask[[]control.Booking](c, control.MethodBookings, nil)
	if err != nil {
		return control.Booking{}, err
	}
	i := slices.IndexFunc(all, func(b control.Booking) bool { return b.ID == id })
	if i < 0 {
		return control.Booking{}, web.ErrNotFound
	}
	return all[i], nil
}

func showBooking(c *web.Call) error {
	b, err := findBooking(c, c.R.PathValue("id"))
	if err != nil {
		return err
	}
	return bookingShown(c, b)
}

func bookingShown(c *web.Call, b control.Booking) error {
	k, err := vaccines(c)
	if err != nil {
		return err
	}
	lots, err := lastLots(c)
	if err != nil {
		return err
	}
	p := bookingPage{Booking: b, States: states(c), Doses: dosesOf(c)}
	for i, v := range b.Visits {
		shown := bookedVisitOf(i, v, k, c.Now())
		shown.LastLot = lots[v.Vaccine]
		p.Visits = append(p.Visits, shown)
		p.Codes = p.Codes || b.Phone && v.Digits != ""
	}
	return c.Show("booking", p)
}

// lastLots are the lot numbers that were written down last, by vaccine.
func lastLots(c *web.Call) (map[string]string, error) {
	now := c.Now()
	all, err := days(c, isoDay(now.AddDate(0, 0, -lotDays)), isoDay(now))
	if err != nil {
		return nil, err
	}
	return lotsOf(all), nil
}

func lotsOf(all []control.Day) map[string]string {
	lots, at := map[string]string{}, map[string]time.Time{}
	for _, d := range all {
		for _, e := range d.Entries {
			v := visitOf(e)
			if v == nil || v.Lot == "" {
				continue
			}
			if when := v.Attended; !when.Before(at[e.Vaccine]) {
				lots[e.Vaccine], at[e.Vaccine] = v.Lot, when
			}
		}
	}
	return lots
}

// changeBooking does what a button of the page says, with one visit.
func changeBooking(c *web.Call) error {
	id := c.R.PathValue("id")
	b, err := findBooking(c, id)
	if err != nil {
		return err
	}
	i := number(c.Form.Get("visit"))
	if i >= len(b.Visits) {
		return web.ErrNotFound
	}
	name := control.VisitName{Booking: id, Visit: i}
	back := "/booking/" + id
	if c.Form.Get("from") == "desk" {
		back = "/desk"
	}
	var done string
	switch c.Form.Get("do") {
	case "move":
		c.Draft().Put(movingDraft, moving{Visits: []control.VisitName{name}, From: isoDay(b.Visits[i].Start)})
		return c.Go("/move")
	case "cancel":
		c.Draft().Put(cancellingDraft, cancelling{Bookings: []string{id}, From: isoDay(b.Visits[i].Start)})
		return c.Go("/cancel")
	case "attend":
		done, err = "rc_attended", c.Do(control.MethodAttend, name)
	case "vaccinated":
		lot := c.Form.Get("lot")
		if len(lot) > maxLot {
			c.TellBad(c.Say("rc_wrong_lot", "N", maxLot))
			return c.Go(back)
		}
		done, err = "rc_vaccinated", c.Do(control.MethodOutcome, control.Outcome{VisitName: name, Outcome: "vaccinated", Lot: lot})
	case "noshow":
		done, err = "rc_noshow", c.Do(control.MethodOutcome, control.Outcome{VisitName: name, Outcome: "noshow"})
	case "back":
		done, err = "rc_taken_back", c.Do(control.MethodOutcome, control.Outcome{VisitName: name})
	default:
		return web.ErrNotFound
	}
	switch {
	case refused(err):
		c.TellBad(c.Sentence(err))
	case err != nil:
		return err
	default:
		c.Tell(done)
		if back == "/desk" {
			c.Draft().Drop(deskDraft)
		}
	}
	return c.Go(back)
}
