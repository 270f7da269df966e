package gossip

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"pgregory.net/rapid"
)

var claimRules = DefaultRules()

// atCycle is an instant in the middle of a cycle, counted from an arbitrary one.
func atCycle(n int) time.Time {
	return claimRules.TickOf(claimRules.CycleAt(noon) + uint64(n)).Add(claimRules.Cycle / 2)
}

func newClaims() *Claims {
	return NewClaims(ClaimsConfig{Policy: func() *Policy { return network().policy }})
}

func subnet(text string) Subnet { return subnetOfIP(netip.MustParseAddr(text), false) }

// TestClaimChanges is the rule table of design.md 7 and crypto.md 4.5 with cases 31 to 33. A step asks at a cycle, and
// says from which cycle on the answer holds and what is shown in some cycles after it.
func TestClaimChanges(t *testing.T) {
	type step struct {
		at        int
		home      string
		effective int
		shown     map[int]string // by cycle, before the next step
	}
	for name, steps := range map[string][]step{
		"first claim holds at once": {
			{at: 0, home: "506", effective: 0, shown: map[int]string{0: "506", 500: "506"}},
		},
		"a change holds from the next cycle": {
			{at: 0, home: "506", effective: 0},
			{at: 5, home: "507", effective: 6, shown: map[int]string{5: "506", 6: "507"}},
		},
		"each further change waits twice as long, counted from the last one": {
			{at: 0, home: "506"},
			{at: 1, home: "507", effective: 2, shown: map[int]string{1: "506", 2: "507"}},
			{at: 2, home: "508", effective: 4, shown: map[int]string{3: "507", 4: "508"}},
			{at: 4, home: "509", effective: 8, shown: map[int]string{7: "508", 8: "509"}},
			{at: 8, home: "506", effective: 16},
			{at: 16, home: "507", effective: 32},
			{at: 32, home: "508", effective: 64},
			{at: 64, home: "509", effective: 128},
			{at: 128, home: "506", effective: 192, shown: map[int]string{191: "509", 192: "506"}}, // never longer than 64
		},
		"a long quiet makes the next change quick, not free": {
			{at: 0, home: "506"},
			{at: 1, home: "507", effective: 2},
			{at: 100, home: "508", effective: 101},
			{at: 101, home: "509", effective: 105},
		},
		"50 changes in one cycle: the last is pending, the wait is one change's (31)": append(append([]step{{at: 0, home: "506"}},
			slices.Repeat([]step{
				{at: 3, home: "507", effective: 4, shown: map[int]string{3: "506"}},
				{at: 3, home: "508", effective: 4, shown: map[int]string{3: "506"}},
			}, 25)...),
			step{at: 3, home: "509", effective: 4, shown: map[int]string{3: "506", 4: "509"}},
			step{at: 4, home: "506", effective: 6},
		),
		"there and back counts, and the wait stays doubled (32)": {
			{at: 0, home: "506"},
			{at: 3, home: "507", effective: 4},
			{at: 3, home: "506", effective: 0, shown: map[int]string{4: "506", 9: "506"}},
			{at: 9, home: "507", effective: 10, shown: map[int]string{10: "507"}},
			{at: 10, home: "506", effective: 14},
		},
		"asking for the same changes nothing (33)": append(append([]step{{at: 0, home: "506"}},
			slices.Repeat([]step{{at: 0, home: "506", effective: 0, shown: map[int]string{0: "506"}}}, 100)...),
			step{at: 1, home: "507", effective: 2},
		),
		"a week of quiet halves the wait": {
			{at: 0, home: "506"},
			{at: 1, home: "507", effective: 2},
			{at: 2, home: "508", effective: 4},
			{at: 4, home: "509", effective: 8},
			// The next wait would be 8 cycles. A week has 1,008; two weeks halve it twice, to 2.
			{at: 4 + 2016, home: "506", effective: 4 + 2017},
			{at: 4 + 2017, home: "507", effective: 4 + 2017 + 4},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, p := newClaims(), peer.ID("patient")
			base := claimRules.CycleAt(atCycle(0))
			for i, s := range steps {
				grant, err := c.Claim(p, Subnet{}, s.home, nil, atCycle(s.at))
				if err != nil {
					t.Fatalf("step %d: %v", i, err)
				}
				if want := base + uint64(s.effective); s.effective != 0 && grant.Effective != want || grant.Effective < base {
					t.Errorf("step %d, cycle %d: effective in cycle %d, want %d", i, s.at, grant.Effective-base, s.effective)
				}
				for _, cycle := range sortedKeys(s.shown) {
					if got := c.Effective(p, atCycle(cycle)); !slices.Equal(got, []string{s.shown[cycle]}) {
						t.Errorf("step %d: cycle %d shows %v, want %s", i, cycle, got, s.shown[cycle])
					}
				}
			}
		})
	}
}

func sortedKeys(m map[int]string) []int {
	keys := make([]int, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// TestClaimRefusals is case 35: one answer to everything that is not one's own region and its neighbours.
func TestClaimRefusals(t *testing.T) {
	c := newClaims()
	near := network().policy.Map.Neighbours("506")
	if len(near) < 4 {
		t.Fatalf("region 506 has the neighbours %v", near)
	}
	for name, ask := range map[string]struct {
		home  string
		extra []string
	}{
		"no region":           {"", nil},
		"wildcard":            {"*", nil},
		"postcode":            {"50667", nil},
		"does not exist":      {"000", nil},
		"99999":               {"99999", nil},
		"quote":               {"1'; DROP TABLE", nil},
		"arabic digits":       {"٠١٠", nil},
		"far away":            {"506", []string{"803"}},
		"four neighbours":     {"506", near[:4]},
		"neighbour's twin":    {"506", []string{near[0], near[0], near[0], near[0]}},
		"a neighbour and all": {"506", []string{near[0], "*"}},
	} {
		if _, err := c.Claim("p", Subnet{}, ask.home, ask.extra, noon); !errors.Is(err, ErrClaim) || err.Error() != ErrClaim.Error() {
			t.Errorf("%s: %v", name, err)
		}
	}
	if c.Len() != 0 || c.Effective("p", noon) != nil {
		t.Error("a refused claim left something behind")
	}
	if g, err := c.Claim("p", Subnet{}, "506", near[:3], noon); err != nil || len(g.Regions) != 4 {
		t.Errorf("home and three neighbours: %v %v", g, err)
	}
	if _, err := NewClaims(ClaimsConfig{Policy: func() *Policy { return nil }}).Claim("p", Subnet{}, "506", nil, noon); !errors.Is(err, ErrClaim) {
		t.Errorf("without a bundle: %v", err)
	}
}

func TestClaimsOfARelayOfOneZone(t *testing.T) {
	c := NewClaims(ClaimsConfig{
		Policy: func() *Policy { return network().policy },
		Serves: func(region string) bool { return zoneOf(region) == "50" },
	})
	far := slices.IndexFunc(network().policy.Map.Neighbours("509"), func(r string) bool { return zoneOf(r) != "50" })
	if far < 0 {
		t.Fatal("509 has no neighbour outside zone 50")
	}
	other := network().policy.Map.Neighbours("509")[far]
	if g, err := c.Claim("p", Subnet{}, "509", []string{other}, noon); err != nil || !slices.Equal(g.Regions, []string{"509"}) {
		t.Errorf("neighbour %s of another zone: %v %v", other, g, err)
	}
	if _, err := c.Claim("q", Subnet{}, other, nil, noon); !errors.Is(err, ErrClaim) {
		t.Errorf("home in another zone: %v", err)
	}
}

// TestSubnetSeesFewRegions is case 34 in this design: new peer IDs of one subnet do not see more.
func TestSubnetSeesFewRegions(t *testing.T) {
	c := newClaims()
	regions := network().policy.Map.Regions()
	from := subnet("93.184.216.34")
	granted := func(n int, at time.Time) int {
		ok := 0
		for i := range n {
			if _, err := c.Claim(peer.ID(rune(i))+"new", from, regions[i], nil, at); err == nil {
				ok++
			}
		}
		return ok
	}
	if n := granted(100, noon); n != maxSubnetRegions {
		t.Errorf("a harvester with 100 identities saw %d regions", n)
	}
	if _, err := c.Claim("honest", from, regions[0], nil, noon.Add(time.Hour)); err != nil {
		t.Errorf("a neighbour of the harvester cannot see a region that its subnet sees: %v", err)
	}
	if _, err := c.Claim("other", subnet("93.184.217.34"), regions[99], nil, noon); err != nil {
		t.Errorf("another subnet: %v", err)
	}
	if _, err := c.Claim("local", SubnetOf(nil, false), regions[99], nil, noon); err != nil {
		t.Errorf("a source that is not counted: %v", err)
	}
	// The day slides: region 0 was shown again after an hour, the others are free.
	if _, err := c.Claim("tomorrow", from, regions[50], nil, noon.Add(subnetWindow)); err != nil {
		t.Errorf("the next day: %v", err)
	}
}

// TestSubnetPaysWhenARegionIsShown: fifty changes of mind in one cycle cost one region, and a change that finds no room
// when it is due is dropped.
func TestSubnetPaysWhenARegionIsShown(t *testing.T) {
	c := newClaims()
	regions := network().policy.Map.Regions()
	from := subnet("93.184.216.34")
	must(c.Claim("p", from, regions[0], nil, atCycle(0)))
	for i := 1; i < 50; i++ {
		if _, err := c.Claim("p", from, regions[i], nil, atCycle(1)); err != nil {
			t.Fatalf("change %d: %v", i, err)
		}
	}
	for i := range maxSubnetRegions - 1 {
		if _, err := c.Claim(peer.ID(rune(i))+"q", from, regions[100+i], nil, atCycle(1)); err != nil {
			t.Fatalf("other %d: %v", i, err)
		}
	}
	if got := c.Effective("p", atCycle(2)); !slices.Equal(got, regions[:1]) {
		t.Errorf("a change without room became effective: %v", got)
	}
}

// TestClaimsWhenCyclesChange: a bundle with other cycles neither freezes nor frees pending changes.
func TestClaimsWhenCyclesChange(t *testing.T) {
	for _, factor := range []time.Duration{3, 1} { // longer and shorter than before
		policy := *network().policy
		policy.Rules.Cycle = factor * 15 * time.Minute
		c := NewClaims(ClaimsConfig{Policy: func() *Policy { return &policy }})
		must(c.Claim("p", Subnet{}, "506", nil, noon))
		must(c.Claim("p", Subnet{}, "507", nil, noon))
		changed := policy
		changed.Rules.Cycle = 20 * time.Minute
		c.cfg.Policy = func() *Policy { return &changed }
		if got := c.Effective("p", noon); !slices.Equal(got, []string{"506"}) {
			t.Errorf("at once: %v", got)
		}
		if got := c.Effective("p", noon.Add(20*time.Minute)); !slices.Equal(got, []string{"507"}) {
			t.Errorf("after one new cycle: %v", got)
		}
	}
}

func TestClaimsAreForgotten(t *testing.T) {
	c := newClaims()
	must(c.Claim("old", subnet("93.184.216.34"), "506", nil, noon))
	must(c.Claim("used", subnet("93.184.217.34"), "506", nil, noon))
	later := noon.Add(forgetClaimAfter + time.Second)
	c.Effective("used", later.Add(-time.Hour))
	c.Forget(later)
	if c.Len() != 1 || c.Effective("used", later) == nil || c.Effective("old", later) != nil {
		t.Errorf("%d claims left", c.Len())
	}
	for i := range maxClaims + 10 {
		must(c.Claim(peer.ID(must(time.Unix(int64(i), 0).MarshalBinary())), Subnet{}, "506", nil, later))
	}
	if c.Len() > maxClaims {
		t.Errorf("%d claims kept", c.Len())
	}
}

// TestClaimProperties: whatever is asked in whatever order, nobody sees more than four regions at once, changes come no
// faster than the rule, and what is pending changes nothing before it is due.
func TestClaimProperties(t *testing.T) {
	regions := []string{"506", "507", "508", "509", "510"}
	rapid.Check(t, func(t *rapid.T) {
		c := newClaims()
		cycle, changes, lastChange := 0, 0, 0
		var shown []string
		look := func() {
			now := c.Effective("p", atCycle(cycle))
			if len(now) > 1+maxExtraRegions {
				t.Fatalf("sees %v", now)
			}
			if shown != nil && !slices.Equal(now, shown) {
				if changes > 0 && cycle-lastChange < min(1<<min(changes-1, 6), 64) && cycle < 1000 {
					t.Fatalf("change %d came in cycle %d, the last one in %d", changes+1, cycle, lastChange)
				}
				changes, lastChange = changes+1, cycle
			}
			shown = now
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			for range rapid.IntRange(0, 9).Draw(t, "wait") {
				cycle++
				look()
			}
			before := c.Effective("p", atCycle(cycle))
			want := rapid.SampledFrom(regions).Draw(t, "home")
			g, err := c.Claim("p", subnet("93.184.216.34"), want, nil, atCycle(cycle))
			if err != nil {
				t.Fatal(err)
			}
			if before != nil && !slices.Equal(c.Effective("p", atCycle(cycle)), before) {
				t.Fatal("a change took effect in the cycle in which it was asked for")
			}
			if base := claimRules.CycleAt(atCycle(cycle)); g.Effective > base+64 {
				t.Fatalf("waits %d cycles", g.Effective-base)
			}
			look()
		}
	})
}
