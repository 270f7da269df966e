package patient

import (
	"pieks/node/control"
	"pieks/node/web"
)

// bookingData is the card of a booking.
type bookingData struct {
	control.Booking
	Stage    Stage
	Vaccines catalogue
	Others   []Choice // when it came to nothing
	Both     bool
}

func booking(c *web.Call) error {
	d, err := bookingOf(c)
	if err != nil {
		return err
	}
	if d.Stage == Held {
		return c.Go("/offer/" + d.ID)
	}
	if d.Stage == Booked {
		forgetTyped(c, d.Booking)
	}
	d.Both = len(d.Visits) == 2
	if d.Stage.Lost() {
		if d.Others, err = others(c, wantedOf(d.Booking), d.Both, d.Vaccines); err != nil {
			return err
		}
	}
	return c.Show("booking", d)
}

// forgetTyped ends what led to a booking: the next one begins with an empty form.
func forgetTyped(c *web.Call, b control.Booking) {
	for _, name := range []string{whoDraft, firstDraft, lostDraft, offerDraft(b.ID)} {
		c.Draft().Drop(name)
	}
	if id, ok := web.Kept[string](c.Draft(), insteadDraft); ok && id == b.Instead {
		c.Draft().Drop(insteadDraft)
	}
}

func bookingOf(c *web.Call) (d bookingData, err error) {
	all, err := web.Ask[[]control.Booking](c, control.MethodBookings, nil)
	if err != nil {
		return d, err
	}
	b, ok := byID(all, c.R.PathValue("id"))
	if !ok {
		return d, web.ErrNotFound
	}
	d.Booking, d.Stage = b, stageOf(b, c.Now())
	d.Vaccines, err = vaccines(c)
	return d, err
}

// printCard is the card on paper.
func printCard(c *web.Call) error {
	d, err := bookingOf(c)
	if err != nil {
		return err
	}
	if d.Stage != Booked {
		return c.Go("/booking/" + d.ID)
	}
	return c.Show("print_card", d)
}

// cancelAsk says what a cancellation does, and asks.
func cancelAsk(c *web.Call) error {
	d, err := bookingOf(c)
	if err != nil {
		return err
	}
	if d.Stage != Booked && d.Stage != Waiting && d.Stage != Asking {
		return c.Go("/booking/" + d.ID)
	}
	return c.Show("cancel", d)
}

func cancel(c *web.Call) error {
	id := c.R.PathValue("id")
	_, ok, err := web.AskLater[control.Booking](c, control.MethodCancel, control.CancelRequest{Booking: id}).Within(c.Context(), bookPatience)
	if ok && err != nil {
		c.TellBad(sentence(c, err))
	}
	return c.Go("/booking/" + id)
}

// move looks for another appointment that takes the place of this one. This one stands until the other is booked.
func move(c *web.Call) error {
	d, err := bookingOf(c)
	if err != nil {
		return err
	}
	if d.Stage != Booked {
		return c.Go("/booking/" + d.ID)
	}
	prefs, err := web.Ask[control.Preferences](c, control.MethodPreferences, nil)
	if err != nil {
		return err
	}
	s := newSearch(prefs.RadiusKM)
	for _, v := range d.Visits[:min(1, len(d.Visits))] {
		s.Vaccine = v.Vaccine
		switch {
		case len(d.Visits) == 2:
			s.Doses = "both"
		case v.Dose == 1:
			s.Doses = "first"
		case v.Dose == 2:
			s.Doses = "second"
		}
	}
	c.Draft().Put(searchDraft, s)
	c.Draft().Put(insteadDraft, d.ID)
	c.Draft().Drop(firstDraft)
	if d.Patient != nil {
		c.Draft().Put(whoDraft, typed{"", d.Patient.Name, web.Birth(c.Lang, d.Patient.BirthDate), d.Patient.Phone})
	}
	return c.Go("/list")
}

// stay ends the wish to move a booking.
func stay(c *web.Call) error {
	id, _ := web.Kept[string](c.Draft(), insteadDraft)
	c.Draft().Drop(insteadDraft)
	c.Draft().Drop(whoDraft)
	if id == "" {
		return c.Go("/")
	}
	return c.Go("/booking/" + id)
}

// insteadOf is the booking that is to be moved, as long as it stands.
func insteadOf(c *web.Call, all []control.Booking) *control.Booking {
	id, ok := web.Kept[string](c.Draft(), insteadDraft)
	if !ok {
		return nil
	}
	if b, found := byID(all, id); found && stageOf(b, c.Now()) == Booked {
		return &b
	}
	c.Draft().Drop(insteadDraft)
	return nil
}
