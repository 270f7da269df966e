package web

import (
	"io/fs"
	"net/http"
	"slices"
)

// Pages are a role's part of the app.
type Pages struct {
	Name   string // of the role, for the page's body class: "reception", "patient", "relay", "start"
	Person Person // for whom the link at the start is
	Menu   []MenuItem
	// Files has templates/*.html and text/*.toml.
	Files  fs.FS
	Errors []ErrorText
	Codes  map[string]string // how the node's codes are said ([control.CodeOf]), by code
	Routes []Route
	// Public are answered without a session, below their prefix: health checks.
	Public map[string]http.Handler
	// Landings are where other programs and sites send the browser: the page at a path is shown at another of this app's, see landing.go.
	Landings map[string]string
	// Funcs are template functions beside those of this package.
	Funcs map[string]any
}

// MenuItem is a link in the head of each page.
type MenuItem struct {
	Path string
	Text string   // message key
	Only []Person // for whom; none: everybody
}

// For says whether the item is for a person.
func (m MenuItem) For(p Person) bool { return len(m.Only) == 0 || slices.Contains(m.Only, p) }

// ErrorText is how an error of the node is said.
type ErrorText struct {
	Is  error
	Key string
}

// Page answers one request.
type Page func(c *Call) error

// Route is a page at a pattern of net/http, such as "GET /day" or "POST /day/{id}".
type Route struct {
	Pattern string
	Page    Page
	Only    []Person // for whom; none: everybody who was let in
}
