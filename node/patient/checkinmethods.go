package patient

import (
	"context"
	"errors"

	"pieks/node/control"
)

// handlers are the control methods of check-ins.
func (c *checkins) handlers() control.Handlers {
	return control.Handlers{
		control.MethodCheckinScan:     control.Handle(c.scan),
		control.MethodInstitutions:    control.Handle(c.institutions),
		control.MethodCheckinBegin:    control.Handle(c.begin),
		control.MethodCheckinConsent:  control.Handle(c.consent),
		control.MethodCheckinCard:     control.Handle(c.card),
		control.MethodCheckinVirtual:  control.Handle(c.virtual),
		control.MethodCheckinLogin:    control.Handle(c.beginLogin),
		control.MethodCheckinLoggedIn: control.Handle(c.loggedIn),
		control.MethodCheckin:         control.Handle(c.status),
		control.MethodCheckinEnd:      control.Handle(c.end),
		control.MethodCheckins:        control.HandleNone(c.list),
		control.MethodCheckinOptions:  control.HandleNone(c.showOptions),
		control.MethodCheckinCAN:      control.Handle(c.keepCAN),
		control.MethodCheckinSeen:     control.HandleNone(c.introduced),
		control.MethodFavourites:      control.HandleNone(c.listFavourites),
		control.MethodFavouriteSet:    control.Handle(c.setFavourite),
		control.MethodFavouriteEnd:    control.Handle(c.removeFavourite),
	}
}

// checkinRefusal marks what a person can mend by asking otherwise.
func checkinRefusal(err error) error {
	switch {
	case errors.Is(err, errNoCheckin):
		return control.Coded(control.KindNotFound, control.CodeNoCheckin, "%w", err)
	case errors.Is(err, errCheckinConsent):
		return control.Coded(control.KindConflict, control.CodeConsent, "%w", err)
	case errors.Is(err, errCheckinState):
		return control.Coded(control.KindConflict, control.CodeCheckinState, "%w", err)
	case errors.Is(err, errProofLate):
		return control.Coded(control.KindConflict, control.CodeCheckinClock, "%w", err)
	case errors.Is(err, errNoHealthID):
		return control.Coded(control.KindConflict, control.CodeNoHealthID, "%w", err)
	}
	return err
}

// mayProve says whether a proof can begin now. The caller has the entry's turn.
func (c *checkins) mayProve(e *checkinEntry, way string) error {
	r := e.look()
	return checkinRefusal(r.mayProve(way, c.hasHealthID(r.Via), c.node.home.Now()))
}

// status asks whoever decides how a check-in stands, and shows it.
func (c *checkins) status(ctx context.Context, in control.CheckinName) (control.Checkin, error) {
	e, err := c.find(in.ID)
	if err != nil {
		return control.Checkin{}, checkinRefusal(err)
	}
	if r := e.look(); r.State == control.CheckinStatePending && e.tryTurn() {
		switch now := c.node.home.Now(); {
		case r.late(now):
			c.giveUp(ctx, e, now)
		case now.Sub(e.asked).Abs() >= askPendingAgain:
			c.askHow(ctx, e)
		}
		e.endTurn()
	}
	return c.shown(e), nil
}

// end is its user's wish. What waits for the practice cannot be taken back from it: its relays may have handed it over already.
func (c *checkins) end(ctx context.Context, in control.CheckinName) (control.Checkin, error) {
	var none control.Checkin
	e, err := c.turnOf(ctx, in.ID)
	if err != nil {
		return none, err
	}
	defer e.endTurn()
	c.endReading(e)
	if e.unsure { // the practice may have got all of it
		_ = c.askDesk(ctx, e)
	}
	r := e.look()
	forget, err := r.end(c.node.home.Now())
	if err != nil {
		return none, checkinRefusal(err)
	}
	if !forget {
		err := c.change(ctx, e, func(r *checkinRecord) { _, _ = r.end(c.node.home.Now()) })
		return c.shown(e), err
	}
	e.mu.Lock()
	e.rec = r
	e.mu.Unlock()
	shown := c.shown(e)
	return shown, c.forget(ctx, e)
}
