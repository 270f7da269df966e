package practice

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"pieks/card"
	"pieks/node/control"
)

// lookAtEnrolment judges the enrolment again, renews it where a virtual card does, and tells all that depend on it when it has changed.
func (n *Node) lookAtEnrolment(ctx context.Context) {
	n.enrolling.Lock()
	defer n.enrolling.Unlock()
	n.mu.Lock()
	fresh := *n.identity
	n.mu.Unlock()
	before := fresh.licence
	if err := fresh.renew(ctx, n.home); err != nil {
		n.log.Warn("enrolment not renewed", "err", err)
		return
	}
	n.takeEnrolment(fresh.enrolment, before)
}

// takeEnrolment puts an enrolment in place of the one before.
func (n *Node) takeEnrolment(fresh enrolment, before *card.Licence) {
	n.mu.Lock()
	n.identity.enrolment = fresh
	desk := n.desk
	n.mu.Unlock()
	n.changes.Changed()
	switch now := n.home.Now(); {
	case fresh.licence == nil:
		n.log.Warn("nothing can be offered", "reason", fresh.lack)
	case fresh.due(now):
		n.log.Warn("the enrolment ends soon: insert the practice card and run pieks card renew", "until", fresh.licence.NotAfter)
	}
	if fresh.licence == nil || before != nil && fresh.licence.NotAfter.Equal(before.NotAfter) {
		return
	}
	if desk != nil {
		desk.circuits.Hurry()
	}
	n.stockUp()
	n.changed()
	n.wake()
}

// showEnrolment is what pieks card status shows.
func (n *Node) showEnrolment(context.Context) (control.Enrolment, error) {
	n.mu.Lock()
	id := *n.identity
	n.mu.Unlock()
	bundle, now := n.home.Network.Get(), n.home.Now()
	out := control.Enrolment{State: "enrolled", Device: hex.EncodeToString(id.publicDevice()), Test: bundle.IsTest(), Demo: bundle.Test != nil}
	if l := id.licence; l != nil {
		out.NotAfter, out.Due = l.NotAfter, l.NotAfter.Add(-renewBefore)
		out.Kind, out.Profession, out.TelematikID, out.Holder = string(l.Kind), l.Profession, l.TelematikID, l.Holder
	}
	if err := id.holds(bundle, now); err != nil {
		out.State, out.Reason, out.Why = "none", err.Error(), whyNone(err)
	} else if id.due(now) {
		out.State = "due"
	}
	return out, nil
}

// whyNone is the code of what lacks for an enrolment that holds.
func whyNone(err error) string {
	switch {
	case errors.Is(err, ErrNoDetails):
		return "details"
	case errors.Is(err, ErrLicence):
		return "card"
	case errors.Is(err, ErrOtherDetails):
		return "changed"
	case errors.Is(err, card.ErrStatementExpired):
		return "expired"
	case errors.Is(err, card.ErrRevoked):
		return "revoked"
	}
	return "other"
}

// beginEnrolment gives what the card is to sign, once it is clear that the network will take it.
func (n *Node) beginEnrolment(_ context.Context, in control.EnrolmentBegin) (control.EnrolmentContent, error) {
	var none control.EnrolmentContent
	if err := n.home.Network.Usable(); err != nil {
		return none, control.Errorf(control.KindUnavailable, "%w", err)
	}
	n.mu.Lock()
	id := *n.identity
	n.mu.Unlock()
	if id.details == (Details{}) {
		return none, control.Errorf(control.KindConflict, "%w", ErrNoDetails)
	}
	bundle, now := n.home.Network.Get(), n.home.Now()
	s := id.statement(now.Add(-enrolmentLead))
	if bundle.IsRevoked(s.Device) {
		return none, control.Errorf(control.KindConflict, "%w", card.ErrRevoked)
	}
	by, err := card.CheckCertificate(in.Certificate, bundle.CardRoots(), now)
	if err != nil {
		return none, control.Errorf(control.KindConflict, "%w", err)
	}
	s.TelematikID = by.TelematikID
	content, err := s.Content()
	if err != nil {
		return none, err
	}
	return control.EnrolmentContent{Content: content}, nil
}

// finishEnrolment takes what the card has signed. It answers after it was forced to the disk.
func (n *Node) finishEnrolment(ctx context.Context, in control.EnrolmentFinish) (control.Enrolment, error) {
	n.enrolling.Lock()
	defer n.enrolling.Unlock()
	n.mu.Lock()
	fresh := *n.identity
	n.mu.Unlock()
	before := fresh.licence
	roots, now := n.home.Network.Get().CardRoots(), n.home.Now()
	if _, err := card.VerifyFreshEnrolment(in.CMS, roots, now); err != nil {
		return control.Enrolment{}, control.Errorf(control.KindConflict, "%w", err)
	}
	if err := fresh.keep(ctx, n.home, in.CMS, now); err != nil {
		return control.Enrolment{}, control.Errorf(control.KindConflict, "%w", err)
	}
	n.takeEnrolment(fresh.enrolment, before)
	return n.showEnrolment(ctx)
}

// enrolmentFinding is what doctor says of the enrolment. One that ends soon is no fault yet, and the card is wanted.
func (n *Node) enrolmentFinding() control.Finding {
	n.mu.Lock()
	id := *n.identity
	n.mu.Unlock()
	now := n.home.Now()
	if err := id.holds(n.home.Network.Get(), now); err != nil {
		if errors.Is(err, ErrNoDetails) {
			return control.Finding{Check: "enrolment", Detail: err.Error(), Next: "enter name, street and postcode of the practice: pieks details set"}
		}
		return control.Finding{Check: "enrolment", Detail: err.Error(), Next: "insert the practice card and run pieks card enrol"}
	}
	f := control.Finding{Check: "enrolment", OK: true, Detail: "until " + id.licence.NotAfter.Format(time.DateOnly)}
	if id.due(now) {
		f.Detail += "; insert the practice card in the days before that and run pieks card renew"
	}
	return f
}
