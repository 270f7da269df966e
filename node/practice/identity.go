package practice

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/ed25519"
	"errors"
	"strings"

	"pieks/card"
	"pieks/gossip/place"
	"pieks/gossip/wire"
	"pieks/node/home"
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

var (
	// ErrDetails says that what was told of a practice is not enough for a patient to find it.
	ErrDetails = errors.New("a practice needs a name, a street and a postcode: give all three")
	// ErrNoDetails says that a home does not know its practice yet.
	ErrNoDetails = errors.New("this practice has no name and address yet: enter them in the app, or with pieks details set")
)

var (
	practiceBucket = store.NewBucket("practice")
	detailsKey     = []byte("details")
	enrolmentKey   = []byte("enrolment")
)

// identity is who the practice is: its details, its device key, and the card's statement about both.
type identity struct {
	details Details
	device  ed25519.PrivateKey
	sealing *ecdh.PrivateKey
	enrolment
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
		if details == (Details{}) {
			return nil // a practice starts without: whoever sets it up tells them
		}
		if details, err = details.complete(); err != nil {
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

// complete checks details that were entered, and adds the place.
func (d Details) complete() (Details, error) {
	if d.Name == "" || d.Street == "" || d.PLZ == "" {
		return d, ErrDetails
	}
	plz, err := place.ParsePLZ(d.PLZ)
	if err != nil {
		return d, err
	}
	d.Place = ""
	if at, ok := place.Lookup(plz); ok {
		d.Place = at.Name
	}
	return d, d.check()
}

// check says whether a card can sign details like these, so that what it cannot is not written down.
func (d Details) check() error {
	s := card.Statement{
		Version: card.StatementVersion, Device: [32]byte{1}, Sealing: [32]byte{1}, TelematikID: "1", NotAfter: 1,
		Name: d.Name, Street: d.Street, PLZ: d.PLZ, Place: d.Place, Phone: d.Phone, Directions: d.Directions,
	}
	return s.Check()
}

func (id *identity) publicDevice() ed25519.PublicKey { return id.device.Public().(ed25519.PublicKey) }
