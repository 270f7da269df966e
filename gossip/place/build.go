package place

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// ErrTooFewPractices is what BuildMapData says when the whole country is not enough for one region.
var ErrTooFewPractices = errors.New("there are fewer practices than one region needs; use a smaller k or the default map")

// BuildMapData makes map data from the number of practices at each postcode, so that every region and every area has
// at least k practices. The same counts always give the same map.
//
// The region with the fewest practices is merged with its nearest neighbour, of the same first two digits while there is one,
// until all have k. An area's practices are those that will show its name: when some postcodes of a prefix are too few for an area of their own, they
// show the coarser name, and if that were fewer than k, the smallest finer area shows it too. Otherwise the
// coarser name would point at just those few.
func BuildMapData(counts map[PLZ]int, k int) (MapData, error) {
	if k < 1 || k > MaxK {
		return MapData{}, fmt.Errorf("%w: k is %d, and may be 1 to %d", ErrCounts, k, MaxK)
	}
	w := atlas()
	byPlace := make([]int, len(w.places))
	total := 0
	for p, n := range counts {
		i, ok := w.find(p)
		if !ok || n < 0 || n > maxCount {
			return MapData{}, fmt.Errorf("%w: a count of %d at postcode %q", ErrCounts, n, p)
		}
		byPlace[i] = n
		total += n
	}
	if total < k {
		return MapData{}, fmt.Errorf("%w (%d practices, k is %d)", ErrTooFewPractices, total, k)
	}
	data := MapData{K: k}
	for _, g := range merge(leaves(w, byPlace), k) {
		r := RegionData{Prefixes: g.prefixes}
		if tops := w.under(byPlace, g.prefixes); len(tops) == 1 {
			// The only prefix is the region itself and is not listed.
			r.Areas, _ = finer(w, byPlace, tops[0], k)
		} else {
			r.Areas, _ = split(w, byPlace, tops, k)
		}
		slices.Sort(r.Areas)
		data.Regions = append(data.Regions, r)
	}
	return data, nil
}

// group is a region in the making.
type group struct {
	prefixes []string // ascending
	count    int      // practices
	places   int
	sum      point // of the points of its places
}

// leaves makes one group of each 3-digit prefix.
func leaves(w *world, byPlace []int) []group {
	var groups []group
	for i, p := range w.places {
		prefix := string(p.PLZ[:3])
		if n := len(groups); n == 0 || groups[n-1].prefixes[0] != prefix {
			groups = append(groups, group{prefixes: []string{prefix}})
		}
		groups[len(groups)-1].add(group{count: byPlace[i], places: 1, sum: w.points[i]})
	}
	return groups
}

func (g *group) add(h group) {
	g.prefixes = append(g.prefixes, h.prefixes...)
	slices.Sort(g.prefixes)
	g.count += h.count
	g.places += h.places
	g.sum = point{g.sum.x + h.sum.x, g.sum.y + h.sum.y, g.sum.z + h.sum.z}
}

func (g *group) middle() point {
	n := float64(g.places)
	return point{g.sum.x / n, g.sum.y / n, g.sum.z / n}
}

func (g *group) zone() string { return g.prefixes[0][:2] }

// merge joins groups until each has k practices. There is one group at least, and all together have k.
func merge(groups []group, k int) []group {
	for {
		least := 0
		for i := range groups {
			if groups[i].count < groups[least].count {
				least = i
			}
		}
		if groups[least].count >= k {
			break
		}
		into := nearestGroup(groups, least)
		groups[into].add(groups[least])
		groups = slices.Delete(groups, least, least+1)
	}
	slices.SortFunc(groups, func(a, b group) int { return cmp.Compare(a.prefixes[0], b.prefixes[0]) })
	return groups
}

// nearestGroup is the group whose middle is nearest, one of the same zone before all others: a zone is one pool topic.
func nearestGroup(groups []group, of int) int {
	best, bestSame, bestSquare := -1, false, math.Inf(1)
	for i := range groups {
		if i == of {
			continue
		}
		same, square := groups[i].zone() == groups[of].zone(), groups[i].middle().square(groups[of].middle())
		if best < 0 || same && !bestSame || same == bestSame && square < bestSquare {
			best, bestSame, bestSquare = i, same, square
		}
	}
	return best
}

// branch is a prefix with the places below it.
type branch struct {
	prefix string
	in     span
	count  int
}

func (w *world) branch(byPlace []int, prefix string) branch {
	b := branch{prefix: prefix, in: w.prefixed(prefix)}
	for _, n := range byPlace[b.in.from:b.in.to] {
		b.count += n
	}
	return b
}

// under makes a branch of each prefix that has postcodes.
func (w *world) under(byPlace []int, prefixes []string) []branch {
	var all []branch
	for _, p := range prefixes {
		if b := w.branch(byPlace, p); b.in.from < b.in.to {
			all = append(all, b)
		}
	}
	return all
}

// split names the areas within branches that together have k practices. It says also whether a rest is left
// that shows the coarser name; the rest then has k practices.
func split(w *world, byPlace []int, branches []branch, k int) (areas []string, rest bool) {
	var own []branch
	restCount := 0
	for _, b := range branches {
		if b.count >= k {
			own = append(own, b)
		} else {
			rest = true
			restCount += b.count
		}
	}
	slices.SortStableFunc(own, func(a, b branch) int { return cmp.Compare(a.count, b.count) })
	for rest && restCount < k && len(own) > 0 {
		restCount += own[0].count
		own = own[1:]
	}
	for _, b := range own {
		below, left := finer(w, byPlace, b, k)
		if areas = append(areas, below...); left {
			areas = append(areas, b.prefix)
		}
	}
	return areas, rest
}

// finer splits a branch of k practices by the next digit. A postcode cannot be split: all of it is rest.
func finer(w *world, byPlace []int, b branch, k int) (areas []string, rest bool) {
	if len(b.prefix) == 5 {
		return nil, true
	}
	next := make([]string, 0, 10)
	for digit := '0'; digit <= '9'; digit++ {
		next = append(next, b.prefix+string(digit))
	}
	return split(w, byPlace, w.under(byPlace, next), k)
}
