package client

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"pieks/card/egk"
	"pieks/node/checkin/jose"
)

// Errors of a PoPP service and of what it says.
var (
	ErrProtocol  = errors.New("the PoPP service answered something that is not its interface: update Pieks, or ask the service")
	ErrUserAgent = errors.New("not a user agent of this interface: up to 20 letters, digits and dashes, a slash, and a version of up to 15")
	ErrSearch    = errors.New("not a search request for the directory: at most 2,000 characters in one line")
	ErrRecord    = errors.New("not the id of a check-in")
	ErrWorkplace = errors.New("the PoPP service takes this kind of check-in only at a workplace, and the practice's code names none: " +
		"use the card, or ask the practice")

	ErrOrder    = errors.New("an answer of the card came before its command")
	ErrOver     = errors.New("this dialogue with the card is over: begin again")
	ErrResponse = errors.New("not a response APDU: two bytes of status word at least")

	ErrRefused     = errors.New("the PoPP service refused the check-in")
	ErrUnavailable = errors.New("the PoPP service has trouble of its own: retry in ten minutes")
	ErrUnknownCard = errors.New("the PoPP service's list does not have this card yet: ask the insurer, or use another way")
	ErrCard        = errors.New("the PoPP service could not use what the card said: take it out, insert it again and retry")
	ErrWorkflow    = errors.New("the PoPP service does not do it this way: use another reader, or ask the service")
)

// ServiceError is an error that the service reported. What it says about it in Detail may name somebody, so that is for the user's eyes and not for logs.
type ServiceError struct {
	Status     int    // HTTP; 0 on a WebSocket
	Code       string // errorCode: letters, digits, dots, dashes and _ only
	Detail     string
	RetryAfter time.Duration // how long to wait; 0 says nothing
}

func (e *ServiceError) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("the PoPP service reported error %s", e.Code)
	}
	return fmt.Sprintf("the PoPP service reported error %s (HTTP %d)", e.Code, e.Status)
}

// kinds are the errors that codes of gemSpec_PoPP_Service and their categories for clients (popp.md 2.8) amount to.
var kinds = map[string]error{
	"79500":                      egk.ErrChallenge,
	"79501":                      egk.ErrBlocked,
	"ErrorEgkBlocked":            egk.ErrBlocked,
	"79118":                      egk.ErrPair,
	"79502":                      egk.ErrOldCard,
	"79503":                      egk.ErrOldCard,
	"79510":                      ErrUnknownCard,
	"WarningUnknownCertificates": ErrUnknownCard,
	"79116":                      ErrCard,
	"79117":                      ErrCard,
	"79514":                      ErrCard,
	"79504":                      ErrCard,
	"79505":                      ErrCard,
	"79506":                      ErrCard,
	"79507":                      ErrCard,
	"79508":                      ErrCard,
	"79509":                      ErrCard,
	"ErrorEgkHandling":           ErrCard,
	"79511":                      ErrProtocol,
	"InvalidMessage":             ErrProtocol,
	"79513":                      ErrWorkflow,
	"UnsupportedWorkflow":        ErrWorkflow,
}

// Is tells by code and status what it amounts to.
func (e *ServiceError) Is(target error) bool {
	if kind, ok := kinds[e.Code]; ok {
		return target == kind || target == ErrRefused && e.Status != 0 && e.Status < 500
	}
	if e.Status >= 500 || e.Status == http.StatusTooManyRequests {
		return target == ErrUnavailable
	}
	return target == ErrRefused
}

// serviceError reads the body of an answer other than 200, as far as it is what the interface has.
func serviceError(status int, body []byte) *ServiceError {
	e := &ServiceError{Status: status, Code: "unknown"}
	if o, err := jose.ParseObject(body); err == nil {
		e.Code, e.Detail = errorText(o)
	}
	if status >= 500 {
		e.RetryAfter = retryAfter
	}
	return e
}

// errorText are errorCode and errorDetail of an error object; the code becomes "unknown" when it is none.
func errorText(o jose.Object) (code, detail string) {
	code, err := o.Text("errorCode")
	if err != nil || !plain(code) {
		code = "unknown"
	}
	detail, _ = o.OptionalText("errorDetail")
	return code, sentence(detail, maxDetail)
}
