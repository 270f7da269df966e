package directory

import (
	"fmt"
	"testing"

	"pieks/card"
	"pieks/gossip/place"
	"pieks/node/control"
	"pieks/node/host/hosttest"
)

// What a change of card roots costs for each listing.
func BenchmarkVerify(b *testing.B) {
	w := newWorld(b)
	d := w.desk(1, detail{})
	l, roots, now := d.listing(1, w.clock.Now()), w.roots(), w.clock.Now()
	b.Logf("listing %d bytes, card %d bytes", len(l.signed), len(l.card))
	for b.Loop() {
		if _, err := l.verify(roots, now); err != nil {
			b.Fatal(err)
		}
	}
}

// A search of a full directory by text, and around a place.
func BenchmarkSearch(b *testing.B) {
	all := place.All()
	var entries []Entry
	for i := range maxListings {
		at := all[i*7%len(all)]
		name := fmt.Sprintf("Praxis Dr. Mustermann-Müller %d", i)
		entries = append(entries, anEntry(name, "Hausarzt", "Hauptstraße 5", string(at.PLZ), at.Name, fmt.Sprint("1-", i), card.ProfessionPractice))
	}
	b.Run("text", func(b *testing.B) {
		for b.Loop() {
			choose(entries, control.InstitutionQuery{Text: "müller koeln"})
		}
	})
	b.Run("radius", func(b *testing.B) {
		for b.Loop() {
			choose(entries, control.InstitutionQuery{PLZ: "50667", RadiusKM: 20})
		}
	})
}

// A first sync of a directory of some hundred listings, each with its own card.
func BenchmarkFirstSync(b *testing.B) {
	w := newWorld(b)
	r := w.relay(101)
	const many = 200
	for i := range many {
		key := hosttest.Key(byte(i))
		d := &desk{key: key, enrolment: w.enrol(key, w.ca, detail{tid: fmt.Sprint("1-", i)})}
		if err := r.shelf.takeNow(b.Context(), d.listing(1, w.clock.Now())); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if c := w.copy(b.TempDir()); !c.sync(r) || len(c.All()) != many {
			b.Fatal(len(c.All()))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N)/many, "ms/listing")
}
