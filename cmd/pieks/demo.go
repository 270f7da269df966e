package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"pieks/scenarios"
)

// DemoCmd shows the whole main job on this computer.
type DemoCmd struct {
	Once bool   `env:"-" help:"Stop when all was shown, instead of going on until Ctrl-C."`
	Keep string `type:"path" env:"-" help:"Keep everything in this folder, which does not exist yet, instead of a temporary one." placeholder:"DIR"`

	Listen    string `env:"-" help:"Where the start page is served; left out, the first free port of loopback from 7400 on." placeholder:"HOST:PORT"`
	NoBrowser bool   `help:"Open no browser: only print the links."`
}

func (DemoCmd) Help() string {
	return `Starts a TEST network with real nodes, connections and stores: practices offer appointments, patients search, fight for one, book, show their codes, and both sides cancel. Then the nodes go on, and a start page opens in your browser with the apps of the practices, of two patients and of a relay; other commands can be tried on the nodes from another terminal.

    pieks demo
    pieks demo --no-browser --listen 127.0.0.1:8080
    pieks demo --once --json`
}

func (c *DemoCmd) Run(ctx context.Context, a *app) error {
	if c.Keep != "" {
		if err := makeKept(c.Keep); err != nil {
			return err
		}
	}
	a.test = true
	account := a.out
	if a.json {
		account = a.errs
	}
	fmt.Fprintln(account, a.yellow("TEST")+"  Nothing here is real: no licence, no practice, no patient.")
	began := time.Now()
	opts := scenarios.DemoOptions{Dir: c.Keep, Log: a.trialLog(), Say: func(line string) {
		fmt.Fprintf(account, "%s  %s\n", a.faint(fmt.Sprintf("%5.1f s", time.Since(began).Seconds())), line)
	}}
	if !c.Once {
		opts.Listen = c.Listen
		opts.Stay = func(stage scenarios.Stage) {
			a.demoStage(account, stage)
			if !c.NoBrowser {
				a.openBrowser(stage.Open())
			}
		}
	}
	result, err := scenarios.Demo(ctx, opts)
	if !a.json {
		return err // the account has said it all
	}
	if failed := a.writeJSON(result); failed != nil {
		return failed
	}
	if err != nil {
		a.note("%s", sentence(err.Error()))
		return &reportedError{}
	}
	return nil
}

// demoStage says what can be tried on the nodes that go on.
func (a *app) demoStage(w io.Writer, stage scenarios.Stage) {
	p := &page{a: a}
	p.line("")
	p.line("The nodes go on until Ctrl-C. Start page in the browser:")
	p.line("  " + a.bold(stage.Open()))
	p.line("")
	p.line("Or one of them at once. Each link is good once and for half an hour; the start page makes new ones.")
	var apps, rows [][]string
	tries := map[string]string{practiceRole: "day", patientRole: "search", relayRole: "status"}
	for _, h := range stage.Homes {
		if h.Link != "" {
			apps = append(apps, []string{"  " + h.Name, h.Link})
		}
		rows = append(rows, []string{"  pieks " + tries[h.Role] + " --home " + h.Home, a.faint("# " + or(h.About, h.Role))})
	}
	p.table(nil, apps)
	p.line("")
	p.line("Other commands can be tried on them from another terminal:")
	p.table(nil, rows)
	_, _ = io.WriteString(w, p.String())
}
