package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"pieks/card/pcsc"
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

// appReaders are the readers as the app of this process has them, and what is in them as pages of one role want it: an R.
type appReaders[R any] struct {
	changed func()                                                      // tells the pages
	bare    func(name string, card bool, err error) R                   // a reader whose card is not read
	read    func(ctx context.Context, name string) (seen R, stays bool) // what is in one; stays says that it is so until the card is pulled
	life    context.Context                                             // until Close
	end     context.CancelFunc
	wg      sync.WaitGroup

	mu      sync.Mutex
	known   map[inserted]R
	watched bool
	until   time.Time // the watch ends
}

// inserted is one insertion of a card.
type inserted struct {
	reader string
	events uint16
}

func newReaders[R any](changed func(), bare func(string, bool, error) R, read func(context.Context, string) (R, bool)) *appReaders[R] {
	life, end := context.WithCancel(context.Background())
	return &appReaders[R]{changed: changed, bare: bare, read: read, life: life, end: end, known: map[inserted]R{}}
}

// close ends the watch and waits for it.
func (a *appReaders[R]) close() {
	a.end()
	a.wg.Wait()
}

// Readers lists the readers with what is in them.
func (a *appReaders[R]) Readers(ctx context.Context) ([]R, error) {
	found, err := pcsc.Readers(ctx)
	a.watch(found)
	if err != nil { // when the service begins anew, it counts insertions anew
		a.mu.Lock()
		clear(a.known)
		a.mu.Unlock()
		return nil, err
	}
	list := []R{}
	for _, r := range found {
		list = append(list, a.look(ctx, r))
	}
	return list, nil
}

// look reads a card that was not read since it was inserted.
func (a *appReaders[R]) look(ctx context.Context, r pcsc.Reader) R {
	if !r.HasCard() {
		if r.State == pcsc.Broken {
			return a.bare(r.Name, false, pcsc.ErrUnplugged)
		}
		return a.bare(r.Name, false, nil)
	}
	key := inserted{r.Name, r.Events}
	a.mu.Lock()
	known, ok := a.known[key]
	a.mu.Unlock()
	if ok {
		return known
	}
	switch r.State {
	case pcsc.Mute:
		return a.bare(r.Name, true, pcsc.ErrMute)
	case pcsc.Exclusive:
		return a.bare(r.Name, true, pcsc.ErrInUse)
	}
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	out, stays := a.read(ctx, r.Name)
	if stays {
		a.mu.Lock()
		if len(a.known) >= maxRead {
			clear(a.known)
		}
		a.known[key] = out
		a.mu.Unlock()
	}
	return out
}

// forget has the card in a reader read again.
func (a *appReaders[R]) forget(reader string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for key := range a.known {
		if key.reader == reader {
			delete(a.known, key)
		}
	}
}

// watch tells the pages when a card comes or goes, for a while after one of them has asked. It asks the service once a second, since that may
// begin to run, or end, meanwhile.
func (a *appReaders[R]) watch(seen []pcsc.Reader) {
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
