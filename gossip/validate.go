package gossip

import "time"

// Validator checks sheets as gossip.Check describes. It is safe for concurrent use.
type Validator struct {
	policy func() *Policy
	now    func() time.Time
}

// NewValidator checks against the policy that policy returns at the time, nil while there is none. now is nil for time.Now.
func NewValidator(policy func() *Policy, now func() time.Time) *Validator {
	return &Validator{policy: policy, now: now}
}

// Against makes Check refuse early what pool already has or has newer (ErrKnown, ErrOld), before any signature is checked.
// Call it before the validator is used.
func (v *Validator) Against(pool *Pool) *Validator { return v }

// Check reads and checks a sheet that arrived on the pool topic of zone ("" for any, as in a pool sync).
// The error wraps one Refusal.
func (v *Validator) Check(raw []byte, zone string) (*Signed, error) { return nil, ErrPolicy }

// CheckPass checks a pass as such: known issuer key, epoch, signature, and that it is good now. For admission.
func (v *Validator) CheckPass(p Pass) error { return ErrPolicy }

// Counts says how many checks ended how, by the name of the refusal, and "ok".
func (v *Validator) Counts() map[string]uint64 { return nil }
