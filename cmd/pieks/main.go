// Command pieks runs the nodes of Pieks and speaks to them: practices hand out vaccination appointments, patients find,
// book and show them, relays carry what they cannot read. See README.md for a walk-through and `pieks --help`.
//
// This package is wiring only: flags, prompts, output, exit codes. What happens is in node and below.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"reflect"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"pieks/node/control"
)

// Exit codes, as in README.md.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string) int {
	var cli CLI
	a := newApp(slices.Contains(args, "--json"))
	forgetEmpty()
	parser, err := kong.New(&cli, options(a)...)
	if err != nil {
		return a.fail(err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	kctx, err := parser.Parse(args)
	if err != nil {
		return a.fail(asUsage(err))
	}
	if err := a.begin(&cli.Globals); err != nil {
		return a.fail(err)
	}
	kctx.BindTo(ctx, (*context.Context)(nil))
	return a.fail(kctx.Run(a))
}

// forgetEmpty drops variables that were set to nothing: that is how people take one back.
func forgetEmpty() {
	for _, variable := range os.Environ() {
		if name, value, _ := strings.Cut(variable, "="); value == "" && strings.HasPrefix(name, "PIEKS_") {
			_ = os.Unsetenv(name)
		}
	}
}

// pathMapper expands paths like kong's own, but refuses an empty one, which would mean the working directory.
func pathMapper(ctx *kong.DecodeContext, target reflect.Value) error {
	var name string
	if err := ctx.Scan.PopValueInto("file", &name); err != nil {
		return err
	}
	if name == "" {
		return errors.New("a file or folder is needed, and the name is empty")
	}
	if name != "-" {
		name = kong.ExpandPath(name)
	}
	if target.Kind() == reflect.Slice {
		target.Set(reflect.Append(target, reflect.ValueOf(name)))
	} else {
		target.SetString(name)
	}
	return nil
}

func options(a *app) []kong.Option {
	return []kong.Option{
		kong.Name("pieks"),
		kong.Description("Vaccination appointments without a central server: practices hand them out, patients find, book and show them."),
		kong.DefaultEnvars("PIEKS"),
		kong.Vars{"version": versionLine()},
		benchNames(),
		kong.ConfigureHelp(kong.HelpOptions{NoExpandSubcommands: true, Compact: true, WrapUpperBound: 110}),
		kong.NamedMapper("path", kong.MapperFunc(pathMapper)),
		kong.ValueFormatter(describe),
		kong.ExplicitGroups(groups),
		kong.Writers(os.Stdout, os.Stderr),
		kong.Bind(a),
	}
}

// asUsage turns what kong refused into a sentence that names the help to read.
func asUsage(err error) error {
	if known, ok := errors.AsType[*control.Error](err); ok {
		return known // the settings, which no help explains
	}
	command := "pieks"
	if parse, ok := errors.AsType[*kong.ParseError](err); ok && parse.Context != nil {
		if node := parse.Context.Selected(); node != nil {
			command = node.FullPath()
		}
	}
	return usagef("%s See `%s --help`.", sentence(err.Error()), command)
}

// usagef is a mistake in how the command was called: exit code 2.
func usagef(format string, args ...any) error {
	return control.Errorf(control.KindUsage, "%w", fmt.Errorf(format, args...))
}
