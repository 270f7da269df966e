package service

import (
	"encoding/json"
	"errors"
	"net/http"

	"pieks/card"
	"pieks/card/cvc"
	"pieks/card/egk"
)

// failure is an error as the interfaces have it: HTTP status, errorCode, errorDetail. It is one of Go, too.
type failure struct {
	Status int    `json:"-"`
	Code   string `json:"errorCode"`
	Detail string `json:"errorDetail,omitempty"`
}

func (f *failure) Error() string { return f.Code }

// What the OpenAPI files have for each status.
var (
	malformed    = &failure{http.StatusBadRequest, "malformedRequest", ""}
	unauthorized = &failure{http.StatusUnauthorized, "unauthorized", ""}
	forbidden    = &failure{http.StatusForbidden, "invalAuth", ""}
	noResource   = &failure{http.StatusNotFound, "noResource", ""}
	internal     = &failure{http.StatusInternalServerError, "internalError", ""}
	busy         = &failure{http.StatusServiceUnavailable, "internalError", "busy"}
)

// Codes of gemSpec_PoPP_Service (popp.md 2.8), with the names that they have there.
var (
	badHeader      = &failure{http.StatusBadRequest, "79030", "missing or invalid header"}
	badMedia       = &failure{http.StatusBadRequest, "79031", "mediatype"}
	badCVC         = &failure{http.StatusForbidden, "79116", "InvalidEndEntityCvc"}
	badX509        = &failure{http.StatusForbidden, "79117", "InvalidX509"}
	badPair        = &failure{http.StatusForbidden, "79118", "InvalidCertificatePairContactless"}
	noUser         = &failure{http.StatusForbidden, "79205", "no header of the guard"}
	badChallenge   = &failure{http.StatusForbidden, "79500", "InvalidAuthentication"}
	blocked        = &failure{http.StatusForbidden, "79501", "ErrorEgkBlocked"}
	badVersion     = &failure{http.StatusForbidden, "79503", "InvalidPtvObjectSystem"}
	wordAuth       = &failure{http.StatusForbidden, "79504", "unexpected status word in SceAuthG2"}
	wordOpen       = &failure{http.StatusForbidden, "79506", "unexpected status word in SceOpenEgk"}
	unknownPair    = &failure{http.StatusForbidden, "79510", "WarningUnknownCertificates"}
	invalidMessage = &failure{http.StatusBadRequest, "79511", "InvalidMessage"}
	badWorkflow    = &failure{http.StatusBadRequest, "79513", "UnsupportedWorkflow"}
	badSubCA       = &failure{http.StatusForbidden, "79514", "InvalidCaCvc"}
)

// ofCard is the failure for what a card said. steps is how many commands were answered as expected: the first two are OPEN_EGK.
func ofCard(err error, steps int) *failure {
	var word *card.StatusError
	switch {
	case errors.As(err, &word) && steps < openSteps:
		return wordOpen
	case errors.As(err, &word):
		return wordAuth
	case errors.Is(err, egk.ErrOldCard), errors.Is(err, egk.ErrG3):
		return badVersion
	case errors.Is(err, egk.ErrChallenge):
		return badChallenge
	case errors.Is(err, egk.ErrBlocked):
		return blocked
	case errors.Is(err, egk.ErrPair):
		return badPair
	case errors.Is(err, cvc.ErrIssuer), errors.Is(err, cvc.ErrUnknownRoot):
		return badSubCA
	case isCVC(err):
		return badCVC
	case errors.Is(err, egk.ErrAnswer), errors.Is(err, egk.ErrNoAnswer), errors.Is(err, egk.ErrEarlyAnswer), errors.Is(err, egk.ErrEnded):
		return invalidMessage
	}
	return badX509
}

func isCVC(err error) bool {
	for _, one := range []error{
		cvc.ErrCertificate, cvc.ErrTooLarge, cvc.ErrProfile, cvc.ErrReference, cvc.ErrAlgorithm, cvc.ErrPoint, cvc.ErrFlagList, cvc.ErrDate,
		cvc.ErrRole, cvc.ErrOtherList, cvc.ErrRights, cvc.ErrNotYetValid, cvc.ErrExpired, cvc.ErrSignature, egk.ErrNotEGK, egk.ErrICCSN,
	} {
		if errors.Is(err, one) {
			return true
		}
	}
	return false
}

// answer writes a body, or the failure that err is.
func answer(w http.ResponseWriter, body any, err error) {
	status := http.StatusOK
	if err != nil {
		var f *failure
		if !errors.As(err, &f) {
			f = internal
		}
		status, body = f.Status, f
	}
	raw, err := json.Marshal(body)
	if err != nil {
		status, raw = http.StatusInternalServerError, []byte(`{"errorCode":"internalError"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(raw) // whoever went away asks again
}

// oauthError is a guard's (RFC 6749 section 5.2; ZETA has the same members).
type oauthError struct {
	Status int    `json:"-"`
	Code   string `json:"error"`
}

func (e *oauthError) Error() string { return e.Code }

// What a guard says.
var (
	invalidRequest = &oauthError{http.StatusBadRequest, "invalid_request"}
	invalidClient  = &oauthError{http.StatusUnauthorized, "invalid_client"}
	invalidGrant   = &oauthError{http.StatusBadRequest, "invalid_grant"}
	invalidProof   = &oauthError{http.StatusBadRequest, "invalid_dpop_proof"} // RFC 9449 section 5
	invalidScope   = &oauthError{http.StatusBadRequest, "invalid_scope"}
	accessDenied   = &oauthError{http.StatusForbidden, "access_denied"}
	unavailable    = &oauthError{http.StatusServiceUnavailable, "temporarily_unavailable"}
	badGrantType   = &oauthError{http.StatusBadRequest, "unsupported_grant_type"}
)

// say writes a guard's answer.
func say(w http.ResponseWriter, status int, body any, err error) {
	if err != nil {
		var e *oauthError
		if !errors.As(err, &e) {
			e = &oauthError{http.StatusInternalServerError, "server_error"}
		}
		status, body = e.Status, e
	}
	raw, err := json.Marshal(body)
	if err != nil {
		status, raw = http.StatusInternalServerError, []byte(`{"error":"server_error"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}
