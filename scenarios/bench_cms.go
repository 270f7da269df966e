package scenarios

import (
	"context"
	"time"

	"pieks/card"
)

// CMSResult is what checking a signed message costs: profile, certificate, its CA's signature and its own.
type CMSResult struct {
	VerifyP256      float64 `json:"verify_p256_us"`      // median
	VerifyBrainpool float64 `json:"verify_brainpool_us"` // median, as real health cards have it
	Bytes           int     `json:"bytes"`               // of the brainpool message
}

// cmsRounds: a median of so many is steady.
const cmsRounds = 400

func benchCMS(ctx context.Context, o BenchOptions) (any, error) {
	var result CMSResult
	now := time.Now()
	for _, of := range []struct {
		curve string
		to    *float64
	}{{card.CurveP256, &result.VerifyP256}, {card.CurveBrainpool, &result.VerifyBrainpool}} {
		virtual, ca, err := card.NewVirtualOf(card.HBA, card.VirtualOptions{Curve: of.curve, Now: now})
		if err != nil {
			return nil, err
		}
		c, err := card.Open(ctx, virtual)
		if err != nil {
			return nil, err
		}
		cms, err := card.SignMessage(ctx, c, card.VirtualPIN, card.FileDomain, make([]byte, 256), now)
		if err != nil {
			return nil, err
		}
		roots := card.Roots{CAs: [][]byte{ca.Certificate()}, Professions: card.DefaultProfessions()}
		var took []time.Duration
		for i := range cmsRounds {
			o.Progress(i, cmsRounds, "Checking messages on "+of.curve)
			began := time.Now()
			if _, _, err := card.VerifySigned(cms, card.FileDomain, roots, now); err != nil {
				return nil, err
			}
			took = append(took, time.Since(began))
		}
		*of.to, result.Bytes = microseconds(quantile(took, 0.5)), len(cms)
	}
	return result, nil
}
