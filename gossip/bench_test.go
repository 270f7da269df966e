package gossip

import (
	"fmt"
	"testing"

	"pieks/gossip/wire"
)

func BenchmarkCheckCold(b *testing.B) {
	for _, slots := range []int{0, 40, 200} {
		b.Run(fmt.Sprint(slots), func(b *testing.B) {
			n := network()
			p := n.good(1)
			raw := p.sign(b, p.sheet(slots)).Raw
			b.ReportMetric(float64(len(raw)), "bytes")
			v := n.validator(noon)
			for b.Loop() {
				v.passes = passCache{}
				if _, err := v.Check(raw, ""); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(raw)), "bytes")
		})
	}
}

func BenchmarkCheckCached(b *testing.B) {
	for _, slots := range []int{0, 40, 200} {
		b.Run(fmt.Sprint(slots), func(b *testing.B) {
			n := network()
			p := n.good(1)
			raw := p.sign(b, p.sheet(slots)).Raw
			v := n.validator(noon)
			for b.Loop() {
				if _, err := v.Check(raw, ""); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(raw)), "bytes")
		})
	}
}

func BenchmarkReadSheet(b *testing.B) {
	for _, slots := range []int{0, 40, 200} {
		p := network().good(1)
		raw := p.sign(b, p.sheet(slots)).Raw
		b.Run(fmt.Sprintf("envelope-%d", slots), func(b *testing.B) {
			for b.Loop() {
				wire.ParseSigned(raw)
			}
		})
		b.Run(fmt.Sprintf("all-%d", slots), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				readSheet(raw)
			}
		})
	}
}
