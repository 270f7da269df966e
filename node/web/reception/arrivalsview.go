package reception

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"pieks/node/control"
	"pieks/node/web"
)

// arrivalGroup are those at one workplace, newest first.
type arrivalGroup struct {
	Workplace string // "" for those whose code named none
	Rows      []arrivalRow
}

// arrivalRow is somebody who checked in, as the page says it.
type arrivalRow struct {
	control.Arrival
	Last   string // of the insurance number: who passes by need not read all of it
	Method string // how they proved it
	Hints  []bookingHint
}

// bookingHint is a booking of today under the same name.
type bookingHint struct {
	Booking, Vaccine string
	Start            time.Time
}

// say fills in what depends on the language.
func (r *arrivalRow) say(c *web.Call, k catalogue) {
	r.Last = lastDigits(r.KVNR)
	r.Method = c.Say("rc_ar_proof_" + proofKind(r.Proof))
	for _, b := range r.Bookings {
		for _, v := range b.Visits {
			if v.State == "booked" || v.State == "attended" {
				r.Hints = append(r.Hints, bookingHint{b.ID, k.Name(v.Vaccine), v.Start})
			}
		}
	}
	slices.SortStableFunc(r.Hints, func(a, b bookingHint) int { return a.Start.Compare(b.Start) })
}

// lastDigits are the last four of an insurance number, which tell two people of one name apart.
func lastDigits(kvnr string) string {
	if len(kvnr) < 4 {
		return kvnr
	}
	return kvnr[len(kvnr)-4:]
}

// proofKind is PoPP's proofMethod in a word: "healthid", or for all that are of a card "card".
func proofKind(method string) string {
	switch {
	case method == "healthid":
		return "healthid"
	case strings.HasPrefix(method, "ehc-"):
		return "card"
	}
	return "other"
}

// workplacesOf are those to choose from: those with a code, and those that patients came with.
func workplacesOf(known []string, arrivals []control.Arrival) []string {
	all := slices.Clone(known)
	for _, a := range arrivals {
		if a.Workplace != "" {
			all = append(all, a.Workplace)
		}
	}
	slices.SortFunc(all, byName)
	return slices.Compact(all)
}

func byName(a, b string) int {
	return cmp.Or(cmp.Compare(strings.ToLower(a), strings.ToLower(b)), cmp.Compare(a, b))
}

// atWorkplace are those who came to a workplace, and those whose code named none, whom nobody would look after otherwise; "" is all. Newest first.
func atWorkplace(all []control.Arrival, workplace string) (some []control.Arrival) {
	for _, a := range all {
		if workplace == "" || a.Workplace == workplace || a.Workplace == "" {
			some = append(some, a)
		}
	}
	slices.SortStableFunc(some, func(a, b control.Arrival) int { return cmp.Or(b.Received.Compare(a.Received), cmp.Compare(a.ID, b.ID)) })
	return some
}

// arrivalGroups puts arrivals below their workplaces, in their order; those without one come last.
func arrivalGroups(arrivals []control.Arrival) (groups []arrivalGroup) {
	for _, a := range arrivals {
		i := slices.IndexFunc(groups, func(g arrivalGroup) bool { return g.Workplace == a.Workplace })
		if i < 0 {
			i = len(groups)
			groups = append(groups, arrivalGroup{Workplace: a.Workplace})
		}
		groups[i].Rows = append(groups[i].Rows, arrivalRow{Arrival: a})
	}
	slices.SortStableFunc(groups, func(a, b arrivalGroup) int {
		if (a.Workplace == "") != (b.Workplace == "") {
			return strings.Compare(b.Workplace, a.Workplace)
		}
		return byName(a.Workplace, b.Workplace)
	})
	return groups
}
