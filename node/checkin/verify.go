package checkin

import (
	"context"
	"errors"
	"time"

	"pieks/card"
	"pieks/card/egk"
	"pieks/node/checkin/popp"
)

// proved is what a proof says once it was verified.
type proved struct {
	method         popp.ProofMethod
	challenge      string // popp.Challenge...
	at             time.Time
	kvnr, ik, name string
	pair           egk.Pair
	cvc, x509      egk.Hash
}

// verifyCard checks what a card said to a nonce, at the time at.
func (d *Desk) verifyCard(a egk.Answers, nonce egk.Nonce, challenge string, at time.Time) (*proved, Reason) {
	trust, err := d.cfg.Trust()
	if err != nil {
		d.cfg.Log.Warn("check-ins cannot be verified", "err", err)
		return nil, reasonBusy
	}
	trust.Pairs = d.cfg.Arrivals.Pairs()
	who, err := a.Verify(nonce, trust, at)
	now := d.cfg.Now()
	switch {
	case err == nil:
		d.spent.add("signature", a.Signature, now)
	case errors.Is(err, egk.ErrChallenge) && d.spent.has("signature", a.Signature):
		return nil, reasonReplay // it signed another challenge, here, before
	default:
		return nil, d.reasonOfProof(err)
	}
	if popp.KVNR(who.KVNR).CheckForm() != nil || popp.IK(who.IK).CheckForm() != nil {
		return nil, reasonUnproven
	}
	return &proved{
		method: popp.ProofProviderCVC, challenge: challenge, at: at, kvnr: who.KVNR, ik: who.IK, name: who.Name,
		pair: who.Pair, cvc: who.CVC, x509: who.X509,
	}, reasonNone
}

// reasonOfProof is why a card's proof does not hold. That the store could not be read for the pair is no fault of the card.
func (d *Desk) reasonOfProof(err error) Reason {
	for _, known := range []struct {
		err    error
		reason Reason
	}{
		{errPairs, reasonBusy},
		{egk.ErrExpired, reasonExpired},
		{egk.ErrBlocked, reasonBlocked}, {card.ErrRevokedCard, reasonBlocked},
		{egk.ErrPair, reasonPair},
		{egk.ErrNotEGK, reasonForeign}, {egk.ErrOldCard, reasonForeign}, {egk.ErrG3, reasonForeign},
	} {
		if errors.Is(err, known.err) {
			return known.reason
		}
	}
	return reasonUnproven
}

// verifyLogin checks an ID token that was made for a statement.
func (d *Desk) verifyLogin(ctx context.Context, idToken string, s *signedStatement, at time.Time) (*proved, Reason) {
	if d.cfg.Login == nil {
		return nil, reasonHealthID
	}
	who, err := d.cfg.Login(ctx, idToken, s.loginNonce(), at)
	switch {
	case errors.Is(err, ErrBusy), err != nil && ctx.Err() != nil:
		return nil, reasonBusy
	case err != nil:
		return nil, reasonLogin
	case popp.KVNR(who.KVNR).CheckForm() != nil || popp.IK(who.IK).CheckForm() != nil:
		return nil, reasonLogin
	}
	return &proved{method: popp.ProofHealthID, challenge: popp.ChallengeLogin, at: who.Authenticated, kvnr: who.KVNR, ik: who.IK}, reasonNone
}

// record is what becomes of a proof: the arrival and its token, signed by D.
func (d *Desk) record(l *card.Licence, s *signedStatement, p *proved, now time.Time) (*arrived, error) {
	at := p.at
	if at.After(now) {
		at = now // by a clock that is ahead, within maxSkew
	}
	token, err := popp.SignPresence(d.cfg.Device, popp.Claims{
		IssuedAt: now.Unix(), ProofMethod: p.method, PatientProofTime: at.Unix(), PatientID: p.kvnr, InsurerID: p.ik,
		ActorID: l.TelematikID, ActorProfessionOID: l.Profession,
	}, popp.Presence{ID: s.ID.String(), Workplace: s.Workplace, Challenge: p.challenge, Pair: string(p.pair)})
	if err != nil {
		return nil, err
	}
	outcome, err := signOutcome(d.cfg.Device, outcome{ID: s.ID, Key: s.Key, State: stateSuccess, Time: uint64(now.Unix())})
	if err != nil {
		return nil, err
	}
	return &arrived{id: s.ID, statement: s.hash(), key: s.Key, outcome: outcome, cvc: p.cvc, x509: p.x509, record: arrivalRecord{
		Workplace: s.Workplace, Name: p.name, KVNR: p.kvnr, IK: p.ik, Proof: p.method, Proved: uint64(at.Unix()),
		Late: p.challenge == popp.ChallengeStatement, Pair: p.pair, Kind: popp.KindPresence, Token: token,
	}}, nil
}

// claimed is the time that a statement's proof is checked at: what the patient says, and not later than now.
func claimed(s *signedStatement, now time.Time) time.Time {
	if t := s.time(); t.Before(now) {
		return t
	}
	return now
}
