package gossip

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"pieks/gossip/wire"
)

// Validator checks sheets as the package documentation lists. It is safe for concurrent use.
type Validator struct {
	policy func() *Policy
	now    func() time.Time
	pool   *Pool
	passes passCache

	mu     sync.Mutex
	counts map[string]uint64
}

// NewValidator checks against the policy that policy returns at that time, nil while there is none. now is nil for
// time.Now.
func NewValidator(policy func() *Policy, now func() time.Time) *Validator {
	if now == nil {
		now = time.Now
	}
	return &Validator{policy: policy, now: now, counts: make(map[string]uint64)}
}

// Against makes Check refuse early what pool already has, or has newer (ErrKnown, ErrOld), before a signature is
// checked. Call it before the validator is used.
func (v *Validator) Against(pool *Pool) *Validator {
	v.pool = pool
	return v
}

// Check reads and checks a sheet that arrived on the pool topic of zone, "" for any (as in a pool sync). The error
// wraps exactly one Refusal; VerdictOf says what gossip does with it. The result keeps raw, which must not change afterwards.
func (v *Validator) Check(raw []byte, zone string) (*Signed, error) {
	s, err := v.check(raw, zone, v.pool)
	v.count(err)
	return s, err
}

func (v *Validator) check(raw []byte, zone string, pool *Pool) (*Signed, error) {
	policy := v.policy()
	if policy == nil {
		return nil, ErrPolicy
	}
	s, envelope, err := readSheet(raw)
	if err != nil {
		return nil, err
	}
	sheet := &s.Sheet
	if err := policy.checkTimes(sheet, v.now()); err != nil {
		return nil, err
	}
	if s.Region, err = policy.regionOf(sheet.Area, zone); err != nil {
		return nil, err
	}
	key, err := policy.checkPass(&sheet.Pass)
	if err != nil {
		return nil, err
	}
	if err := policy.checkSlots(sheet); err != nil {
		return nil, err
	}
	if pool != nil {
		if err := pool.knows(s); err != nil {
			return nil, err
		}
	}
	if err := v.checkSignatures(s, envelope, key); err != nil {
		return nil, err
	}
	return s, nil
}

// checkSignatures is the expensive part: 0.04 ms for the sheet, 0.12 ms for a pass that was not seen before.
func (v *Validator) checkSignatures(s *Signed, envelope *wire.Envelope, key IssuerKey) error {
	pass := &s.Sheet.Pass
	if envelope.Verify(SheetType, pass.Public()) != nil {
		return ErrSignature
	}
	return v.verifyPass(pass, key)
}

func (v *Validator) verifyPass(pass *Pass, key IssuerKey) error {
	fingerprint := pass.fingerprint()
	if v.passes.has(pass.P, fingerprint) {
		return nil
	}
	if err := pass.Verify(key); err != nil {
		return err
	}
	v.passes.put(pass.P, fingerprint)
	return nil
}

// CheckPass checks a pass without a sheet, for admission: known issuer key, epoch, good now within the tolerated skew, signature.
// Whoever shows it must still prove to hold P.
func (v *Validator) CheckPass(p Pass) error {
	policy := v.policy()
	if policy == nil {
		return ErrPolicy
	}
	if len(p.Signature) != passSignatureBytes {
		return fmt.Errorf("%w: pass signature of %d bytes", ErrForm, len(p.Signature))
	}
	from, to := policy.Rules.EpochSpan(p.Epoch)
	now := v.now()
	if now.Before(from.Add(-policy.Rules.MaxSkew)) {
		return fmt.Errorf("pass is good from %s: %w", from.Format(time.RFC3339), ErrEarly)
	}
	if !now.Before(to.Add(policy.Rules.MaxSkew)) {
		return fmt.Errorf("pass was good until %s: %w", to.Format(time.RFC3339), ErrExpired)
	}
	key, err := policy.checkPass(&p)
	if err != nil {
		return err
	}
	return v.verifyPass(&p, key)
}

// checkTimes compares the times of a sheet with now, the rules and the epoch of its pass.
func (p *Policy) checkTimes(s *Sheet, now time.Time) error {
	issued, expires := s.IssuedAt(), s.ExpiresAt()
	switch epoch := p.Rules.EpochAt(issued); {
	case issued.After(now.Add(p.Rules.MaxSkew)):
		return fmt.Errorf("issued %s: %w", issued.Format(time.RFC3339), ErrEarly)
	case !now.Before(expires):
		return fmt.Errorf("at %s: %w", expires.Format(time.RFC3339), ErrExpired)
	case s.Pass.Epoch != epoch && s.Pass.Epoch+1 != epoch:
		return fmt.Errorf("pass of epoch %d, issued in epoch %d: %w", s.Pass.Epoch, epoch, ErrEpoch)
	case expires.After(p.Rules.LatestExpiry(issued, s.Pass.Epoch)):
		return fmt.Errorf("issued %s, expires %s: %w", issued.Format(time.RFC3339), expires.Format(time.RFC3339), ErrLife)
	}
	return nil
}

// regionOf finds the region of an area and whether it belongs to the topic of zone.
func (p *Policy) regionOf(area, zone string) (string, error) {
	region, ok := p.Map.RegionOfArea(area)
	if !ok {
		return "", fmt.Errorf("area %q: %w", area, ErrArea)
	}
	if zone != "" && p.Map.Zone(region) != zone {
		return "", fmt.Errorf("area %q on the topic of zone %s: %w", area, zone, ErrZone)
	}
	return region, nil
}

func (v *Validator) count(err error) {
	name := "ok"
	var refusal *Refusal
	if errors.As(err, &refusal) {
		name = refusal.name
	}
	v.mu.Lock()
	v.counts[name]++
	v.mu.Unlock()
}

// Counts says how many sheets were checked with which result: the Name of the refusal, or "ok".
func (v *Validator) Counts() map[string]uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	counts := make(map[string]uint64, len(v.counts))
	for name, n := range v.counts {
		counts[name] = n
	}
	return counts
}
