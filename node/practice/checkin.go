package practice

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"pieks/card"
	"pieks/card/egk"
	"pieks/node/booking"
	"pieks/node/checkin"
	"pieks/node/checkin/healthid"
	"pieks/node/network"
)

// arrivalDesk takes check-ins at the desk: who was there is written down before anybody is told so.
type arrivalDesk struct {
	desk   *checkin.Desk
	server *checkin.Server
}

func (n *Node) openArrivalDesk(d *desk) (*arrivalDesk, error) {
	login, err := n.loginCheck()
	if err != nil {
		return nil, err
	}
	r := &arrivalDesk{}
	r.desk, err = checkin.NewDesk(checkin.DeskConfig{
		Device: n.identity.device, Licence: n.licence, Trust: n.trust.now(n), Login: login, Arrivals: n.arrivals, Now: n.home.Now, Log: n.log,
	})
	if err != nil {
		return nil, err
	}
	r.server = r.desk.Listen(d.host)
	return r, nil
}

func (r *arrivalDesk) close() error { return r.server.Close() }

// licence is what the practice card says while check-ins may be taken, else nil.
func (n *Node) licence() *card.Licence {
	if n.usable() != nil {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.identity.licence
}

// handleMail handles a proof out of the desk's box.
func (r *arrivalDesk) handleMail(ctx context.Context, msg []byte) (booking.Mailed, error) {
	m, err := r.desk.HandleMail(ctx, msg)
	return booking.Mailed(m), err
}

// loginCheck verifies the GesundheitsID, where one is set up.
func (n *Node) loginCheck() (checkin.LoginCheck, error) {
	cfg := n.cfg.HealthID
	cfg.Now = n.home.Now
	verifier, err := healthid.NewVerifier(cfg)
	if err != nil || verifier == nil {
		return nil, err
	}
	return func(ctx context.Context, idToken, nonce string, at time.Time) (*healthid.Person, error) {
		who, err := verifier.VerifyAt(ctx, idToken, nonce, at)
		if errors.Is(err, healthid.ErrUnreachable) {
			err = fmt.Errorf("%w: %w", checkin.ErrBusy, err)
		}
		return who, err
	}, nil
}

// cardTrust is what patients' cards are verified by. Reading the roots of a network file takes longer than verifying a card.
type cardTrust struct {
	mu     sync.Mutex
	bundle *network.Bundle // that trust was made of
	trust  egk.Trust
}

// now gives what the network file says now.
func (t *cardTrust) now(n *Node) func() (egk.Trust, error) {
	return func() (egk.Trust, error) {
		t.mu.Lock()
		defer t.mu.Unlock()
		bundle := n.home.Network.Get()
		if bundle == nil {
			return egk.Trust{}, network.ErrNone
		}
		if bundle == t.bundle {
			return t.trust, nil
		}
		trust, err := bundle.PatientCards()
		if err != nil {
			return egk.Trust{}, err
		}
		t.bundle, t.trust = bundle, trust
		return trust, nil
	}
}
