package practice

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"pieks/card"
	"pieks/node/home"
	"pieks/node/network"
	"pieks/store"
)

// ErrLicence says that a practice cannot offer anything before its card has signed.
var ErrLicence = errors.New("this practice is not enrolled: insert the practice card and run pieks card enrol")

// ErrOtherDetails says that the practice's data were changed after its card had signed them.
var ErrOtherDetails = errors.New("the data of this practice have changed since its card signed them: insert the practice card and run pieks card enrol")

const cardSeedKey = "virtual card"

const (
	// enrolmentLife: design.md 4 allows 90 days.
	enrolmentLife = 90 * 24 * time.Hour
	// renewBefore: the doctor is not at the desk every day, so two weeks to find a moment for the card.
	renewBefore = 14 * 24 * time.Hour
	// enrolmentLead: other machines' clocks may be behind this one (design.md 17).
	enrolmentLead = 10 * time.Minute
)

// enrolment is the card's signed statement about the practice, as it was last looked at.
type enrolment struct {
	cms     []byte        // nil: there is none that holds
	licence *card.Licence // of cms
	lack    error         // why there is none
}

// due says whether the card is wanted now: there is no enrolment, or it ends soon.
func (e *enrolment) due(now time.Time) bool {
	return e.licence == nil || !now.Before(e.licence.NotAfter.Add(-renewBefore))
}

// holds says whether anything may be offered under the enrolment at the time now, and if not why.
func (e *enrolment) holds(bundle *network.Bundle, now time.Time) error {
	switch {
	case e.licence == nil:
		return e.lack
	case now.After(e.licence.NotAfter):
		return card.ErrStatementExpired
	case bundle != nil && bundle.IsRevoked(e.licence.Statement.Device):
		return card.ErrRevoked
	}
	return nil
}

// renew looks at the enrolment in the store again. In a test network it makes a new one with a virtual card where there is none that holds, or
// it ends soon; in any other network that takes the practice's hand, and lack says so. The error is one of the store.
func (id *identity) renew(ctx context.Context, h *home.Home) error {
	if id.details == (Details{}) {
		id.enrolment = enrolment{lack: ErrNoDetails}
		return nil
	}
	now, bundle := h.Now(), h.Network.Get()
	stored, err := storedEnrolment(h.Store)
	if err != nil {
		return err
	}
	id.enrolment = id.judge(stored, bundle.CardRoots(), now)
	if bundle.Test == nil || !id.due(now) || errors.Is(id.lack, card.ErrRevoked) {
		return nil
	}
	cms, err := id.enrolVirtual(ctx, h, bundle, now)
	if err != nil {
		return fmt.Errorf("enrol with the virtual test card: %w", err)
	}
	if err := id.keep(ctx, h, cms, now); !errors.Is(err, card.ErrRevoked) {
		return err
	}
	id.enrolment = enrolment{lack: card.ErrRevoked}
	return nil
}

func storedEnrolment(st *store.Store) (stored []byte, err error) {
	err = st.View(func(tx *store.Tx) error {
		stored, err = tx.Get(practiceBucket, enrolmentKey)
		return err
	})
	return stored, err
}

// judge says what an enrolment is worth now, to this practice.
func (id *identity) judge(cms []byte, roots card.Roots, now time.Time) enrolment {
	if cms == nil {
		return enrolment{lack: ErrLicence}
	}
	licence, err := card.VerifyEnrolment(cms, roots, now)
	if err != nil {
		return enrolment{lack: err}
	}
	if !id.describes(licence.Statement) {
		return enrolment{lack: ErrOtherDetails}
	}
	return enrolment{cms: cms, licence: licence}
}

// keep writes down an enrolment that holds, and refuses any other.
func (id *identity) keep(ctx context.Context, h *home.Home, cms []byte, now time.Time) error {
	made := id.judge(cms, h.Network.Get().CardRoots(), now)
	if made.lack != nil {
		return made.lack
	}
	if err := h.Store.Update(ctx, func(tx *store.Tx) error { return tx.Put(practiceBucket, enrolmentKey, cms) }); err != nil {
		return err
	}
	id.enrolment = made
	return nil
}

// describes says whether a statement is about this device and these details.
func (id *identity) describes(s card.Statement) bool {
	want := id.statement(time.Unix(int64(s.NotBefore), 0))
	want.TelematikID, want.NotAfter = s.TelematikID, s.NotAfter
	return s == want
}

func (id *identity) statement(from time.Time) card.Statement {
	d := id.details
	return card.Statement{
		Version: card.StatementVersion, Device: [32]byte(id.publicDevice()), Sealing: [32]byte(id.sealing.PublicKey().Bytes()),
		Name: d.Name, Street: d.Street, PLZ: d.PLZ, Place: d.Place, Phone: d.Phone, Directions: d.Directions,
		NotBefore: uint64(from.Unix()), NotAfter: uint64(from.Add(enrolmentLife).Unix()),
	}
}

// enrolVirtual signs with a virtual card of the test network's own CA, whose private key the network file carries.
func (id *identity) enrolVirtual(ctx context.Context, h *home.Home, bundle *network.Bundle, now time.Time) ([]byte, error) {
	ca, err := card.LoadTestCA(bundle.Test.PrivateKey, bundle.Test.Certificate)
	if err != nil {
		return nil, fmt.Errorf("load the test card CA: %w", err)
	}
	key, err := h.SigningKey(ctx, cardSeedKey)
	if err != nil {
		return nil, err
	}
	return card.EnrolVirtual(ca, id.statement(now.Add(-enrolmentLead)), sha256.Sum256(key.Seed()), now)
}
