package service

import (
	"net/http"
	"unicode/utf8"

	"pieks/node/checkin/popp"
)

// call is a patient's request that the guard let through.
type call struct {
	session session
	p       parameters
	header  http.Header // with what the guard added
	r       *http.Request
}

// patient is the guard in front of a patient's interface: token and proof, then the headers that only the guard may set (OpenAPI: x-kvnr, x-iknr).
func (s *Service) patient(next func(call) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, err := s.callOf(r)
		if err != nil {
			answer(w, nil, err)
			return
		}
		body, err := next(c)
		answer(w, body, err)
	}
}

func (s *Service) callOf(r *http.Request) (call, error) {
	found, err := s.enter(r)
	if err != nil {
		return call{}, err
	}
	if found.scope != scopePatient {
		return call{}, forbidden
	}
	p, err := readParameters(r)
	if err != nil {
		return call{}, err
	}
	header := r.Header.Clone()
	for _, own := range []string{"X-Kvnr", "X-Iknr"} {
		header.Del(own)
	}
	if found.person != nil {
		header.Set("X-Kvnr", found.person.kvnr)
		header.Set("X-Iknr", found.person.ik)
	}
	return call{session: found, p: p, header: header, r: r}, nil
}

// checkInHealthID is I_PoPP_CheckIn_HID.
func (s *Service) checkInHealthID(c call) (any, error) {
	if err := checkAgent(c.r); err != nil {
		return nil, err
	}
	kvnr, ik := popp.KVNR(c.header.Get("X-Kvnr")), popp.IK(c.header.Get("X-Iknr"))
	if kvnr.CheckForm() != nil || ik.CheckForm() != nil {
		return nil, noUser
	}
	at, err := c.p.place()
	if err != nil {
		return nil, err
	}
	if s.c.Compat.WorkplaceExact && utf8.RuneCountInString(c.p["workplaceid"]) != popp.MaxWorkplace {
		return nil, malformed
	}
	return s.record(c.session.client, at, proved{method: popp.ProofHealthID, at: s.c.Now(), kvnr: string(kvnr), ik: string(ik)})
}

// readStatus is I_PoPP_Read_Status_PoPP. A record is there for the client that made it.
func (s *Service) readStatus(c call) (any, error) {
	if err := checkAgent(c.r); err != nil {
		return nil, err
	}
	id := c.p["popprecordid"]
	if !popp.IsUUID(id) {
		return nil, malformed
	}
	now := s.c.Now()
	s.lock.Lock()
	defer s.lock.Unlock()
	r, ok := s.records[id]
	if !ok || r.client != c.session.client {
		return nil, noResource
	}
	r.settle(now, s.c.GiveUp)
	return s.status(r), nil
}

// directory is I_PoPP_Load_Practitioner_Information. Its description requires no user agent.
func (s *Service) directory(c call) (any, error) {
	request := c.p["searchrequest"]
	if request == "" || len(request) > maxParameter {
		return nil, malformed
	}
	if s.c.Directory == nil {
		return nil, noResource
	}
	bundle, err := s.c.Directory(c.r.Context(), request)
	if err != nil || len(bundle) > maxBundle {
		return nil, internal
	}
	return map[string]string{"searchresult": string(bundle)}, nil
}
