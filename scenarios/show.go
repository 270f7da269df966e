package scenarios

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"pieks/node/app"
	"pieks/node/control"
	"pieks/node/home"
	"pieks/node/web"
	"pieks/node/web/start"
	"pieks/store"
)

// Show serves the app of a node that runs in this process, at an address or at the first free port. It ends with the node.
func (n *Node) Show(listen string) (*web.Server, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	running, ok := n.running.(app.Node)
	if !ok {
		return nil, fmt.Errorf("%s does not run in this process", n.Name)
	}
	if n.shown != nil {
		return n.shown, nil
	}
	shown, err := app.Serve(running, app.Options{Listen: listen, Log: n.net.cfg.Log.With("node", n.Name)})
	if err != nil {
		return nil, fmt.Errorf("show %s: %w", n.Name, err)
	}
	n.shown = shown
	return shown, nil
}

// Link is a link that opens the node's app once.
func (n *Node) Link(person string) (control.Opened, error) {
	shown, err := n.Show("")
	if err != nil {
		return control.Opened{}, err
	}
	return shown.Link(person)
}

// startPage is the first page of a demo.
type startPage struct {
	*web.Server
	home *home.Home
}

// openStart serves the first page. It has a home of its own for the sessions of browsers.
func (n *Net) openStart(ctx context.Context, listen string, places []start.Place) (*startPage, error) {
	h, err := home.Open(ctx, home.Config{Dir: filepath.Join(n.dir, "start"), Role: "start", Network: n.file, Secret: store.KeyFile(), Log: n.cfg.Log})
	if err != nil {
		return nil, err
	}
	status := control.HandleNone(func(context.Context) (control.Status, error) { return h.Status(), nil })
	server, err := web.Serve(web.Config{
		Home: h, Handlers: control.Handlers{control.MethodStatus: status}, Changes: &control.Changes{}, Pages: start.Pages(places), Listen: listen, Log: n.cfg.Log,
	})
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return &startPage{server, h}, nil
}

// Close ends the page.
func (s *startPage) Close() error { return errors.Join(s.Server.Close(), s.home.Close()) }
