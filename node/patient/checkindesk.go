package patient

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/node/checkin"
	"pieks/node/checkin/popp"
	"pieks/node/control"
	"pieks/node/host"
	"pieks/node/mailbox"
)

var (
	errAway     = errors.New("the practice is not reached at the moment")
	errNoWay    = errors.New("neither the practice nor a relay that would keep a letter for it is reached: check the internet connection and try again")
	errUnlisted = errors.New("the practice takes no check-ins any more: ask the staff there")
)

// target is where the desk of a check-in is, as this node's copy of the directory has it. A practice that moved its card to another device, or that was
// shut out, is no longer there.
func (c *checkins) target(i control.Institution) (checkin.Target, error) {
	for _, e := range c.directory.With(i.TelematikID) {
		shown := e.Shown()
		if shown.Name == i.Name && shown.Street == i.Street && shown.PLZ == i.PLZ && shown.Place == i.Place {
			return checkin.Target{Device: e.Device, Sealing: e.Sealing, TelematikID: popp.TelematikID(i.TelematikID), Relays: e.Relays}, nil
		}
	}
	return checkin.Target{}, errUnlisted
}

// relaysOf are where a desk is now, by its listing, else where it was.
func (c *checkins) relaysOf(r *checkinRecord, telematikID string) []string {
	for _, e := range c.directory.With(telematikID) {
		if len(r.Device) == len(e.Device) && [32]byte(r.Device) == e.Device {
			return e.Relays
		}
	}
	return r.Relays
}

// ready makes the attempt of a check-in that is to be proved, and writes it down before anything of it is sent. The one of an earlier try goes on as
// long as it is fresh, or when the practice may have got all of it: by its id it says then what became of it.
func (c *checkins) ready(ctx context.Context, e *checkinEntry) (*checkin.Attempt, error) {
	n := c.node
	now := n.home.Now()
	if e.attempt != nil && (e.unsure || now.Sub(e.attempt.Began()).Abs() < freshFor) {
		return e.attempt, nil
	}
	to, err := c.target(e.institution)
	if err != nil {
		return nil, control.Coded(control.KindConflict, control.CodeNoInstitution, "%w", err)
	}
	attempt, err := checkin.NewAttempt(to, popp.WorkplaceID(e.look().Workplace), n.mailRelays(), c.cfg.GiveUp, now)
	if err != nil {
		return nil, err
	}
	data, err := attempt.Marshal()
	if err != nil {
		return nil, err
	}
	err = c.change(ctx, e, func(r *checkinRecord) {
		r.Attempt, r.Record, r.Until = data, attempt.ID(), unix(attempt.Until())
		r.Device, r.Sealing, r.Relays = to.Device[:], to.Sealing[:], to.Relays
	})
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	e.attempt = attempt
	e.mu.Unlock()
	return attempt, nil
}

// reach has talk speak with the desk of an entry through one of its relays after the other, until one has a way to it. What the desk answers, a refusal
// too, ends the search; errAway is that none had a way. leave ends the connections, once the talk is over.
func (c *checkins) reach(ctx context.Context, e *checkinEntry, talk func(ctx context.Context) error) (leave func(), err error) {
	n := c.node
	r := e.look()
	id, err := host.PeerID(r.Device)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, reachWait)
	defer cancel()
	for _, relay := range n.through(c.relaysOf(&r, e.institution.TelematikID)) {
		leave, err := c.reachThrough(ctx, id, relay, talk)
		if err == nil || answered(err) {
			return leave, err
		}
		n.log.Debug("no way to the practice", "relay", relay.ID) // the error names the practice
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errAway
}

func (c *checkins) reachThrough(ctx context.Context, id peer.ID, relay peer.AddrInfo, talk func(ctx context.Context) error) (func(), error) {
	n := c.node
	ctx, cancel := context.WithTimeout(ctx, reachTry)
	defer cancel()
	through := []peer.AddrInfo{relay}
	leave := n.visit(append(through, peer.AddrInfo{ID: id}))
	host.Through(n.host, id, through, reachTry)
	host.Retry(n.host, id)
	if err := talk(ctx); err != nil {
		leave()
		return nil, err
	}
	return leave, nil
}

// answered says that an error is the desk's own answer, and not that nobody was there.
func answered(err error) bool {
	for _, known := range []error{
		checkin.ErrMessage, checkin.ErrVersion, checkin.ErrBusy, checkin.ErrLimit, checkin.ErrClosed, checkin.ErrNotSigned, checkin.ErrElsewhere,
		checkin.ErrClock, checkin.ErrSession, checkin.ErrOrder, checkin.ErrReplay, checkin.ErrRefused, checkin.ErrUnknown,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	return checkin.Code(err) != ""
}

// refusal is what the desk refused, for people. Nothing has changed by it: its user can try again.
func deskRefusal(err error) error {
	return control.Coded(control.KindConflict, checkin.Code(err), "%w", err)
}

// spend drops an attempt that the desk will not take any more: the next try makes another one. The caller has the entry's turn.
func (c *checkins) spend(e *checkinEntry, err error) {
	if errors.Is(err, checkin.ErrReplay) || errors.Is(err, checkin.ErrClock) || errors.Is(err, checkin.ErrElsewhere) {
		e.mu.Lock()
		e.attempt, e.unsure = nil, false
		e.mu.Unlock()
	}
}

// canMail says whether some relay of the practice is reached, which would keep a letter for it.
func (c *checkins) canMail(ctx context.Context, e *checkinEntry) bool {
	n := c.node
	r := e.look()
	ctx, cancel := context.WithTimeout(ctx, reachTry)
	defer cancel()
	for _, info := range n.home.RelayInfos(c.relaysOf(&r, e.institution.TelematikID)) {
		leave := n.visit([]peer.AddrInfo{info})
		err := host.Connect(ctx, n.host, info)
		leave()
		if err == nil {
			return true
		}
	}
	return false
}

// post leaves the sealed proof at the relays of the practice, and once more when they have forgotten it.
func (c *checkins) post(ctx context.Context, e *checkinEntry) error {
	n := c.node
	r := e.look()
	if len(r.Envelope) == 0 || n.home.Now().Before(at(r.Kept)) {
		return nil
	}
	infos := n.home.RelayInfos(c.relaysOf(&r, e.institution.TelematikID))
	defer n.visit(infos)()
	var reached []peer.ID
	for _, info := range infos {
		dial, cancel := context.WithTimeout(ctx, reachTry)
		if err := host.Connect(dial, n.host, info); err == nil {
			reached = append(reached, info.ID)
		}
		cancel()
	}
	if len(reached) == 0 {
		return errNoWay
	}
	put, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	kept, err := mailbox.Put(put, n.host, reached, mailbox.BoxID(r.Device), r.Envelope)
	if err != nil {
		return fmt.Errorf("leave the check-in for the practice: %w", err)
	}
	var until time.Time
	for _, k := range kept {
		if k.Until.After(until) {
			until = k.Until
		}
	}
	return c.change(ctx, e, func(r *checkinRecord) {
		if len(r.Envelope) > 0 {
			r.Kept = unix(until)
		}
	})
}

// askDesk asks the practice how a check-in stands. That it is away is no news.
func (c *checkins) askDesk(ctx context.Context, e *checkinEntry) error {
	var o checkin.Outcome
	leave, err := c.reach(ctx, e, func(ctx context.Context) (err error) {
		o, err = e.attempt.Ask(ctx, c.node.host)
		return err
	})
	switch {
	case err == nil:
		leave()
		return c.hear(ctx, e, o)
	case errors.Is(err, checkin.ErrUnknown):
		// It is back and has not got it: its relay may have lost the letter.
		if e.look().State != control.CheckinStatePending {
			return nil
		}
		return c.change(ctx, e, func(r *checkinRecord) { r.Kept = 0 })
	}
	return err
}

// verdictOf is what a practice said, for the record.
func verdictOf(o checkin.Outcome) verdict {
	v := verdict{State: control.CheckinStateCanceled, Why: o.Reason, At: o.At}
	switch {
	case o.State == popp.Success:
		v.State, v.Why = control.CheckinStateSuccess, ""
	case o.Err != nil:
		v.Message = o.Err.Error()
	}
	return v
}

// hear takes what a practice said about a check-in that waits, or whose last word got lost.
func (c *checkins) hear(ctx context.Context, e *checkinEntry, o checkin.Outcome) error {
	now := c.node.home.Now()
	return c.change(ctx, e, func(r *checkinRecord) {
		r.proved(control.ProofEGK, now)
		r.tell(verdictOf(o), now)
	})
}
