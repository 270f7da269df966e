package patient

import (
	"context"

	"pieks/node/checkin/appcall"
	"pieks/node/checkin/popp"
	"pieks/node/control"
)

// StartPoppTokenErzeugung is how an app that has this node in it has a check-in made (A_28645, startPoppTokenErzeugung). It begins one and calls begun with
// it, so that the app can lead its user to consent and proof, by the control methods or the node's pages; then it waits until the check-in has come to an
// outcome, and returns that: pending is one, too. A user who refuses, or lets it lapse, has canceled it. When ctx ends first nothing is lost: the check-in
// stays as it is, and MethodCheckin shows it.
func (n *Node) StartPoppTokenErzeugung(ctx context.Context, r appcall.Request, begun func(control.Checkin)) (popp.Status, error) {
	c := n.checkins
	made, err := c.begin(ctx, control.CheckinBegin{
		TelematikID: string(r.TelematikID), Workplace: string(r.Workplace), FHIRSearch: r.FHIRSearch, LoginEGK: r.LoginEGK, CallBack: r.CallBack,
	})
	if err != nil {
		return popp.Status{}, err
	}
	e, err := c.find(made.ID)
	if err != nil {
		return popp.Status{}, err
	}
	if begun != nil {
		begun(made)
	}
	for {
		changed := c.changes()
		shown := c.shown(e)
		if e.isGone() {
			return popp.Status{State: popp.Canceled, Message: "its user did not agree, or gave it up", ID: made.ID}, nil
		}
		if shown.State != control.CheckinStateConsent && shown.State != control.CheckinStateProof {
			return statusOf(shown), nil
		}
		select {
		case <-ctx.Done():
			return popp.Status{}, ctx.Err()
		case <-changed:
		}
	}
}
