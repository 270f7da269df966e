package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"golang.org/x/term"

	"pieks/node/control"
)

// app is what a command has to speak with: where results and progress go, and how they look.
type app struct {
	Globals
	out, errs io.Writer
	in        *os.File
	json      bool // one JSON value as the last line
	terminal  bool // people look at out
	colour    bool
	bars      bool // people look at errs
	test      bool // the network that was spoken to is a test network
	level     slog.Level
	cards     *cardDesk
}

func newApp(asJSON bool) *app {
	plain := os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb"
	terminal := term.IsTerminal(int(os.Stdout.Fd()))
	return &app{
		out: os.Stdout, errs: os.Stderr, in: os.Stdin,
		json:     asJSON,
		terminal: terminal,
		colour:   terminal && !plain,
		bars:     term.IsTerminal(int(os.Stderr.Fd())) && !plain,
		level:    slog.LevelWarn,
		cards:    &cardDesk{},
	}
}

// begin takes over the flags that every command has.
func (a *app) begin(g *Globals) error {
	a.Globals, a.json = *g, g.JSON
	return a.level.UnmarshalText([]byte(g.LogLevel))
}

// log is for nodes; it holds nothing personal.
func (a *app) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(a.errs, &slog.HandlerOptions{Level: a.level}))
}

// trialLog is for nodes that a command starts for a moment and throws away: what would warn their owners matters to nobody.
func (a *app) trialLog() *slog.Logger {
	quiet := *a
	quiet.level = max(quiet.level, slog.LevelError)
	if a.level < slog.LevelWarn {
		quiet.level = a.level
	}
	return quiet.log()
}

// fail ends a command: what went wrong as a sentence on standard error, with --json also as the JSON value, and the exit code.
func (a *app) fail(err error) int {
	if err == nil {
		return exitDone
	}
	kind := control.KindOf(err)
	var reported *reportedError
	if errors.As(err, &reported) {
		return exitFailed // the result was printed and says it
	}
	message := err.Error()
	if errors.Is(err, context.Canceled) {
		message = "Interrupted."
	}
	if errors.Is(err, control.ErrNoNode) {
		kind = control.KindUnavailable
	}
	fmt.Fprintln(a.errs, "pieks:", sentence(message))
	if a.json {
		a.writeJSON(struct {
			OK    bool         `json:"ok"`
			Error string       `json:"error"`
			Kind  control.Kind `json:"kind"`
		}{false, sentence(message), kind})
	}
	if kind == control.KindUsage {
		return exitUsage
	}
	return exitFailed
}

// reportedError fails a command whose result was already printed.
type reportedError struct{}

func (*reportedError) Error() string { return "the result says what failed" }

// sentence ends a message with a full stop. Errors of libraries come without.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.HasSuffix(s, ".") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}

// report prints a result: for people, or with --json as one line of JSON.
func (a *app) report(v any, human func(*page)) error {
	if a.json {
		return a.writeJSON(v)
	}
	p := &page{a: a}
	if a.test {
		p.line(a.yellow("TEST") + "  This is a test network: no licence and no appointment in it is real.")
		p.line("")
	}
	human(p)
	_, err := io.WriteString(a.out, p.String())
	return err
}

func (a *app) writeJSON(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the result: %w", err)
	}
	if a.test {
		data = markTest(data)
	}
	_, err = a.out.Write(append(data, '\n'))
	return err
}

// markTest adds "test":true to an object, or to each object of an array, that does not say it already.
func markTest(data []byte) []byte {
	var list []json.RawMessage
	if json.Unmarshal(data, &list) == nil && list != nil {
		for i, item := range list {
			list[i] = markTest(item)
		}
		marked, err := json.Marshal(list)
		if err != nil {
			return data
		}
		return marked
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(data, &fields) != nil || fields == nil || fields["test"] != nil {
		return data
	}
	comma := ","
	if len(fields) == 0 {
		comma = ""
	}
	return append(data[:len(data)-1:len(data)-1], comma+`"test":true}`...)
}

// note tells people something beside the result.
func (a *app) note(format string, args ...any) {
	fmt.Fprintf(a.errs, "pieks: "+format+"\n", args...)
}

func (a *app) paint(code, s string) string {
	if !a.colour {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (a *app) bold(s string) string   { return a.paint("1", s) }
func (a *app) faint(s string) string  { return a.paint("2", s) }
func (a *app) green(s string) string  { return a.paint("32", s) }
func (a *app) yellow(s string) string { return a.paint("1;33", s) }
func (a *app) red(s string) string    { return a.paint("31", s) }

// dial finds the running node of a role. The roles say where to look when --home is not given.
func (a *app) dial(roles ...string) (*control.Client, error) {
	home, err := a.home(roles...)
	if err != nil {
		return nil, err
	}
	client, err := control.Dial(home)
	if missing, ok := errors.AsType[*control.NoNodeError](err); ok && missing.Role == "" && len(roles) == 1 {
		missing.Role = roles[0]
	}
	return client, err
}

// call asks a node and shows that it takes a while if it does.
func (a *app) call(ctx context.Context, c *control.Client, what, method string, in, out any) error {
	err := a.wait(what, func() error { return c.Call(ctx, method, in, out) })
	a.test = c.Test()
	return err
}

// ask finds the node and calls it.
func (a *app) ask(ctx context.Context, what, method string, in, out any, roles ...string) error {
	c, err := a.dial(roles...)
	if err != nil {
		return err
	}
	return a.call(ctx, c, what, method, in, out)
}
