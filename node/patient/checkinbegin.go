package patient

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"pieks/node/checkin/appcall"
	"pieks/node/checkin/directory"
	"pieks/node/checkin/popp"
	"pieks/node/checkin/vzd"
	"pieks/node/control"
)

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
		return control.Coded(control.KindUsage, control.CodeTelematikID,
			"Name the institution by its Telematik-ID, or by a search request for the directory service.")
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
	e, err := c.turnOf(ctx, in.ID)
	if err != nil {
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
