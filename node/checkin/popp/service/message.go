package service

import (
	"encoding/json"
	"time"

	"github.com/gorilla/websocket"

	"pieks/node/checkin/jose"
)

const (
	messageVersion = "1.0.0"
	maxScenario    = 63 // steps, by the interface
	maxName        = 64 // of a client's session; a UUID has 36 characters
)

// scenario is StandardScenario.
type scenario struct {
	Type    string     `json:"type"`
	Version string     `json:"version"`
	Session string     `json:"clientSessionId"`
	Counter int        `json:"sequenceCounter"`
	Span    int        `json:"timeSpan"`
	Steps   []apduStep `json:"steps"`
}

func send(conn *websocket.Conn, v any) error {
	if err := conn.SetWriteDeadline(time.Now().Add(messageTimeout)); err != nil {
		return err
	}
	return conn.WriteJSON(v)
}

// receive reads a message with its type.
func receive(conn *websocket.Conn) (jose.Object, string, error) {
	if err := conn.SetReadDeadline(time.Now().Add(messageTimeout)); err != nil {
		return nil, "", err
	}
	kind, raw, err := conn.ReadMessage()
	if err != nil {
		return nil, "", err
	}
	if kind != websocket.TextMessage {
		return nil, "", invalidMessage
	}
	return readMessage(raw)
}

func readMessage(raw []byte) (jose.Object, string, error) {
	o, err := jose.ParseObject(raw)
	if err != nil {
		return nil, "", invalidMessage
	}
	name, err := o.Text("type")
	if err != nil {
		return nil, "", invalidMessage
	}
	return o, name, nil
}

func receiveStart(conn *websocket.Conn) (name string, err error) {
	o, kind, err := receive(conn)
	if err != nil {
		return "", err
	}
	return readStart(o, kind)
}

// readStart takes how the card is connected: a Konnektor has no scenarios here. Cards with contacts are proved as those without are, which a real service does
// by a trusted channel.
func readStart(o jose.Object, kind string) (name string, err error) {
	if kind != "Start" {
		return "", invalidMessage
	}
	var text [3]string
	for i, member := range []string{"version", "cardConnectionType", "clientSessionId"} {
		if text[i], err = o.Text(member); err != nil {
			return "", invalidMessage
		}
	}
	if text[2] == "" || len(text[2]) > maxName {
		return "", invalidMessage
	}
	switch {
	case text[0] != messageVersion:
		return "", badWorkflow
	case text[1] == "contact-standard", text[1] == "contactless-standard":
		return text[2], nil
	case text[1] == "contact-connector", text[1] == "contactless-connector":
		return "", badWorkflow
	}
	return "", invalidMessage
}

func receiveAnswers(conn *websocket.Conn) ([][]byte, error) {
	o, kind, err := receive(conn)
	if err != nil {
		return nil, err
	}
	return readAnswers(o, kind)
}

// readAnswers takes a ScenarioResponse. A second Start on the same socket is no way to begin again.
func readAnswers(o jose.Object, kind string) ([][]byte, error) {
	if kind == "Start" {
		return nil, badWorkflow
	}
	var steps []string
	if raw := o["steps"]; kind != "ScenarioResponse" || len(raw) == 0 || raw[0] != '[' || json.Unmarshal(raw, &steps) != nil || len(steps) > maxScenario {
		return nil, invalidMessage
	}
	answers := make([][]byte, len(steps))
	for i, text := range steps {
		var err error
		if answers[i], err = apdu(text); err != nil {
			return nil, invalidMessage
		}
	}
	return answers, nil
}
