package practice

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"sync"

	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/client"
	"pieks/node/checkin/popp/keys"
	"pieks/node/checkin/popp/zeta"
	"pieks/node/control"
	"pieks/store"
)

// ServiceConfig is the PoPP service through which check-ins come, too.
type ServiceConfig struct {
	URL    string            // or its host name; "" is none
	Key    *ecdsa.PrivateKey // P-256; what the service knows this practice by
	Compat client.Compat     // which reading of the interface it has
	TLS    *tls.Config       // nil: the roots of this computer (A_27220)
}

// ErrServiceKey says that a PoPP service was named without a key for it.
var ErrServiceKey = errors.New("a PoPP service knows a practice by a P-256 key: name its file with --popp-key")

var (
	errNoService = errors.New("no PoPP service is set up here: start the practice with --popp-service")

	serviceKeysKey         = []byte("popp keys")         // in practiceBucket: what verifies the service's tokens, for when it is not reached
	serviceRegistrationKey = []byte("popp registration") // what the service's guard knows this program by
)

// poppService is the way to the PoPP service, and what came from there.
type poppService struct {
	node     *Node
	life     context.Context
	cfg      ServiceConfig
	source   *keys.Source
	readings readings

	starting sync.Mutex
	client   *client.Practice // nil: not set up
	as       popp.TelematikID // for whom client speaks

	settling sync.Mutex // one judgement of what waits at a time
	kept     []byte     // of source, as they are in the store

	mu    sync.Mutex
	count serviceCount
}

func openService(life context.Context, n *Node, cfg ServiceConfig) (*poppService, error) {
	if cfg.URL == "" {
		return nil, nil
	}
	if cfg.Key == nil || cfg.Key.Curve != elliptic.P256() {
		return nil, ErrServiceKey
	}
	if !strings.Contains(cfg.URL, "://") {
		cfg.URL = "https://" + cfg.URL
	}
	if cfg.TLS == nil {
		cfg.TLS = zeta.TLS(nil, n.home.Now)
	}
	s := &poppService{node: n, life: life, cfg: cfg}
	var err error
	if s.kept, err = s.stored(serviceKeysKey); err != nil {
		return nil, err
	}
	s.source, err = keys.New(keys.Config{Service: cfg.URL, HTTP: zeta.HTTPClient(cfg.TLS), Now: n.home.Now, Kept: s.kept})
	if errors.Is(err, keys.ErrKept) {
		n.log.Warn("keys of the PoPP service", "err", err)
		err = nil
	}
	return s, err
}

func (s *poppService) stored(key []byte) (data []byte, err error) {
	err = s.node.home.Store.View(func(tx *store.Tx) error {
		data, err = tx.Get(practiceBucket, key)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read what was kept of the PoPP service: %w", err)
	}
	return data, nil
}

func (s *poppService) store(ctx context.Context, key, data []byte) error {
	err := s.node.home.Store.Update(ctx, func(tx *store.Tx) error {
		if data == nil {
			return tx.Delete(practiceBucket, key)
		}
		return tx.Put(practiceBucket, key, data)
	})
	if err != nil {
		return fmt.Errorf("keep what the PoPP service said: %w", err)
	}
	return nil
}

// keepKeys writes the service's keys down when there are others.
func (s *poppService) keepKeys(ctx context.Context) error {
	now := s.source.Kept()
	if now == nil || bytes.Equal(now, s.kept) {
		return nil
	}
	if err := s.store(ctx, serviceKeysKey, now); err != nil {
		return err
	}
	s.kept = now
	return nil
}

// own is the number on the practice card that holds now.
func (s *poppService) own() (popp.TelematikID, error) {
	licence := s.node.licence()
	if licence == nil {
		return "", cmp.Or(s.node.usable(), ErrLicence)
	}
	return popp.ParseTelematikID(licence.TelematikID)
}

// start gives the client that speaks for the practice, and sets it up where that was not done, or was done for another card.
func (s *poppService) start(ctx context.Context) (*client.Practice, popp.TelematikID, error) {
	id, err := s.own()
	if err != nil {
		return nil, "", err
	}
	s.starting.Lock()
	defer s.starting.Unlock()
	if s.client != nil && s.as == id {
		return s.client, id, nil
	}
	if err := s.setUp(ctx, id); err != nil {
		if zeta.Forgotten(err) {
			err = errors.Join(err, s.store(ctx, serviceRegistrationKey, nil))
		}
		return nil, "", err
	}
	return s.client, id, nil
}

func (s *poppService) setUp(ctx context.Context, id popp.TelematikID) error {
	known, err := s.stored(serviceRegistrationKey)
	if err != nil {
		return err
	}
	now := s.node.home.Now
	guard, err := zeta.New(zeta.Config{
		TLS: s.cfg.TLS, Scope: scopeGenerate, Registration: known, Subject: zeta.Subject(string(id), s.cfg.Key, now), Now: now,
	})
	if err != nil {
		return err
	}
	c, err := client.NewPractice(client.Config{FQDN: s.cfg.URL, ZETA: guard, Compat: s.cfg.Compat})
	if err != nil {
		return err
	}
	if err := c.Init(ctx); err != nil {
		return err
	}
	made, err := guard.Registration()
	if err == nil {
		err = s.store(ctx, serviceRegistrationKey, made)
	}
	if err != nil {
		return err
	}
	s.client, s.as = c, id
	return nil
}

// scopeGenerate is what a practice asks the guard for (oauth2Profiles of the OpenAPI files).
const scopeGenerate = "token:generate"

// failed has the client set up again after a guard that has forgotten it.
func (s *poppService) failed(ctx context.Context, err error) error {
	if !zeta.Forgotten(err) {
		return err
	}
	s.starting.Lock()
	defer s.starting.Unlock()
	s.client = nil
	return errors.Join(err, s.store(ctx, serviceRegistrationKey, nil))
}

// serviceRefusal is an error of the service for people. What it says of it may name somebody, so that is for reception alone.
func serviceRefusal(err error) error {
	if known, ok := errors.AsType[*control.Error](err); ok {
		return known
	}
	text := err
	if known, ok := errors.AsType[*client.ServiceError](err); ok && known.Detail != "" {
		text = errors.New(known.Detail)
	}
	return &control.Error{Kind: control.KindUnavailable, Code: control.CodeCheckinService, Message: "The PoPP service did not do it: " + text.Error(), Err: err}
}
