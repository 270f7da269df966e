package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"pieks/card"
	"pieks/card/pcsc"
	"pieks/node/web/reception"
)

const (
	// lookEvery: how soon a page shows that a card came or went, and watchFor how long that is looked for after a page has asked: pages with
	// readers ask again every 15 seconds.
	lookEvery = time.Second
	watchFor  = 40 * time.Second
	// readWithin: reading what a card tells without its PIN takes a second at most.
	readWithin = 5 * time.Second
	// maxRead: cards that are remembered, so that none is read again for each page.
	maxRead = 16
)

// appCards are the readers as the app of this process has them.
type appCards struct {
	desk    *cardDesk
	changed func()          // tells the pages
	life    context.Context // until Close
	end     context.CancelFunc
	wg      sync.WaitGroup

	mu      sync.Mutex
	read    map[inserted]reception.Reader
	watched bool
	until   time.Time // the watch ends
}

// inserted is one insertion of a card.
type inserted struct {
	reader string
	events uint16
}

// openCards gives the app the readers: nil when this program was built without.
func openCards(desk *cardDesk, changed func()) *appCards {
	if !pcsc.Built {
		return nil
	}
	life, end := context.WithCancel(context.Background())
	return &appCards{desk: desk, changed: changed, life: life, end: end, read: map[inserted]reception.Reader{}}
}

// Close ends the watch and waits for it.
func (a *appCards) Close() {
	if a != nil {
		a.end()
		a.wg.Wait()
	}
}

// Readers lists the readers with what is in them.
func (a *appCards) Readers(ctx context.Context) ([]reception.Reader, error) {
	found, err := pcsc.Readers(ctx)
	a.watch(found)
	if err != nil { // when the service begins anew, it counts insertions anew
		a.mu.Lock()
		clear(a.read)
		a.mu.Unlock()
		return nil, err
	}
	list := []reception.Reader{}
	for _, r := range found {
		list = append(list, a.look(ctx, r))
	}
	return list, nil
}

// look reads a card that was not read since it was inserted.
func (a *appCards) look(ctx context.Context, r pcsc.Reader) reception.Reader {
	out := reception.Reader{Name: r.Name}
	if !r.HasCard() {
		if r.State == pcsc.Broken {
			out.Err = pcsc.ErrUnplugged
		}
		return out
	}
	key := inserted{r.Name, r.Events}
	a.mu.Lock()
	known, ok := a.read[key]
	a.mu.Unlock()
	if ok {
		return known
	}
	switch r.State {
	case pcsc.Mute:
		out.Err = pcsc.ErrMute
		return out
	case pcsc.Exclusive:
		out.Err = pcsc.ErrInUse
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	var told reception.Card
	_, err := a.desk.use(ctx, r.Name, func(c card.Card) (err error) {
		if told.Info, err = card.Inspect(ctx, c); err != nil {
			return err
		}
		told.Certificate, err = c.Certificate(ctx)
		return err
	})
	if out.Err = err; err == nil {
		out.Card = &told
	}
	if err == nil || errors.Is(err, card.ErrForeignCard) || errors.Is(err, card.ErrContactless) || errors.Is(err, card.ErrLayout) { // it stays like that
		a.mu.Lock()
		if len(a.read) >= maxRead {
			clear(a.read)
		}
		a.read[key] = out
		a.mu.Unlock()
	}
	return out
}

// Sign has the card in a reader sign an enrolment. How many tries its PIN has left is read again after that.
func (a *appCards) Sign(ctx context.Context, reader string, pin card.PIN, s card.Statement) (cms []byte, err error) {
	unreset, err := a.desk.use(ctx, reader, func(c card.Card) (err error) {
		tries, err := c.PINTries(ctx)
		if err != nil {
			return err
		}
		if tries == 0 {
			return card.ErrPINBlocked
		}
		cms, err = card.Enrol(ctx, c, pin, s, time.Now())
		return err
	})
	a.mu.Lock()
	for key := range a.read {
		if key.reader == reader {
			delete(a.read, key)
		}
	}
	a.mu.Unlock()
	if unreset != nil {
		err = errors.Join(err, fmt.Errorf("%w: %w", reception.ErrUnreset, unreset))
	}
	return cms, err
}

// watch tells the pages when a card comes or goes, for a while after one of them has asked. It asks the service once a second, since that may
// begin to run, or end, meanwhile.
func (a *appCards) watch(seen []pcsc.Reader) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.until = time.Now().Add(watchFor)
	if a.watched {
		return
	}
	a.watched = true
	a.wg.Go(func() {
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-a.life.Done():
				return
			case <-tick.C:
			}
			now, _ := pcsc.Readers(a.life) // no service is no readers
			if !slices.EqualFunc(now, seen, sameCard) {
				seen = now
				a.changed()
			}
			a.mu.Lock()
			over := time.Now().After(a.until)
			a.watched = !over
			a.mu.Unlock()
			if over {
				return
			}
		}
	})
}

// sameCard compares what matters to a page. That somebody reads a card changes its state, too, and is no news.
func sameCard(x, y pcsc.Reader) bool {
	return x.Name == y.Name && x.Events == y.Events && x.HasCard() == y.HasCard()
}
