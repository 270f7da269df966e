package service

import (
	"context"

	"pieks/node/checkin/healthid"
)

// HealthID has insured persons log in at the providers of a client.
func HealthID(c *healthid.Client) Login { return relyingParty{c} }

type relyingParty struct{ *healthid.Client }

// Finish gives what the ID token says.
func (r relyingParty) Finish(ctx context.Context, state, code string) (kvnr, ik string, err error) {
	_, who, err := r.Client.Finish(ctx, state, code)
	if err != nil {
		return "", "", err
	}
	return who.KVNR, who.IK, nil
}
