package app

import (
	"context"
	"errors"
	"sync"

	"pieks/node/control"
	"pieks/node/home"
	"pieks/node/network"
	"pieks/node/web"
	"pieks/node/web/first"
)

// First is a home without a network, shown in a browser until somebody gives it one. It answers pieks status, open and stop like a node.
type First struct {
	*web.Server
	// Joined is closed when the home has its network. The browser waits for the node's own app at the same address then: Close this, and Serve the node
	// there.
	Joined <-chan struct{}

	home    *home.Home
	control *control.Server
}

// ServeFirst shows a home without a network at o.At, until Close. stop is called when a command asks for the end.
func ServeFirst(ctx context.Context, cfg home.Config, o Options, stop func()) (_ *First, err error) {
	h, err := home.OpenFirst(ctx, cfg)
	if err != nil {
		return nil, err
	}
	joined := make(chan struct{})
	var once sync.Once
	f := &First{Joined: joined, home: h}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	person := web.Owner // as the role's own pages have it, so that who is let in here stays in
	if cfg.Role == "practice" {
		person = web.Doctor
	}
	handlers := control.Handlers{
		control.MethodStatus: control.HandleNone(func(context.Context) (control.Status, error) {
			return control.Status{Role: h.Role, Version: home.Version, Home: h.Dir, Started: h.Started, Web: f.URL(), ReadOnly: network.ErrNone.Error(), ReadOnlyWhy: "network"}, nil
		}),
		control.MethodOpen: control.Handle(func(_ context.Context, in control.OpenRequest) (control.Opened, error) { return f.Link(in.Person) }),
	}
	f.Server, err = web.Serve(web.Config{Home: h, Handlers: handlers, Changes: &control.Changes{}, Pages: first.Pages(person, h, func() {
		if err := o.At.Pause(); err != nil {
			h.Log.Error("the app's address", "err", err)
		}
		once.Do(func() { close(joined) })
	}),
		At: o.At, Log: o.Log})
	if err != nil {
		return nil, err
	}
	f.control, err = control.Serve(control.Config{Home: h.Dir, Role: h.Role, Handlers: handlers, Stop: stop, Log: h.Log})
	return f, err
}

// Close ends it in the reverse order of its start. The address goes on.
func (f *First) Close() error {
	var err error
	if f.control != nil {
		err = f.control.Close()
	}
	if f.Server != nil {
		err = errors.Join(err, f.Server.Close())
	}
	return errors.Join(err, f.home.Close())
}
