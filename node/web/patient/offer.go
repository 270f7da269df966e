package patient

import (
	"pieks/node/control"
	"pieks/node/web"
)

// offerData is an offer and the form that confirms it.
type offerData struct {
	control.Offer
	Vaccines catalogue
	Known    []control.Patient
	Instead  *control.Booking
}

// offer shows an offer as long as it is one; else it goes where the booking is.
func offer(c *web.Call) error {
	d, away, err := offerOf(c)
	if err != nil {
		return err
	}
	if away != nil {
		return away()
	}
	t, _ := web.Kept[typed](c.Draft(), whoDraft)
	c.Form = t.form()
	return c.Show("offer", d)
}

// offerOf is the offer of the path. away is where to go instead when it is none any more.
func offerOf(c *web.Call) (d offerData, away func() error, err error) {
	id := c.R.PathValue("id")
	all, err := web.Ask[[]control.Booking](c, control.MethodBookings, nil)
	if err != nil {
		return d, nil, err
	}
	b, ok := byID(all, id)
	if !ok {
		return d, nil, web.ErrNotFound
	}
	k, ok := web.Kept[kept](c.Draft(), offerDraft(id))
	if !ok {
		k.tokens = wantedOf(b)
	}
	switch s := stageOf(b, c.Now()); {
	case s == Taken, s == Expired, s == Refused:
		return d, func() error { return lostWhy(c, k.tokens, len(b.Visits) == 2, k.from, b.State, b.Why) }, nil
	case s != Held:
		return d, func() error { return c.Go("/booking/" + id) }, nil
	}
	// What the node knows now, and beside it what only the answer had.
	d.Offer = k.offer
	d.Booking, d.State, d.Why, d.Until, d.Visits, d.Test = b.ID, b.State, b.Why, b.Until, b.Visits, b.Test
	if b.Practice != nil {
		d.Practice = *b.Practice
	}
	if b.Licence != "" {
		d.Licence = b.Licence
	}
	d.Known, d.Instead = people(all), insteadOf(c, all)
	d.Vaccines, err = vaccines(c)
	return d, nil, err
}

func byID(all []control.Booking, id string) (control.Booking, bool) {
	for _, b := range all {
		if b.ID == id {
			return b, true
		}
	}
	return control.Booking{}, false
}

// wantedOf is what a booking was for, as far as others can be looked for by it.
func wantedOf(b control.Booking) (wanted []control.Token) {
	for _, v := range b.Visits {
		start := v.Start.In(web.Berlin)
		part := "evening"
		for i, hour := range []int{11, 14, 17} { // gossip.PartAt
			if start.Hour() < hour {
				part = dayParts[i]
				break
			}
		}
		wanted = append(wanted, control.Token{Day: start.Format("2006-01-02"), Part: part, Vaccine: v.Vaccine, Dose: v.Dose})
	}
	return wanted
}

// book confirms an offer.
func book(c *web.Call) error {
	d, away, err := offerOf(c)
	if err != nil {
		return err
	}
	c.Draft().Put(whoDraft, typedOf(c.Form))
	if away != nil {
		return away()
	}
	if c.Form.Again() || fillIn(c, d.Known) {
		c.Draft().Put(whoDraft, typedOf(c.Form))
		return c.Show("offer", d)
	}
	who := readWho(c)
	if !c.Form.OK() {
		return c.Show("offer", d)
	}
	in := control.BookRequest{Booking: d.Booking, Name: who.Name, BirthDate: who.BirthDate, Phone: who.Phone}
	b, ok, err := web.AskLater[control.Booking](c, control.MethodBook, in).Within(c.Context(), bookPatience)
	switch {
	case !ok:
		return c.Go("/booking/" + d.Booking)
	case err != nil:
		c.TellBad(sentence(c, err))
		return c.Go("/offer/" + d.Booking)
	}
	if s := stageOf(b, c.Now()); s == Taken || s == Expired || s == Refused {
		k, ok := web.Kept[kept](c.Draft(), offerDraft(b.ID))
		if !ok {
			k.tokens = wantedOf(b)
		}
		return lostWhy(c, k.tokens, len(d.Visits) == 2, k.from, b.State, b.Why)
	}
	return c.Go("/booking/" + d.Booking)
}

// leave gives an offer up and goes back to the list. What was typed is kept for the next one.
func leave(c *web.Call) error {
	k, err := giveUp(c)
	if err != nil {
		return err
	}
	return c.Go(listOf(k.from))
}

// askAgain asks for the same appointment anew, when its hold is over.
func askAgain(c *web.Call) error {
	k, err := giveUp(c)
	if err != nil {
		return err
	}
	if len(k.tokens) == 0 || k.tokens[0].ID == "" {
		return c.Go("/list")
	}
	return ask(c, k.from, k.tokens)
}

func giveUp(c *web.Call) (kept, error) {
	id := c.R.PathValue("id")
	if c.Form.Get("name") != "" || c.Form.Get("birth") != "" {
		c.Draft().Put(whoDraft, typedOf(c.Form))
	}
	k, _ := web.Kept[kept](c.Draft(), offerDraft(id))
	c.Draft().Drop(offerDraft(id))
	err := c.Do(control.MethodCancel, control.CancelRequest{Booking: id})
	if kind := control.KindOf(err); kind == control.KindConflict || kind == control.KindNotFound {
		err = nil // it is over already
	}
	return k, err
}
