// Package checkin is the protocol /pieks/checkin/1 between a patient and the desk of a practice.
package checkin

import (
	"context"
	"crypto/ecdh"
	"crypto/ed25519"
	"errors"
	"time"

	"github.com/libp2p/go-libp2p/core/host"

	"pieks/card/egk"
	"pieks/node/checkin/popp"
)

// Target is the practice that somebody checks in at, from the directory.
type Target struct {
	Device      [32]byte // D
	Sealing     [32]byte // X25519 of D
	TelematikID popp.TelematikID
	Relays      []string // peer IDs, where the desk is reached and its box is kept
}

// Attempt is one check-in on the patient's side. It is written down with CBOR.
type Attempt struct{}

// NewAttempt begins one. Nothing is sent by it. relays are where its own box is kept; it is given up after giveUp.
func NewAttempt(to Target, at popp.WorkplaceID, relays []string, giveUp time.Duration, now time.Time) (*Attempt, error) {
	return nil, errSketch
}

// ID is a UUID; Box and Sealing are the keys of the mailbox in which the practice answers; Until is when it is given up.
func (a *Attempt) ID() string                { return "" }
func (a *Attempt) Box() ed25519.PrivateKey   { return nil }
func (a *Attempt) Sealing() *ecdh.PrivateKey { return nil }
func (a *Attempt) Until() time.Time          { return time.Time{} }

// Marshal and LoadAttempt keep one.
func (a *Attempt) Marshal() ([]byte, error)     { return nil, errSketch }
func LoadAttempt(data []byte) (*Attempt, error) { return nil, errSketch }

// Outcome is what a practice said, signed by D.
type Outcome struct {
	State  popp.State
	Reason string // one of the codes of node/control, "" with success
	At     time.Time
}

// Session is a dialogue that the practice drives on one stream.
type Session struct{}

// Begin opens it. The host must know an address of the desk.
func (a *Attempt) Begin(ctx context.Context, h host.Host) (*Session, error) { return nil, errSketch }

// Next sends the card's answer to the step before, nil at first, and gives the next step, or the outcome.
func (s *Session) Next(ctx context.Context, response []byte) (step egk.Step, outcome *Outcome, err error) {
	return egk.Step{}, nil, errSketch
}

// Close ends the stream.
func (s *Session) Close() {}

// Nonce is what the card signs while the practice is away: it binds the statement of this attempt. LoginNonce is the same for an identity provider.
func (a *Attempt) Nonce() egk.Nonce   { return egk.Nonce{} }
func (a *Attempt) LoginNonce() string { return "" }

// Mail is the message for the desk's mailbox with what the card said to Nonce; it goes there sealed.
func (a *Attempt) Mail(answers egk.Answers) ([]byte, error) { return nil, errSketch }

// Login hands over an ID token of an identity provider on a stream, MailLogin makes the message for the mailbox.
func (a *Attempt) Login(ctx context.Context, h host.Host, idToken string) (Outcome, error) {
	return Outcome{}, errSketch
}
func (a *Attempt) MailLogin(idToken string) ([]byte, error) { return nil, errSketch }

// Ask asks the desk how it stands.
func (a *Attempt) Ask(ctx context.Context, h host.Host) (Outcome, error) { return Outcome{}, errSketch }

// Take reads a message that came into the attempt's mailbox.
func (a *Attempt) Take(msg []byte) (Outcome, error) { return Outcome{}, errSketch }

var errSketch = errors.New("not built yet")
