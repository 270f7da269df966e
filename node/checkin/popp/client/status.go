package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"pieks/node/checkin/jose"
	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/zeta"
)

const pathStatus = "/popp/patient/api/practitioner/v1/status-popp-information"

// ReadStatus asks how a check-in stands (A_28677). Specification and OpenAPI agree on GET with the id in the address; it names nobody.
func (c *Client) ReadStatus(ctx context.Context, id string) (popp.Status, error) {
	if !popp.IsUUID(id) {
		return popp.Status{}, ErrRecord
	}
	r, err := c.request(GET, pathStatus, url.Values{"popprecordid": {id}})
	if err != nil {
		return popp.Status{}, err
	}
	answer, err := c.zeta.Execute(ctx, r, zeta.Details{})
	if err != nil {
		return popp.Status{}, fmt.Errorf("ask how a check-in stands: %w", err)
	}
	status, err := readStatus(answer)
	if err != nil {
		return popp.Status{}, fmt.Errorf("ask how a check-in stands: %w", err)
	}
	if status.ID != "" && status.ID != id {
		return popp.Status{}, fmt.Errorf("%w: the state of another check-in", ErrProtocol)
	}
	return status, nil
}

// readStatus takes the answer to everything that ends with a state.
func readStatus(answer zeta.Response) (popp.Status, error) {
	if answer.Status != http.StatusOK {
		return popp.Status{}, serviceError(answer.Status, answer.Body)
	}
	o, err := jose.ParseObject(answer.Body)
	if err != nil {
		return popp.Status{}, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return statusOf(o)
}

// statusOf reads StatusPoPPTokenGeneration. Nothing of it is required there; without a state it says nothing, and a pending one can be asked for by its id
// only.
func statusOf(o jose.Object) (popp.Status, error) {
	var text [3]string
	for i, name := range []string{"state", "message", "id"} {
		var err error
		if text[i], err = o.OptionalText(name); err != nil {
			return popp.Status{}, fmt.Errorf("%w: %w", ErrProtocol, err)
		}
	}
	state, err := popp.ParseState(text[0])
	if err != nil {
		return popp.Status{}, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	if text[2] != "" && !popp.IsUUID(text[2]) || text[2] == "" && state == popp.Pending {
		return popp.Status{}, fmt.Errorf("%w: the id of a check-in", ErrProtocol)
	}
	return popp.Status{State: state, Message: sentence(text[1], maxMessage), ID: text[2]}, nil
}
