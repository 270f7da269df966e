package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"pieks/card"
	"pieks/node/checkin/popp/zeta"
)

const pathSocket = "/popp/practitioner/api/v1/token-generation-ehc"

// dialogue is where one on a WebSocket stands: which scenario may come next.
type dialogue struct {
	session string
	counter int64
	rounds  int
	ended   bool // the last scenario was run
}

// take checks that a scenario is the next one of this dialogue. Its first has counter 0, each next one more: a repeated one is a replay.
func (d *dialogue) take(s *scenario) error {
	switch {
	case s.session != d.session:
		return fmt.Errorf("%w: a scenario of another session", ErrProtocol)
	case d.ended:
		return fmt.Errorf("%w: a scenario after the last", ErrProtocol)
	case s.counter != d.counter:
		return fmt.Errorf("%w: a scenario out of its order", ErrProtocol)
	case d.rounds >= maxScenarios:
		return fmt.Errorf("%w: no end to its scenarios", ErrProtocol)
	}
	d.counter, d.rounds, d.ended = d.counter+1, d.rounds+1, s.last
	return nil
}

// Generate has the service prove a card that is in a reader of the practice, and gives the token, not yet verified. ch is what package egk opened: without
// contacts it is inside PACE, and the commands stay what the service sent. A status word that was not expected is a *card.StatusError, as with EGK; an error of
// the reader ends it, to be begun again.
func (p *Practice) Generate(ctx context.Context, ch card.Channel, contactless bool) (token string, err error) {
	header := http.Header{"X-Useragent": {p.agent}}
	conn, err := p.zeta.Connect(ctx, zeta.Request{Path: pathSocket, Header: header})
	if err != nil {
		return "", fmt.Errorf("prove a card to the PoPP service: %w", err)
	}
	// A read does not know of ctx: it ends when the connection does.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer func() {
		stop()
		conn.Close()
		if err != nil {
			err = fmt.Errorf("prove a card to the PoPP service: %w", errors.Join(context.Cause(ctx), err))
		}
	}()
	connection := "contact-standard"
	if contactless {
		connection = "contactless-standard"
	}
	d := dialogue{session: uuid.NewString()}
	if err := write(conn, start{Type: typeStart, Version: messageVersion, Connection: connection, Session: d.session}); err != nil {
		return "", err
	}
	return p.talk(ctx, conn, ch, &d)
}

func (p *Practice) talk(ctx context.Context, conn *websocket.Conn, ch card.Channel, d *dialogue) (string, error) {
	for {
		m, err := p.read(conn)
		switch {
		case err != nil:
			return "", err
		case m.failure != nil:
			return "", m.failure
		case m.token != "":
			if d.rounds == 0 {
				return "", fmt.Errorf("%w: a token before any command", ErrProtocol)
			}
			return m.token, nil
		}
		if err := d.take(m.scenario); err != nil {
			return "", err
		}
		answers, refused, err := run(ctx, ch, m.scenario)
		if err != nil {
			return "", err
		}
		if err := write(conn, responseOf(answers)); err != nil {
			return "", err
		}
		if refused != nil {
			return "", errors.Join(refused, p.report(conn))
		}
	}
}

// run has the card do the steps, until it says what was not expected (gematik's guide for clients recommends to stop there).
func run(ctx context.Context, ch card.Channel, s *scenario) (answers [][]byte, refused *card.StatusError, err error) {
	for _, step := range s.steps {
		answer, err := ch.Transmit(ctx, step.Command)
		if err != nil {
			return nil, nil, err
		}
		if len(answer) < 2 || len(answer) > maxResponse {
			return nil, nil, ErrResponse
		}
		answers = append(answers, answer)
		if refused := unexpected(answer, step.Expected); refused != nil {
			return answers, refused, nil
		}
	}
	return answers, nil, nil
}

// report is what the service says to an answer that it did not expect; nothing if it says anything else.
func (p *Practice) report(conn *websocket.Conn) error {
	if m, err := p.read(conn); err == nil && m.failure != nil {
		return m.failure
	}
	return nil
}

func (p *Practice) read(conn *websocket.Conn) (message, error) {
	if err := conn.SetReadDeadline(time.Now().Add(messageTimeout)); err != nil {
		return message{}, err
	}
	kind, raw, err := conn.ReadMessage()
	if err != nil {
		return message{}, fmt.Errorf("read from the PoPP service: %w", err)
	}
	if kind != websocket.TextMessage {
		return message{}, fmt.Errorf("%w: a binary message", ErrProtocol)
	}
	return readMessage(raw, p.is.Cards)
}

func write(conn *websocket.Conn, v any) error {
	if err := conn.SetWriteDeadline(time.Now().Add(messageTimeout)); err != nil {
		return err
	}
	if err := conn.WriteJSON(v); err != nil {
		return fmt.Errorf("write to the PoPP service: %w", err)
	}
	return nil
}
