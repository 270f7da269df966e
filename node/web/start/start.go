// Package start is the first page of the demo: a way into the app of each of its nodes.
package start

import (
	"embed"

	"pieks/node/control"
	"pieks/node/web"
)

//go:embed templates text
var files embed.FS

// Place is a node of the demo whose app can be opened.
type Place struct {
	Name  string // of the node, part of a path
	Role  string // practice, patient, relay
	Title string
	About string // street and place, or what can be tried there
	Link  func() (control.Opened, error)
}

// Pages are the start page.
func Pages(places []Place) web.Pages {
	return web.Pages{
		Name: "start", Person: web.Owner, Files: files,
		Routes: []web.Route{
			{Pattern: "GET /{$}", Page: func(c *web.Call) error { return c.Show("start", places) }},
			{Pattern: "GET /go/{name}", Page: func(c *web.Call) error {
				for _, p := range places {
					if p.Name != c.R.PathValue("name") {
						continue
					}
					opened, err := p.Link() // each is good once: a new one for each click
					if err != nil {
						return err
					}
					return c.Go(opened.URL)
				}
				return web.ErrNotFound
			}},
		},
	}
}
