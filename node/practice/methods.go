package practice

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"pieks/gossip"
	"pieks/node/booking"
	"pieks/node/control"
	bundle "pieks/node/network"
	"pieks/store"
)

// Handlers are the control methods of a practice.
func (n *Node) Handlers() control.Handlers {
	handlers := n.home.Methods(n.gate, n.hosts)
	maps.Copy(handlers, control.Handlers{
		control.MethodStatus:        control.HandleNone(func(context.Context) (control.Status, error) { return n.Status(), nil }),
		control.MethodDoctor:        control.HandleNone(n.doctor),
		control.MethodSync:          control.HandleNone(n.syncNow),
		control.MethodSlotsAdd:      control.Handle(n.addSlots),
		control.MethodSlotsList:     control.HandleNone(n.listSlots),
		control.MethodSlotsBlock:    n.changeSlots(n.ledger.Block, booking.SlotOpen),
		control.MethodSlotsUnblock:  n.changeSlots(n.ledger.Unblock, booking.SlotBlocked),
		control.MethodSlotsWithdraw: n.changeSlots(n.ledger.Withdraw, booking.SlotOpen, booking.SlotBlocked),
		control.MethodBookings:      control.HandleNone(n.bookings),
		control.MethodCancel:        control.Handle(n.cancelBooking),
		control.MethodVerify:        control.Handle(n.verify),

		control.MethodPoster: control.HandleNone(n.poster),

		control.MethodListing:    control.HandleNone(n.showListing),
		control.MethodListingSet: control.Handle(n.setListing),

		control.MethodEnrolment:       control.HandleNone(n.showEnrolment),
		control.MethodEnrolmentBegin:  control.Handle(n.beginEnrolment),
		control.MethodEnrolmentFinish: control.Handle(n.finishEnrolment),

		control.MethodDay:        control.Handle(n.showDays),
		control.MethodPlan:       control.Handle(n.plan),
		control.MethodLeftOver:   control.Handle(n.leftOver),
		control.MethodPhone:      control.Handle(n.bookByPhone),
		control.MethodAttend:     control.Handle(n.attend),
		control.MethodOutcome:    control.Handle(n.setOutcome),
		control.MethodMove:       control.Handle(n.move),
		control.MethodCancelMany: control.Handle(n.cancelMany),
		control.MethodUndo:       control.Handle(n.undo),
		control.MethodChanges:    control.HandleNone(n.listChanges),

		control.MethodDetails:    control.HandleNone(n.showDetails),
		control.MethodDetailsSet: control.Handle(n.setDetails),
		control.MethodVaccines:   control.HandleNone(n.home.Vaccines),

		control.MethodArrivals:     control.Handle(n.listArrivals),
		control.MethodArrivalSeen:  control.Handle(n.seeArrival),
		control.MethodArrivalToken: control.Handle(n.arrivalToken),
		control.MethodArrivalFetch: control.HandleNone(n.fetchArrivals),
		control.MethodArrivalCard:  control.Handle(n.readCard),
		control.MethodCheckinCode:  control.Handle(n.checkinCode),
		control.MethodWorkplaces:   control.HandleNone(n.listWorkplaces),
		control.MethodPresenceKeys: control.HandleNone(n.presenceKeys),

		control.MethodDiscloseLookup:  control.Handle(n.lookUp),
		control.MethodDiscloseDeliver: control.Handle(n.deliverSigned),
		control.MethodDisclosures:     control.HandleNone(n.signedDisclosures),
		control.MethodDiscloseList:    control.HandleNone(n.listSigned),
	})
	return handlers
}

func (n *Node) addSlots(ctx context.Context, in control.SlotsAdd) (control.SlotsChanged, error) {
	var none control.SlotsChanged
	if _, err := n.offered(in.Vaccine, in.Dose); err != nil {
		return none, err
	}
	now, rules := n.home.Now(), n.rules()
	made, err := booking.Expand(in, now)
	if err != nil {
		return none, usage(err)
	}
	last := gossip.DayOf(booking.InZone(now)) + rules.DaysAhead
	if slices.ContainsFunc(made, func(a booking.Appointment) bool { return a.Day() > last }) {
		return none, control.Coded(control.KindUsage, control.CodeFarAhead, "Appointments can be offered at most %d days ahead.", rules.DaysAhead)
	}
	ids, err := n.ledger.Add(ctx, made)
	if err != nil {
		return none, usage(err)
	}
	return n.slotsChanged(ids), nil
}

func (n *Node) slotsChanged(ids []booking.AppointmentID) control.SlotsChanged {
	changed := control.SlotsChanged{Changed: len(ids), IDs: []string{}, Visible: n.rules().NextTick(n.home.Now())}
	for _, id := range ids {
		changed.IDs = append(changed.IDs, id.String())
	}
	for _, a := range n.ledger.Appointments() {
		if a.Status == booking.SlotOpen {
			changed.Open++
		}
	}
	return changed
}

func (n *Node) listSlots(context.Context) ([]control.Appointment, error) {
	list := []control.Appointment{}
	for _, a := range n.ledger.Appointments() {
		list = append(list, shownAppointment(a, n.ledger.Listed(a.ID)))
	}
	return list, nil
}

// changeSlots selects appointments by id, or those of one day that the change can apply to.
func (n *Node) changeSlots(change func(context.Context, []booking.AppointmentID) ([]booking.AppointmentID, error), from ...booking.Status) control.Handler {
	return control.Handle(func(ctx context.Context, in control.SlotsSelect) (control.SlotsChanged, error) {
		var ids []booking.AppointmentID
		for _, text := range in.IDs {
			id, err := booking.ParseAppointmentID(text)
			if err != nil {
				return control.SlotsChanged{}, usage(err)
			}
			ids = append(ids, id)
		}
		if in.Day != "" {
			day, err := time.Parse(time.DateOnly, in.Day)
			if err != nil {
				return control.SlotsChanged{}, control.Coded(control.KindUsage, control.CodeDay, "A day is written like 2026-12-01.")
			}
			for _, a := range n.ledger.Appointments() {
				if a.Day() == gossip.DayOf(day) && slices.Contains(from, a.Status) {
					ids = append(ids, a.ID)
				}
			}
		}
		if len(ids) == 0 {
			return control.SlotsChanged{}, control.Coded(control.KindUsage, control.CodeNothing, "No appointment is named: give ids from pieks slots list, or --day with a day that has some.")
		}
		changed, err := change(ctx, ids)
		if err != nil {
			return control.SlotsChanged{}, usage(err)
		}
		return n.slotsChanged(changed), nil
	})
}

func (n *Node) bookings(context.Context) ([]control.Booking, error) {
	all, err := n.ledger.Bookings()
	if err != nil {
		return nil, err
	}
	list := []control.Booking{}
	for _, b := range all {
		list = append(list, n.shown(b))
	}
	return list, nil
}

// shown is a booking as reception sees it.
func (n *Node) shown(b booking.Booking) control.Booking {
	out := control.Booking{
		ID: b.ID.String(), State: b.State.String(), Message: b.Reason, Visits: []control.Visit{},
		Patient: shownPatient(b.Patient), Created: b.Created, Moved: b.Moved, Phone: b.ByPhone,
		Test: n.home.Network.Get().IsTest(),
	}
	for _, v := range b.Visits {
		out.Visits = append(out.Visits, shownVisit(v))
	}
	return out
}

func shownPatient(p booking.Patient) *control.Patient {
	return &control.Patient{Name: p.Name, BirthDate: p.BirthDate, Phone: p.Phone}
}

func shownVisit(v booking.Visit) control.Visit {
	out := control.Visit{
		Start: v.Start, End: v.End, Vaccine: v.Vaccine, Dose: int(v.Dose), State: v.State.String(),
		Appointment: v.Appointment.String(), Attended: v.Attended, Outcome: v.Outcome.String(), Lot: v.Lot,
	}
	if v.Code != nil {
		out.Digits, out.Words, out.QR = v.Code.Digits(), v.Code.Words(), v.Code.QR()
	}
	return out
}

func (n *Node) cancelBooking(ctx context.Context, in control.CancelRequest) (control.Booking, error) {
	id, err := booking.ParseBookingID(in.Booking)
	if err != nil {
		return control.Booking{}, usage(err)
	}
	b, err := n.openedDesk().booking.Cancel(ctx, id, in.Reason, in.Reopen)
	if err != nil {
		return control.Booking{}, usage(err)
	}
	return n.shown(b), nil
}

func (n *Node) verify(ctx context.Context, in control.VerifyRequest) (control.VerifyResult, error) {
	found, err := n.openedDesk().booking.Verify(ctx, in.Code)
	var locked *booking.LockedError
	switch {
	case errors.Is(err, booking.ErrUsed):
		shown := n.shown(found.Booking)
		return control.VerifyResult{
			Reason: "used", Message: "This code was already redeemed here at " + found.Used.Format("2006-01-02 15:04") + ".",
			Used: found.Used, Booking: &shown, Visit: &shown.Visits[found.Visit],
		}, nil
	case errors.As(err, &locked):
		return control.VerifyResult{Reason: "locked", Until: locked.Until, Message: err.Error()}, nil
	case errors.Is(err, booking.ErrTypo):
		return control.VerifyResult{Reason: "typo", Message: err.Error()}, nil
	case errors.Is(err, booking.ErrCodeForm):
		return control.VerifyResult{Reason: "form", Message: err.Error()}, nil
	case errors.Is(err, booking.ErrNotValid):
		return control.VerifyResult{Reason: "unknown", Message: err.Error()}, nil
	case err != nil:
		return control.VerifyResult{}, err
	}
	shown := n.shown(found.Booking)
	visit := &shown.Visits[found.Visit]
	return control.VerifyResult{OK: true, Message: validOn(visit.Start, n.home.Now()), Booking: &shown, Visit: visit}, nil
}

// validOn says that a code is valid, and when its visit is not today that reception should look twice.
func validOn(start, now time.Time) string {
	if gossip.DayOf(start) == gossip.DayOf(now.In(start.Location())) {
		return "Valid."
	}
	return "Valid, but the visit is on " + start.Format("Monday, 2006-01-02 at 15:04") + ", not today."
}

// usage marks the errors that a person can mend by asking otherwise.
func usage(err error) error {
	switch {
	case errors.Is(err, booking.ErrNoBooking), errors.Is(err, booking.ErrNoAppointment), errors.Is(err, booking.ErrNoVisit):
		return control.Errorf(control.KindNotFound, "%w", err)
	case errors.Is(err, booking.ErrNotFree), errors.Is(err, booking.ErrNotBooked), errors.Is(err, booking.ErrNotAttended), errors.Is(err, booking.ErrNoChange):
		return control.Errorf(control.KindConflict, "%w", err)
	case errors.Is(err, store.ErrFailed), errors.Is(err, store.ErrFull):
		return err
	default:
		return control.Errorf(control.KindUsage, "%w", err)
	}
}

// Status is what the practice says of itself.
func (n *Node) Status() control.Status {
	s := n.home.Status()
	for _, h := range n.hosts() {
		s.PeerIDs = append(s.PeerIDs, h.ID().String())
	}
	n.mu.Lock()
	desk, active := n.desk, n.fronts[n.active]
	s.Epoch, s.Rotation = n.active, n.next
	if n.identity.licence != nil {
		s.Enrolled = n.identity.licence.NotAfter
	}
	n.mu.Unlock()
	if desk != nil {
		s.Offline = desk.offlineSince().UTC()
	}
	if err := n.usable(); err != nil {
		s.ReadOnly, s.ReadOnlyWhy = err.Error(), n.whyNot(err)
	} else if active != nil && active.away {
		s.ReadOnly, s.ReadOnlyWhy = fmt.Sprintf(movedText, booking.InZone(s.Rotation).Format("2006-01-02 15:04")), "moved"
	}
	for _, info := range n.home.Relays("") {
		r := control.Relay{PeerID: info.ID.String(), Operator: n.home.Operator(info.ID)}
		r.Connected = desk != nil && desk.host.Network().Connectedness(info.ID) == network.Connected
		r.Reserved = active != nil && slices.Contains(active.circuits.Reserved(), info.ID)
		s.Relays = append(s.Relays, r)
	}
	slices.SortFunc(s.Relays, func(a, b control.Relay) int { return slices.Compare([]byte(a.PeerID), []byte(b.PeerID)) })
	view, at := n.pool.View(), n.home.Now()
	for _, region := range view.Regions() {
		digest := view.Digest(region, at)
		r := control.PoolRegion{Region: region, Digest: hex.EncodeToString(digest[:8])}
		for _, sheet := range view.Region(region) {
			r.Sheets++
			r.Slots += len(sheet.Sheet.Slots)
		}
		s.Pool = append(s.Pool, r)
	}
	s.Passes = len(n.stock.load())
	if waiting, err := n.ledger.Outbox(); err == nil {
		s.Outbox = len(waiting)
	}
	return s
}

func (n *Node) doctor(ctx context.Context) ([]control.Finding, error) {
	found, s := n.home.Findings(ctx), n.Status()
	reached := slices.ContainsFunc(s.Relays, func(r control.Relay) bool { return r.Reserved })
	relays := control.Finding{Check: "relays", OK: reached, Detail: fmt.Sprintf("%d in the network", len(s.Relays))}
	if !reached {
		relays.Detail += ", none that patients can reach this practice through"
		relays.Next = "check the internet connection; appointments wait here until a relay is reached"
	}
	passes := control.Finding{Check: "passes", OK: s.Passes > 0, Detail: fmt.Sprintf("%d in stock", s.Passes)}
	if !passes.OK {
		passes.Next = "wait until a relay issues some; without a pass no appointment is shown"
	}
	return append(append(found, relays, passes, n.enrolmentFinding()), n.serviceFinding()...), nil
}

// syncNow reconciles with all relays that the active front is at.
func (n *Node) syncNow(ctx context.Context) (control.Status, error) {
	n.mu.Lock()
	f := n.fronts[n.active]
	n.mu.Unlock()
	if f == nil {
		return n.Status(), control.Errorf(control.KindUnavailable, "No relay is reachable: nothing to reconcile with.")
	}
	for _, relay := range f.circuits.Reserved() {
		if _, err := bundle.Fetch(ctx, f.host, relay, n.home.Network); err != nil {
			n.log.Debug("network file not fetched", "err", err)
		}
		if _, err := gossip.SyncAll(ctx, f.host, relay, n.pool, n.validator); err != nil {
			return n.Status(), control.Errorf(control.KindUnavailable, "A relay did not answer: %w", err)
		}
	}
	n.pool.Expire(n.home.Now())
	f.publishSoon()
	return n.Status(), nil
}
