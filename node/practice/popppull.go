package practice

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pieks/node/checkin"
	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/client"
	"pieks/node/checkin/popp/keys"
	"pieks/node/checkin/popp/zeta"
	"pieks/node/control"
)

const (
	// askServiceEvery: who has checked in stands at the desk half a minute later, and counts as somebody whom a service reaches (a minute, package service).
	askServiceEvery = 30 * time.Second
	// askServiceAgain: after an error that is not known to last, as a network that is away for a moment.
	askServiceAgain = 2 * time.Minute
	// askServiceLater: what all OpenAPI files suggest after a 500.
	askServiceLater = 10 * time.Minute
)

// askAfter is when the service is asked again.
func askAfter(err error) time.Duration {
	if err == nil {
		return askServiceEvery
	}
	if known, ok := errors.AsType[*client.ServiceError](err); ok && known.Status >= 500 {
		return max(askServiceLater, min(known.RetryAfter, time.Hour))
	}
	if known, ok := errors.AsType[*zeta.OAuthError](err); ok && known.Status >= 500 {
		return askServiceLater
	}
	return askServiceAgain
}

// askService asks the service again and again for what waits there, while the practice is enrolled.
func (n *Node) askService(ctx context.Context) {
	s := n.service
	if s == nil {
		return
	}
	for ctx.Err() == nil {
		after := askServiceEvery
		if _, err := s.own(); err == nil {
			_, err := s.fetch(ctx)
			if err != nil && ctx.Err() == nil {
				n.log.Warn("check-ins of the PoPP service not fetched", "err", err)
			}
			after = askAfter(err)
		}
		wait(ctx, after)
	}
}

// serviceCount is what became of tokens since the start.
type serviceCount struct {
	control.ArrivalsFetched
	asked  bool  // at all
	failed error // of the last time, nil if it went well
}

// fetch takes over what waits at the service, and judges what waits here.
func (s *poppService) fetch(ctx context.Context) (control.ArrivalsFetched, error) {
	var got control.ArrivalsFetched
	c, id, err := s.start(ctx)
	if err == nil {
		err = s.failed(ctx, s.pull(ctx, c, id, &got))
	}
	if id, unknown := s.own(); unknown == nil { // what was fetched before is good without the service
		err = errors.Join(err, s.settle(ctx, id, &got))
	}
	s.note(got)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count.Waiting, s.count.Message, s.count.failed, s.count.asked = got.Waiting, got.Message, err, true
	return got, err
}

// pull fetches until nothing is left. Each answer is written down before the next is asked for, and before anything that may fail for a while.
func (s *poppService) pull(ctx context.Context, c *client.Practice, id popp.TelematikID, got *control.ArrivalsFetched) error {
	keep := func(some []client.Delivery) (more bool, err error) {
		waiting, err := s.node.arrivals.Keep(context.WithoutCancel(ctx), addressed(some, id, got))
		return waiting+client.MaxDelivery <= checkin.MaxWaiting, err
	}
	if more, err := keep(nil); err != nil || !more {
		return err
	}
	return c.PullEach(ctx, id, keep)
}

// addressed leaves out tokens that say themselves that they are for somebody else (T5), and what is no token.
func addressed(some []client.Delivery, id popp.TelematikID, got *control.ArrivalsFetched) []checkin.Delivered {
	var list []checkin.Delivered
	for _, d := range some {
		claims, err := popp.Claimed(d.Token)
		switch {
		case err != nil:
			got.Refused++
		case claims.ActorID != string(id):
			got.Foreign++
		default:
			list = append(list, checkin.Delivered{Token: d.Token, Workplace: d.Workplace})
		}
	}
	return list
}

// settle judges all that waits.
func (s *poppService) settle(ctx context.Context, id popp.TelematikID, got *control.ArrivalsFetched) error {
	s.settling.Lock()
	defer s.settling.Unlock()
	list, err := s.node.arrivals.Waiting()
	if err != nil {
		return err
	}
	for _, d := range list {
		_, err := s.judge(ctx, id, d)
		switch {
		case err == nil:
			got.Added++
		case errors.Is(err, checkin.ErrUsedToken):
		case errors.Is(err, popp.ErrActor):
			got.Foreign++
		case final(err):
			got.Refused++
		default:
			got.Waiting++
			got.Message = err.Error()
		}
	}
	return nil
}

// judge verifies a token and makes an arrival of it, or forgets it when it never will be one. The caller holds settling.
func (s *poppService) judge(ctx context.Context, id popp.TelematikID, d checkin.Delivered) (checkin.Arrival, error) {
	var none checkin.Arrival
	t, err := s.source.Verify(ctx, d.Token, popp.Rules{At: s.node.home.Now(), Actor: id})
	if kept := s.keepKeys(ctx); kept != nil {
		return none, kept
	}
	if err == nil {
		var a checkin.Arrival
		if a, err = s.node.arrivals.AddToken(ctx, t, d.Token, d.Workplace); err == nil {
			return a, nil
		}
	}
	if final(err) {
		if dropped := s.node.arrivals.Drop(ctx, d.Token); dropped != nil {
			return none, dropped
		}
	}
	return none, err
}

// final says whether a token that was refused will be refused for ever. All else passes: keys that are not reached, a clock that is behind, a store that
// is full, a day with too many check-ins.
func final(err error) bool {
	switch {
	case errors.Is(err, checkin.ErrUsedToken):
		return true
	case errors.Is(err, keys.ErrNoKeys), errors.Is(err, popp.ErrUnknownKey), errors.Is(err, popp.ErrFuture):
		return false
	}
	return popp.Class(err) != ""
}

// note counts, and says what was not kept: how many, and nothing of whom.
func (s *poppService) note(got control.ArrivalsFetched) {
	if got.Foreign+got.Refused > 0 {
		s.node.log.Warn("tokens of the PoPP service were not kept", "foreign", got.Foreign, "refused", got.Refused)
	}
	if got.Waiting > 0 {
		s.node.log.Warn("tokens of the PoPP service wait to be verified", "waiting", got.Waiting, "err", got.Message)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count.Added += got.Added
	s.count.Foreign += got.Foreign
	s.count.Refused += got.Refused
}

// fetchArrivals asks the service now.
func (n *Node) fetchArrivals(ctx context.Context) (control.ArrivalsFetched, error) {
	if n.service == nil {
		return control.ArrivalsFetched{}, control.Coded(control.KindConflict, control.CodeCheckinService, "%w", errNoService)
	}
	if _, err := n.service.own(); err != nil {
		return control.ArrivalsFetched{}, control.Errorf(control.KindConflict, "%w", err)
	}
	got, err := n.service.fetch(ctx)
	if err != nil {
		return got, serviceRefusal(err)
	}
	return got, nil
}

// serviceFinding says how it goes with the service; nothing without one.
func (n *Node) serviceFinding() []control.Finding {
	if n.service == nil {
		return nil
	}
	n.service.mu.Lock()
	c := n.service.count
	n.service.mu.Unlock()
	f := control.Finding{Check: "popp service", OK: c.failed == nil && c.Waiting == 0, Detail: fmt.Sprintf("%d check-ins since the start", c.Added)}
	if c.Foreign+c.Refused > 0 {
		f.Detail += fmt.Sprintf("; not kept: %d tokens for other institutions, %d that do not hold", c.Foreign, c.Refused)
	}
	if c.Waiting > 0 {
		f.Detail += fmt.Sprintf("; %d wait to be verified: %s", c.Waiting, c.Message)
	}
	if c.failed != nil {
		f.Detail += "; " + c.failed.Error()
	}
	if !f.OK {
		f.Next = "check the internet connection and ask the operators of the service; it is asked again by itself, and tokens wait there or here"
	}
	return []control.Finding{f}
}
