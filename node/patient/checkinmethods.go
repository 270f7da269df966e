package patient

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"pieks/card/pace"
	"pieks/node/checkin/appcall"
	"pieks/node/checkin/directory"
	"pieks/node/checkin/popp"
	"pieks/node/checkin/vzd"
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

// begin chooses an institution. Nothing is sent to it, and nothing is written down, before its user has looked at it and agreed (A_27621).
func (c *checkins) begin(ctx context.Context, in control.CheckinBegin) (control.Checkin, error) {
	var none control.Checkin
	if err := checkBegin(&in); err != nil {
		return none, err
	}
	institution, err := c.choose(ctx, in)
	if err != nil {
		return none, err
	}
	via := viaMesh
	if !institution.Mesh {
		if via = viaService; !c.hasService() {
			return none, control.Coded(control.KindConflict, control.CodeCheckinService,
				"This institution takes check-ins through a PoPP service only, and none is set up here: ask the staff there.")
		}
	}
	data, err := json.Marshal(institution)
	if err != nil {
		return none, err
	}
	e := newCheckinEntry(newCheckinID(), checkinRecord{
		State: control.CheckinStateConsent, Institution: data, Workplace: in.Workplace, Began: unix(c.node.home.Now()), Via: via,
		OtherPerson: in.OtherPerson, LoginEGK: in.LoginEGK, CallBack: in.CallBack,
	}, institution)
	if err := c.put(ctx, e); err != nil {
		return none, err
	}
	return c.shown(e), nil
}

// checkBegin reads what a code, a person or another app gave.
func checkBegin(in *control.CheckinBegin) error {
	if (in.TelematikID == "") == (in.FHIRSearch == "") {
		return control.Coded(control.KindUsage, control.CodeTelematikID, "Name the institution by its Telematik-ID, or by a search request for the directory service.")
	}
	if in.TelematikID != "" {
		id, err := popp.ParseTelematikID(strings.TrimSpace(in.TelematikID))
		if err != nil {
			return control.Coded(control.KindUsage, control.CodeTelematikID, "%w", err)
		}
		in.TelematikID = string(id)
	}
	if in.Workplace != "" {
		if _, err := popp.ParseWorkplaceID(in.Workplace); err != nil {
			return control.Coded(control.KindUsage, control.CodeWorkplace, "%w", err)
		}
	}
	if in.CallBack != "" {
		if err := appcall.CheckCallBack(in.CallBack); err != nil {
			return control.Coded(control.KindUsage, control.CodeCallBack, "%w", err)
		}
	}
	if !slices.Contains([]string{"", directory.Origin, vzd.Origin}, in.Origin) {
		return control.Errorf(control.KindUsage, "An institution is of the mesh or of vzd, the directory service.")
	}
	return nil
}

// consent takes the user's answer. A refusal leaves nothing.
func (c *checkins) consent(ctx context.Context, in control.CheckinConsent) (control.Checkin, error) {
	var none control.Checkin
	e, err := c.find(in.ID)
	if err != nil {
		return none, checkinRefusal(err)
	}
	if err := e.takeTurn(ctx); err != nil {
		return none, err
	}
	defer e.endTurn()
	if r := e.look(); r.State != control.CheckinStateConsent {
		return none, checkinRefusal(errCheckinState)
	} else if r.lapsed(c.node.home.Now()) {
		return none, checkinRefusal(errProofLate)
	}
	if !in.Agree {
		return c.refuse(ctx, e)
	}
	if in.Favourite != "" {
		if _, err := c.favouriteFrom(ctx, e, in.Favourite); err != nil {
			return none, err
		}
	}
	now := c.node.home.Now()
	r := e.look()
	if err := r.agree(now); err != nil {
		return none, checkinRefusal(err)
	}
	err = c.change(ctx, e, func(r *checkinRecord) { _ = r.agree(now) })
	return c.shown(e), err
}

func (c *checkins) refuse(ctx context.Context, e *checkinEntry) (control.Checkin, error) {
	e.mu.Lock()
	e.rec.State, e.rec.Why = control.CheckinStateCanceled, control.CodeConsent
	e.mu.Unlock()
	shown := c.shown(e)
	return shown, c.forget(ctx, e)
}

func (c *checkins) favouriteFrom(ctx context.Context, e *checkinEntry, alias string) (control.Favourite, error) {
	alias, err := cleanAlias(alias)
	if err != nil {
		return control.Favourite{}, control.Errorf(control.KindUsage, "%w", err)
	}
	r := favouriteOf(e.institution)
	if alias != r.Name {
		r.Alias = alias
	}
	return r.shown(), c.keepFavourite(ctx, r)
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
	e, err := c.find(in.ID)
	if err != nil {
		return none, checkinRefusal(err)
	}
	if err := e.takeTurn(ctx); err != nil {
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

// list has the last ones, newest first: those that are not over, and the history (A_28511).
func (c *checkins) list(context.Context) ([]control.Checkin, error) {
	entries := slices.DeleteFunc(c.all(), func(e *checkinEntry) bool { return e.look().State == control.CheckinStateConsent })
	slices.SortFunc(entries, func(a, b *checkinEntry) int { // pointers: sorting code for each kind of value is large
		return cmp.Or(cmp.Compare(b.look().Began, a.look().Began), strings.Compare(a.id, b.id))
	})
	list := []control.Checkin{}
	over := 0
	for _, e := range entries {
		s := c.shown(e)
		if !s.Ended.IsZero() {
			over++
		}
		if s.Ended.IsZero() || over <= shownCheckins {
			list = append(list, s)
		}
	}
	return list, nil
}

// shown is a check-in as its user sees it.
func (c *checkins) shown(e *checkinEntry) control.Checkin {
	e.mu.Lock()
	r, institution := e.rec, e.institution
	e.mu.Unlock()
	out := control.Checkin{
		ID: e.id, State: r.State, Institution: institution, Workplace: r.Workplace, Proofs: r.proofs(c.hasHealthID(r.Via)), Proof: r.Proof,
		OtherPerson: r.OtherPerson, Began: at(r.Began), Proved: at(r.Proved), Ended: at(r.Ended), Why: r.Why, Message: r.Message, Via: r.Via,
		Record: r.Record, OfferHealthID: r.Offer, GiveUpHours: int(r.GiveUp),
	}
	if out.GiveUpHours == 0 {
		out.GiveUpHours = c.giveUpHours()
	}
	if r.State == control.CheckinStatePending {
		out.Until = at(r.Until)
	}
	if u, err := url.Parse(r.CallBack); err == nil {
		out.Caller = cmp.Or(u.Host, u.Scheme)
	}
	if r.CallBack != "" && r.State != control.CheckinStateConsent && r.State != control.CheckinStateProof {
		if to, err := appcall.Answer(r.CallBack, statusOf(out)); err == nil {
			out.CallBack = to
		}
	}
	return out
}

// statusOf is what another app hears of a check-in: never who was checked in.
func statusOf(s control.Checkin) popp.Status {
	out := popp.Status{State: popp.Canceled, Message: s.Message, ID: s.Record}
	switch s.State {
	case control.CheckinStateSuccess:
		out.State = popp.Success
	case control.CheckinStatePending:
		out.State = popp.Pending
	}
	if out.ID == "" {
		out.ID = s.ID
	}
	return out
}

func (c *checkins) giveUpHours() int { return int((c.cfg.GiveUp + time.Hour - 1) / time.Hour) }

func (c *checkins) showOptions(ctx context.Context) (control.CheckinOptions, error) {
	o := c.optionsNow()
	out := control.CheckinOptions{
		CAN: o.CAN, HealthID: c.hasHealthID(viaMesh) || c.hasHealthID(viaService), Insurers: []control.Insurer{}, Insurer: o.Insurer,
		GiveUpHours: c.giveUpHours(), Service: c.hasService(), Introduced: o.Introduced, SetupURL: c.cfg.SetupURL, Directory: len(c.directory.All()),
	}
	out.Insurers = append(out.Insurers, c.insurersNow(ctx)...)
	return out, nil
}

// insurersNow are those to choose from. Their list is fetched only once somebody has agreed to a check-in: until then nothing leaves this computer for one.
func (c *checkins) insurersNow(ctx context.Context) []control.Insurer {
	agreed := slices.ContainsFunc(c.all(), func(e *checkinEntry) bool { return e.look().State == control.CheckinStateProof })
	if c.healthID == nil || !agreed {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.insurers
	}
	list, err := c.healthID.Insurers(ctx)
	if err != nil {
		c.node.log.Debug("list of insurers", "err", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.insurers = list
	}
	return c.insurers
}

// keepCAN keeps the card's access number for the next time (specification, 7.3.4), or forgets it.
func (c *checkins) keepCAN(ctx context.Context, in control.CheckinCAN) (control.CheckinOptions, error) {
	if in.CAN != "" {
		if err := pace.CAN(in.CAN).Check(); err != nil {
			return control.CheckinOptions{}, control.Coded(control.KindUsage, control.CodeCAN, "%w", err)
		}
	}
	if err := c.changeOptions(ctx, func(o *checkinOptions) { o.CAN = in.CAN }); err != nil {
		return control.CheckinOptions{}, err
	}
	return c.showOptions(ctx)
}

// introduced notes that the first-use hint was read.
func (c *checkins) introduced(ctx context.Context) (control.CheckinOptions, error) {
	if err := c.changeOptions(ctx, func(o *checkinOptions) { o.Introduced = true }); err != nil {
		return control.CheckinOptions{}, err
	}
	return c.showOptions(ctx)
}

// hasHealthID says whether a GesundheitsID can be used for a way (A_28509).
func (c *checkins) hasHealthID(string) bool { return c.healthID != nil }
