package disclosure

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
)

// Find looks a code up where it can be: at the relay that the QR code names, else at all of relays, since digits and words do not say
// which one the patient has. h must be able to reach them. ErrUnknown: none of those that answered knows it. ErrTwo: more than one does,
// and no guess is made.
func Find(ctx context.Context, h host.Host, relays []peer.ID, s Scanned) (Registered, error) {
	if s.Relay != "" {
		relay, err := peer.Decode(s.Relay)
		if err != nil {
			return Registered{}, fmt.Errorf("find a disclosure: %w", ErrRelay)
		}
		return Lookup(ctx, h, relay, s.Code)
	}
	found, errs := make([]Registered, len(relays)), make([]error, len(relays))
	var wg sync.WaitGroup
	for i, relay := range relays {
		wg.Go(func() { found[i], errs[i] = Lookup(ctx, h, relay, s.Code) })
	}
	wg.Wait()
	return only(found, errs)
}

// only is the rule for several answers: one relay that knows the code decides, whatever the others say; where none does, an answer says
// more than a failure.
func only(found []Registered, errs []error) (Registered, error) {
	one, unknown := -1, false
	for i, err := range errs {
		if err == nil && one >= 0 {
			return Registered{}, fmt.Errorf("find a disclosure: %w", ErrTwo)
		}
		if err == nil {
			one = i
		}
		unknown = unknown || errors.Is(err, ErrUnknown)
	}
	switch {
	case one >= 0:
		return found[one], nil
	case unknown || len(errs) == 0:
		return Registered{}, fmt.Errorf("find a disclosure: %w", ErrUnknown)
	}
	return Registered{}, errors.Join(errs...)
}
