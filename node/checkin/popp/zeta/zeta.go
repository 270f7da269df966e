package zeta

import (
	"encoding/json"
	"net/http"
	"net/url"
)

// Request is an HTTP request to the PoPP service behind the guard.
type Request struct {
	Method string
	Path   string // begins with a slash
	Query  url.Values
	Header http.Header
	// Type and Body are of a POST; the body is a JSON object or a form, into which the details go, too.
	Type string
	Body []byte
	// Most is how long the answer may be, in bytes.
	Most int64
	// Session keeps requests that belong together under an access token of their own; "" takes the client's common one.
	Session string
	// User has an insured person log in first. Back is then where their browser comes back to, on this computer.
	User bool
	Back string
}

// The types of a body.
const (
	TypeJSON = "application/json"
	TypeForm = "application/x-www-form-urlencoded"
)

// Details are authorization details (RFC 9396) under the name that they travel by. Of a Request with User they tell the guard which identity provider to
// ask, of others they go to the service in the body.
type Details struct {
	Name string
	JSON json.RawMessage
}

// Response is the service's answer.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// LoginError says that an insured person has to log in: open URL in their browser, and call LoggedIn with State and the code that the browser brings back.
// The URL names their insurer; it is for the browser alone.
type LoginError struct {
	URL, State string
}

func (e *LoginError) Error() string { return "log in at your insurer first" }
