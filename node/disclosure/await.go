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

// Await asks relay for the authorisation every CollectEvery until it is there or ctx ends; give ctx the end of the registration. A relay that was restarted is told
// the registration again. What it gives is unchecked: Consent.Check.
func Await(ctx context.Context, h host.Host, relay peer.ID, c Consent, pause Pause) ([]byte, error) {
	for {
		cms, err := Collect(ctx, h, relay, c)
		switch {
		case err == nil:
			return cms, nil
		case errors.Is(err, ErrUnknown):
			if _, err := Register(ctx, h, relay, c); err != nil {
				return nil, err
			}
		case !errors.Is(err, ErrPending) && !errors.Is(err, ErrBusy):
			return nil, err
		}
		if err := pause(ctx, CollectEvery); err != nil {
			return nil, err
		}
	}
}
