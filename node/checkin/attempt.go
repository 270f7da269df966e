package checkin

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"time"

	"pieks/card/egk"
	"pieks/gossip/wire"
	"pieks/node/checkin/popp"
)

// Target is the practice that somebody checks in at, from the directory.
type Target struct {
	Device      [32]byte // D
	Sealing     [32]byte // X25519 of D
	TelematikID popp.TelematikID
	Relays      []string // peer IDs, where the desk is reached and its box is kept
}

// Attempt is one check-in on the patient's side. It never changes, so it may be used by several goroutines. Its Target is not in it but for what the
// statement names: relays of a desk change.
type Attempt struct {
	statement *signedStatement
	key       ed25519.PrivateKey
	sealing   *ecdh.PrivateKey
}

// attemptRecord is how an attempt is written down.
type attemptRecord struct {
	Version   uint8    `cbor:"1,keyasint"`
	Statement []byte   `cbor:"2,keyasint"`
	Seed      [32]byte `cbor:"3,keyasint"` // of C
	Sealing   [32]byte `cbor:"4,keyasint"`
}

// NewAttempt begins one. Nothing is sent by it. relays are where its own box is kept; it is given up after giveUp, at most MaxGiveUp. now is what the
// practice is told as the time of the proof if it is away: make the attempt when its user has agreed, not before.
func NewAttempt(to Target, at popp.WorkplaceID, relays []string, giveUp time.Duration, now time.Time) (*Attempt, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("begin a check-in: %w", err)
	}
	sealing, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("begin a check-in: %w", err)
	}
	s := Statement{
		Version: version, ID: NewID(), Device: to.Device, TelematikID: string(to.TelematikID), Workplace: string(at),
		Time: uint64(now.Unix()), Until: uint64(now.Add(giveUp).Unix()),
		Key: [32]byte(key.Public().(ed25519.PublicKey)), Sealing: [32]byte(sealing.PublicKey().Bytes()), Relays: relays,
	}
	rand.Read(s.Random[:])
	cose, err := wire.SignObject(typeStatement, key, s)
	if err != nil {
		return nil, fmt.Errorf("begin a check-in: %w", err)
	}
	signed, err := readStatement(cose)
	if err != nil {
		return nil, fmt.Errorf("begin a check-in: %w", err)
	}
	return &Attempt{signed, key, sealing}, nil
}

// ID is a UUID; Box and Sealing are the keys of the mailbox in which the practice answers; Until is when it is given up.
func (a *Attempt) ID() string                { return a.statement.ID.String() }
func (a *Attempt) Box() ed25519.PrivateKey   { return a.key }
func (a *Attempt) Sealing() *ecdh.PrivateKey { return a.sealing }
func (a *Attempt) Until() time.Time          { return a.statement.until() }

// Relays are where its own box is kept, Device is D, Began its time.
func (a *Attempt) Relays() []string { return a.statement.Relays }
func (a *Attempt) Device() [32]byte { return a.statement.Device }
func (a *Attempt) Began() time.Time { return a.statement.time() }

// Marshal and LoadAttempt keep one, with its keys.
func (a *Attempt) Marshal() ([]byte, error) {
	return wire.Marshal(attemptRecord{version, a.statement.cose, [32]byte(a.key.Seed()), [32]byte(a.sealing.Bytes())})
}

// LoadAttempt reads what Marshal gave.
func LoadAttempt(data []byte) (*Attempt, error) {
	var r attemptRecord
	if err := wire.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("read a check-in: %w", err)
	}
	if r.Version != version {
		return nil, fmt.Errorf("read a check-in: %w", ErrVersion)
	}
	signed, err := readStatement(r.Statement)
	if err != nil {
		return nil, fmt.Errorf("read a check-in: %w", err)
	}
	sealing, err := ecdh.X25519().NewPrivateKey(r.Sealing[:])
	if err != nil {
		return nil, fmt.Errorf("read a check-in: %w", err)
	}
	a := &Attempt{signed, ed25519.NewKeyFromSeed(r.Seed[:]), sealing}
	if !bytes.Equal(a.key.Public().(ed25519.PublicKey), signed.Key[:]) || !bytes.Equal(sealing.PublicKey().Bytes(), signed.Sealing[:]) {
		return nil, fmt.Errorf("read a check-in: %w: its keys are another one's", ErrMessage)
	}
	return a, nil
}

// Nonce is what the card signs while the practice is away: it binds the statement of this attempt. LoginNonce is the same for an identity provider,
// whether the practice is away or not.
func (a *Attempt) Nonce() egk.Nonce   { return a.statement.nonce() }
func (a *Attempt) LoginNonce() string { return a.statement.loginNonce() }

// Mail is the message for the desk's mailbox with what the card said to Nonce; it goes there sealed (mailbox.SealEnvelope), since it has name and
// insurance number in it.
func (a *Attempt) Mail(answers egk.Answers) ([]byte, error) {
	return encodeObject(kindProof, proof{Statement: a.statement.cose, Answers: &answers})
}

// MailLogin is the message for the mailbox with an ID token.
func (a *Attempt) MailLogin(idToken string) ([]byte, error) {
	if idToken == "" || len(idToken) > maxIDToken {
		return nil, fmt.Errorf("%w: an ID token of %d bytes", ErrTooLong, len(idToken))
	}
	return encodeObject(kindProof, proof{Statement: a.statement.cose, IDToken: idToken})
}

// Take reads a message that came into the attempt's mailbox. An error says that it is none, or of somebody else.
func (a *Attempt) Take(msg []byte) (Outcome, error) {
	m, err := decode(msg)
	if err != nil {
		return Outcome{}, err
	}
	return a.take(m)
}

func (a *Attempt) take(m message) (Outcome, error) {
	if m.Kind != kindOutcome {
		return Outcome{}, fmt.Errorf("%w: kind %d", ErrMessage, m.Kind)
	}
	o, err := readOutcome(m, &a.statement.Statement)
	if err != nil {
		return Outcome{}, err
	}
	return o.told()
}
