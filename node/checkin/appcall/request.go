package appcall

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"pieks/node/checkin/popp"
)

// Errors of a call. They are for the app's makers as well as for its user, and repeat nothing of the call.
var (
	ErrTooMany  = errors.New("the other app's call has too many parameters")
	ErrTwice    = errors.New("the other app's call says something twice: nothing was begun")
	ErrNoTarget = errors.New("the other app does not say where to check in: it needs telematikId or fhirVzdSearchRequest")
	ErrSearch   = errors.New("the other app's search request for the directory is too long or has characters that none has")
	ErrLogin    = errors.New("loginEgk of the other app's call is neither true nor false")
	ErrCallBack = errors.New("the other app wants its answer at an address that is not opened: only https and app links of its own are")
)

// Request is what the other app wants.
type Request struct {
	TelematikID popp.TelematikID // or FHIRSearch
	Workplace   popp.WorkplaceID
	FHIRSearch  string
	CallBack    string // checked: https, or an app link
	LoginEGK    bool
}

// names are those of the specification in small letters, by what they mean (sections 3.3.1, 5.3.4, 10.2.2 step 5).
var names = map[string]string{
	"telematikid":          "telematikId",
	"workplaceid":          "workplaceId",
	"fhirvzdsearchrequest": "fhirVzdSearchRequest",
	"callbackappurl":       "callBackAppURL",
	"callbackurl":          "callBackAppURL",
	"callbackmethod":       "callBackAppURL",
	"loginegk":             "loginEgk",
}

// Parse reads the parameters of a call, whose names may be spelled in any case and in the ways that the specification has.
func Parse(q url.Values) (Request, error) {
	given, err := once(q)
	if err != nil {
		return Request{}, err
	}
	var r Request
	if id := given["telematikId"]; id != "" {
		if r.TelematikID, err = popp.ParseTelematikID(id); err != nil {
			return Request{}, fmt.Errorf("read the other app's call: %w", err)
		}
	} else if r.FHIRSearch = given["fhirVzdSearchRequest"]; r.FHIRSearch == "" {
		return Request{}, ErrNoTarget
	} else if err := checkSearch(r.FHIRSearch); err != nil {
		return Request{}, err
	}
	if workplace := given["workplaceId"]; workplace != "" {
		if r.Workplace, err = popp.ParseWorkplaceID(workplace); err != nil {
			return Request{}, fmt.Errorf("read the other app's call: %w", err)
		}
	}
	switch given["loginEgk"] {
	case "true":
		r.LoginEGK = true
	case "", "false":
	default:
		return Request{}, ErrLogin
	}
	r.CallBack = given["callBackAppURL"]
	if err := CheckCallBack(r.CallBack); err != nil {
		return Request{}, err
	}
	return r, nil
}

// once gives the parameters that are known, each of which may be said once only: of two values nobody knows which is meant.
func once(q url.Values) (map[string]string, error) {
	if len(q) > maxParameters {
		return nil, ErrTooMany
	}
	given := map[string]string{}
	for name, values := range q {
		known, ok := names[lower(name)]
		if !ok {
			continue
		}
		if _, twice := given[known]; twice || len(values) != 1 {
			return nil, ErrTwice
		}
		given[known] = values[0]
	}
	return given, nil
}

// lower is for ASCII alone: strings.ToLower makes a k of the Kelvin sign.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

func checkSearch(s string) error {
	if len(s) > maxSearch || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return ErrSearch
	}
	return nil
}
