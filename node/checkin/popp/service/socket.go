package service

import (
	"errors"
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"pieks/card/egk"
	"pieks/node/checkin/popp"
)

// socket is I_PoPP_Token_Generation: the practice has a card in its reader. The last message is a token or an error, and the socket ends with it.
func (s *Service) socket(w http.ResponseWriter, r *http.Request, p *practice) {
	if !websocket.IsWebSocketUpgrade(r) || r.Header.Get("Sec-WebSocket-Version") != "13" {
		w.Header().Set("Sec-WebSocket-Version", "13")
		answer(w, nil, &failure{http.StatusUpgradeRequired, "malformedRequest", ""})
		return
	}
	if !s.enterSocket() {
		answer(w, nil, busy)
		return
	}
	defer s.leaveSocket()
	upgrader := websocket.Upgrader{HandshakeTimeout: headerTimeout}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // it has answered
	}
	defer conn.Close()
	conn.SetReadLimit(maxMessage)
	token, err := s.converse(conn, p)
	switch f := (*failure)(nil); {
	case err == nil:
		_ = send(conn, map[string]string{"type": "Token", "token": token})
	case errors.As(err, &f):
		_ = send(conn, map[string]string{"type": "Error", "errorCode": f.Code, "errorDetail": f.Detail})
	default:
		return // the practice is gone
	}
	_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(headerTimeout))
}

func (s *Service) enterSocket() bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.sockets >= maxSockets {
		return false
	}
	s.sockets++
	return true
}

func (s *Service) leaveSocket() {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.sockets--
}

// converse has the card do both scenarios, and makes the token.
func (s *Service) converse(conn *websocket.Conn, p *practice) (string, error) {
	name, err := receiveStart(conn)
	if err != nil {
		return "", err
	}
	d := s.newDialogue(place{institution: p.TelematikID})
	if _, _, err := d.next(nil); err != nil {
		return "", err
	}
	steps := d.inner.Steps()
	if err := play(conn, d, scenario{Session: name, Counter: 0, Span: span}, steps[:openSteps]); err != nil {
		return "", err
	}
	if err := play(conn, d, scenario{Session: name, Counter: 1, Span: 0}, steps[openSteps:]); err != nil {
		return "", err
	}
	who, err := s.verify(d)
	if err != nil {
		return "", err
	}
	now := s.c.Now()
	return s.issue(p.Practice, proved{method: popp.ProofPractitionerCVC, at: now, kvnr: who.KVNR, ik: who.IK}, now)
}

// play sends a scenario and gives its answers to the dialogue. A status word that was not expected ends it, whatever should have come after it; else there
// has to be an answer for each step.
func play(conn *websocket.Conn, d *dialogue, sc scenario, steps []egk.Step) error {
	sc.Type, sc.Version = "StandardScenario", messageVersion
	for _, step := range steps {
		sc.Steps = append(sc.Steps, stepOf(step))
	}
	if err := send(conn, sc); err != nil {
		return err
	}
	answers, err := receiveAnswers(conn)
	if err != nil {
		return err
	}
	if len(answers) > len(steps) {
		return invalidMessage
	}
	for _, one := range answers {
		if _, _, err := d.next(one); err != nil {
			return err
		}
	}
	if len(answers) < len(steps) {
		return invalidMessage
	}
	return nil
}
