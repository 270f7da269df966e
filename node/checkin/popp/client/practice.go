package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"pieks/node/checkin/jose"
	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/zeta"
)

// pathPull is spelled so in I_PoPP_Token_Generation_online_check_in.yaml.
const pathPull = "/popp/practitioner/api/v1/token-generation-ckeck-in"

// Practice is a practice's client.
type Practice struct{ common }

// NewPractice makes one; Init comes next. Its ZETA client speaks for the practice.
func NewPractice(c Config) (*Practice, error) {
	inner, err := newCommon(c)
	if err != nil {
		return nil, err
	}
	return &Practice{inner}, nil
}

// Delivery is a token, not yet verified, and where its patient checked in; "" is nowhere in particular.
type Delivery struct {
	Token     string
	Workplace popp.WorkplaceID
}

// Pull fetches the tokens that wait for an institution. An answer has one workplace for all its tokens, so it asks until nothing is left: the tokens of one
// answer are of one workplace at a service that knows several (the double does so). An error comes with what was fetched before it. A token may come twice;
// its Hash tells.
func (p *Practice) Pull(ctx context.Context, id popp.TelematikID) ([]Delivery, error) {
	var all []Delivery
	for range maxPulls {
		some, err := p.pull(ctx, id)
		all = append(all, some...)
		if err != nil {
			return all, fmt.Errorf("fetch the tokens of check-ins: %w", err)
		}
		if len(some) == 0 {
			break
		}
	}
	return all, nil
}

func (p *Practice) pull(ctx context.Context, id popp.TelematikID) ([]Delivery, error) {
	r, err := p.request(GET, pathPull, url.Values{"telematikid": {string(id)}})
	if err != nil {
		return nil, err
	}
	r.Most = maxPull
	answer, err := p.zeta.Execute(ctx, r, zeta.Details{})
	if err != nil {
		return nil, err
	}
	if answer.Status != http.StatusOK {
		return nil, serviceError(answer.Status, answer.Body)
	}
	workplace, err := workplaceOf(answer.Header)
	if err != nil {
		return nil, err
	}
	tokens, err := readTokens(answer.Body)
	some := make([]Delivery, len(tokens))
	for i, token := range tokens {
		some[i] = Delivery{Token: token, Workplace: workplace}
	}
	return some, err
}

// workplaceOf is the workplace of an answer. One that was filled up to 64 characters (WorkplaceExact) loses its spaces again.
func workplaceOf(h http.Header) (popp.WorkplaceID, error) {
	values := h.Values("X-WorkplaceID")
	if len(values) == 0 || len(values) == 1 && strings.TrimSpace(values[0]) == "" {
		return "", nil
	}
	if len(values) > 1 {
		return "", fmt.Errorf("%w: several workplaces", ErrProtocol)
	}
	w, err := popp.ParseWorkplaceID(strings.TrimRight(values[0], " "))
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return w, nil
}

// readTokens takes an array of compact tokens.
func readTokens(body []byte) ([]string, error) {
	var tokens []string
	if len(body) == 0 || strings.TrimLeft(string(body[:1]), " \t\r\n[") != "" || json.Unmarshal(body, &tokens) != nil || len(tokens) > maxTokens {
		return nil, fmt.Errorf("%w: no list of tokens", ErrProtocol)
	}
	for _, token := range tokens {
		if _, err := jose.Parse(token, popp.MaxToken); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
		}
	}
	return tokens, nil
}
