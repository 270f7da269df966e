package service

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"time"

	"pieks/card/egk"
	"pieks/node/checkin/popp"
)

// openSteps are the commands of scenario OPEN_EGK; those of AUTH_G2 come after them.
const openSteps = 2

// dialogue is one with a card, of one session.
type dialogue struct {
	inner    *egk.Dialogue
	nonce    egk.Nonce
	place    place
	answered int
	until    time.Time
}

func (s *Service) newDialogue(at place) *dialogue {
	d := &dialogue{place: at, until: s.c.Now().Add(dialogueLife)}
	_, _ = rand.Read(d.nonce[:]) // never fails (crypto/rand)
	d.inner = egk.NewDialogue(d.nonce, egk.Options{WithoutGDO: true})
	return d
}

// next takes the card's answer; done has it verified.
func (d *dialogue) next(response []byte) (egk.Step, bool, error) {
	step, done, err := d.inner.Next(response)
	if err != nil {
		return step, false, ofCard(err, d.answered)
	}
	if response != nil {
		d.answered++
	}
	return step, done, nil
}

// verify is who a card belongs to, after all its answers.
func (s *Service) verify(d *dialogue) (*egk.Insured, error) {
	who, err := d.inner.Answers().Verify(d.nonce, s.c.Trust, s.c.Now())
	if err != nil {
		return nil, ofCard(err, d.answered)
	}
	if who.Pair == egk.Unknown && !s.c.TakeUnknown {
		return nil, unknownPair
	}
	return who, nil
}

// openCommunication is I_PoPP_CheckIn_eGK_Verification. Without an answer of a card a dialogue begins, and one before it in the same session is forgotten.
func (s *Service) openCommunication(c call) (any, error) {
	if err := checkAgent(c.r); err != nil {
		return nil, err
	}
	at, err := c.p.place()
	if err != nil {
		return nil, err
	}
	response, err := c.p.response()
	if err != nil {
		return nil, err
	}
	d, err := s.dialogueOf(c.session, at, response == nil)
	if err != nil {
		return nil, err
	}
	step, done, err := d.next(response)
	if err != nil {
		return nil, err
	}
	if !done {
		s.keep(c.session, d)
		return stepOf(step), nil
	}
	who, err := s.verify(d)
	if err != nil {
		return nil, err
	}
	return s.record(c.session.client, at, proved{method: popp.ProofProviderCVC, at: s.c.Now(), kvnr: who.KVNR, ik: who.IK})
}

// dialogueOf takes the dialogue of a session out, so that no two requests go on with it; begin makes one.
func (s *Service) dialogueOf(of session, at place, begin bool) (*dialogue, error) {
	now := s.c.Now()
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.practices[at.institution] == nil {
		return nil, noResource
	}
	d := s.dialogues[of.id]
	delete(s.dialogues, of.id)
	if begin {
		maps.DeleteFunc(s.dialogues, func(_ string, old *dialogue) bool { return now.After(old.until) })
		if len(s.dialogues) >= maxDialogues {
			return nil, busy
		}
		return s.newDialogue(at), nil
	}
	if d == nil || now.After(d.until) || d.place != at {
		return nil, invalidMessage
	}
	return d, nil
}

func (s *Service) keep(of session, d *dialogue) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.dialogues[of.id] = d
}

// apduStep is a command as the interfaces have it.
type apduStep struct {
	Command  string   `json:"commandApdu"`
	Expected []string `json:"expectedStatusWords"`
}

func stepOf(step egk.Step) apduStep {
	out := apduStep{Command: hex.EncodeToString(step.Command)}
	for _, word := range step.Expected {
		out.Expected = append(out.Expected, fmt.Sprintf("%04x", word))
	}
	return out
}
