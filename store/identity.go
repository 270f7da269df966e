package store

import (
	"bytes"
	"fmt"
	"time"
)

// The store's own bucket. Names of other buckets have no 0 byte, so they cannot meet it.
const (
	ownBucket   = "\x00pieks"
	keyID       = "id"       // the store id in clear: tells a foreign file from a damaged one
	keyIdentity = "identity" // sealed record
)

// identity says which store a file is and how far it has come.
type identity struct {
	ID         []byte `cbor:"1,keyasint"`
	Role       string `cbor:"2,keyasint"`
	Schema     uint32 `cbor:"3,keyasint"` // migrations that have run
	Generation uint64 `cbor:"4,keyasint"` // commits since the store was made
	At         int64  `cbor:"5,keyasint"` // of the last commit, Unix seconds; for people, decides nothing
}

func (i identity) seal(s Sealer) ([]byte, error) {
	plain, err := keyEncoder.Marshal(i)
	if err != nil {
		return nil, err
	}
	return s.Seal(valueAAD(ownBucket, []byte(keyIdentity)), plain), nil
}

func openIdentity(s Sealer, sealed []byte) (identity, error) {
	plain, err := s.Open(valueAAD(ownBucket, []byte(keyIdentity)), sealed)
	if err != nil {
		return identity{}, err
	}
	var i identity
	if err := decode(plain, &i); err != nil {
		return identity{}, fmt.Errorf("%w: identity: %v", ErrDamaged, err)
	}
	return i, nil
}

// time returns when the last commit was.
func (i identity) time() time.Time { return time.Unix(i.At, 0).UTC() }

// belongs is the rule by which a store file is accepted for a key file.
func (i identity) belongs(keys keyBody) error {
	switch {
	case !bytes.Equal(i.ID, keys.ID) || i.Role != keys.Role:
		return ErrForeign
	case i.Generation < keys.Generation:
		return fmt.Errorf("%w: it has %d commits, the last one known is %d", ErrRolledBack, i.Generation, keys.Generation)
	}
	return nil
}

// fits is the rule by which a store is accepted for a program.
func (i identity) fits(role string, migrations []Migration) error {
	switch {
	case role != "" && i.Role != role:
		return fmt.Errorf("%w: it is of a %s, not of a %s", ErrRole, i.Role, role)
	case migrations != nil && int(i.Schema) > len(migrations):
		return fmt.Errorf("%w: its content is of schema %d, this version knows %d", ErrNewer, i.Schema, len(migrations))
	}
	return nil
}
