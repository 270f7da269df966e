package disclosure

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/card"
	"pieks/node/admission/inbound"
)

// serveDeliver takes a professional's authorisation for a reference.
func (s *Server) serveDeliver(st network.Stream, h head) error {
	var m signature
	if err := readPadded(st, authorisationBytes, &m); err != nil {
		return refuseForm(st, kindDeliver, err)
	}
	return writePadded(st, answerBytes, answer{Version: version, Status: s.deliver(h, m.CMS, st.Conn().RemotePeer())})
}

func (s *Server) deliver(h head, cms []byte, who peer.ID) Status {
	if status := s.professional(who); status != StatusOK {
		return status
	}
	now := s.cfg.Now()
	registered, _, status := s.registry.lookup(h.Reference, now)
	if status != StatusOK {
		return status
	}
	a, err := checkFor(cms, s.self, registered, s.cfg.Roots(), now)
	if err != nil {
		return statusOf(err)
	}
	if a.Reference != h.Reference {
		return StatusDigits
	}
	return s.registry.deliver(a, cms, now)
}

// checkFor is the relay's check of an authorisation: that of Verify, and that it is for this relay and these data.
func checkFor(cms []byte, relay peer.ID, c Commitment, roots card.Roots, at time.Time) (*Authorisation, error) {
	a, _, err := Verify(cms, roots, at)
	switch {
	case err != nil:
		return nil, err
	case string(a.Relay) != string(relay):
		return nil, fmt.Errorf("%w: for another relay", ErrSignature)
	case a.Commitment != c:
		return nil, ErrSwapped
	}
	return a, nil
}

// servePost takes data for publication.
func (s *Server) servePost(ctx context.Context, st network.Stream, h head, from inbound.Source) error {
	if err := st.Scope().ReserveMemory(packageMemory, network.ReservationPriorityMedium); err != nil {
		return err
	}
	defer st.Scope().ReleaseMemory(packageMemory)
	var p parcel
	if err := readPadded(st, packageBytes, &p); err != nil {
		return refuseForm(st, kindPost, err)
	}
	status := checkParcel(p)
	switch {
	case status != StatusOK:
	case !s.rates.post.Allow(string(from)):
		status = StatusBusy
	case h.Dummy:
		status = s.imitate(ctx, p)
	default:
		status = s.post(ctx, p)
	}
	return writePadded(st, answerBytes, answer{Version: version, Status: status})
}

// post checks everything again, whatever was delivered before, since the relay may have been restarted in between, and answers
// when the data are on the disk.
func (s *Server) post(ctx context.Context, p parcel) Status {
	now, rules := s.cfg.Now(), s.cfg.Rules()
	if !rules.valid() {
		return StatusFailed
	}
	c := Commit(p.Data, p.Secret)
	a, err := checkFor(p.CMS, s.self, c, s.cfg.Roots(), now)
	if err != nil {
		return statusOf(err)
	}
	err = s.queue.post(ctx, c, p.Data, time.Unix(int64(a.Expires), 0), rules, now)
	switch {
	case errors.Is(err, errSpent):
		return StatusSpent
	case errors.Is(err, errFull):
		return StatusBusy
	case err != nil:
		s.cfg.Log.Warn("disclosed data could not be kept", "err", err)
		return StatusFailed
	}
	s.registry.end(a.Reference, c)
	return StatusOK
}

// imitate is post for a dummy: the hash, the parsing and the disk's work, and nothing kept. The log does not tell it either.
func (s *Server) imitate(ctx context.Context, p parcel) Status {
	_ = Commit(p.Data, p.Secret)
	_, _, _ = card.VerifySigned(p.CMS, Domain, s.cfg.Roots(), s.cfg.Now())
	if err := s.queue.imitate(ctx); err != nil {
		s.cfg.Log.Warn("disclosed data could not be kept", "err", err)
		return StatusFailed
	}
	return StatusOK
}
