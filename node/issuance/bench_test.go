package issuance

import (
	"testing"

	"pieks/gossip"
	"pieks/node/host/hosttest"
)

// BenchmarkSign is the issuer's work for one batch, without the stream.
func BenchmarkSign(b *testing.B) {
	blinded := make([][]byte, Batch)
	policy := policyOf(hosttest.New(b, issuerIdentity, hosttest.Loopback).ID(), issuerKey())
	for i := range blinded {
		r, err := policy.BlindPass(onlyKey(policy), [32]byte{byte(i)}, [32]byte{}, wants(1)[0].Epoch)
		if err != nil {
			b.Fatal(err)
		}
		blinded[i] = r.Blinded()
	}
	for b.Loop() {
		for _, e := range blinded {
			if _, err := gossip.BlindSign(issuerKey(), e); err != nil {
				b.Fatal(err)
			}
		}
	}
}
