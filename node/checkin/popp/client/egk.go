package client

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"pieks/card"
	"pieks/card/egk"
	"pieks/node/checkin/jose"
	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/zeta"
)

const (
	pathEGK = "/popp/service/v1/open-communication-ehc"
	// typeAPDU is the type of details that carry a card's answer (A_28519).
	typeAPDU = "urn:ti:gematik:apdu:command"
)

// EGK is a dialogue of the service with a card (A_28517). It is not for concurrent use. After an error of the reader, such as a card that was pulled, begin
// another one.
type EGK struct {
	c       *Client
	at      Place
	session string
	steps   int
	want    []uint16 // nil before the first command
	over    bool
}

// EGK begins one. Nothing is sent yet.
func (c *Client) EGK(at Place) *EGK {
	var name [16]byte
	_, _ = rand.Read(name[:]) // never fails (crypto/rand)
	return &EGK{c: c, at: at, session: hex.EncodeToString(name[:])}
}

// Next sends the card's answer to the command before, nil at first, and gives the next command, which goes to the card as it is, or how the check-in stands.
// A status word that the service did not expect is a *card.StatusError: the service has been told, and no further command may go to the card.
func (e *EGK) Next(ctx context.Context, response []byte) (egk.Step, *popp.Status, error) {
	if err := e.check(response); err != nil {
		return egk.Step{}, nil, err
	}
	answer, err := e.send(ctx, response)
	if err != nil {
		e.Close()
		return egk.Step{}, nil, fmt.Errorf("check in with the card: %w", err)
	}
	if refused := e.refused(response); refused != nil {
		e.Close()
		return egk.Step{}, nil, withReport(refused, answer)
	}
	step, status, err := readStep(answer)
	if err == nil && status == nil {
		if e.steps++; e.steps > maxSteps {
			err = fmt.Errorf("%w: no end to its commands", ErrProtocol)
		}
		e.want = step.Expected
	}
	if err != nil || status != nil {
		e.Close()
	}
	if err != nil {
		return egk.Step{}, nil, fmt.Errorf("check in with the card: %w", err)
	}
	return step, status, nil
}

// Close ends it, and forgets its session.
func (e *EGK) Close() {
	e.over = true
	e.c.zeta.EndSession(e.session)
}

func (e *EGK) check(response []byte) error {
	switch {
	case e.over:
		return ErrOver
	case e.want == nil && response != nil:
		return ErrOrder
	case e.want != nil && (len(response) < 2 || len(response) > maxResponse):
		return ErrResponse
	}
	return nil
}

// refused is the card's status word when it was none of those expected.
func (e *EGK) refused(response []byte) *card.StatusError {
	if response == nil {
		return nil
	}
	return unexpected(response, e.want)
}

func unexpected(response []byte, want []uint16) *card.StatusError {
	n := len(response)
	word := uint16(response[n-2])<<8 | uint16(response[n-1])
	if slices.Contains(want, word) {
		return nil
	}
	return &card.StatusError{Doing: "do what the PoPP service asked", SW: word}
}

// withReport adds what the service said to a status word that it did not expect; a command after it is not even read.
func withReport(refused *card.StatusError, answer zeta.Response) error {
	if answer.Status == http.StatusOK {
		return refused
	}
	return errors.Join(refused, serviceError(answer.Status, answer.Body))
}

func (e *EGK) send(ctx context.Context, response []byte) (zeta.Response, error) {
	parameters := e.c.place(e.at)
	if response != nil && e.c.is.Answer == AnswerQuery {
		parameters.Set("apduresponse", hex.EncodeToString(response))
	}
	r, err := e.c.request(e.c.is.CheckIn, pathEGK, parameters)
	if err != nil {
		return zeta.Response{}, err
	}
	r.Session = e.session
	details, err := e.details(response)
	if err != nil {
		return zeta.Response{}, err
	}
	if details.Name != "" && r.Body == nil { // GET: all is in the address
		r.Query.Set(details.Name, string(details.JSON))
		details = zeta.Details{}
	}
	return e.c.zeta.Execute(ctx, r, details)
}

// details are those of A_28519, none before the card has said something.
func (e *EGK) details(response []byte) (zeta.Details, error) {
	if response == nil || e.c.is.Answer == AnswerQuery {
		return zeta.Details{}, nil
	}
	key := "apdu_command_respose"
	if e.c.is.Answer == AnswerResponse {
		key = "apdu_command_response"
	}
	return e.c.details(typeAPDU, map[string]any{key: hex.EncodeToString(response)})
}

// readStep takes an answer of the dialogue: exactly one of a command and a state. The OpenAPI file requires the members of a command in both.
func readStep(answer zeta.Response) (egk.Step, *popp.Status, error) {
	if answer.Status != http.StatusOK {
		return egk.Step{}, nil, serviceError(answer.Status, answer.Body)
	}
	o, err := jose.ParseObject(answer.Body)
	if err != nil {
		return egk.Step{}, nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	_, command := o["commandApdu"]
	_, state := o["state"]
	switch {
	case command == state:
		return egk.Step{}, nil, fmt.Errorf("%w: not exactly one of a command and a state", ErrProtocol)
	case command:
		step, err := stepOf(o)
		return step, nil, err
	}
	status, err := statusOf(o)
	return egk.Step{}, &status, err
}

// stepOf reads a command with its status words.
func stepOf(o jose.Object) (egk.Step, error) {
	text, err := o.Text("commandApdu")
	if err != nil {
		return egk.Step{}, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	if len(text)%2 != 0 || len(text) < 2*minCommand || len(text) > 2*maxCommand {
		return egk.Step{}, fmt.Errorf("%w: a command of %d half bytes", ErrProtocol, len(text))
	}
	step := egk.Step{}
	if step.Command, err = hex.DecodeString(text); err != nil {
		return egk.Step{}, fmt.Errorf("%w: a command that is not hex", ErrProtocol)
	}
	var words []string
	if raw := o["expectedStatusWords"]; len(raw) == 0 || raw[0] != '[' || json.Unmarshal(raw, &words) != nil || len(words) == 0 || len(words) > maxExpected {
		return egk.Step{}, fmt.Errorf("%w: expected status words", ErrProtocol)
	}
	for _, word := range words {
		b, err := hex.DecodeString(word)
		if err != nil || len(b) != 2 {
			return egk.Step{}, fmt.Errorf("%w: an expected status word", ErrProtocol)
		}
		step.Expected = append(step.Expected, uint16(b[0])<<8|uint16(b[1]))
	}
	return step, nil
}
