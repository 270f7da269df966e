package service

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"pieks/node/checkin/popp"
)

// practice is the guard in front of a practice's interface.
func (s *Service) practice(next func(w http.ResponseWriter, r *http.Request, p *practice)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		found, err := s.enter(r)
		if err == nil && (found.scope != scopeGenerate || found.practice == nil) {
			err = forbidden
		}
		if err == nil {
			err = checkAgent(r)
		}
		if err != nil {
			answer(w, nil, err)
			return
		}
		next(w, r, found.practice)
	}
}

// pull is I_PoPP_Token_Generation_online_check_in. One header names one workplace, so an answer has the tokens of one: that of the oldest that waits.
// Whoever asks until nothing comes has all.
func (s *Service) pull(w http.ResponseWriter, r *http.Request, p *practice) {
	params, err := readParameters(r)
	if err == nil && popp.TelematikID(params["telematikid"]) != p.TelematikID {
		err = forbidden
	}
	if err != nil {
		answer(w, nil, err)
		return
	}
	taken, err := s.take(p)
	if err != nil {
		answer(w, nil, err)
		return
	}
	tokens := []string{}
	for _, one := range taken {
		tokens = append(tokens, one.token)
	}
	body, err := json.Marshal(tokens)
	if err != nil {
		answer(w, nil, internal)
		return
	}
	if len(taken) > 0 && taken[0].at.workplace != "" {
		w.Header().Set("X-WorkplaceID", string(taken[0].at.workplace))
	}
	w.Header().Set("Content-Type", "application/json")
	if _, err := w.Write(body); err != nil {
		s.putBack(p, taken) // the practice went away: its tokens wait on
	}
}

// take has the tokens of one workplace leave the queue, and makes those that are not made yet.
func (s *Service) take(p *practice) ([]*record, error) {
	now := s.c.Now()
	s.lock.Lock()
	defer s.lock.Unlock()
	p.asked = now
	for _, r := range p.queue {
		r.settle(now, s.c.GiveUp)
	}
	p.queue = slices.DeleteFunc(p.queue, func(r *record) bool { return r.over(now) })
	var taken, left []*record
	for _, r := range p.queue {
		if len(taken) == maxTokens || len(taken) > 0 && r.at.workplace != taken[0].at.workplace {
			left = append(left, r)
			continue
		}
		if r.token == "" {
			token, err := s.issue(p.Practice, r.proof, now)
			if err != nil {
				return nil, internal
			}
			r.hand(token)
		}
		taken = append(taken, r)
	}
	p.queue = left
	return taken, nil
}

// over says whether a record in the queue is no longer waited for: given up, or its token has run out with its quarter.
func (r *record) over(now time.Time) bool {
	return r.state == popp.Canceled || r.token != "" && now.After(popp.EndOfQuarter(r.made))
}

func (s *Service) putBack(p *practice, taken []*record) {
	s.lock.Lock()
	defer s.lock.Unlock()
	p.queue = append(taken, p.queue...)
}
