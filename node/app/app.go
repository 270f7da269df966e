// Package app shows a running node in a browser: it joins a role with the pages that are made for it (package web and below).
package app

import (
	"fmt"
	"log/slog"
	"net/http"

	"pieks/node/control"
	"pieks/node/home"
	"pieks/node/web"
	"pieks/node/web/health"
	"pieks/node/web/patient"
	"pieks/node/web/reception"
	"pieks/node/web/relay"
)

// Node is a running role.
type Node interface {
	Handlers() control.Handlers
	Home() *home.Home
	Changes() *control.Changes
}

// Options say how a node is shown.
type Options struct {
	Listen       string          // "" is the first free port from 7400 on
	At           *web.Listener   // in place of Listen
	Cards        reception.Cards // a practice's: readers of this computer; nil: none
	PatientCards patient.Cards   // a patient's
	Log          *slog.Logger
}

// Serve shows a node.
func Serve(n Node, o Options) (*web.Server, error) {
	h := n.Home()
	var pages web.Pages
	switch h.Role {
	case "practice":
		pages = reception.Pages(o.Cards)
	case "patient":
		pages = patient.Pages(o.PatientCards)
	case "relay":
		pages = relay.Pages()
	default:
		return nil, fmt.Errorf("there are no pages for the role %q", h.Role)
	}
	checks := health.Handler(h.Role, n.Handlers(), h.Started)
	pages.Public = map[string]http.Handler{"GET /healthz": checks, "GET /readyz": checks, "GET /metrics": checks}
	return web.Serve(web.Config{Home: h, Handlers: n.Handlers(), Changes: n.Changes(), Pages: pages, Listen: o.Listen, At: o.At, Log: o.Log})
}
