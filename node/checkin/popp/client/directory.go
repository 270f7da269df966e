package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"pieks/node/checkin/jose"
	"pieks/node/checkin/popp/zeta"
)

const pathDirectory = "/popp/patient/api/practitioner/v1/practitioner-information"

// LoadPractitionerInformation has the service ask the directory (A_28618) and gives the FHIR bundle as it came from there. The request is one of package vzd.
func (c *Client) LoadPractitionerInformation(ctx context.Context, request string) ([]byte, error) {
	if request == "" || len(request) > maxSearch || strings.ContainsAny(request, "\r\n") {
		return nil, ErrSearch
	}
	r, err := c.request(c.is.Directory, pathDirectory, url.Values{"searchrequest": {request}})
	if err != nil {
		return nil, err
	}
	r.Most = maxDirectory
	answer, err := c.zeta.Execute(ctx, r, zeta.Details{})
	if err != nil {
		return nil, fmt.Errorf("ask the directory: %w", err)
	}
	bundle, err := readBundle(answer)
	if err != nil {
		return nil, fmt.Errorf("ask the directory: %w", err)
	}
	return bundle, nil
}

// readBundle takes the bundle out of its envelope: JSON as a string in JSON.
func readBundle(answer zeta.Response) ([]byte, error) {
	if answer.Status != http.StatusOK {
		return nil, serviceError(answer.Status, answer.Body)
	}
	o, err := jose.ParseObject(answer.Body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	text, err := o.Text("searchresult")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	if !json.Valid([]byte(text)) {
		return nil, fmt.Errorf("%w: a search result that is no JSON", ErrProtocol)
	}
	return []byte(text), nil
}
