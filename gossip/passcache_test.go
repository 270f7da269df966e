package gossip

import (
	"errors"
	"testing"
	"time"
)

func TestCheckPass(t *testing.T) {
	n := network()
	rules := n.policy.Rules
	p := n.good(1)
	from, to := rules.EpochSpan(p.pass.Epoch)
	for name, c := range map[string]struct {
		pass Pass
		now  time.Time
		want error
	}{
		"good":              {p.pass, noon, nil},
		"at its start":      {p.pass, from, nil},
		"early by the skew": {p.pass, from.Add(-rules.MaxSkew), nil},
		"too early":         {p.pass, from.Add(-rules.MaxSkew - time.Second), ErrEarly},
		"late by the skew":  {p.pass, to.Add(rules.MaxSkew - time.Second), nil},
		"too late":          {p.pass, to.Add(rules.MaxSkew), ErrExpired},
		"epoch 2^64-1":      {newPractice(n.a, n.keyA.ID, 1, 1<<64-1).pass, noon, ErrEarly},
		"unknown key":       {newPractice(n.a, KeyID{1}, 1, p.pass.Epoch).pass, noon, ErrIssuer},
		"last week's key":   {newPractice(n.b, n.keyB.ID, 1, p.pass.Epoch).pass, noon, ErrEpoch},
		"wrong key":         {newPractice(n.b, n.keyA.ID, 1, p.pass.Epoch).pass, noon, ErrPass},
		"no signature":      {Pass{P: p.pass.P, Epoch: p.pass.Epoch, Issuer: p.pass.Issuer}, noon, ErrForm},
	} {
		if err := n.validator(c.now).CheckPass(c.pass); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if err := NewValidator(func() *Policy { return nil }, nil).CheckPass(p.pass); !errors.Is(err, ErrPolicy) {
		t.Errorf("no policy: %v", err)
	}
}

// A cached pass stands for its own bytes only.
func TestPassCache(t *testing.T) {
	n := network()
	v := n.validator(noon)
	p := n.good(1)
	if err := v.CheckPass(p.pass); err != nil {
		t.Fatal(err)
	}
	foreign := n.keyA // the right id over another key: only a remembered pass is good under it
	foreign.Key = n.keyB.Key
	policy := &Policy{Map: n.policy.Map, Keys: map[KeyID]IssuerKey{n.keyA.ID: foreign}, Rules: n.policy.Rules}
	forgetful := NewValidator(func() *Policy { return policy }, at(noon))
	if err := forgetful.CheckPass(p.pass); !errors.Is(err, ErrPass) {
		t.Errorf("under another key: %v", err)
	}
	v.policy = func() *Policy { return policy }
	if err := v.CheckPass(p.pass); err != nil {
		t.Errorf("a pass that was verified before is verified again: %v", err)
	}
	v.policy = func() *Policy { return n.policy }
	bad := p.pass
	bad.H[5] ^= 1
	if err := v.CheckPass(bad); !errors.Is(err, ErrPass) {
		t.Errorf("another H under a cached P: %v", err)
	}
	if err := v.CheckPass(p.pass); err != nil || v.passes.len() != 1 {
		t.Errorf("a refused pass took the place of the good one: %v", err)
	}
	for i := range 5*passCacheGeneration + 1 {
		v.passes.put([32]byte{byte(i), byte(i >> 8), byte(i >> 16)}, [32]byte{1})
		if i%passCacheGeneration == 0 && !v.passes.has(p.pass.P, p.pass.fingerprint()) {
			t.Fatal("a pass that is in use was forgotten")
		}
		if v.passes.has(p.pass.P, bad.fingerprint()) {
			t.Fatal("another pass under a cached P, after many others")
		}
	}
	if got := v.passes.len(); got > 2*passCacheGeneration {
		t.Errorf("%d passes are remembered", got)
	}
	for i := range 3 * passCacheGeneration {
		v.passes.put([32]byte{1, byte(i), byte(i >> 8), byte(i >> 16)}, [32]byte{1})
	}
	if v.passes.has(p.pass.P, p.pass.fingerprint()) {
		t.Error("a pass that nobody uses is kept for ever")
	}
	if err := v.CheckPass(p.pass); err != nil {
		t.Error(err)
	}
}
