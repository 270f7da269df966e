//go:build unix

package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"pieks/card/pcsc/pcscd"
	"pieks/node/control"
)

// The scripts in testdata/cards work with virtual cards behind the real PC/SC service. Each has a service of its own.
func TestCardScript(t *testing.T)    { cardScript(t, "card") }
func TestEnrolScript(t *testing.T)   { cardScript(t, "enrol") }
func TestAppScript(t *testing.T)     { cardScript(t, "app") }
func TestSecretScript(t *testing.T)  { cardScript(t, "secret") }
func TestEGKScript(t *testing.T)     { cardScript(t, "egk") }
func TestCheckinScript(t *testing.T) { cardScript(t, "checkin") }

// cardScript runs a script; popp is its command of that name, if it has one.
func cardScript(t *testing.T, name string, popp ...func(*testscript.TestScript, bool, []string)) {
	t.Parallel()
	pcscd.Run(t, 2, func(t *testing.T, d *pcscd.Daemon) {
		p := scriptParams()
		p.Files = []string{"testdata/cards/" + name + ".txtar"}
		setup := p.Setup
		p.Setup = func(env *testscript.Env) error {
			env.Setenv("VPCD0", d.Addr(0))
			env.Setenv("VPCD1", d.Addr(1))
			return setup(env)
		}
		p.Cmds["pcscd"] = func(ts *testscript.TestScript, neg bool, args []string) {
			switch {
			case !neg && len(args) == 1 && args[0] == "stop":
				d.Stop()
			case !neg && len(args) == 1 && args[0] == "start":
				d.Start()
			default:
				ts.Fatalf("usage: pcscd stop|start")
			}
		}
		for _, command := range popp {
			p.Cmds["popp"] = command
		}
		p.Cmds["hidden"], p.Cmds["crash"] = hidden, crash
		testscript.Run(t, p)
	})
}

// hidden wants that no secret is in what the last command said to standard error, in any file of the script but those that end in .secret, or on the
// command line of any process: `hidden SECRET ...`. Digits are looked for without their dashes, too.
func hidden(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: hidden SECRET ...")
	}
	var secrets [][]byte
	for _, secret := range args {
		if len(secret) < 6 {
			ts.Fatalf("%q is too short to be looked for", secret)
		}
		secrets = append(secrets, []byte(secret), []byte(strings.ReplaceAll(secret, "-", "")))
	}
	search := func(where string, data []byte) {
		for i, secret := range secrets {
			if bytes.Contains(data, secret) {
				ts.Fatalf("secret %d is in %s", i/2+1, where)
			}
		}
	}
	search("standard error", []byte(ts.ReadFile("stderr")))
	files := 0
	ts.Check(filepath.WalkDir(ts.Getenv("WORK"), func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || strings.HasSuffix(name, ".secret") {
			return ignoreGone(err)
		}
		data, err := os.ReadFile(name)
		search(name, data)
		files++
		return ignoreGone(err)
	}))
	processes, err := filepath.Glob("/proc/[0-9]*/cmdline")
	ts.Check(err)
	for _, name := range processes {
		if data, err := os.ReadFile(name); err == nil {
			search(name, data)
		}
	}
	if files < 5 || len(processes) == 0 {
		ts.Fatalf("only %d files and %d processes were looked at", files, len(processes))
	}
}

// crash has the node of a home end with a dump of all that its goroutines do: `crash HOME`.
func crash(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: crash HOME")
	}
	client, err := control.Dial(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(syscall.Kill(client.PID(), syscall.SIGQUIT))
}

// ignoreGone: running nodes replace files while they are walked over.
func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
