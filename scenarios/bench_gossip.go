package scenarios

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"time"

	"pieks/gossip"
	"pieks/gossip/place"
	"pieks/node/network"
)

// SearchResult is what bench search says.
type SearchResult struct {
	Tokens  int     `json:"tokens"`
	Matches int     `json:"matches"`
	P50     float64 `json:"p50_us"`
	P99     float64 `json:"p99_us"`
}

// SheetResult is what bench sheet says.
type SheetResult struct {
	Bytes  int     `json:"bytes"`
	Slots  int     `json:"slots"`
	Cold   float64 `json:"cold_us"`
	Cached float64 `json:"cached_us"`
}

const (
	// benchSlots is a practice's half day at six in the hour and two doctors.
	benchSlots = 40
	// benchRuns are enough for a steady 99th percentile.
	benchRuns = 2000
)

// benchPolicy is a network's policy with one issuer key, and that key.
func benchPolicy(now time.Time) (*gossip.Policy, func(p, h [32]byte) (gossip.Pass, error), error) {
	rules := gossip.DefaultRules()
	m, err := place.NewMap(place.DefaultMapData())
	if err != nil {
		return nil, nil, err
	}
	private, key, err := gossip.NewIssuerKey("12D3KooWBench", now.Add(-48*time.Hour), now.Add(48*time.Hour))
	if err != nil {
		return nil, nil, err
	}
	policy, err := gossip.NewPolicy(m, []gossip.IssuerKey{key}, network.DefaultVaccines(), rules)
	if err != nil {
		return nil, nil, err
	}
	return policy, func(p, h [32]byte) (gossip.Pass, error) {
		request, err := policy.BlindPass(key.ID, p, h, rules.EpochAt(now))
		if err != nil {
			return gossip.Pass{}, err
		}
		signature, err := gossip.BlindSign(private, request.Blinded())
		if err != nil {
			return gossip.Pass{}, err
		}
		return request.Finish(signature)
	}, nil
}

// benchSheetOf signs a sheet of a practice in an area.
func benchSheetOf(policy *gossip.Policy, key ed25519.PrivateKey, pass gossip.Pass, area string, slots int, now time.Time) (*gossip.Signed, error) {
	s := gossip.Sheet{
		Version: gossip.SheetVersion, Pass: pass, Area: area, Seq: 1, Issued: uint64(now.Unix()),
		Expires: uint64(policy.Rules.SheetExpiry(now, now.Add(12*time.Hour), pass.Epoch).Unix()),
	}
	for i := range slots {
		s.Slots = append(s.Slots, gossip.Slot{
			ID: gossip.NewSlotID(), Day: gossip.DayOf(now) + 1 + uint32(i%14), Part: gossip.Part(i % 4), Vaccine: "comirnaty", Dose: uint8(i % 3),
		})
	}
	signed, err := gossip.SignSheet(s, key)
	if err != nil {
		return nil, err
	}
	signed.Region, _ = policy.Map.RegionOfArea(area)
	return signed, nil
}

// benchPool holds tokens of practices that are spread like postcodes.
func benchPool(policy *gossip.Policy, tokens int, now time.Time) (*gossip.Pool, error) {
	all := place.All()
	random := mrand.New(mrand.NewPCG(1, 2)) // the same spread in every run
	pool := gossip.NewPool(nil)
	for n := 0; n < tokens; {
		slots := min(benchSlots, tokens-n)
		pub, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		pass := gossip.Pass{P: [32]byte(pub), Epoch: policy.Rules.EpochAt(now), Signature: make([]byte, 384)}
		at := all[random.IntN(len(all))]
		signed, err := benchSheetOf(policy, key, pass, policy.Map.Area(at.PLZ), slots, now)
		if err != nil {
			return nil, err
		}
		if _, err := pool.Add(signed); err != nil {
			return nil, fmt.Errorf("after %d tokens: %w", n, err)
		}
		n += slots
	}
	return pool, nil
}

// benchSearch searches a pool of practices that are spread like postcodes.
func benchSearch(ctx context.Context, o BenchOptions) (any, error) {
	tokens, radius := orDefault(o.Tokens, 10_000), orDefault(o.RadiusKM, 20)
	if tokens < 1 || tokens > 1_000_000 || radius < 0 || radius > 1000 {
		return nil, errors.New("--tokens is 1 to 1,000,000 and --radius 0 to 1000")
	}
	now := time.Now()
	policy, _, err := benchPolicy(now)
	if err != nil {
		return nil, err
	}
	pool, err := benchPool(policy, tokens, now)
	if err != nil {
		return nil, err
	}
	q := gossip.Query{From: benchPLZ, RadiusKM: radius, Now: now}
	var took []time.Duration
	hits := gossip.Search(policy.Map, pool.View(), q)
	for range benchRuns {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		began := time.Now()
		hits = gossip.Search(policy.Map, pool.View(), q)
		took = append(took, time.Since(began))
	}
	return SearchResult{Tokens: tokens, Matches: len(hits), P50: microseconds(quantile(took, 0.5)), P99: microseconds(quantile(took, 0.99))}, nil
}

// benchSheet checks one sheet with its pass never seen (a new validator each time), and with it seen.
func benchSheet(ctx context.Context, o BenchOptions) (any, error) {
	now := time.Now()
	o.Progress(0, 1, "make an issuer key")
	policy, issue, err := benchPolicy(now)
	if err != nil {
		return nil, err
	}
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	pass, err := issue([32]byte(pub), [32]byte{1})
	if err != nil {
		return nil, err
	}
	signed, err := benchSheetOf(policy, key, pass, policy.Map.Area(benchPLZ), benchSlots, now)
	if err != nil {
		return nil, err
	}
	current := func() *gossip.Policy { return policy }
	measure := func(validator func() *gossip.Validator) (time.Duration, error) {
		var took []time.Duration
		for range benchRuns / 4 {
			v := validator()
			began := time.Now()
			if _, err := v.Check(signed.Raw, ""); err != nil {
				return 0, err
			}
			took = append(took, time.Since(began))
		}
		return quantile(took, 0.5), ctx.Err()
	}
	cold, err := measure(func() *gossip.Validator { return gossip.NewValidator(current, nil) })
	if err != nil {
		return nil, err
	}
	warm := gossip.NewValidator(current, nil)
	cached, err := measure(func() *gossip.Validator { return warm })
	return SheetResult{Bytes: len(signed.Raw), Slots: benchSlots, Cold: microseconds(cold), Cached: microseconds(cached)}, err
}
