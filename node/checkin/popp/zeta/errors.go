package zeta

import (
	"errors"
	"fmt"
)

// Errors of a guard and of the way to it.
var (
	ErrAddress = errors.New("not the address of a PoPP service: its host name, or https and its host name")
	ErrBack    = errors.New("the browser has to come back to this computer: http, a loopback address and a port")
	ErrInit    = errors.New("the PoPP service was not set up yet: retry")
	ErrGuard   = errors.New("the PoPP service's guard answered something that is not its interface: update Pieks, or ask the service")
	ErrTooLong = errors.New("the PoPP service answered more than allowed")
	ErrMoved   = errors.New("the PoPP service wants its clients elsewhere, which is not followed: ask it for its address")
	ErrLogin   = errors.New("no login waits under this name: begin again")
	ErrDenied  = errors.New("the PoPP service does not let this client in: register again, or ask the service")
	ErrSession = errors.New("the session with the PoPP service is over: begin again")
	ErrDetails = errors.New("authorization details fit into a JSON object or a form only")

	ErrNoStatus = errors.New("the service's certificate names a place for its status, and the service brought none along (OCSP stapling): " +
		"retry later, or ask the service")
	ErrStatus = errors.New("the service's certificate was revoked, or its status cannot be used: do not go on, and tell the service")
)

// OAuthError is what a guard answered in place of a token (RFC 6749 section 5.2).
type OAuthError struct {
	Status int
	Code   string // its "error": letters, digits and _ only
}

func (e *OAuthError) Error() string {
	return fmt.Sprintf("the PoPP service's guard refused (HTTP %d, %s)", e.Status, e.Code)
}

// Is makes it ErrDenied: nothing is gained by asking the same again.
func (e *OAuthError) Is(target error) bool { return target == ErrDenied && e.Status < 500 }
