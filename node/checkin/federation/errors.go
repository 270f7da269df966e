package federation

import "errors"

var (
	ErrAddress     = errors.New("not a safe address of a service: it has to begin with https://")
	ErrOtherHost   = errors.New("service names an address on another host than its own")
	ErrRedirect    = errors.New("service sends on to another address, which is not followed: ask for its right address")
	ErrUnreachable = errors.New("service is not reached: check the connection to the internet, and try again")
	ErrTooLarge    = errors.New("answer of the service is larger than allowed")
	ErrAnswer      = errors.New("service answered with an error: try again in some minutes")
	ErrNotFound    = errors.New("service has nothing at this address") // an ErrAnswer too

	ErrType      = errors.New("what the service publishes about itself is of another type")
	ErrKey       = errors.New("what the service publishes about itself was not signed by a key of its own")
	ErrIssuer    = errors.New("what the service publishes about itself is somebody else's")
	ErrExpired   = errors.New("what the service publishes about itself has run out")
	ErrFuture    = errors.New("what the service publishes about itself is from the future: check the clock of this computer")
	ErrStatement = errors.New("what the service publishes about itself is damaged")
)
