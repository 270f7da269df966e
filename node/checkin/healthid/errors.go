package healthid

import (
	"errors"
	"fmt"

	"pieks/node/checkin/federation"
)

// Errors of a login, in its order. None says who logs in.
var (
	ErrConfig    = errors.New("login with the GesundheitsID is not set up right")
	ErrList      = errors.New("list of the insurers cannot be used: try again later")
	ErrInsurer   = errors.New("insurer is not on the list: choose another one, or use the card")
	ErrDiscovery = errors.New("login of the insurer says nothing usable about itself: try again later, or use the card")
	// ErrUnreachable says that list or provider do not answer: nothing can be told of a login now, and it may be good.
	ErrUnreachable = errors.New("login of the insurer does not answer: try again later, or use the card")
	ErrBack        = errors.New("login has to come back to this computer")
	ErrNonceForm   = errors.New("a login needs a nonce of 22 to 128 characters")
	ErrRefused     = errors.New("login of the insurer does not take this app: use the card")
	ErrState       = errors.New("this login is unknown, over, or was used already: begin it again")
	ErrDeclined    = errors.New("login was declined: nothing was sent to the practice")
	ErrLogin       = errors.New("login of the insurer failed: try again, or use the card")
	ErrCode        = errors.New("login of the insurer did not accept its own answer: begin it again")
)

// Errors of an ID token.
var (
	ErrIDToken  = errors.New("what the login of the insurer says is damaged or of another form")
	ErrTokenKey = errors.New("what the login of the insurer says was not signed by a key of its own")
	ErrIssuer   = errors.New("what the login says is from another insurer than it was begun with")
	ErrAudience = errors.New("what the login says is meant for another app")
	ErrExpired  = errors.New("login has run out: log in again")
	ErrFuture   = errors.New("login is from the future: check the clock of this computer")
	ErrNonce    = errors.New("login belongs to another check-in")
	ErrLevel    = errors.New("login was not strong enough for a check-in: use a GesundheitsID with your card or your ID card")
	ErrPerson   = errors.New("login does not say insurance number and insurer")
)

// away adds ErrUnreachable to an error of a service that does not answer, or only with an error of its own.
func away(err error) error {
	if errors.Is(err, federation.ErrUnreachable) || errors.Is(err, federation.ErrAnswer) && !errors.Is(err, federation.ErrNotFound) {
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return err
}
