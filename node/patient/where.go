package patient

import (
	"context"
	"errors"
	"time"

	"pieks/gossip/place"
	"pieks/node/control"
)

// maxRadiusKM: nobody goes further for a vaccination, and no relay shows more than four regions.
const maxRadiusKM = 200

func (n *Node) showPreferences(context.Context) (control.Preferences, error) {
	p := n.preferences()
	out := control.Preferences{PLZ: p.PLZ, Place: placeName(p.PLZ), RadiusKM: int(n.radiusKM()), NextPLZ: p.Next, NextPlace: placeName(p.Next)}
	if p.Effective != 0 {
		out.Effective = time.Unix(int64(p.Effective), 0).UTC()
	}
	return out, nil
}

func placeName(plz string) string {
	at, _ := place.Lookup(place.PLZ(plz))
	return at.Name
}

// setPreferences changes the radius. A wider one may reach into regions that the relay was not asked for yet.
func (n *Node) setPreferences(ctx context.Context, in control.Preferences) (control.Preferences, error) {
	if in.RadiusKM < 1 || in.RadiusKM > maxRadiusKM {
		return control.Preferences{}, control.Coded(control.KindUsage, control.CodeRadius, "The radius is 1 to %d kilometres.", maxRadiusKM)
	}
	if err := n.change(ctx, func(p *preferences) { p.RadiusKM = uint32(in.RadiusKM) }); err != nil {
		return control.Preferences{}, err
	}
	select {
	case n.wished <- struct{}{}:
	default:
	}
	n.watches.look(ctx)
	return n.showPreferences(ctx)
}

// settleIn takes the first postcode of all, which is in force at once, since no relay has heard of another one. It says whether this was the first.
func (n *Node) settleIn(ctx context.Context, plz string) (first bool, err error) {
	err = n.change(ctx, func(p *preferences) {
		if first = p.PLZ == ""; first {
			p.PLZ = plz
			n.mu.Lock()
			n.offline = n.home.Now()
			n.mu.Unlock()
		}
	})
	if err != nil || !first {
		return false, err
	}
	select {
	case n.wished <- struct{}{}:
	default:
	}
	return true, nil
}

func (n *Node) changePLZ(ctx context.Context, in control.PLZRequest) (control.PLZResult, error) {
	plz, err := place.ParsePLZ(in.PLZ)
	switch {
	case errors.Is(err, place.ErrPLZForm):
		return control.PLZResult{}, control.Coded(control.KindUsage, control.CodePLZForm, "%w", err)
	case err != nil:
		return control.PLZResult{}, control.Coded(control.KindUsage, control.CodePLZUnknown, "%w", err)
	}
	rules := n.home.Network.Policy().Rules
	first, err := n.settleIn(ctx, string(plz))
	if err != nil {
		return control.PLZResult{}, err
	}
	if p := n.preferences(); first || p.PLZ == string(plz) && p.Next == "" {
		cycle := rules.CycleAt(n.home.Now())
		return control.PLZResult{Effective: rules.TickOf(cycle), Cycle: cycle}, nil
	}
	w, err := n.wishFor(ctx, string(plz))
	if err != nil {
		return control.PLZResult{}, err
	}
	defer n.forget(w)
	if !n.reached() {
		return control.PLZResult{}, control.Errorf(control.KindUnavailable, "The new postcode is noted. No relay is reached at the moment; it counts from the cycle after one is.")
	}
	ctx, cancel := context.WithTimeout(ctx, moveTimeout)
	defer cancel()
	select {
	case <-ctx.Done():
		return control.PLZResult{}, control.Errorf(control.KindUnavailable, "The new postcode is noted. The relay did not answer; it is asked again.")
	case a := <-w.answer:
		if a.err != nil {
			return control.PLZResult{}, control.Errorf(control.KindUnavailable, "The new postcode does not count yet: %w", a.err)
		}
		return control.PLZResult{Effective: a.from.UTC(), Cycle: rules.CycleAt(a.from)}, nil
	}
}
