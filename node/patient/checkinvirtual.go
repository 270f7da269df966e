package patient

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"pieks/card"
	"pieks/card/egk"
	"pieks/node/control"
)

var errNoTestCard = errors.New("a virtual card proves something in a test network only: use the patient's card")

// virtual proves with a virtual card of the test network's own CA, through the same dialogue as a card in a reader.
func (c *checkins) virtual(ctx context.Context, in control.CheckinVirtual) (control.Checkin, error) {
	var none control.Checkin
	virtual, err := c.virtualCard(in)
	if err != nil {
		return none, err
	}
	answer := control.CheckinAnswer{ID: in.ID}
	for {
		step, err := c.card(ctx, answer)
		if err != nil {
			return none, err
		}
		if step.Checkin != nil {
			return *step.Checkin, nil
		}
		command, err := hex.DecodeString(step.Command)
		if err != nil {
			return none, err
		}
		response, err := virtual.Transmit(ctx, command)
		if err != nil {
			return none, control.Errorf(control.KindFailed, "The virtual card failed: %w", err)
		}
		answer.Response = hex.EncodeToString(response)
	}
}

func (c *checkins) virtualCard(in control.CheckinVirtual) (card.Channel, error) {
	patient, err := c.virtualPatient(in)
	if err != nil {
		return nil, err
	}
	return card.VirtualPatient(patient)
}

// virtualPatient is what the card of a person carries. It stays the same as long as the network file does: practices remember which certificates are one
// card's.
func (c *checkins) virtualPatient(in control.CheckinVirtual) (none card.Patient, err error) {
	bundle := c.node.home.Network.Get()
	if bundle == nil || !bundle.IsTest() {
		return none, control.Coded(control.KindConflict, control.CodeCheckinTest, "%w", errNoTestCard)
	}
	ca, err := card.LoadTestCA(bundle.Test.PrivateKey, bundle.Test.Certificate)
	if err != nil {
		return none, err
	}
	day := bundle.IssuedAt().Truncate(24 * time.Hour)
	pki, err := egk.TestPKIOf(ca, day)
	if err != nil {
		return none, err
	}
	seed := sha256.Sum256([]byte("pieks/virtual-egk\x00" + in.KVNR + "\x00" + in.IK + "\x00" + in.Name))
	return egk.NewPatient(pki, egk.VirtualOptions{Seed: seed, Name: in.Name, KVNR: in.KVNR, IK: in.IK, Now: day})
}
