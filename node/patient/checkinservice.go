package patient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync"

	"pieks/card"
	"pieks/card/egk"
	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/client"
	"pieks/node/checkin/popp/zeta"
	"pieks/node/checkin/vzd"
	"pieks/node/control"
	"pieks/store"
)

// ServiceConfig is the PoPP service for institutions that are not in the mesh.
type ServiceConfig struct {
	URL    string        // or its host name; "" is none
	Compat client.Compat // which reading of the interface it has
	TLS    *tls.Config   // nil: the roots of this computer (A_27220)
}

// poppService is the way to the PoPP service: the client, and its ZETA client. It is set up with the first question, not when the node starts (A_28507 has it
// then), so that nothing leaves this computer for a check-in that nobody wants (T27).
type poppService struct {
	node  *Node
	url   string
	guard *zeta.Guard
	*client.Client

	starting sync.Mutex
	ready    bool // guarded by starting
}

var registrationKey = []byte("popp registration") // in patientBucket: what the service's guard knows this program by

func openService(n *Node, cfg ServiceConfig) (*poppService, error) {
	if cfg.URL == "" {
		return nil, nil
	}
	var kept []byte
	err := n.home.Store.View(func(tx *store.Tx) (err error) {
		kept, err = tx.Get(patientBucket, registrationKey)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read how the PoPP service knows this program: %w", err)
	}
	s := &poppService{node: n, url: cfg.URL}
	if s.guard, err = zeta.New(zeta.Config{TLS: cfg.TLS, Registration: kept, Now: n.home.Now}); err != nil {
		return nil, err
	}
	s.Client, err = client.New(client.Config{FQDN: cfg.URL, ZETA: s.guard, Compat: cfg.Compat})
	return s, err
}

// start sets the ZETA client up once, and keeps what the guard knows it by.
func (s *poppService) start(ctx context.Context) error {
	s.starting.Lock()
	defer s.starting.Unlock()
	if s.ready {
		return nil
	}
	if err := s.Init(ctx); err != nil {
		return serviceRefusal(err)
	}
	data, err := s.guard.Registration()
	if err == nil {
		err = s.node.home.Store.Update(ctx, func(tx *store.Tx) error { return tx.Put(patientBucket, registrationKey, data) })
	}
	s.ready = err == nil
	return err
}

// hasService says whether institutions outside of the mesh can be checked in at.
func (c *checkins) hasService() bool { return c.service != nil }

// serviceRefusal is an error of the service for people. What it says of it may name somebody, so that is for its user alone.
func serviceRefusal(err error) error {
	text := err
	if known, ok := errors.AsType[*client.ServiceError](err); ok && known.Detail != "" {
		text = errors.New(known.Detail)
	}
	return &control.Error{Kind: control.KindUnavailable, Code: control.CodeCheckinService, Message: "The PoPP service did not do it: " + text.Error(), Err: err}
}

// cardVerdict is the service's word on a card, when an error is that: it ends the check-in.
func cardVerdict(err error) (verdict, bool) {
	for _, known := range []struct {
		err  error
		code string
	}{
		{egk.ErrBlocked, control.CodeCardBlocked}, {egk.ErrOldCard, control.CodeCardForeign},
		{egk.ErrPair, control.CodeCardUnproven}, {egk.ErrChallenge, control.CodeCardUnproven}, {client.ErrUnknownCard, control.CodeCardUnproven},
	} {
		if errors.Is(err, known.err) {
			return verdict{State: control.CheckinStateCanceled, Why: known.code, Message: known.err.Error()}, true
		}
	}
	return verdict{}, false
}

// statusVerdict is StatusPoPPTokenGeneration, for the record.
func statusVerdict(s popp.Status) verdict {
	v := verdict{State: string(s.State), Message: s.Message, record: s.ID}
	switch s.State {
	case popp.Success:
		v.Message = "" // its own page says it (A_28516)
	case popp.Canceled:
		v.Why = control.CodeCheckinService
	}
	return v
}

func (e *checkinEntry) place() client.Place {
	return client.Place{TelematikID: popp.TelematikID(e.institution.TelematikID), Workplace: popp.WorkplaceID(e.look().Workplace)}
}

// askServiceForCard begins a dialogue that the service drives (A_28517).
func (c *checkins) askServiceForCard(ctx context.Context, e *checkinEntry) (dialogue, error) {
	if err := c.service.start(ctx); err != nil {
		return nil, err
	}
	return &serviceDialogue{c.service.EGK(e.place())}, nil
}

type serviceDialogue struct{ egk *client.EGK }

func (d *serviceDialogue) next(ctx context.Context, response []byte) (egk.Step, *verdict, error) {
	step, status, err := d.egk.Next(ctx, response)
	if err != nil {
		if status, ok := errors.AsType[*card.StatusError](err); ok {
			return egk.Step{}, nil, status // the card's doing, whatever the service says to it
		}
		if v, ok := cardVerdict(err); ok {
			return egk.Step{}, &v, nil
		}
		if _, ok := errors.AsType[*client.ServiceError](err); ok {
			err = serviceRefusal(err)
		}
		return egk.Step{}, nil, err
	}
	if status == nil {
		return step, nil, nil
	}
	v := statusVerdict(*status)
	return egk.Step{}, &v, nil
}

func (d *serviceDialogue) close() { d.egk.Close() }

// loginAtService has the service's guard begin the login (A_28502, A_28508).
func (c *checkins) loginAtService(ctx context.Context, e *checkinEntry, insurer, back string) (at, state string, err error) {
	if err := c.service.start(ctx); err != nil {
		return "", "", err
	}
	_, err = c.service.CheckInHealthID(ctx, e.place(), insurer, back)
	if login, ok := errors.AsType[*zeta.LoginError](err); ok {
		return login.URL, login.State, nil
	}
	if err == nil {
		err = client.ErrProtocol // nobody has logged in
	}
	return "", "", serviceRefusal(err)
}

// finishLoginAtService makes the request that waited for the login (A_28501, A_28503).
func (c *checkins) finishLoginAtService(ctx context.Context, in control.CheckinLoggedIn) (verdict, error) {
	status, err := c.service.LoggedIn(ctx, in.State, in.Code)
	if errors.Is(err, zeta.ErrLogin) {
		return verdict{}, control.Coded(control.KindConflict, control.CodeLogin, "%w", err)
	}
	if err != nil {
		return verdict{}, serviceRefusal(err)
	}
	return statusVerdict(status), nil
}

// askService asks the service how a check-in stands (A_28677).
func (c *checkins) askService(ctx context.Context, e *checkinEntry) error {
	if c.service == nil {
		return errNoService
	}
	if err := c.service.start(ctx); err != nil {
		return err
	}
	status, err := c.service.ReadStatus(ctx, e.look().Record)
	if err != nil {
		return err
	}
	now := c.node.home.Now()
	return c.change(ctx, e, func(r *checkinRecord) { r.tell(statusVerdict(status), now) })
}

var errNoService = errors.New("no PoPP service is set up here")

// searchDirectory asks the directory service that is set up, or the PoPP service for it (A_28514, A_28618). The request names nobody who asks.
func (c *checkins) searchDirectory(ctx context.Context, request string) (vzd.Result, error) {
	if c.cfg.Directory != "" {
		return vzd.Client{Base: c.cfg.Directory, Transport: c.cfg.Transport}.Search(ctx, request)
	}
	prepared, err := vzd.Prepare(request)
	if err != nil {
		return vzd.Result{}, err
	}
	if err := c.service.start(ctx); err != nil {
		return vzd.Result{}, err
	}
	bundle, err := c.service.LoadPractitionerInformation(ctx, prepared)
	if err != nil {
		return vzd.Result{}, err
	}
	return vzd.ReadResult(bundle)
}
