package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"pieks/node/control"
	"pieks/node/home"
	"pieks/store"
)

// DoctorCmd checks what can go wrong and says what to do about it.
type DoctorCmd struct{}

func (DoctorCmd) Help() string {
	return `Looks at the folder of the node, and, when the node runs, has it check its store, network file, relays and connections.

    pieks doctor --home P1`
}

// leastFree is room for the store to double a few times and for its hourly copy.
const leastFree = 200 << 20

func (*DoctorCmd) Run(ctx context.Context, a *app) error {
	dir, err := a.home(everyRole()...)
	if err != nil {
		return err
	}
	findings := []control.Finding{checkHome(dir), checkStore(dir), checkRoom(dir)}
	client, err := control.Dial(dir)
	if err != nil {
		findings = append(findings, control.Finding{Check: "node", Detail: "does not answer", Next: err.Error()})
	} else {
		findings = append(findings, control.Finding{Check: "node", OK: true, Detail: fmt.Sprintf("%s, process %d", client.Role(), client.PID())})
		var more []control.Finding
		if err := a.call(ctx, client, "The node checks itself", control.MethodDoctor, nil, &more); err != nil {
			return err
		}
		findings = append(findings, more...)
	}
	sound := true
	for _, f := range findings {
		sound = sound && f.OK
	}
	err = a.report(findings, func(p *page) { findingsPage(p, findings) })
	if err == nil && !sound {
		return &reportedError{}
	}
	return err
}

func findingsPage(p *page, findings []control.Finding) {
	var rows [][]string
	for _, f := range findings {
		mark := p.a.green("ok")
		if !f.OK {
			mark = p.a.red("look")
		}
		rows = append(rows, []string{mark, f.Check, f.Detail})
		if f.Next != "" {
			rows = append(rows, []string{"", "", "-> " + sentence(f.Next)})
		}
	}
	p.table(nil, rows)
}

func checkHome(dir string) control.Finding {
	f := control.Finding{Check: "home", OK: true, Detail: dir}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.OK, f.Next = false, "start a node to make it, or name the right folder with --home"
	case err != nil:
		f.OK, f.Next = false, err.Error()
	case !info.IsDir():
		f.OK, f.Next = false, "this is not a folder: name another one with --home"
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0:
		f.OK, f.Next = false, "other users can write here: chmod 700 "+dir
	}
	return f
}

func checkStore(dir string) control.Finding {
	at := home.StoreDir(dir)
	kind, err := store.Protection(at)
	switch {
	case err != nil && !errors.Is(err, store.ErrAbsent):
		return control.Finding{Check: "lock", Detail: at, Next: err.Error()}
	case kind == store.KindNone:
		return control.Finding{Check: "lock", Detail: "no store yet", Next: "start a node here first, or restore a backup: pieks restore --help"}
	case kind == store.KindKeyFile:
		return control.Finding{Check: "lock", OK: true, Detail: "key file beside the store: whoever copies the folder can read it"}
	}
	return control.Finding{Check: "lock", OK: true, Detail: kind.String()}
}

func checkRoom(dir string) control.Finding {
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	free, known := freeBytes(dir)
	f := control.Finding{Check: "disk", OK: true, Detail: "free space unknown"}
	if known {
		f.Detail = bytesOf(free) + " free"
		if free < leastFree {
			f.OK, f.Next = false, "free some space: a full disk stops bookings"
		}
	}
	return f
}

// PathsCmd shows where everything is kept.
type PathsCmd struct{}

// paths are the files of a home. They need not exist yet.
type paths struct {
	Role    string `json:"role,omitempty"`
	Home    string `json:"home"`
	Store   string `json:"store"`
	Control string `json:"control"`
	Exists  bool   `json:"exists"`
	Running bool   `json:"running"`
}

func (*PathsCmd) Run(a *app) error {
	result := struct {
		Config string  `json:"config"`
		Homes  []paths `json:"homes"`
	}{Config: a.settingsFile()}
	if a.Home != "" {
		result.Homes = []paths{pathsOf(a.Home, "")}
	} else {
		for _, role := range everyRole() {
			result.Homes = append(result.Homes, pathsOf(roleHome(role), role))
		}
	}
	return a.report(result, func(p *page) {
		p.pairs([2]string{"Settings", result.Config})
		for _, h := range result.Homes {
			p.line("")
			state := "not made yet"
			switch {
			case h.Running:
				state = a.green("running")
			case h.Exists:
				state = "not running"
			}
			p.pairs([2]string{"Role", h.Role}, [2]string{"Home", h.Home}, [2]string{"Store", h.Store}, [2]string{"Control", h.Control}, [2]string{"State", state})
		}
	})
}

func pathsOf(dir, role string) paths {
	found := paths{Role: role, Home: dir, Store: home.StoreDir(dir), Control: filepath.Join(dir, "control.json")}
	if _, err := os.Stat(found.Store); err == nil {
		found.Exists = true
	}
	if client, err := control.Dial(dir); err == nil {
		found.Running, found.Role = true, client.Role()
	}
	return found
}
