package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"pieks": main}) }

// TestScripts runs testdata/*.txtar, each of which reads like a terminal session of a user.
func TestScripts(t *testing.T) {
	p := scriptParams()
	p.Dir = "testdata"
	testscript.Run(t, p)
}

// scriptParams are the commands and the surroundings of all scripts.
func scriptParams() testscript.Params {
	return testscript.Params{
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir+"/user")
			env.Setenv("XDG_CONFIG_HOME", "")
			env.Setenv("XDG_DATA_HOME", "")
			env.Setenv("PIEKS_LOCK", "file") // no keyring of the machine that tests
			env.Setenv("DAY", time.Now().In(berlin).AddDate(0, 0, 14).Format(time.DateOnly))
			env.Setenv("NEXT", time.Now().In(berlin).AddDate(0, 0, 15).Format(time.DateOnly))
			env.Setenv("LATER", time.Now().In(berlin).AddDate(0, 0, 14+28).Format(time.DateOnly)) // within the interval of comirnaty
			return os.MkdirAll(env.WorkDir+"/user", 0o700)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code":       code,
			"json":       jsonCommand,
			"mode":       mode,
			"fetch":      fetch,
			"fetchwhere": fetchWhere,
			"fetchport":  fetchPort,
			"get":        get,
			"visit":      visit,
			"post":       post,
			"fetchfield": fetchField,
			"answers":    answers,
			"until":      until,
		},
	}
}

// code runs `code N pieks ...` and wants this exit code.
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND ...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("%s ended with %s, want %s", strings.Join(args[1:], " "), got, args[0])
	}
}

// lastJSON is the JSON value in the last line of the last command's output.
func lastJSON(ts *testscript.TestScript) any {
	lines := strings.Split(strings.TrimRight(ts.ReadFile("stdout"), "\n"), "\n")
	var value any
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &value); err != nil {
		ts.Fatalf("the last line is no JSON: %v: %q", err, lines[len(lines)-1])
	}
	return value
}

// at follows a path such as visits.0.digits; len is the length of a list.
func at(value any, path string) (any, bool) {
	for step := range strings.SplitSeq(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			next, ok := v[step]
			if !ok {
				return nil, false
			}
			value = next
		case []any:
			if step == "len" {
				value = len(v)
				continue
			}
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(v) {
				return nil, false
			}
			value = v[i]
		default:
			return nil, false
		}
	}
	return value, true
}

// jsonCommand wants values in the last line: `json ok=true relays.len=2`; `! json error` wants a path to be absent.
func jsonCommand(ts *testscript.TestScript, neg bool, args []string) {
	value := lastJSON(ts)
	for _, arg := range args {
		path, want, compare := strings.Cut(arg, "=")
		got, ok := at(value, path)
		switch {
		case neg && ok:
			ts.Fatalf("%s is there: %v", path, got)
		case !neg && !ok:
			ts.Fatalf("%s is missing in %v", path, value)
		case !neg && compare && fmt.Sprint(got) != want:
			ts.Fatalf("%s is %v, want %s", path, got, want)
		}
	}
}

// fetch puts a value of the last line into a variable: `fetch TOKEN 0.id`.
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fetch NAME PATH")
	}
	got, ok := at(lastJSON(ts), args[1])
	if !ok {
		ts.Fatalf("%s is missing", args[1])
	}
	ts.Setenv(args[0], fmt.Sprint(got))
}

// mode wants a file to have this mode: `mode 600 FILE`.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode OCTAL FILE")
	}
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := fmt.Sprintf("%o", info.Mode().Perm()); got != args[0] {
		ts.Fatalf("%s has mode %s, want %s", args[1], got, args[0])
	}
}

// fetchWhere puts a value of the first list item for which a condition holds into a variable: `fetchwhere B id state=booked`.
func fetchWhere(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: fetchwhere NAME PATH PATH=VALUE")
	}
	path, want, _ := strings.Cut(args[2], "=")
	list, _ := lastJSON(ts).([]any)
	for _, item := range list {
		if is, ok := at(item, path); ok && fmt.Sprint(is) == want {
			if got, ok := at(item, args[1]); ok {
				ts.Setenv(args[0], fmt.Sprint(got))
				return
			}
		}
	}
	ts.Fatalf("no item has %s in %v", args[2], list)
}

// fetchPort puts the port of a multiaddr into a variable: `fetchport PORT relays.0.addrs.0`.
func fetchPort(ts *testscript.TestScript, neg bool, args []string) {
	fetch(ts, neg, args)
	parts := strings.Split(ts.Getenv(args[0]), "/")
	if len(parts) < 5 {
		ts.Fatalf("%v is no address", parts)
	}
	ts.Setenv(args[0], parts[4])
}

// until repeats a command until its JSON has a path, or a value there: `until 10s len=5 pieks search --json`.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: until DURATION PATH[=VALUE] COMMAND ...")
	}
	patience, err := time.ParseDuration(args[0])
	ts.Check(err)
	path, want, compare := strings.Cut(args[1], "=")
	for end := time.Now().Add(patience); ; {
		ts.Check(ts.Exec(args[2], args[3:]...))
		if got, ok := at(lastJSON(ts), path); ok && (!compare || fmt.Sprint(got) == want) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s did not come within %s", args[1], patience)
		}
		time.Sleep(200 * time.Millisecond) // real processes and sockets: there is nothing to wait on but their answer
	}
}
