package checkin

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	"pieks/card/egk"
	"pieks/gossip/wire"
)

// typeStatement is the external AAD of a statement, and the domain of what a card or an identity provider signs for it.
const typeStatement = "pieks/checkin-statement/1"

// Statement is what somebody who checks in says first: where, until when, and how they are answered. It names nobody.
type Statement struct {
	Version     uint8    `cbor:"1,keyasint"`
	ID          ID       `cbor:"2,keyasint"`
	Device      [32]byte `cbor:"3,keyasint"` // D
	TelematikID string   `cbor:"4,keyasint"`
	Workplace   string   `cbor:"5,keyasint,omitempty"`
	Time        uint64   `cbor:"6,keyasint"`  // of the patient's clock
	Until       uint64   `cbor:"7,keyasint"`  // given up after it
	Key         [32]byte `cbor:"8,keyasint"`  // C, Ed25519: signs, and is the box for the answer
	Sealing     [32]byte `cbor:"9,keyasint"`  // X25519 of C
	Relays      []string `cbor:"10,keyasint"` // where box C is kept
	Random      [16]byte `cbor:"11,keyasint"` // so that nobody can tell what a card has signed from what they know
}

// check checks the bounds of the fields.
func (s *Statement) check() error {
	switch {
	case s.Version != version:
		return ErrVersion
	case !s.ID.check(), !isText(s.TelematikID, maxTelematikID), s.Workplace != "" && !isText(s.Workplace, maxWorkplace), len(s.Relays) > maxRelays:
		return fmt.Errorf("%w: a field of the statement is out of its bounds", ErrMessage)
	case s.Until > maxUnix, s.Until <= s.Time, s.Until-s.Time > uint64(MaxGiveUp/time.Second):
		return fmt.Errorf("%w: the times of the statement are out of their bounds", ErrMessage)
	}
	for _, r := range s.Relays {
		if !isText(r, maxRelayText) {
			return fmt.Errorf("%w: a relay's name is out of its bounds", ErrMessage)
		}
	}
	return nil
}

// isText takes 1 to most bytes of printable UTF-8, without what reorders it.
func isText(s string, most int) bool {
	if s == "" || len(s) > most || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// signedStatement is a statement with the bytes that stand for it.
type signedStatement struct {
	Statement
	cose    []byte
	payload []byte // what C signed
}

// readStatement reads a statement and checks that its key signed it.
func readStatement(cose []byte) (*signedStatement, error) {
	if len(cose) > maxStatement {
		return nil, fmt.Errorf("%w: a statement of %d bytes", ErrMessage, len(cose))
	}
	env, err := wire.ParseSigned(cose)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	s := &signedStatement{cose: cose, payload: env.Payload}
	if err := wire.Unmarshal(env.Payload, &s.Statement); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	if err := env.Verify(typeStatement, ed25519.PublicKey(s.Key[:])); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotSigned, err)
	}
	return s, nil
}

// hash stands for the statement: SHA-256("pieks/checkin-statement/1" 0 statement).
func (s *signedStatement) hash() [sha256.Size]byte {
	return sha256.Sum256(append([]byte(typeStatement+"\x00"), s.payload...))
}

// nonce is what a card signs for the statement while the practice is away.
func (s *signedStatement) nonce() egk.Nonce {
	h := s.hash()
	return egk.Nonce(h[:len(egk.Nonce{})])
}

// loginNonce is what an identity provider puts into the ID token.
func (s *signedStatement) loginNonce() string {
	h := s.hash()
	return base64.RawURLEncoding.EncodeToString(h[:])
}

func (s *signedStatement) time() time.Time  { return time.Unix(int64(s.Time), 0).UTC() }
func (s *signedStatement) until() time.Time { return time.Unix(int64(s.Until), 0).UTC() }
