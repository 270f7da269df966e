package scenarios

import (
	"context"
	"fmt"
	"time"

	"pieks/node/control"
)

// demoDisclosure publishes at once what a real network would hold back until more have come together.
var demoDisclosure = &DisclosureSpec{Least: 1, Cycle: 2 * time.Second, Wait: 2 * time.Second}

// warn has one of the two who were in the same waiting room be found infected. The other is warned, and nobody learns by whom.
func (d *demo) warn(ctx context.Context) error {
	ill, other := demoPatients[0], demoPatients[1]
	reception, doctor := d.net.nodes[demoPractices[0].name], demoPractices[1]
	code := d.booked[other.name].Visits[0].Digits
	if err := reception.Call(ctx, control.MethodVerify, control.VerifyRequest{Code: code}, nil); err != nil {
		return err
	}
	d.say("%s is in the same waiting room. The practice has told both the key of this room and day.", other.person)
	for _, name := range []string{ill.name, other.name} {
		if err := d.attended(ctx, name); err != nil {
			return err
		}
	}
	var mine control.Disclosure
	if err := d.net.nodes[ill.name].Call(ctx, control.MethodDisclose, control.DiscloseStart{}, &mine); err != nil {
		return err
	}
	d.say("Days later %s is found infected, agrees to warn the others, and shows the code %s.", ill.person, mine.Digits)
	var draft control.DiscloseDraft
	if err := d.net.nodes[doctor.name].Call(ctx, control.MethodDiscloseLookup, control.DiscloseCode{Code: mine.QR}, &draft); err != nil {
		return err
	}
	var signed control.Disclosure
	if err := d.net.nodes[doctor.name].Call(ctx, control.MethodDiscloseDeliver, control.DiscloseSigned{ID: draft.ID, Virtual: true}, &signed); err != nil {
		return err
	}
	d.say("A doctor at %s signs for it with a card, and sees a hash only.", doctor.details.Name)
	return until(ctx, time.Minute, func(ctx context.Context) (bool, string, error) {
		var seen control.DisclosureLists
		err := d.net.nodes[other.name].Call(ctx, control.MethodDiscloseList, nil, &seen)
		if err == nil && len(seen.Warnings) == 1 {
			d.result.Warned++
			d.say("%s's node finds in a public list that it concerns %s. Nobody knows from whom it is, and nobody else can read it.", other.person, seen.Warnings[0].Practice)
			return true, "", nil
		}
		return false, fmt.Sprintf("%d lists and %d warnings", len(seen.Lists), len(seen.Warnings)), err
	})
}

// attended waits until a patient's node has heard that its code was checked.
func (d *demo) attended(ctx context.Context, name string) error {
	return until(ctx, 0, func(ctx context.Context) (bool, string, error) {
		var all []control.Booking
		err := d.net.nodes[name].Call(ctx, control.MethodBookings, nil, &all)
		return count(all, func(b control.Booking) bool { return b.State == "attended" }) == 1, "the visit of " + name + " is not known to be over", err
	})
}
