package practice

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"pieks/card"
	"pieks/gossip/place"
	"pieks/gossip/wire"
	"pieks/node/home"
	"pieks/node/network"
	"pieks/store"
)

// Details is what a practice tells about itself. Its patients see it once their node has verified the practice card.
type Details struct {
	Name       string `cbor:"1,keyasint"`
	Street     string `cbor:"2,keyasint"`
	PLZ        string `cbor:"3,keyasint"`
	Place      string `cbor:"4,keyasint"`
	Phone      string `cbor:"5,keyasint"`
	Directions string `cbor:"6,keyasint"`
}

// Errors of the practice's data and licence.
var (
	ErrDetails = errors.New("a practice needs a name, a street and a postcode: give --name, --street and --plz the first time")
	ErrLicence = errors.New("this practice is not enrolled and this is no test network: insert the practice card and run pieks card enrol")
)

var (
	practiceBucket = store.NewBucket("practice")
	detailsKey     = []byte("details")
	enrolmentKey   = []byte("enrolment")
	cardSeedKey    = "virtual card"
)

const (
	// enrolmentLife: design.md 4 allows 90 days; a test card renews itself long before.
	enrolmentLife = 90 * 24 * time.Hour
	// renewBefore: the doctor is not at the desk every day, so two weeks to find a moment for the card.
	renewBefore = 14 * 24 * time.Hour
	// enrolmentLead: other machines' clocks may be behind this one (design.md 17).
	enrolmentLead = 10 * time.Minute
)

// identity is who the practice is: its details, its device key, and the card's statement about both.
type identity struct {
	details   Details
	device    ed25519.PrivateKey
	sealing   *ecdh.PrivateKey
	enrolment []byte
	licence   *card.Licence
}

// loadIdentity reads the identity of the home, takes over what given says anew, and enrols where that is due.
func loadIdentity(ctx context.Context, h *home.Home, given Details) (*identity, error) {
	id := &identity{}
	var err error
	if id.details, err = mergeDetails(ctx, h.Store, given); err != nil {
		return nil, err
	}
	if id.device, err = h.SigningKey(ctx, "device"); err != nil {
		return nil, err
	}
	if id.sealing, err = h.SealingKey(ctx, "device sealing"); err != nil {
		return nil, err
	}
	return id, id.renew(ctx, h)
}

// mergeDetails keeps what is stored where given says nothing.
func mergeDetails(ctx context.Context, st *store.Store, given Details) (details Details, err error) {
	err = st.Update(ctx, func(tx *store.Tx) error {
		data, err := tx.Get(practiceBucket, detailsKey)
		if err != nil {
			return err
		}
		if data != nil {
			if err := wire.Unmarshal(data, &details); err != nil {
				return err
			}
		}
		for _, f := range []struct{ to, from *string }{
			{&details.Name, &given.Name}, {&details.Street, &given.Street}, {&details.PLZ, &given.PLZ},
			{&details.Phone, &given.Phone}, {&details.Directions, &given.Directions},
		} {
			if text := strings.TrimSpace(*f.from); text != "" {
				*f.to = text
			}
		}
		if details.Name == "" || details.Street == "" || details.PLZ == "" {
			return ErrDetails
		}
		plz, err := place.ParsePLZ(details.PLZ)
		if err != nil {
			return err
		}
		if at, ok := place.Lookup(plz); ok {
			details.Place = at.Name
		}
		if err := details.check(); err != nil {
			return err
		}
		again, err := wire.Marshal(details)
		if err != nil || bytes.Equal(again, data) {
			return err
		}
		return tx.Put(practiceBucket, detailsKey, again)
	})
	return details, err
}

// check says whether a card can sign details like these, so that what it cannot is not written down.
func (d Details) check() error {
	s := card.Statement{
		Version: card.StatementVersion, Device: [32]byte{1}, Sealing: [32]byte{1}, TelematikID: "1", NotAfter: 1,
		Name: d.Name, Street: d.Street, PLZ: d.PLZ, Place: d.Place, Phone: d.Phone, Directions: d.Directions,
	}
	return s.Check()
}

// renew loads the enrolment and makes a new one where there is none that fits, or it ends soon. Outside a test network that
// needs the practice's card.
func (id *identity) renew(ctx context.Context, h *home.Home) error {
	now := h.Now()
	bundle := h.Network.Get()
	var stored []byte
	err := h.Store.View(func(tx *store.Tx) error {
		var err error
		stored, err = tx.Get(practiceBucket, enrolmentKey)
		return err
	})
	if err != nil {
		return err
	}
	if stored != nil {
		licence, err := card.VerifyEnrolment(stored, bundle.CardRoots(), now)
		if err == nil && id.describes(licence.Statement) {
			id.enrolment, id.licence = stored, licence
			if bundle.Test == nil || now.Before(licence.NotAfter.Add(-renewBefore)) {
				return nil
			}
		}
	}
	if bundle.Test == nil {
		return ErrLicence
	}
	return id.enrolVirtual(ctx, h, bundle, now)
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
		Version: card.StatementVersion, Device: [32]byte(id.device.Public().(ed25519.PublicKey)), Sealing: [32]byte(id.sealing.PublicKey().Bytes()),
		Name: d.Name, Street: d.Street, PLZ: d.PLZ, Place: d.Place, Phone: d.Phone, Directions: d.Directions,
		NotBefore: uint64(from.Unix()), NotAfter: uint64(from.Add(enrolmentLife).Unix()),
	}
}

// enrolVirtual signs with a virtual card of the test network's own CA, whose private key the network file carries.
func (id *identity) enrolVirtual(ctx context.Context, h *home.Home, bundle *network.Bundle, now time.Time) error {
	ca, err := card.LoadTestCA(bundle.Test.PrivateKey, bundle.Test.Certificate)
	if err != nil {
		return fmt.Errorf("load the test card CA: %w", err)
	}
	key, err := h.SigningKey(ctx, cardSeedKey)
	if err != nil {
		return err
	}
	cms, err := card.EnrolVirtual(ca, id.statement(now.Add(-enrolmentLead)), sha256.Sum256(key.Seed()), now)
	if err != nil {
		return fmt.Errorf("enrol with the virtual test card: %w", err)
	}
	licence, err := card.VerifyEnrolment(cms, bundle.CardRoots(), now)
	if err != nil {
		return fmt.Errorf("check the new enrolment: %w", err)
	}
	err = h.Store.Update(ctx, func(tx *store.Tx) error { return tx.Put(practiceBucket, enrolmentKey, cms) })
	if err != nil {
		return err
	}
	id.enrolment, id.licence = cms, licence
	return nil
}
