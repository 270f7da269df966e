package disclosure

import (
	"context"
	"errors"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
)

// Pause waits for d or until ctx ends, whose error it gives.
type Pause func(ctx context.Context, d time.Duration) error

// Wait is the Pause of a running app.
func Wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Begin draws secret and code for data and registers them at relay, with another code for as long as one is taken. It returns when the
// registration ends.
func Begin(ctx context.Context, h host.Host, relay peer.ID, data []byte) (Consent, time.Time, error) {
	c, err := NewConsent(data)
	if err != nil {
		return Consent{}, time.Time{}, err
	}
	until, err := untilFree(func() (time.Time, error) {
		c.Code = NewCode()
		return Register(ctx, h, relay, c)
	})
	return c, until, err
}

// untilFree draws until a reference is free.
func untilFree(draw func() (time.Time, error)) (until time.Time, err error) {
	for range maxDraws {
		if until, err = draw(); !errors.Is(err, ErrTaken) {
			break
		}
	}
	return until, err
}

// Await asks relay for the authorisation every CollectEvery until it is there or ctx ends; give ctx the end of the registration. A relay
// that was restarted is told the registration again, one that cannot be reached is tried again. What it gives is unchecked:
// Consent.Check.
func Await(ctx context.Context, h host.Host, relay peer.ID, c Consent, pause Pause) ([]byte, error) {
	for {
		cms, err := Collect(ctx, h, relay, c)
		if errors.Is(err, ErrUnknown) {
			_, err = Register(ctx, h, relay, c)
		} else if err == nil {
			return cms, nil
		}
		if err != nil && final(err) {
			return nil, err
		}
		if err := pause(ctx, CollectEvery); err != nil {
			return nil, err
		}
	}
}

// final says that asking again changes nothing: the relay has answered, and neither with not yet nor with not now.
func final(err error) bool {
	for status, known := range statusErrors {
		if errors.Is(err, known) {
			return status != StatusPending && status != StatusBusy && status != StatusFailed
		}
	}
	return errors.Is(err, ErrAnswer)
}
