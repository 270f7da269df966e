package client

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

	"pieks/card/egk"
	"pieks/node/checkin/jose"
	"pieks/node/checkin/popp"
)

// The messages of I_PoPP_Token_Generation.yaml by their type.
const (
	typeStart            = "Start"
	typeStandardScenario = "StandardScenario"
	typeConnector        = "ConnectorScenario"
	typeScenarioResponse = "ScenarioResponse"
	typeToken            = "Token"
	typeError            = "Error"

	messageVersion = "1.0.0"
)

// start begins a dialogue.
type start struct {
	Type       string `json:"type"`
	Version    string `json:"version"`
	Connection string `json:"cardConnectionType"`
	Session    string `json:"clientSessionId"`
}

// scenarioResponse are the card's answers to one scenario, in order.
type scenarioResponse struct {
	Type  string   `json:"type"`
	Steps []string `json:"steps"`
}

// scenario is what the card is to do next.
type scenario struct {
	session string
	counter int64
	last    bool // nothing but a token or an error comes after it
	steps   []egk.Step
}

// message is one of the service's: exactly one of the three.
type message struct {
	scenario *scenario
	token    string
	failure  *ServiceError
}

// readMessage takes a message of the service.
func readMessage(raw []byte, connector ConnectorCards) (message, error) {
	o, err := jose.ParseObject(raw)
	if err != nil {
		return message{}, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	kind, err := o.Text("type")
	if err != nil {
		return message{}, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	switch kind {
	case typeStandardScenario:
		s, err := scenarioOf(o)
		return message{scenario: s}, err
	case typeConnector:
		if connector == ConnectorRefused {
			return message{}, ErrWorkflow
		}
		s, err := openScenario(o)
		return message{scenario: s}, err
	case typeToken:
		token, err := o.Text("token")
		if err == nil {
			_, err = jose.Parse(token, popp.MaxToken)
		}
		if err != nil {
			return message{}, fmt.Errorf("%w: %w", ErrProtocol, err)
		}
		return message{token: token}, nil
	case typeError:
		code, detail := errorText(o)
		return message{failure: &ServiceError{Code: code, Detail: detail}}, nil
	}
	return message{}, fmt.Errorf("%w: a message of another type", ErrProtocol)
}

// scenarioOf reads a StandardScenario within the bounds that its schema has.
func scenarioOf(o jose.Object) (*scenario, error) {
	version, err := o.Text("version")
	if err != nil || version != messageVersion {
		return nil, fmt.Errorf("%w: a scenario of another version", ErrProtocol)
	}
	s := &scenario{}
	if s.session, err = o.Text("clientSessionId"); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	span, err := o.Integer("timeSpan")
	if err != nil || span < 0 || span > maxCounter {
		return nil, fmt.Errorf("%w: timeSpan of a scenario", ErrProtocol)
	}
	s.last = span == 0
	if s.counter, err = o.Integer("sequenceCounter"); err != nil || s.counter < 0 || s.counter > maxCounter {
		return nil, fmt.Errorf("%w: sequenceCounter of a scenario", ErrProtocol)
	}
	var raw []json.RawMessage
	if steps := o["steps"]; len(steps) == 0 || steps[0] != '[' || json.Unmarshal(steps, &raw) != nil || len(raw) > maxScenarioSteps {
		return nil, fmt.Errorf("%w: steps of a scenario", ErrProtocol)
	}
	for _, one := range raw {
		inner, err := jose.ParseObject(one)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
		}
		step, err := stepOf(inner)
		if err != nil {
			return nil, err
		}
		s.steps = append(s.steps, step)
	}
	return s, nil
}

// openScenario takes the scenario out of one that is signed for a Konnektor.
func openScenario(o jose.Object) (*scenario, error) {
	signed, err := o.Text("signedScenario")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	m, err := jose.Parse(signed, len(signed))
	if err != nil || m.Type != "JWT" || m.Algorithm != jose.ES256 {
		return nil, fmt.Errorf("%w: a signed scenario", ErrProtocol)
	}
	claims, err := jose.ParseObject(m.Payload)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	inner, err := claims.Object("message")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return scenarioOf(inner)
}

func responseOf(answers [][]byte) scenarioResponse {
	r := scenarioResponse{Type: typeScenarioResponse, Steps: []string{}}
	for _, a := range answers {
		r.Steps = append(r.Steps, hex.EncodeToString(a))
	}
	return r
}
