package network

import "testing"

// BenchmarkVerify is what a start costs: file, signatures, map and policy.
func BenchmarkVerify(b *testing.B) {
	signed := fixtureOf(b).Signed
	for b.Loop() {
		if _, err := Verify(signed); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStranger is what a forged file costs that a stranger publishes.
func BenchmarkStranger(b *testing.B) {
	c := currentOf(b, nil, fixtureOf(b).Signed)
	forged := foreign(b, 2)
	for b.Loop() {
		if c.signedHere(forged) {
			b.Fatal("taken for ours")
		}
	}
}
