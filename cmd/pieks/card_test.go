package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"pieks/card/pcsc/pcscd"
)

// The scripts in testdata/cards work with virtual cards behind the real PC/SC service. Each has a service of its own.
func TestCardScript(t *testing.T)  { cardScript(t, "card") }
func TestEnrolScript(t *testing.T) { cardScript(t, "enrol") }

func cardScript(t *testing.T, name string) {
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
		testscript.Run(t, p)
	})
}
