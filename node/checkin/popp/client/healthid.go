package client

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/zeta"
)

const (
	pathHealthID = "/popp/patient/api/checkin/v1/checkin-request-healthid"
	// typeProvider is the type of details that name an identity provider (A_28502).
	typeProvider = "urn:ti:gematik:auth:provider"
	// exactWorkplace is the length that I_PoPP_CheckIn_HID.yaml has.
	exactWorkplace = 64
)

// CheckInHealthID checks in with the GesundheitsID (A_28501, A_28502, A_28508). provider is the insurer's identity provider by its issuer URL, back where the
// browser comes back to. A *zeta.LoginError is what it gives at first: the user has to log in, and LoggedIn finishes it. The ZETA guard adds insurance number
// and insurer from the login; they never pass through here.
func (c *Client) CheckInHealthID(ctx context.Context, at Place, provider, back string) (popp.Status, error) {
	at.Workplace, _ = fitted(c.is.Workplace, at.Workplace)
	if at.Workplace == "" && c.is.Workplace == WorkplaceExact {
		return popp.Status{}, ErrWorkplace
	}
	r, err := c.request(c.is.CheckIn, pathHealthID, c.place(at))
	if err != nil {
		return popp.Status{}, err
	}
	r.User, r.Back = true, back
	details, err := c.providerDetails(provider)
	if err != nil {
		return popp.Status{}, err
	}
	answer, err := c.zeta.Execute(ctx, r, details)
	if err != nil {
		return popp.Status{}, fmt.Errorf("check in with the GesundheitsID: %w", err)
	}
	return checkedIn(answer)
}

// LoggedIn takes what the browser brought back from a login and gives what became of the check-in.
func (c *Client) LoggedIn(ctx context.Context, state, code string) (popp.Status, error) {
	answer, err := c.zeta.LoggedIn(ctx, state, code)
	if err != nil {
		return popp.Status{}, fmt.Errorf("check in with the GesundheitsID: %w", err)
	}
	return checkedIn(answer)
}

// Forget ends a login that was broken off.
func (c *Client) Forget(state string) { c.zeta.Forget(state) }

func checkedIn(answer zeta.Response) (popp.Status, error) {
	status, err := readStatus(answer)
	if err != nil {
		return popp.Status{}, fmt.Errorf("check in with the GesundheitsID: %w", err)
	}
	return status, nil
}

// fitted makes a workplace as long as the rule wants it; padded says that spaces were added.
func fitted(rule WorkplaceRule, w popp.WorkplaceID) (_ popp.WorkplaceID, padded bool) {
	n := utf8.RuneCountInString(string(w))
	if rule != WorkplaceExact || w == "" || n >= exactWorkplace {
		return w, false
	}
	return w + popp.WorkplaceID(strings.Repeat(" ", exactWorkplace-n)), true
}

// providerDetails name the identity provider.
func (c *Client) providerDetails(provider string) (zeta.Details, error) {
	key := "openIdProviderUrl"
	if c.is.Provider == ProviderZETA {
		key = "openid_provider"
	}
	preferences := map[string]any{"auth_preferences": map[string]string{key: provider}}
	return c.details(typeProvider, preferences)
}

// details puts members into the form that Compat wants.
func (c *common) details(kind string, members map[string]any) (zeta.Details, error) {
	name, value := "app_details", any(members)
	if c.is.Details != DetailsFlow {
		members["type"] = kind
		name, value = "app_authorization_details", []any{members}
	}
	if c.is.Details == DetailsZETA {
		name = "authorization_details"
	}
	raw, err := json.Marshal(value)
	return zeta.Details{Name: name, JSON: raw}, err
}
