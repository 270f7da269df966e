package disclosure

import (
	"context"
	"crypto/rand"
	"errors"
	randv2 "math/rand/v2"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
)

// dummyCMS is as long as an authorisation of a card with one certificate. Its length is padded away; that it is there lets the relay's
// work be alike.
const dummyCMS = 1500

// NextDummy draws how long an app waits until its next dummy: exponential, so that dummies are a Poisson process of 0.2 a day, which an
// app's user cannot influence. Of a source from NewDummySource.
func NextDummy(r *randv2.Rand) time.Duration {
	return time.Duration(r.ExpFloat64() * float64(dummyEvery))
}

// NewDummySource is the randomness of an app's dummies.
func NewDummySource() *randv2.Rand { return randv2.New(systemRandom{}) }

// Dummy imitates one whole disclosure at relay: the frames of a real one, in its order, its sizes and its intervals. It takes 1 to 12
// minutes. The relay keeps nothing of it. Its user does not learn of it, and of an error neither: a real one would not be tried again at
// once.
func Dummy(ctx context.Context, h host.Host, relay peer.ID, r *randv2.Rand, pause Pause) error {
	var c Commitment
	_, _ = rand.Read(c[:]) // never fails
	var reference string
	if _, err := untilFree(func() (time.Time, error) {
		reference = NewCode().Reference()
		return register(ctx, h, relay, reference, c, true)
	}); err != nil {
		return err
	}
	for range minCollects + r.IntN(maxCollects-minCollects+1) {
		if _, err := collect(ctx, h, relay, reference, c, true); !errors.Is(err, ErrPending) && !errors.Is(err, ErrBusy) {
			return errors.Join(err, ctx.Err())
		}
		if err := pause(ctx, CollectEvery); err != nil {
			return err
		}
	}
	// A real one's last answer carries the authorisation; the post follows at once.
	if _, err := collect(ctx, h, relay, reference, c, true); !errors.Is(err, ErrPending) && !errors.Is(err, ErrBusy) {
		return errors.Join(err, ctx.Err())
	}
	return post(ctx, h, relay, dummyParcel(), true)
}

func dummyParcel() parcel {
	p := parcel{Data: make([]byte, WarningBytes), CMS: make([]byte, dummyCMS)}
	_, _ = rand.Read(p.Data)
	_, _ = rand.Read(p.Secret[:])
	_, _ = rand.Read(p.CMS)
	return p
}
