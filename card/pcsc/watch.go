//go:build pcsc

package pcsc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ebfe/scard"
)

// Readers lists the readers of this computer; an empty list is no error.
func Readers(ctx context.Context) ([]Reader, error) { return system.readers(ctx) }

// WaitForCard waits until there is a card in the reader that which means (as for Open), also if that is plugged in later or pcscd is
// started again meanwhile. With "" any reader will do. Only ctx ends the wait, but a pcscd that is not running at its start is ErrNoService,
// and a choice that the readers do not allow is an error at once.
func WaitForCard(ctx context.Context, which string) (Reader, error) {
	return system.waitForCard(ctx, which)
}

// WaitForRemoval waits until the card that is in the reader now, or with "" every card, is gone, or its reader is.
func WaitForRemoval(ctx context.Context, which string) error {
	return system.waitForRemoval(ctx, which)
}

func (s stack) readers(ctx context.Context) ([]Reader, error) {
	var readers []Reader
	_, err := s.call(ctx, func(lane int) (err error) {
		readers, err = look(lane)
		return err
	}, nothing, nothing)
	if err != nil {
		return nil, translate(err)
	}
	return readers, nil
}

func look(lane int) ([]Reader, error) {
	var l link
	if err := l.establish(); err != nil {
		return nil, err
	}
	defer l.close()
	readers, err := l.list(lane)
	if err != nil {
		return nil, l.why("", lane, err)
	}
	return readers, nil
}

func (s stack) waitForCard(ctx context.Context, which string) (found Reader, err error) {
	err = s.watch(ctx, func(readers []Reader) (bool, error) {
		r, err := choose(readers, which)
		if errors.Is(err, ErrNoReader) || errors.Is(err, ErrNoSuchReader) || errors.Is(err, ErrNoCard) {
			return false, nil
		}
		found = r
		return r.HasCard(), err
	})
	if err != nil {
		return Reader{}, fmt.Errorf("wait for a card: %w", err)
	}
	return found, nil
}

func (s stack) waitForRemoval(ctx context.Context, which string) error {
	var cards inserted
	err := s.watch(ctx, func(readers []Reader) (bool, error) {
		if cards == nil {
			if which != "" && len(readers) > 0 {
				r, err := choose(readers, which)
				if err != nil {
					return false, err
				}
				readers = []Reader{r}
			}
			cards = insertedIn(readers)
		}
		return cards.gone(readers), nil
	})
	if err != nil {
		return fmt.Errorf("wait until the card is pulled: %w", err)
	}
	return nil
}

// watch shows the readers to enough whenever something has changed, until it says so or fails.
func (s stack) watch(ctx context.Context, enough func([]Reader) (bool, error)) error {
	running := false // pcscd was seen
	for {
		readers, err := s.readersUntil(ctx)
		if err == nil {
			running = true
			if done, err := enough(readers); done || err != nil {
				return err
			}
			err = s.change(ctx, readers)
		}
		pause := watchPause
		switch {
		case ctx.Err() != nil && err != nil && serviceGone(err):
			return fmt.Errorf("%w: %w", ctx.Err(), translate(err))
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && running && serviceGone(err):
			pause = serviceRetry
		case err != nil:
			return translate(err)
		}
		if err := rest(ctx, pause); err != nil {
			return err
		}
	}
}

// readersUntil is readers with ctx as its only end.
func (s stack) readersUntil(ctx context.Context) (readers []Reader, err error) {
	var found []Reader
	if _, err = bounded(ctx, nil, func(lane int) (err error) {
		found, err = look(lane)
		return err
	}, nothing, nothing); err != nil {
		return nil, err
	}
	return found, nil
}

// change waits until something is other than readers say, or for a slice of time. A wait that is cancelled is over when this returns.
func (s stack) change(ctx context.Context, readers []Reader) error {
	var l link
	ended := make(chan struct{})
	left, err := bounded(ctx, nil, func(lane int) error {
		defer l.close()
		if err := l.establish(); err != nil {
			return err
		}
		err := l.context.GetStatusChange(watched(readers, lane), watchSlice)
		if oneOf(err, scard.ErrTimeout, scard.ErrCancelled, scard.ErrUnknownReader) {
			return nil
		}
		return err
	}, l.cancel, func() { close(ended) })
	if left {
		grace := time.NewTimer(cancelGrace)
		defer grace.Stop()
		select {
		case <-ended:
		case <-grace.C:
		}
	}
	return err
}

func watched(readers []Reader, lane int) []scard.ReaderState {
	var states []scard.ReaderState
	for _, r := range readers {
		states = append(states, scard.ReaderState{Reader: own(r.Name, lane), CurrentState: scard.StateFlag(r.flags) &^ scard.StateChanged})
	}
	if len(states) < maxStates {
		states = append(states, scard.ReaderState{Reader: own(pnp, lane)})
	}
	return states
}

func rest(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
