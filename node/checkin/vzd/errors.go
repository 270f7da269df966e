package vzd

import "errors"

// Errors of a search, each with what to do next.
var (
	ErrNothing     = errors.New("there is nothing to look for: enter a name, a place, a postcode or a Telematik-ID")
	ErrTelematikID = errors.New("this is no Telematik-ID: check what was typed or scanned")
	ErrPLZ         = errors.New("a search around a place needs a whole postcode that exists: check the digits")
	ErrLong        = errors.New("the search is too long: leave words out")
	ErrRequest     = errors.New("this is no search for institutions: the app that made it has to change it")
	ErrBundle      = errors.New("the directory's answer cannot be read: try again later")
	ErrTooLarge    = errors.New("the directory's answer is too large: look for something more precise")
	ErrBase        = errors.New("the address of the directory has to be https, without a user, a question or an anchor: check the settings")
	ErrAccess      = errors.New("the directory does not let this program in: check the settings of the access to it")
	ErrRefused     = errors.New("the directory does not understand the search: look for something else")
	ErrUnavailable = errors.New("the directory is not reached: try again later, or ask the institution")
)
