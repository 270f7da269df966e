package patient

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"pieks/node/checkin/appcall"
	"pieks/node/checkin/popp"
	"pieks/node/control"
)

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
