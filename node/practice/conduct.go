package practice

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"pieks/gossip/place"
	"pieks/node/booking"
)

// conductEvery: rotations and ends of epochs are minutes to hours apart; a second late is early enough.
const conductEvery = time.Second

// run starts the conductor, which opens and ends fronts, and the buyer, which keeps passes in stock.
func (n *Node) run(ctx context.Context) {
	for _, loop := range []func(context.Context){n.conduct, n.buy, n.keepEnrolled, n.askNews, n.keepListed, n.askService} {
		n.wg.Add(1)
		go func() {
			defer n.wg.Done()
			loop(ctx)
		}()
	}
	n.closers = append(n.closers, func() error {
		n.cancel()
		n.wg.Wait()
		return n.closeFronts()
	})
}

func (n *Node) conduct(ctx context.Context) {
	tick := time.NewTicker(conductEvery)
	defer tick.Stop()
	for {
		if err := n.step(ctx); err != nil && ctx.Err() == nil {
			n.log.Error("rotation", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-n.woken:
		}
	}
}

// step brings the fronts to what the time asks for.
func (n *Node) step(ctx context.Context) error {
	now, personas := n.home.Now(), n.stock.load()
	plan := schedule{n.rules(), map[uint64]time.Duration{}}
	for e, p := range personas {
		plan.offsets[e] = p.Offset
	}
	active, ok := plan.active(now)
	errs := n.ledger.Sweep(ctx)
	n.pool.Expire(now)
	if b := n.home.Network.Get(); b.Number != n.checked {
		n.takeUp(ctx, b.Number)
	}
	// A front that was begun before a restart answers until its epoch has ended, though it shows nothing new.
	for _, e := range n.ledger.Epochs() {
		if p := personas[e]; p != nil && e < active {
			errs = errors.Join(errs, n.ensureFront(ctx, p))
		}
	}
	if ok {
		errs = errors.Join(errs, n.ensureFront(ctx, personas[active]))
		n.takeOver(active, plan.until(now, active))
	}
	errs = errors.Join(errs, n.receive(), n.retire(ctx, now, active, ok))
	if d := n.openedDesk(); d != nil {
		errs = errors.Join(errs, d.own.keep(ctx, d, now))
	}
	return errs
}

// takeUp does what a newer network file asks for: it may no longer allow what was listed, and may have issuers and life again.
func (n *Node) takeUp(ctx context.Context, number uint64) {
	n.checked = number
	n.lookAtEnrolment(ctx) // it may revoke this device, or trust other cards
	n.pool.Recheck(n.validator)
	n.changed()
	n.stockUp()
}

// stockUp has the buyer look at once.
func (n *Node) stockUp() {
	select {
	case n.renewed <- struct{}{}:
	default:
	}
}

// receive has all fronts answer patients while something may be offered.
func (n *Node) receive() error {
	usable := n.usable() == nil
	n.mu.Lock()
	fronts := slices.Collect(maps.Values(n.fronts))
	n.mu.Unlock()
	var errs error
	for _, f := range fronts {
		errs = errors.Join(errs, f.receive(usable && !f.away))
	}
	return errs
}

func (n *Node) ensureFront(ctx context.Context, p *persona) error {
	plz := place.PLZ(n.told().PLZ)
	if plz == "" {
		return nil // nothing is known of this practice yet, so it has no region
	}
	n.mu.Lock()
	open := n.fronts[p.Epoch]
	n.mu.Unlock()
	moved := false
	if open != nil {
		at, err := n.standingOf(p.Epoch, plz)
		if err != nil {
			return err
		}
		moved = at != open.standing
	}
	n.mu.Lock()
	if moved {
		delete(n.fronts, p.Epoch)
	}
	n.mu.Unlock()
	switch {
	case moved: // the practice has another postcode: patients compare it with the area
		if err := open.close(); err != nil {
			return err
		}
	case open != nil:
		return nil
	}
	f, err := n.openFront(ctx, p)
	if err != nil {
		return fmt.Errorf("open the front: %w", err)
	}
	n.mu.Lock()
	n.fronts[p.Epoch] = f
	n.mu.Unlock()
	return nil
}

// takeOver has one front show appointments and all others show none.
func (n *Node) takeOver(active uint64, until time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.active, n.next = active, until
	for e, f := range n.fronts {
		if e == active {
			f.show(until)
		} else {
			f.show(time.Time{})
		}
	}
}

// retire ends the epochs whose last sheet has expired and whose last hold has ended, and erases their keys.
func (n *Node) retire(ctx context.Context, now time.Time, active uint64, ok bool) error {
	var errs error
	over := slices.Clone(n.ledger.Epochs())
	for e := range n.stock.load() {
		if _, end := n.rules().EpochSpan(e); !now.Before(end) && !slices.Contains(over, e) {
			over = append(over, e) // never used: this practice was away
		}
	}
	for _, e := range over {
		if ok && e >= active {
			continue
		}
		n.mu.Lock()
		f := n.fronts[e]
		n.mu.Unlock()
		_, end := n.rules().EpochSpan(e)
		shown := end // unknown after a restart: its sheets may live as long as its pass
		if f != nil && !f.shownUntil().IsZero() {
			shown = f.shownUntil()
		}
		if now.Before(shown) || now.Before(n.ledger.HoldsUntil(e)) {
			continue
		}
		// The ledger first: after it nobody is given a hold that the front would not be there to confirm.
		err := n.ledger.EndEpoch(ctx, e)
		if errors.Is(err, booking.ErrHoldsLive) {
			continue // somebody was given one at the last moment
		}
		errs = errors.Join(errs, err, n.stock.keys.Erase(e))
		if f != nil {
			n.mu.Lock()
			delete(n.fronts, e)
			n.mu.Unlock()
			errs = errors.Join(errs, f.close())
		}
	}
	return errs
}

func (n *Node) closeFronts() error {
	n.mu.Lock()
	fronts := n.fronts
	n.fronts = map[uint64]*front{}
	n.mu.Unlock()
	var errs error
	for _, f := range fronts {
		errs = errors.Join(errs, f.close())
	}
	return errs
}
