package gossip

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pieks/gossip/place"
)

// town fills a pool with practices in random areas of some regions, each with a sheet of random slots.
func town(regions []string, practices, slots int, seed uint64) *Pool {
	m := network().policy.Map
	r := rand.New(rand.NewPCG(seed, 1))
	var areas []string
	for _, region := range regions {
		areas = append(areas, m.Areas(region)...)
	}
	pool := NewPool(at(noon))
	for i := range practices {
		s := &Signed{Sheet: Sheet{Area: areas[r.IntN(len(areas))], Seq: 1, Expires: uint64(noon.Add(time.Duration(r.IntN(12))*time.Hour).Unix()) + 1}}
		s.Region, _ = m.RegionOfArea(s.Sheet.Area)
		s.Sheet.Pass.P = sha256.Sum256(binary.BigEndian.AppendUint32(nil, uint32(i)))
		for range slots {
			slot := Slot{Day: DayOf(noon) + uint32(r.IntN(30)), Part: Part(r.IntN(4)), Vaccine: "comirnaty", Dose: uint8(r.IntN(3))}
			binary.BigEndian.PutUint64(slot.ID[:], r.Uint64())
			if r.IntN(3) == 0 {
				slot.Vaccine, slot.Dose = "influenza", 1
			}
			s.Sheet.Slots = append(s.Sheet.Slots, slot)
		}
		pool.Add(s)
	}
	return pool
}

var cologne = []string{"506", "507", "508", "509", "511", "513", "531"}

// searchAll is the search by its definition, over every token there is.
func searchAll(m *place.Map, v *View, q Query) []Hit {
	km := map[string]float64{}
	order := map[string]int{}
	for i, near := range m.Nearest(q.From, q.RadiusKM) {
		km[near.Area], order[near.Area] = near.KM, i
	}
	var hits []Hit
	for _, s := range v.all() {
		distance, near := km[s.Sheet.Area]
		if !near || !q.Now.Before(s.Sheet.ExpiresAt()) {
			continue
		}
		for _, slot := range s.Sheet.Slots {
			if q.Vaccine != "" && slot.Vaccine != q.Vaccine || q.Dose != 0 && slot.Dose != 0 && slot.Dose != q.Dose || slot.Day < q.FirstDay ||
				q.LastDay != 0 && slot.Day > q.LastDay || len(q.Parts) > 0 && !slices.Contains(q.Parts, slot.Part) || slot.Day < DayOf(q.Now) {
				continue
			}
			hits = append(hits, Hit{TokenOf(s.Sheet.Pass.P, slot.ID), slot, s, s.Sheet.Area, distance})
		}
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(order[a.Area], order[b.Area]), cmp.Compare(a.Slot.Day, b.Slot.Day),
			cmp.Compare(a.Slot.Part, b.Slot.Part), slices.Compare(a.Token[:], b.Token[:]))
	})
	if q.Max > 0 && len(hits) > q.Max {
		hits = hits[:q.Max]
	}
	return hits
}

func TestSearchFindsWhatIsThere(t *testing.T) {
	m := network().policy.Map
	pool := town(cologne, 60, 20, 1)
	today := DayOf(noon)
	for name, q := range map[string]Query{
		"all":             {From: "50667", RadiusKM: 30},
		"own area":        {From: "50667"},
		"a vaccine":       {From: "50670", RadiusKM: 20, Vaccine: "influenza"},
		"second dose":     {From: "50670", RadiusKM: 20, Vaccine: "comirnaty", Dose: 2},
		"a week":          {From: "50670", RadiusKM: 20, FirstDay: today + 7, LastDay: today + 13},
		"evenings":        {From: "50670", RadiusKM: 20, Parts: []Part{Evening}},
		"two parts":       {From: "50670", RadiusKM: 20, Parts: []Part{Morning, Afternoon}, Dose: 1},
		"first ten":       {From: "50670", RadiusKM: 20, Max: 10},
		"later":           {From: "50670", RadiusKM: 20, Now: noon.Add(6 * time.Hour)},
		"at an expiry":    {From: "50670", RadiusKM: 20, Now: noon.Add(6*time.Hour + time.Second)},
		"in a fortnight":  {From: "50670", RadiusKM: 20, Now: noon.Add(14 * 24 * time.Hour)},
		"unknown vaccine": {From: "50670", RadiusKM: 20, Vaccine: "sputnik"},
		"far away":        {From: "80331", RadiusKM: 20},
		"no such place":   {From: "99999", RadiusKM: 20},
		"no place":        {RadiusKM: 20},
		"a foreign part":  {From: "50667", RadiusKM: 20, Parts: []Part{7}},
	} {
		if q.Now.IsZero() {
			q.Now = noon
		}
		got, want := Search(m, pool.View(), q), searchAll(m, pool.View(), q)
		if len(got) != len(want) || len(got) > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %d hits, want %d", name, len(got), len(want))
		}
		for i, hit := range got {
			if i > 0 && hit.DistanceKM < got[i-1].DistanceKM {
				t.Errorf("%s: hit %d is nearer than the one before", name, i)
			}
		}
	}
	if hits := Search(m, pool.View(), Query{From: "50667", RadiusKM: 30, Now: noon}); len(hits) < 500 {
		t.Errorf("only %d hits: the test proves little", len(hits))
	}
	if hits := Search(m, nil, Query{From: "50667", RadiusKM: 30, Now: noon}); len(hits) != 0 {
		t.Error("hits in nothing")
	}
}

// A search runs over the pool as it was, and the next one sees what changed.
func TestSearchSeesChanges(t *testing.T) {
	m := network().policy.Map
	pool := town(cologne, 10, 5, 2)
	q := Query{From: "50667", RadiusKM: 50, Now: noon}
	before := len(Search(m, pool.View(), q))
	s := *pool.View().all()[0]
	s.Sheet.Seq, s.Sheet.Slots = 2, nil
	if _, err := pool.Add(&s); err != nil {
		t.Fatal(err)
	}
	if after := len(Search(m, pool.View(), q)); after != before-5 {
		t.Errorf("%d hits before, %d after 5 slots were taken", before, after)
	}
}

func BenchmarkSearch(b *testing.B) {
	m := network().policy.Map
	germany := m.Regions()
	for name, regions := range map[string][]string{"cologne": cologne, "germany": germany} {
		view := town(regions, 250, 40, 3).View()
		for what, q := range map[string]Query{
			"all":     {From: "50667", RadiusKM: 20, Now: noon},
			"vaccine": {From: "50667", RadiusKM: 20, Vaccine: "comirnaty", Dose: 1, Now: noon},
		} {
			b.Run(fmt.Sprintf("%s/%s", name, what), func(b *testing.B) {
				b.ReportAllocs()
				hits := len(Search(m, view, q))
				for b.Loop() {
					Search(m, view, q)
				}
				b.ReportMetric(float64(hits), "hits")
			})
		}
	}
	b.Run("first-after-change", func(b *testing.B) {
		pool := town(cologne, 250, 40, 3)
		all := pool.View().all()
		for b.Loop() {
			fresh := NewPool(at(noon))
			for _, s := range all {
				fresh.Add(s)
			}
			Search(m, fresh.View(), Query{From: "50667", RadiusKM: 20, Now: noon})
		}
	})
}
