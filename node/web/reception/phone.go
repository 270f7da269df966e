package reception

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"pieks/node/control"
	"pieks/node/web"
)

// phonePage is what the page shows on which an appointment is booked for a caller.
type phonePage struct {
	control.Appointment
	Name     string // of the vaccine
	Day      string
	Doses    doses
	Series   bool                  // a second dose follows
	Seconds  []control.Appointment // for the second dose, by start
	From, To time.Time             // when the second dose may be
	Gone     bool                  // it is no longer to be had
	Problem  string                // why it was not booked
	Kept     []string              // the fields, to be kept in another language
}

// secondsFor are the open appointments for the second dose of a first one: in the days that the vaccine asks for.
func secondsFor(first control.Appointment, v control.Vaccine, all []control.Appointment) (list []control.Appointment, from, to time.Time) {
	day := func(t time.Time) time.Time {
		t = t.In(web.Berlin)
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, web.Berlin)
	}
	from, to = day(first.Start).AddDate(0, 0, v.MinInterval), day(first.Start).AddDate(0, 0, v.MaxInterval)
	for _, a := range all {
		at := day(a.Start)
		if a.State == "open" && a.Vaccine == first.Vaccine && (a.Dose == 0 || a.Dose == 2) && !at.Before(from) && !at.After(to) {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, func(a, b control.Appointment) int { return a.Start.Compare(b.Start) })
	return list[:min(len(list), rowsPerPage)], from, to
}

func phoneFor(c *web.Call) (phonePage, error) {
	var p phonePage
	all, err := web.Ask[[]control.Appointment](c, control.MethodSlotsList, nil)
	if err != nil {
		return p, err
	}
	k, err := vaccines(c)
	if err != nil {
		return p, err
	}
	i := slices.IndexFunc(all, func(a control.Appointment) bool { return a.ID == c.R.PathValue("id") })
	if i < 0 {
		return p, web.ErrNotFound
	}
	p = phonePage{Appointment: all[i], Kept: []string{"name", "birth", "phone", "second"}, Doses: dosesOf(c), Day: isoDay(all[i].Start)}
	v := k.Of(p.Vaccine)
	p.Name, p.Gone = v.Name, p.State != "open" && p.State != "blocked"
	if v.Doses > 1 && p.Dose <= 1 {
		p.Series = true
		p.Seconds, p.From, p.To = secondsFor(p.Appointment, v, all)
	}
	return p, nil
}

func showPhone(c *web.Call) error {
	p, err := phoneFor(c)
	if err != nil {
		return err
	}
	c.Form = web.NewForm()
	return c.Show("phone", p)
}

func bookByPhone(c *web.Call) error {
	p, err := phoneFor(c)
	if err != nil {
		return err
	}
	f := c.Form
	in := control.Phone{Appointments: []string{p.ID}, Name: strings.Join(strings.Fields(f.Get("name")), " "), Phone: f.Get("phone")}
	if second := f.Get("second"); second != "" {
		in.Appointments = append(in.Appointments, second)
	}
	if in.Name == "" {
		f.Wrong("name", c.Say("rc_wrong_name"))
	} else if len(in.Name) > maxName {
		f.Wrong("name", c.Say("rc_wrong_long"))
	}
	var problem string
	if in.BirthDate, problem = web.ParseBirth(f.Get("birth"), c.Now()); problem != "" {
		f.Wrong("birth", c.Say(problem))
	}
	if len(in.Phone) > maxPhone {
		f.Wrong("phone", c.Say("rc_wrong_long"))
	}
	if !f.OK() {
		return c.Show("phone", p)
	}
	b, err := web.Ask[control.Booking](c, control.MethodPhone, in)
	if refused(err) {
		again, lost := phoneFor(c) // it may have been taken at this moment
		if lost != nil {
			return err
		}
		again.Problem = c.Sentence(err)
		return c.ShowStatus(http.StatusConflict, "phone", again)
	}
	if err != nil {
		return err
	}
	c.Tell("rc_phone_booked")
	return c.Go("/booking/" + b.ID)
}
