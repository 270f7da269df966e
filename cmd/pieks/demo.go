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
}

func (DemoCmd) Help() string {
	return `Starts a TEST network with real nodes, connections and stores: practices offer appointments, patients search, fight for one, book, show their codes, and both sides cancel. Then the nodes go on, so that you can try other commands on them from another terminal.

    pieks demo
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
		opts.Stay = func(homes []scenarios.DemoHome, dir string) { a.demoHomes(account, homes) }
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

// demoHomes says what can be tried on the nodes that go on.
func (a *app) demoHomes(w io.Writer, homes []scenarios.DemoHome) {
	p := &page{a: a}
	p.line("")
	p.line("The nodes go on until Ctrl-C. Try other commands on them from another terminal:")
	var rows [][]string
	tries := map[string]string{practiceRole: "slots list", patientRole: "search", relayRole: "status"}
	for _, h := range homes {
		rows = append(rows, []string{"  pieks " + tries[h.Role] + " --home " + h.Home, a.faint("# " + or(h.About, h.Role))})
	}
	p.table(nil, rows)
	_, _ = io.WriteString(w, p.String())
}
