package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
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
	err := p.PullEach(ctx, id, func(some []Delivery) (bool, error) {
		all = append(all, some...)
		return true, nil
	})
	return all, err
}

// MaxDelivery is how many tokens an answer has at most.
const MaxDelivery = maxTokens

// PullEach is Pull for who has to have written an answer down before the next one is asked for: the service forgets what it has given. It ends early when
// keep wants no more, or fails.
func (p *Practice) PullEach(ctx context.Context, id popp.TelematikID, keep func([]Delivery) (more bool, err error)) error {
	for range maxPulls {
		some, failed := p.pull(ctx, id)
		more := false
		if len(some) > 0 {
			var err error
			if more, err = keep(some); err != nil {
				return err
			}
		}
		if failed != nil {
			return fmt.Errorf("fetch the tokens of check-ins: %w", failed)
		}
		if !more {
			break
		}
	}
	return nil
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
	// What can be read is given with the error about the rest: it comes once, and a patient whose workplace is not known is better than none.
	workplace, misplaced := workplaceOf(answer.Header)
	tokens, err := readTokens(answer.Body)
	some := make([]Delivery, len(tokens))
	for i, token := range tokens {
		some[i] = Delivery{Token: token, Workplace: workplace}
	}
	return some, errors.Join(misplaced, err)
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

// readTokens takes an array of compact tokens. With an error come those that are.
func readTokens(body []byte) ([]string, error) {
	var tokens []string
	if len(body) == 0 || strings.TrimLeft(string(body[:1]), " \t\r\n[") != "" || json.Unmarshal(body, &tokens) != nil || len(tokens) > maxTokens {
		return nil, fmt.Errorf("%w: no list of tokens", ErrProtocol)
	}
	var bad error
	tokens = slices.DeleteFunc(tokens, func(token string) bool {
		_, err := jose.Parse(token, popp.MaxToken)
		if err != nil {
			bad = fmt.Errorf("%w: %w", ErrProtocol, err)
		}
		return err != nil
	})
	return tokens, bad
}
