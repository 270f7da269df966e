package patient

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	libhost "github.com/libp2p/go-libp2p/core/host"
	p2pnet "github.com/libp2p/go-libp2p/core/network"

	"pieks/gossip"
	"pieks/node/booking"
	"pieks/node/control"
	"pieks/node/network"
)

// Handlers are the control methods of a patient's node.
func (n *Node) Handlers() control.Handlers {
	handlers := n.home.Methods(n.gate, func() []libhost.Host { return []libhost.Host{n.host} })
	maps.Copy(handlers, control.Handlers{
		control.MethodStatus:   control.HandleNone(func(context.Context) (control.Status, error) { return n.Status(), nil }),
		control.MethodDoctor:   control.HandleNone(n.doctor),
		control.MethodSync:     control.HandleNone(n.syncNow),
		control.MethodSearch:   control.Handle(n.search),
		control.MethodRequest:  control.Handle(n.request),
		control.MethodBook:     control.Handle(n.book),
		control.MethodBookings: control.HandleNone(n.listBookings),
		control.MethodCancel:   control.Handle(n.cancelBooking),
		control.MethodPLZ:      control.Handle(n.changePLZ),

		control.MethodPracticeList:   control.Handle(n.practiceList),
		control.MethodVaccines:       control.HandleNone(n.home.Vaccines),
		control.MethodPreferences:    control.HandleNone(n.showPreferences),
		control.MethodPreferencesSet: control.Handle(n.setPreferences),

		control.MethodWatch:     control.Handle(n.watch),
		control.MethodWatches:   control.HandleNone(n.listWatches),
		control.MethodWatchSeen: control.Handle(n.seeWatch),
		control.MethodWatchEnd:  control.Handle(n.endWatch),

		control.MethodErase: control.Handle(n.erase),

		control.MethodDisclose:       control.Handle(n.disclose),
		control.MethodDisclosures:    control.HandleNone(n.listDisclosures),
		control.MethodDiscloseCancel: control.Handle(n.cancelDisclosure),
		control.MethodDiscloseList:   control.HandleNone(n.listLists),
	})
	maps.Copy(handlers, n.checkins.handlers())
	return n.unlessErased(handlers)
}

func (n *Node) test() bool {
	b := n.home.Network.Get()
	return b != nil && b.IsTest()
}

// driveAgain: how soon a command has a practice asked again that could not be reached, nor a relay.
const driveAgain = 2 * time.Second

// answerWait is how long a command waits for a practice before it says that the booking is pending. It covers a draw.
const answerWait = 50 * time.Second

func (n *Node) request(ctx context.Context, in control.RequestRequest) (control.Offer, error) {
	e, err := n.bookings.begin(ctx, in.Tokens, in.Instead)
	if err != nil {
		return control.Offer{}, refused(err)
	}
	n.driveAndWait(ctx, e, func(s booking.State) bool { return s != booking.Pending })
	return n.offer(e), nil
}

func (n *Node) book(ctx context.Context, in control.BookRequest) (control.Booking, error) {
	consent := booking.Patient{Name: in.Name, BirthDate: in.BirthDate, Phone: in.Phone}
	if err := consent.Check(n.home.Now()); err != nil {
		return control.Booking{}, refused(err)
	}
	var e *entry
	var err error
	if in.Booking != "" {
		e, err = n.find(in.Booking)
	} else {
		e, err = n.bookings.begin(ctx, in.Tokens, in.Instead)
	}
	if err != nil {
		return control.Booking{}, refused(err)
	}
	if err := n.consent(ctx, e, consent); err != nil {
		return control.Booking{}, err
	}
	n.driveAndWait(ctx, e, func(s booking.State) bool { return s == booking.Booked || s.Ended() })
	return n.shown(e), nil
}

// consent notes for whom an entry is to be booked, as long as that has not been sent.
func (n *Node) consent(ctx context.Context, e *entry, who booking.Patient) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.expire(n.home.Now()) {
		return n.bookings.save(ctx, e) // nothing of who is sent or kept
	}
	if state := e.attempt.State(); state != booking.Pending && state != booking.Offered {
		return nil
	}
	if err := n.home.Network.Usable(); err != nil {
		return refused(err)
	}
	before := e.rec
	e.rec.Consent, e.rec.Message, e.rec.Why = &who, "", ""
	err := n.bookings.save(ctx, e)
	if err != nil {
		e.rec = before
	}
	return err
}

// driveAndWait has an entry driven on and returns when it has come to what is asked, or when there is nothing to wait for now.
func (n *Node) driveAndWait(ctx context.Context, e *entry, done func(booking.State) bool) {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	for !done(e.state()) {
		changed := n.bookings.changes()
		if !e.startDrive(ctx) {
			return
		}
		n.bookings.drive(ctx, e)
		e.driven()
		if done(e.state()) || e.mailed() != 0 || !n.bookings.due(e) {
			return // when the practice is away its answer comes by mail, in its time
		}
		if e.isAway() && !n.offlineSince().IsZero() {
			return // without a relay nobody is to be reached; what waits is sent once there is one
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-time.After(driveAgain):
		}
	}
}

func (n *Node) find(text string) (*entry, error) {
	id, err := booking.ParseBookingID(text)
	if err != nil {
		return nil, err
	}
	e, ok := n.bookings.get(id)
	if !ok {
		return nil, booking.ErrNoBooking
	}
	return e, nil
}

// refused marks what a person can mend by asking otherwise.
func refused(err error) error {
	switch {
	case errors.Is(err, ErrTokenGone):
		return control.Coded(control.KindNotFound, control.CodeTokenGone, "%w", err)
	case errors.Is(err, booking.ErrNoBooking):
		return control.Errorf(control.KindNotFound, "%w", err)
	case errors.Is(err, ErrInterval):
		return control.Coded(control.KindUsage, control.CodeInterval, "%w", err)
	case errors.Is(err, booking.ErrDetails):
		return control.Coded(control.KindUsage, control.WhyDetails, "%w", err)
	case errors.Is(err, gossip.ErrTokenName), errors.Is(err, booking.ErrSlots), errors.Is(err, booking.ErrBookingID):
		return control.Errorf(control.KindUsage, "%w", err)
	}
	if known, ok := errors.AsType[*control.Error](err); ok {
		return known
	}
	if errors.Is(err, network.ErrExpired) {
		return control.Coded(control.KindUnavailable, control.WhyNetwork, "%w", err)
	}
	return control.Errorf(control.KindUnavailable, "%w", err)
}

func (n *Node) listBookings(context.Context) ([]control.Booking, error) {
	list := []control.Booking{}
	for _, e := range n.bookings.all() {
		list = append(list, n.shown(e))
	}
	slices.SortFunc(list, func(a, b control.Booking) int {
		if len(a.Visits) > 0 && len(b.Visits) > 0 {
			return a.Visits[0].Start.Compare(b.Visits[0].Start)
		}
		return len(b.Visits) - len(a.Visits)
	})
	return list, nil
}

// cancelBooking ends a booking, or gives up what is not one yet.
func (n *Node) cancelBooking(ctx context.Context, in control.CancelRequest) (control.Booking, error) {
	e, err := n.find(in.Booking)
	if err != nil {
		return control.Booking{}, refused(err)
	}
	if err := n.bookings.release(ctx, e); err != nil {
		return control.Booking{}, err
	}
	switch s := e.state(); s {
	case booking.Booked, booking.Confirmed:
		if err := n.bookings.leave(ctx, e); err != nil {
			return control.Booking{}, err
		}
		n.driveAndWait(ctx, e, func(s booking.State) bool { return s.Ended() })
	case booking.Cancelled:
	default:
		return n.shown(e), control.Coded(control.KindConflict, control.CodeState, "Only a booked appointment can be cancelled; this one is %s.", s)
	}
	return n.shown(e), nil
}

// reached says whether this node is connected to its relay.
func (n *Node) reached() bool {
	relay := n.relay.Load()
	return relay != nil && n.host.Network().Connectedness(relay.ID) == p2pnet.Connected
}

func (n *Node) doctor(ctx context.Context) ([]control.Finding, error) {
	found := n.home.Findings(ctx)
	relay := control.Finding{Check: "relay", OK: n.reached(), Detail: fmt.Sprintf("%d in the network", len(n.home.Relays("")))}
	if !relay.OK {
		relay.Detail += ", none reached"
		relay.Next = "check the internet connection; the list on this machine stays usable with its age"
	}
	return append(found, relay), nil
}

// syncNow reconciles with the relay and takes up what waits.
func (n *Node) syncNow(ctx context.Context) (control.Status, error) {
	relay := n.relay.Load()
	if relay == nil || !n.reached() {
		return n.Status(), control.Errorf(control.KindUnavailable, "No relay is reached at the moment: what is shown is what was known before.")
	}
	if err := n.syncWith(ctx, relay.ID); err != nil {
		return n.Status(), control.Errorf(control.KindUnavailable, "The relay did not answer: %w", err)
	}
	if _, err := n.checkins.directory.Sync(ctx, n.host, relay.ID); err != nil {
		return n.Status(), control.Errorf(control.KindUnavailable, "The relay did not give its directory: %w", err)
	}
	n.bookings.wake()
	return n.Status(), nil
}
