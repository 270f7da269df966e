// Package appcall is how another app has a check-in made (initPoppTokenGeneration) and gets its outcome back (callBackApp).
package appcall

import (
	"errors"
	"net/url"

	"pieks/node/checkin/popp"
)

// Request is what the other app wants.
type Request struct {
	TelematikID popp.TelematikID // or FHIRSearch
	Workplace   popp.WorkplaceID
	FHIRSearch  string
	CallBack    string // checked: https, or an app link
	LoginEGK    bool
}

// Parse reads the parameters of a call, whose names may be spelled in any case and in the ways that the specification has.
func Parse(q url.Values) (Request, error) { return Request{}, errSketch }

// CheckCallBack refuses what is neither https nor an app link.
func CheckCallBack(raw string) error { return errSketch }

// Answer is the address to open at the end.
func Answer(callBack string, s popp.Status) (string, error) { return "", errSketch }

var errSketch = errors.New("not built yet")
