package main

import (
	"context"
	"fmt"
	"os"

	"pieks/scenarios"
)

// ScenarioCmd runs scripted end-to-end scenarios.
type ScenarioCmd struct {
	Run ScenarioRunCmd `cmd:"" help:"Run a scenario file."`
}

type ScenarioRunCmd struct {
	File string `arg:"" type:"path" help:"The YAML file; 'go doc pieks/scenarios' says what can be in it."`
	Keep string `type:"path" env:"-" help:"Keep the homes of the nodes in this new folder, to look at them afterwards." placeholder:"DIR"`
}

func (ScenarioRunCmd) Help() string {
	return `Starts real nodes on this computer and does with them what the file says. A step that fails names itself, and the exit code is 1.

    pieks scenario run scenarios/main.yaml --json`
}

// makeKept makes the folder of --keep, which may not hold anything that could be mixed up with what is kept.
func makeKept(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return usagef("--keep names a folder to be made: %w", err)
	}
	return nil
}

func (c *ScenarioRunCmd) Run(ctx context.Context, a *app) error {
	binary, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	if c.Keep != "" {
		if err := makeKept(c.Keep); err != nil {
			return err
		}
	}
	opts := scenarios.Options{Binary: binary, Dir: c.Keep, Log: a.trialLog()}
	if !a.json {
		opts.Progress = func(step int, what string) { fmt.Fprintf(a.errs, "%3d  %s\n", step, what) }
	}
	result, err := scenarios.RunFile(ctx, c.File, opts)
	a.test = true
	if a.json {
		if failed := a.report(result, nil); failed != nil {
			return failed
		}
		if err != nil {
			a.note("%s", sentence(err.Error()))
			return &reportedError{}
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("scenario %s: %w", result.Name, err)
	}
	return a.report(result, func(p *page) {
		p.linef("%s  %s: %s in %.1f s", a.green("ok"), result.Name, count(result.Steps, "step", "steps"), result.Seconds)
	})
}
