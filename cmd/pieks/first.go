package main

import (
	"context"
	"errors"

	nodeapp "pieks/node/app"
	"pieks/node/home"
	"pieks/node/web"
	"pieks/store"
)

// askForNetwork has somebody give a home its network file in a browser, and returns the address at which that browser waits for the node's app; nil
// when the end was asked for instead.
func (a *app) askForNetwork(ctx context.Context, role, dir string, secret store.Secret, flags Node, stop func()) (at *web.Listener, err error) {
	if at, err = web.Listen(flags.AppListen); err != nil {
		return nil, err
	}
	asking, err := nodeapp.ServeFirst(ctx, home.Config{Dir: dir, Role: role, Secret: secret, Log: a.log()}, nodeapp.Options{At: at, Log: a.log()}, stop)
	if err != nil {
		return nil, errors.Join(err, at.Close())
	}
	link, err := asking.Link("")
	if err == nil {
		err = a.report(link, func(p *page) {
			p.line("This home knows no network yet. Give it its network file in the browser; this link is good once and for half an hour (another: pieks open):")
			p.line("  " + a.bold(link.URL))
			p.line("")
			p.line("Or stop with Ctrl-C and start again with --network FILE.")
		})
	}
	if err == nil && !flags.NoBrowser {
		a.openApp(asking.Server)
	}
	joined := false
	if err == nil {
		select {
		case <-asking.Joined:
			joined = true
		case <-ctx.Done():
		}
	}
	if err = errors.Join(err, asking.Close()); err != nil || !joined {
		return nil, errors.Join(err, at.Close())
	}
	return at, nil
}
