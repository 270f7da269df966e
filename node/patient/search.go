package patient

import (
	"context"
	"maps"
	"slices"
	"time"

	"pieks/gossip"
	"pieks/gossip/place"
	"pieks/node/control"
)

// inquiry is a search that was read: what package gossip searches by, and days, which need not follow each other.
type inquiry struct {
	query gossip.Query
	days  map[uint32]bool // none: any
}

func (n *Node) search(_ context.Context, in control.SearchRequest) ([]control.Token, error) {
	asked, err := n.inquire(in)
	if err != nil {
		return nil, err
	}
	m := n.home.Network.Policy().Map
	tokens := []control.Token{}
	for _, hit := range asked.hits(m, n.pool.View()) {
		if in.Limit > 0 && len(tokens) == in.Limit {
			break
		}
		centre, _ := m.Centre(hit.Area)
		tokens = append(tokens, control.Token{
			ID: hit.Token.String(), Area: hit.Area, Place: centre.Name, DistanceKM: hit.DistanceKM,
			Day: gossip.DateOf(hit.Slot.Day).Format(time.DateOnly), Part: hit.Slot.Part.String(),
			Vaccine: hit.Slot.Vaccine, Dose: int(hit.Slot.Dose), Expires: hit.Sheet.Sheet.ExpiresAt().UTC(), Test: n.test(),
		})
	}
	return tokens, nil
}

// hits are what an inquiry finds in a view.
func (q *inquiry) hits(m *place.Map, v *gossip.View) []gossip.Hit {
	found := gossip.Search(m, v, q.query)
	if len(q.days) == 0 {
		return found
	}
	return slices.DeleteFunc(found, func(h gossip.Hit) bool { return !q.days[h.Slot.Day] })
}

// inquire reads a search. What it refuses, a person can mend.
func (n *Node) inquire(in control.SearchRequest) (*inquiry, error) {
	policy := n.home.Network.Policy()
	if policy == nil {
		return nil, control.Coded(control.KindUnavailable, control.WhyNetwork, "%w", n.home.Network.Usable())
	}
	p := n.preferences()
	if p.PLZ == "" {
		return nil, control.Coded(control.KindConflict, control.CodeNoPLZ, "%w", ErrNoPLZ)
	}
	if in.RadiusKM < 0 || in.RadiusKM > maxRadiusKM {
		return nil, control.Coded(control.KindUsage, control.CodeRadius, "The radius is 0 to %d kilometres.", maxRadiusKM)
	}
	if in.RadiusKM == 0 {
		in.RadiusKM = n.radiusKM()
	}
	if in.Dose < 0 || in.Dose > 255 {
		return nil, control.Errorf(control.KindUsage, "A dose is a small number, or 0 for any.")
	}
	if _, known := policy.Vaccines[in.Vaccine]; in.Vaccine != "" && !known {
		return nil, control.Errorf(control.KindUsage, "There is no vaccine %q in this network. Known are: %v.", in.Vaccine, slices.Sorted(maps.Keys(policy.Vaccines)))
	}
	asked := &inquiry{days: map[uint32]bool{}, query: gossip.Query{
		From: place.PLZ(p.PLZ), RadiusKM: in.RadiusKM, Vaccine: in.Vaccine, Dose: uint8(in.Dose), Now: n.home.Now(),
	}}
	for _, text := range in.Days {
		day, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return nil, control.Errorf(control.KindUsage, "A day is written like 2026-12-01.")
		}
		asked.days[gossip.DayOf(day)] = true
	}
	for _, text := range in.Parts {
		part, err := gossip.ParsePart(text)
		if err != nil {
			return nil, control.Errorf(control.KindUsage, "%w", err)
		}
		asked.query.Parts = append(asked.query.Parts, part)
	}
	if in.After == "" {
		return asked, nil
	}
	return asked, n.after(&asked.query, policy, in.After)
}

// after narrows a query to the second doses that go with a first one: by the same practice, which has one pseudonym in all of its sheet, and as many
// days later as the vaccine asks for.
func (n *Node) after(q *gossip.Query, policy *gossip.Policy, token string) error {
	name, err := gossip.ParseTokenName(token)
	if err != nil {
		return control.Errorf(control.KindUsage, "%w", err)
	}
	sheet, first, ok := n.pool.View().FindToken(name)
	if !ok || !q.Now.Before(sheet.Sheet.ExpiresAt()) {
		return refused(ErrTokenGone)
	}
	vaccine := policy.Vaccines[first.Vaccine]
	if vaccine.Doses < 2 || first.Dose > 1 {
		return control.Coded(control.KindUsage, control.CodeSingleDose, "No second dose follows this appointment.")
	}
	q.Sheet, q.Vaccine, q.Dose = sheet, first.Vaccine, 2
	q.FirstDay, q.LastDay = first.Day+uint32(vaccine.IntervalDays[0]), first.Day+uint32(vaccine.IntervalDays[1])
	q.RadiusKM = maxRadiusKM // whoever takes the first dose there goes there for the second
	return nil
}
