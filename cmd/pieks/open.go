package main

import (
	"context"
	"os"
	"os/exec"
	"runtime"

	"pieks/node/control"
)

// OpenCmd opens the app of a running node.
type OpenCmd struct {
	Person    string `enum:"doctor,assistant," default:"" help:"At a practice, for whom: ${enum}. An assistant sees no settings, exports and backups." placeholder:"WHO"`
	NoBrowser bool   `help:"Only print the link."`
}

func (OpenCmd) Help() string {
	return `Makes a link that lets one browser into the app, once, within half an hour. The browser stays in for 30 days after its last use.

    pieks open --home P1
    pieks open --home P1 --person assistant --no-browser`
}

// Run prints the link and opens it. What is printed is another link than what is opened: each is good once.
func (c *OpenCmd) Run(ctx context.Context, a *app) error {
	var printed, opened control.Opened
	in := control.OpenRequest{Person: c.Person}
	if err := a.ask(ctx, "Making a link", control.MethodOpen, in, &printed, everyRole()...); err != nil {
		return err
	}
	err := a.report(printed, func(p *page) {
		p.line(printed.URL)
		p.line("")
		p.line(a.faint("Good once, until " + instant(printed.Until) + "."))
	})
	if err != nil || c.NoBrowser || !a.hasDesktop() {
		return err
	}
	if err := a.ask(ctx, "Making a link", control.MethodOpen, in, &opened, everyRole()...); err != nil {
		return err
	}
	a.openBrowser(opened.URL)
	return nil
}

// hasDesktop says whether somebody sits in front of this computer with a browser: not with --json, and not where a service or a test runs.
func (a *app) hasDesktop() bool {
	if a.json {
		return false
	}
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return true
	}
	return os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
}

// openBrowser opens an address in the person's browser, if there is one. It waits for nothing: the link was printed, too.
func (a *app) openBrowser(url string) {
	if !a.hasDesktop() {
		return
	}
	name, args := "xdg-open", []string{url}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", url}
	}
	cmd := exec.Command(name, args...)
	if err := cmd.Start(); err != nil {
		a.note("No browser could be opened (%v): use the link above.", err)
		return
	}
	go func() { _ = cmd.Wait() }()
}
