package booking

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"math/big"
	"slices"
	"time"
)

// draw collects the requests for slots that became visible at the same tick. When it closes, they are taken in random order.
type draw struct {
	closes     time.Time
	candidates []*candidate
	keys       map[[32]byte][32]byte // B -> hash of its request
	perSlot    map[string]int        // source and slot -> candidates
}

type candidate struct {
	asked *asked
	items []*item
}

// enter puts a request into the draw that closes then. It always gives a refusal: to wait, or why not.
func (l *Ledger) enter(a *asked, items []*item, closes time.Time) error {
	d := l.draws[closes.UnixMilli()]
	if d == nil {
		d = &draw{closes: closes, keys: map[[32]byte][32]byte{}, perSlot: map[string]int{}}
		l.draws[closes.UnixMilli()] = d
		if l.nextRun.IsZero() || closes.Before(l.nextRun) {
			l.nextRun = closes
		}
	}
	wait := &refusal{ReasonWait, ceilSecond(closes)}
	if hash, known := d.keys[a.request.Key]; known {
		if hash != a.hash {
			return no(ReasonReused)
		}
		return wait
	}
	if len(d.candidates) >= maxCandidates {
		return &refusal{ReasonLimit, wait.until}
	}
	var counters []string
	for _, limit := range a.from.limits() {
		for _, i := range items {
			counter := limit.key + " " + string(i.id[:])
			if d.perSlot[counter] >= limit.draws {
				return &refusal{ReasonLimit, wait.until}
			}
			counters = append(counters, counter)
		}
	}
	for _, c := range counters {
		d.perSlot[c]++
	}
	d.keys[a.request.Key] = a.hash
	d.candidates = append(d.candidates, &candidate{a, items})
	return wait
}

// drop forgets the candidates of an epoch that ends.
func (d *draw) drop(epoch uint64) {
	d.candidates = slices.DeleteFunc(d.candidates, func(c *candidate) bool { return c.asked.epoch == epoch })
}

// runDraws runs the draws that have closed. Those who do not win find the slot taken when they ask again.
func (l *Ledger) runDraws(ctx context.Context) error {
	now := l.now()
	l.mu.RLock()
	due := l.drawDue(now)
	l.mu.RUnlock()
	if !due {
		return nil
	}
	won, offers := l.draw(now)
	if len(won) == 0 {
		return nil
	}
	err := l.write(context.WithoutCancel(ctx), won, func(h *hold) ([]byte, error) { return offers[h](h) })
	if refused := (*refusal)(nil); errors.As(err, &refused) {
		return nil // an appointment was gone on the disk: first come, first served then
	}
	return err
}

// drawDue says whether a draw has closed that was not run.
func (l *Ledger) drawDue(now time.Time) bool { return !l.nextRun.IsZero() && !now.Before(l.nextRun) }

// draw reserves the appointments of all closed draws, in random order of the candidates.
func (l *Ledger) draw(now time.Time) ([]*hold, map[*hold]func(*hold) ([]byte, error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var closed []*draw
	l.nextRun = time.Time{}
	for key, d := range l.draws {
		if !now.Before(d.closes) {
			closed = append(closed, d)
			delete(l.draws, key)
		} else if l.nextRun.IsZero() || d.closes.Before(l.nextRun) {
			l.nextRun = d.closes
		}
	}
	slices.SortFunc(closed, func(a, b *draw) int { return cmp.Compare(a.closes.UnixNano(), b.closes.UnixNano()) })
	var won []*hold
	offers := map[*hold]func(*hold) ([]byte, error){}
	for _, d := range closed {
		shuffle(d.candidates)
		for _, c := range d.candidates {
			if h := l.grant(c, now); h != nil {
				won = append(won, h)
				offers[h] = c.asked.offer
			}
		}
	}
	return won, offers
}

// grant reserves for one candidate what is still free of it: all or nothing.
func (l *Ledger) grant(c *candidate, now time.Time) *hold {
	e := l.epochs[c.asked.epoch]
	if e == nil || l.holds[c.asked.request.Key] != nil {
		return nil
	}
	items, _, ok := e.find(c.asked.request.Tokens, now)
	if !ok {
		return nil
	}
	h, err := l.occupy(e, c.asked, items, now)
	if err != nil {
		return nil
	}
	return h
}

// shuffle puts the candidates into a random order that nobody can predict.
func shuffle(candidates []*candidate) {
	for i := len(candidates) - 1; i > 0; i-- {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(i+1)))
		if err != nil {
			return // crypto/rand does not fail
		}
		j := int(n.Int64())
		candidates[i], candidates[j] = candidates[j], candidates[i]
	}
}

// ceilSecond is t or the next full second, since messages carry seconds and must not call back too early.
func ceilSecond(t time.Time) time.Time {
	if s := t.Truncate(time.Second); !s.Equal(t) {
		return s.Add(time.Second)
	}
	return t
}
