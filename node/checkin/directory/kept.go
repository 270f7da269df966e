package directory

import (
	"crypto/sha256"
	"fmt"
	"time"

	"pieks/card"
	"pieks/gossip/wire"
)

// kept is a listing on the disk, with what its card proved when it was verified, so that a start need not do so again.
type kept struct {
	Listing []byte   `cbor:"1,keyasint"`
	Card    []byte   `cbor:"2,keyasint,omitempty"`
	Until   uint64   `cbor:"3,keyasint"` // Unix seconds
	Licence *licence `cbor:"4,keyasint,omitempty"`
}

// licence is card.Licence on the disk.
type licence struct {
	Statement  card.Statement `cbor:"1,keyasint"`
	Profession string         `cbor:"2,keyasint"`
	Name       string         `cbor:"3,keyasint"`
	Holder     string         `cbor:"4,keyasint"`
	Kind       string         `cbor:"5,keyasint"`
	Signed     int64          `cbor:"6,keyasint"`
	NotAfter   int64          `cbor:"7,keyasint"`
}

func keptOf(l Listing, by *card.Licence) kept {
	k := kept{Listing: l.signed, Card: l.card, Until: unix(l.until(by))}
	if by != nil {
		k.Licence = &licence{
			Statement: by.Statement, Profession: by.Profession, Name: by.ProfessionName, Holder: by.Holder, Kind: string(by.Kind),
			Signed: by.Signed.Unix(), NotAfter: by.NotAfter.Unix(),
		}
	}
	return k
}

func (l *licence) licence() *card.Licence {
	if l == nil {
		return nil
	}
	return &card.Licence{Statement: l.Statement, Signatory: card.Signatory{
		Profession: l.Profession, ProfessionName: l.Name, TelematikID: l.Statement.TelematikID, Holder: l.Holder, Kind: card.Kind(l.Kind),
		Signed: time.Unix(l.Signed, 0).UTC(), NotAfter: time.Unix(l.NotAfter, 0).UTC(),
	}}
}

// read gives the content of a listing that was verified before it was kept: the store is sealed, so it is still the same.
func (k kept) read() (Listing, *card.Licence, error) {
	env, err := wire.ParseSigned(k.Listing)
	if err != nil {
		return Listing{}, nil, err
	}
	l := Listing{signed: k.Listing, card: k.Card}
	if err := wire.Unmarshal(env.Payload, &l.content); err != nil {
		return Listing{}, nil, err
	}
	if l.Withdrawn() != (k.Licence == nil) {
		return Listing{}, nil, fmt.Errorf("%w: kept without its card", ErrListing)
	}
	return l, k.Licence.licence(), nil
}

// item is a listing in the index; with is whether its entry is kept in memory, too.
func itemOf(l Listing, by *card.Licence, with bool) *item {
	i := &item{device: l.Device, seq: l.Seq, until: l.until(by)}
	if by == nil {
		return i
	}
	i.card, i.institution = [32]byte(l.Card), by.Statement.TelematikID
	if with {
		i.entry = l.entry(by)
	}
	return i
}

// trust is what cards were verified against. When it changes, all are verified again.
type trust [sha256.Size]byte

// trustOf leaves out devices that were revoked, which is looked at without the card, and the revocation lists that stand beside the network file.
func trustOf(roots card.Roots) trust {
	data, err := wire.Marshal(struct {
		CAs          [][]byte   `cbor:"1,keyasint"`
		Professions  []string   `cbor:"2,keyasint"`
		RevokedCards [][32]byte `cbor:"3,keyasint"`
	}{roots.CAs, roots.Professions, roots.RevokedCards})
	if err != nil {
		return trust{} // never: it is plain data
	}
	return sha256.Sum256(data)
}
