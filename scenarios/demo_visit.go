package scenarios

import (
	"context"
	"fmt"

	"pieks/node/control"
)

// show has one patient of each city come to the desk; a second try with the same code is refused.
func (d *demo) show(ctx context.Context) error {
	for i, p := range demoPractices {
		patient := demoPatients[2*i]
		b := d.booked[patient.name]
		forms := []string{b.Visits[0].Digits, b.Visits[0].Words, b.Visits[0].QR}
		var result, again control.VerifyResult
		if err := d.net.nodes[p.name].Call(ctx, control.MethodVerify, control.VerifyRequest{Code: forms[i]}, &result); err != nil {
			return err
		}
		if err := d.net.nodes[p.name].Call(ctx, control.MethodVerify, control.VerifyRequest{Code: forms[i]}, &again); err != nil {
			return err
		}
		if !result.OK || again.OK || result.Booking.Patient.Name != patient.person {
			return fmt.Errorf("%s: the code of %s: %s; again: %s", p.details.Name, patient.person, result.Message, again.Message)
		}
		d.result.Verified++
		d.say("Reception at %s checks %s, offline: it is %s. A second time it is not accepted.", p.details.Name, [3]string{"the digits", "the words", "the QR code"}[i], patient.person)
	}
	return nil
}

// patientCancels frees an appointment; it comes back in the practice's next list.
func (d *demo) patientCancels(ctx context.Context) error {
	p := demoPatients[3]
	practiceNode := d.net.nodes[demoPractices[1].name]
	before, err := openCount(ctx, practiceNode)
	if err != nil {
		return err
	}
	var b control.Booking
	if err := d.net.nodes[p.name].Call(ctx, control.MethodCancel, control.CancelRequest{Booking: d.booked[p.name].ID}, &b); err != nil {
		return err
	}
	if b.State != "cancelled" {
		return fmt.Errorf("the booking of %s is %s", p.person, b.State)
	}
	d.result.Cancelled++
	d.say("%s cancels. The appointment is offered again.", p.person)
	return d.listed(ctx, p.name, practiceNode, before+1)
}

// practiceCancels cancels for the practice, which offers the appointment again; the patient's node is told through its mailbox.
func (d *demo) practiceCancels(ctx context.Context) error {
	p := demoPatients[5]
	node, practiceNode := d.net.nodes[p.name], d.net.nodes[demoPractices[2].name]
	before, err := openCount(ctx, practiceNode)
	if err != nil {
		return err
	}
	id, err := bookingAt(ctx, practiceNode, d.booked[p.name])
	if err != nil {
		return err
	}
	cancel := control.CancelRequest{Booking: id, Reason: "The doctor is ill.", Reopen: true}
	if err := practiceNode.Call(ctx, control.MethodCancel, cancel, nil); err != nil {
		return err
	}
	err = until(ctx, 0, func(ctx context.Context) (bool, string, error) {
		var all []control.Booking
		err := node.Call(ctx, control.MethodBookings, nil, &all)
		for _, b := range all {
			if b.ID == d.booked[p.name].ID {
				return b.State == "cancelled", p.person + "'s booking is " + b.State, err
			}
		}
		return false, "no booking", err
	})
	if err != nil {
		return err
	}
	d.result.Cancelled++
	d.say("%s cancels for %s, whose node finds the sealed notice in its mailbox.", demoPractices[2].details.Name, p.person)
	return d.listed(ctx, p.name, practiceNode, before+1)
}

func openCount(ctx context.Context, node *Node) (int, error) {
	var all []control.Appointment
	err := node.Call(ctx, control.MethodSlotsList, nil, &all)
	return count(all, func(a control.Appointment) bool { return a.State == "open" }), err
}

// listed waits until a patient's list has what the practice has open.
func (d *demo) listed(ctx context.Context, patient string, practiceNode *Node, want int) error {
	return until(ctx, 0, func(ctx context.Context) (bool, string, error) {
		open, err := openCount(ctx, practiceNode)
		if err != nil {
			return false, "", err
		}
		tokens, err := search(ctx, d.net.nodes[patient], 0)
		return open == want && len(tokens) == want, fmt.Sprintf("%d open, %d listed, %d expected", open, len(tokens), want), err
	})
}
