package gossip

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"

	"pieks/gossip/place"
)

// What depends on clock, bundle or rules: refused, but nobody is punished for forwarding it.
func TestCheckRefusals(t *testing.T) {
	n := network()
	rules := n.policy.Rules
	epoch := rules.EpochAt(noon)
	p := n.good(1)
	today := DayOf(noon)
	latest := func(s *Sheet) uint64 { return uint64(rules.LatestExpiry(s.IssuedAt(), s.Pass.Epoch).Unix()) }
	for name, c := range map[string]struct {
		by     practice
		change func(*Sheet)
		zone   string
		want   error
	}{
		"valid, any zone":   {p, func(*Sheet) {}, "", nil},
		"valid, its zone":   {p, func(*Sheet) {}, "50", nil},
		"no slots":          {p, func(s *Sheet) { s.Slots = nil }, "50", nil},
		"no relays":         {p, func(s *Sheet) { s.Relays = nil }, "50", nil},
		"another zone":      {p, func(*Sheet) {}, "51", ErrZone},
		"zone of no region": {p, func(*Sheet) {}, "5", ErrZone},

		"issued as early as the skew allows": {p, func(s *Sheet) { s.Issued = uint64(noon.Add(rules.MaxSkew).Unix()) }, "", nil},
		"issued a second earlier":            {p, func(s *Sheet) { s.Issued = uint64(noon.Add(rules.MaxSkew).Unix()) + 1 }, "", ErrEarly},
		"issued in two hours":                {p, func(s *Sheet) { s.Issued = uint64(noon.Add(2 * time.Hour).Unix()) }, "", ErrEarly},
		"expires in a second":                {p, func(s *Sheet) { s.Expires = uint64(noon.Unix()) + 1 }, "", nil},
		"expires now":                        {p, func(s *Sheet) { s.Expires = uint64(noon.Unix()) }, "", ErrExpired},
		"expired for long":                   {p, func(s *Sheet) { s.Issued -= 7200; s.Expires = s.Issued + 60 }, "", ErrExpired},
		"lives as long as allowed":           {p, func(s *Sheet) { s.Expires = latest(s) }, "", nil},
		"lives a second longer":              {p, func(s *Sheet) { s.Expires = latest(s) + 1 }, "", ErrLife},
		"lives 25 hours":                     {p, func(s *Sheet) { s.Expires = s.Issued + 25*3600 }, "", ErrLife},

		"pass of this epoch":          {p, func(*Sheet) {}, "", nil},
		"pass of the epoch before":    {newPractice(n.a, n.keyA.ID, 1, epoch-1), func(*Sheet) {}, "", nil},
		"pass of two epochs before":   {newPractice(n.b, n.keyB.ID, 1, epoch-2), func(s *Sheet) { s.Expires = s.Issued + 3600 }, "", ErrEpoch},
		"pass of the next epoch":      {newPractice(n.a, n.keyA.ID, 1, epoch+1), func(*Sheet) {}, "", ErrEpoch},
		"pass of epoch 2^64-1":        {newPractice(n.a, n.keyA.ID, 1, 1<<64-1), func(*Sheet) {}, "", ErrEpoch},
		"outlives the pass":           {newPractice(n.a, n.keyA.ID, 1, epoch-1), func(s *Sheet) { s.Expires = latest(s) + 600 }, "", ErrLife},
		"this week under last's key":  {newPractice(n.b, n.keyB.ID, 1, epoch), func(*Sheet) {}, "", ErrEpoch},
		"issuer key nobody knows":     {newPractice(n.a, KeyID{9}, 1, epoch), func(*Sheet) {}, "", ErrIssuer},
		"pass signed by another key":  {newPractice(n.b, n.keyA.ID, 1, epoch), func(*Sheet) {}, "", ErrPass},
		"pass of another pseudonym":   {p, func(s *Sheet) { s.Pass.Signature = n.good(2).pass.Signature }, "", ErrPass},
		"pass with another prefix":    {p, func(s *Sheet) { s.Pass.Prefix[0] ^= 1 }, "", ErrPass},
		"pass with another H":         {p, func(s *Sheet) { s.Pass.H[0] ^= 1 }, "", ErrPass},
		"pass moved to another epoch": {p, func(s *Sheet) { s.Pass.Epoch--; s.Expires = s.Issued + 3600 }, "", ErrPass},
		"area that does not exist":    {p, func(s *Sheet) { s.Area = "99999" }, "", ErrArea},
		"area of four digits":         {p, func(s *Sheet) { s.Area = "5066" }, "", ErrArea},
		"area in other digits":        {p, func(s *Sheet) { s.Area = "٥٠٦" }, "", ErrArea},
		"area of zeros":               {p, func(s *Sheet) { s.Area = "00000" }, "", ErrArea},
		"area with a space":           {p, func(s *Sheet) { s.Area = "50667 " }, "", ErrArea},
		"vaccine nobody knows":        {p, func(s *Sheet) { s.Slots[0].Vaccine = "sputnik" }, "", ErrVaccine},
		"vaccine in capitals":         {p, func(s *Sheet) { s.Slots[0].Vaccine = "Comirnaty" }, "", ErrVaccine},
		"any dose":                    {p, func(s *Sheet) { s.Slots[0].Dose = 0 }, "", nil},
		"third dose of two":           {p, func(s *Sheet) { s.Slots[0].Dose = 3 }, "", ErrVaccine},
		"second dose of one":          {p, func(s *Sheet) { s.Slots[0].Vaccine, s.Slots[0].Dose = "influenza", 2 }, "", ErrVaccine},
		"today":                       {p, func(s *Sheet) { s.Slots[0].Day = today }, "", nil},
		"yesterday":                   {p, func(s *Sheet) { s.Slots[0].Day = today - 1 }, "", ErrDay},
		"the last day":                {p, func(s *Sheet) { s.Slots[0].Day = today + rules.DaysAhead }, "", nil},
		"the day after":               {p, func(s *Sheet) { s.Slots[0].Day = today + rules.DaysAhead + 1 }, "", ErrDay},
		"31 February as digits":       {p, func(s *Sheet) { s.Slots[0].Day = 20270231 }, "", ErrDay},
		"day 2^32-1":                  {p, func(s *Sheet) { s.Slots[0].Day = 1<<32 - 1 }, "", ErrDay},
		"day 0":                       {p, func(s *Sheet) { s.Slots[0].Day = 0 }, "", ErrDay},
	} {
		s := c.by.sheet(3)
		c.change(&s)
		signed, err := n.validator(noon).Check(c.by.sign(t, s).Raw, c.zone)
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
			continue
		}
		if (signed == nil) != (err != nil) {
			t.Errorf("%s: a sheet and an error", name)
		}
		want := pubsub.ValidationAccept
		if c.want == ErrPass {
			want = pubsub.ValidationReject
		} else if c.want != nil {
			want = pubsub.ValidationIgnore
		}
		if got := VerdictOf(err); got != want {
			t.Errorf("%s: verdict %v", name, got)
		}
		if err == nil && signed.Region != "506" {
			t.Errorf("%s: region %q", name, signed.Region)
		}
	}
}

// The verdict of each refusal is part of the protocol: a changed one can cut honest nodes off.
func TestVerdicts(t *testing.T) {
	rejects := map[*Refusal]bool{ErrSize: true, ErrForm: true, ErrTimes: true, ErrSignature: true, ErrPass: true}
	names := map[string]bool{}
	for _, r := range []*Refusal{ErrSize, ErrForm, ErrTimes, ErrSignature, ErrPass, ErrVersion, ErrEarly, ErrExpired, ErrLife,
		ErrEpoch, ErrArea, ErrZone, ErrDay, ErrVaccine, ErrIssuer, ErrKnown, ErrOld, ErrEquivocation, ErrFull, ErrPolicy} {
		want := pubsub.ValidationIgnore
		if rejects[r] {
			want = pubsub.ValidationReject
		}
		if got := VerdictOf(fmt.Errorf("check: %w", r)); got != want {
			t.Errorf("%s: %v", r.Name(), got)
		}
		if names[r.Name()] || r.Name() == "ok" {
			t.Errorf("two refusals are called %s", r.Name())
		}
		names[r.Name()] = true
	}
	if VerdictOf(nil) != pubsub.ValidationAccept || VerdictOf(errors.New("disk")) != pubsub.ValidationIgnore {
		t.Error("nil is accepted and what is no refusal is ignored")
	}
}

// Case 7: an issuer key that a node has not heard of yet, and one that a later bundle takes out.
func TestIssuerKeysComeAndGo(t *testing.T) {
	n := network()
	raw := n.good(1).sign(t, n.good(1).sheet(2)).Raw
	without, err := NewPolicy(n.policy.Map, []IssuerKey{n.keyB}, vaccineList(n), n.policy.Rules)
	if err != nil {
		t.Fatal(err)
	}
	var policy *Policy
	v := NewValidator(func() *Policy { return policy }, at(noon))
	for i, step := range []struct {
		policy *Policy
		want   error
	}{{nil, ErrPolicy}, {without, ErrIssuer}, {n.policy, nil}, {without, ErrIssuer}, {n.policy, nil}} {
		policy = step.policy
		if _, err := v.Check(raw, "50"); !errors.Is(err, step.want) {
			t.Errorf("step %d: %v, want %v", i, err, step.want)
		}
	}
	if got := v.Counts(); got["ok"] != 2 || got["issuer"] != 2 || got["policy"] != 1 {
		t.Errorf("counts %v", got)
	}
}

func vaccineList(n *testNetwork) []Vaccine {
	var list []Vaccine
	for _, v := range n.policy.Vaccines {
		list = append(list, v)
	}
	return list
}

// Case 8 and 9: the same sheet a thousand times is one sheet, and an older one costs no signature check.
func TestReplays(t *testing.T) {
	n := network()
	p := n.good(1)
	pool := NewPool(at(noon))
	v := n.validator(noon).Against(pool)
	changes := 0
	pool.OnChange(func(*Signed) { changes++ })

	first := p.sheet(3)
	old := p.sign(t, first)
	first.Seq = 2
	newer := p.sign(t, first)
	for i := range 1000 {
		s, err := v.Check(newer.Raw, "50")
		if i == 0 {
			if err != nil {
				t.Fatal(err)
			}
			if added, err := pool.Add(s); !added || err != nil {
				t.Fatal(added, err)
			}
			continue
		}
		if !errors.Is(err, ErrKnown) {
			t.Fatalf("replay %d: %v", i, err)
		}
	}
	if _, err := v.Check(old.Raw, "50"); !errors.Is(err, ErrOld) {
		t.Errorf("older sheet: %v", err)
	}
	if changes != 1 || pool.Len() != 1 {
		t.Errorf("%d changes, %d sheets", changes, pool.Len())
	}
}

// Case 8: what P signed twice with one number counts as equivocation, what a stranger made up does not.
func TestEquivocation(t *testing.T) {
	n := network()
	p := n.good(1)
	s := p.sheet(3)
	a := p.sign(t, s)
	s.Slots = s.Slots[1:]
	b := p.sign(t, s)
	small, large := a, b
	if string(a.Hash[:]) > string(b.Hash[:]) {
		small, large = b, a
	}
	for _, order := range [][]*Signed{{small, large}, {large, small}} {
		pool := NewPool(at(noon))
		v := n.validator(noon).Against(pool)
		for i, signed := range order {
			checked, err := v.Check(signed.Raw, "50")
			if err != nil {
				t.Fatal(err)
			}
			added, err := pool.Add(checked)
			if wantAdded := i == 0 || signed == small; added != wantAdded {
				t.Fatalf("sheet %d: added %v, %v", i, added, err)
			} else if !added && !errors.Is(err, ErrEquivocation) {
				t.Fatal(err)
			}
		}
		if kept, _ := pool.Lookup(p.pass.P); kept.Hash != small.Hash || pool.Equivocations() != 1 {
			t.Errorf("kept %x, %d equivocations", kept.Hash, pool.Equivocations())
		}
	}

	pool := NewPool(at(noon))
	v := n.validator(noon).Against(pool)
	if _, err := pool.Add(must(v.Check(a.Raw, ""))); err != nil {
		t.Fatal(err)
	}
	s.Relays = s.Relays[:1]
	if _, err := v.Check(forge(t, sorted(s), n.good(2).key), ""); !errors.Is(err, ErrSignature) || pool.Equivocations() != 0 {
		t.Errorf("made up: %v, %d equivocations", err, pool.Equivocations())
	}
}

// The day counts from the issue, in German time of winter and summer, and does not change while the sheet lives.
func TestDaysAroundMidnight(t *testing.T) {
	n := network()
	for name, c := range map[string]struct {
		issued      time.Time
		first, last string
	}{
		"winter, before midnight":     {time.Date(2026, 12, 1, 21, 59, 59, 0, time.UTC), "2026-12-01", "2027-03-01"},
		"winter, after midnight":      {time.Date(2026, 12, 1, 23, 0, 0, 0, time.UTC), "2026-12-02", "2027-03-02"},
		"clocks go forward, 28 March": {time.Date(2027, 3, 28, 1, 30, 0, 0, time.UTC), "2027-03-28", "2027-06-26"},
		"clocks go back, 25 October":  {time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC), "2026-10-25", "2027-01-23"},
		"summer, local day has begun": {time.Date(2026, 7, 1, 22, 30, 0, 0, time.UTC), "2026-07-01", "2026-09-30"},
		"leap day":                    {time.Date(2028, 2, 29, 12, 0, 0, 0, time.UTC), "2028-02-29", "2028-05-29"},
	} {
		first, last := dayRange(c.issued, n.policy.Rules.DaysAhead)
		if got := DateOf(first).Format(time.DateOnly); got != c.first {
			t.Errorf("%s: first day %s, want %s", name, got, c.first)
		}
		if got := DateOf(last).Format(time.DateOnly); got != c.last {
			t.Errorf("%s: last day %s, want %s", name, got, c.last)
		}
	}
	p := n.good(1)
	s := p.sheet(1)
	raw := p.sign(t, s).Raw
	nextDay := s.ExpiresAt().Add(-time.Second)
	if DayOf(nextDay) != s.Slots[0].Day+1 {
		t.Fatal("the sheet should outlive its slot's day")
	}
	if _, err := n.validator(nextDay).Check(raw, ""); err != nil {
		t.Errorf("a node that comes after midnight ends with another pool: %v", err)
	}
}

func TestMergedRegions(t *testing.T) {
	n := network()
	counts := map[place.PLZ]int{}
	for _, p := range place.All() {
		counts[p.PLZ] = 1
	}
	data, err := place.BuildMapData(counts, 30)
	if err != nil {
		t.Fatal(err)
	}
	m, err := place.NewMap(data)
	if err != nil {
		t.Fatal(err)
	}
	policy, err := NewPolicy(m, []IssuerKey{n.keyA}, vaccineList(n), n.policy.Rules)
	if err != nil {
		t.Fatal(err)
	}
	p := n.good(1)
	s := p.sheet(1)
	s.Area = m.Area("50667")
	region := m.Region("50667")
	v := NewValidator(func() *Policy { return policy }, at(noon))
	signed, err := v.Check(p.sign(t, s).Raw, m.Zone(region))
	if err != nil || signed.Region != region {
		t.Fatalf("area %s: %v", s.Area, err)
	}
	s.Area = "50667" // finer than this map shows
	if _, err := v.Check(p.sign(t, s).Raw, ""); !errors.Is(err, ErrArea) {
		t.Errorf("too fine an area: %v", err)
	}
}

func TestValidatorTogether(t *testing.T) {
	n := network()
	pool := NewPool(at(noon))
	v := n.validator(noon).Against(pool)
	var sheets [][]byte
	for i := range uint64(8) {
		p := n.good(i)
		sheets = append(sheets, p.sign(t, p.sheet(5)).Raw)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for _, raw := range sheets {
				if s, err := v.Check(raw, "50"); err == nil {
					pool.Add(s)
				}
				pool.View().Digest("506", noon)
				v.Counts()
			}
		})
	}
	group.Wait()
	if pool.Len() != len(sheets) {
		t.Errorf("%d sheets", pool.Len())
	}
}
