package service

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"pieks/node/checkin/jose"
	"pieks/node/checkin/popp"
)

// proved is who was there, by which proof, when.
type proved struct {
	method   popp.ProofMethod
	at       time.Time
	kvnr, ik string
}

// record is a check-in ("PoPP-Datensatz"). There is a token once its practice is online (step 73): a pending one has none.
type record struct {
	id     string
	client string
	at     place
	made   time.Time
	state  popp.State
	proof  proved // who it was is forgotten with the end
	token  string // waits for its practice
}

// settle gives up a record that waited too long.
func (r *record) settle(now time.Time, giveUp time.Duration) {
	if r.state == popp.Pending && now.Sub(r.made) >= giveUp {
		r.state = popp.Canceled
		r.proof.kvnr, r.proof.ik = "", ""
	}
}

// hand makes the token of a record, which has reached its practice with that.
func (r *record) hand(token string) {
	r.state, r.token = popp.Success, token
	r.proof.kvnr, r.proof.ik = "", ""
}

// record makes one and, where the practice is online, its token (steps 71 to 76). Success is said when the token lies ready for a practice that is online.
func (s *Service) record(client string, at place, p proved) (any, error) {
	now := s.c.Now()
	s.lock.Lock()
	defer s.lock.Unlock()
	to := s.practices[at.institution]
	if to == nil {
		return nil, noResource
	}
	if err := s.room(now); err != nil {
		return nil, err
	}
	r := &record{id: uuid.NewString(), client: client, at: at, made: now, state: popp.Pending, proof: p}
	if to.online(now, s.c.OnlineFor) {
		token, err := s.issue(to.Practice, p, now)
		if err != nil {
			return nil, internal
		}
		r.hand(token)
	}
	s.records[r.id] = r
	to.queue = append(to.queue, r)
	return s.status(r), nil
}

// room forgets records that have long come to their end. The lock is held.
func (s *Service) room(now time.Time) error {
	if len(s.records) < maxRecords {
		return nil
	}
	maps.DeleteFunc(s.records, func(_ string, r *record) bool { return now.Sub(r.made) > 2*s.c.GiveUp })
	for _, p := range s.practices {
		p.queue = slices.DeleteFunc(p.queue, func(r *record) bool { return s.records[r.id] == nil })
	}
	if len(s.records) >= maxRecords {
		return busy
	}
	return nil
}

// issue makes a PoPP token. The lock is not needed.
func (s *Service) issue(p Practice, by proved, now time.Time) (string, error) {
	payload, err := json.Marshal(popp.Claims{
		Version: "1.0.0", Issuer: s.c.Issuer, IssuedAt: now.Unix(), ProofMethod: by.method, PatientProofTime: by.at.Unix(),
		PatientID: by.kvnr, InsurerID: by.ik, ActorID: string(p.TelematikID), ActorProfessionOID: p.Profession,
	})
	if err != nil {
		return "", fmt.Errorf("issue a token: %w", err)
	}
	return jose.SignES256(s.c.Key, jose.Header{KeyID: s.keyID, Type: popp.TypePoPP}, payload)
}

// status is StatusPoPPTokenGeneration of a record.
func (s *Service) status(r *record) any {
	state, message := string(r.state), "Check-in erfolgreich abgeschlossen (Test-Dienst)"
	switch r.state {
	case popp.Pending:
		message = "Die Einrichtung ist nicht online. Die Zustellung wird weiter versucht. (Test-Dienst)"
	case popp.Canceled:
		message = fmt.Sprintf("Die Zustellung des PoPP-Token an die Einrichtung war innerhalb von %d h nicht erfolgreich. (Test-Dienst)", int(s.c.GiveUp.Hours()))
		if s.c.Compat.Cancelled {
			state = "cancelled"
		}
	}
	return map[string]string{"state": state, "message": message, "id": r.id}
}
