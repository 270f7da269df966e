package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "pieks"

// allowed says which top folders a top folder may import besides itself: cmd -> node -> {gossip, store, card}
// (design.md 3). Scenarios drive whole nodes, and only cmd runs them.
var allowed = map[string][]string{
	"cmd":       {"scenarios", "node", "gossip", "store", "card"},
	"scenarios": {"node", "gossip", "store", "card"},
	"node":      {"gossip", "store", "card"},
	"gossip":    nil,
	"store":     nil,
	"card":      nil,
}

// keepers are the only folders that may import a library.
var keepers = map[string][]string{
	"go.etcd.io/bbolt":      {"store"},
	"github.com/ebfe/scard": {"card"},
	"github.com/libp2p":     {"node", "gossip"},
}

// libp2pTypes are the names of what node/host hands out, such as host.Host and peer.ID. Scenarios may hold these; only their tests,
// which play attackers that no role would be, may make hosts of their own.
const libp2pTypes = "github.com/libp2p/go-libp2p/core"

// heavy links transports that no node uses into every program that imports it (node/host/build.go): only tests may.
const heavy = "github.com/libp2p/go-libp2p"

// roles import protocols, never each other; protocols import no role, and control imports nothing, so that each protocol can be
// left out of a build.
var roles = []string{"node/practice", "node/patient", "node/relay"}

// refuse says why a file of this module may not import a package; "" when it may. The file is relative to the module.
func refuse(file, to string) string {
	from := path.Dir(file)
	top, _, _ := strings.Cut(from, "/")
	held := top == "scenarios" && (within(to, libp2pTypes) || within(to, "github.com/libp2p") && strings.HasSuffix(file, "_test.go"))
	for library, who := range keepers {
		if within(to, library) && !slices.Contains(who, top) && !held {
			return fmt.Sprintf("only %s may import %s", strings.Join(who, " and "), library)
		}
	}
	if to == heavy && !strings.HasSuffix(file, "_test.go") && !strings.HasPrefix(from, "node/host/hosttest") {
		return "only tests may import " + heavy + ": see node/host/build.go"
	}
	inner, ok := strings.CutPrefix(to, module+"/")
	if !ok {
		return ""
	}
	others, known := allowed[top]
	target, _, _ := strings.Cut(inner, "/")
	if !known {
		return top + " is not a folder of design.md 3"
	}
	if target != top && !slices.Contains(others, target) {
		return fmt.Sprintf("%s may import only %v of this module", top, others)
	}
	if target == "cmd" {
		return "nothing imports a command"
	}
	for _, role := range roles {
		if top == "node" && within(inner, role) && !within(from, role) {
			return "a role is imported by no other package of node"
		}
	}
	if within(from, "node/control") {
		return "control imports nothing of Pieks"
	}
	return ""
}

func within(name, folder string) bool { return name == folder || strings.HasPrefix(name, folder+"/") }

func TestRefuse(t *testing.T) {
	for _, test := range []struct {
		file, to string
		ok       bool
	}{
		{"cmd/pieks/a.go", "pieks/node/relay", true},
		{"cmd/pieks/a.go", "pieks/scenarios", true},
		{"cmd/pieks/a.go", "fmt", true},
		{"cmd/pieks/a.go", "github.com/libp2p/go-libp2p", false},
		{"cmd/pieks/a.go", "go.etcd.io/bbolt", false},
		{"scenarios/a.go", "pieks/node/practice", true},
		{"scenarios/a.go", "pieks/cmd/pieks", false},
		{"scenarios/a.go", "github.com/libp2p/go-libp2p/core/peer", true},
		{"scenarios/a.go", "github.com/libp2p/go-libp2p", false},
		{"scenarios/a_test.go", "github.com/libp2p/go-libp2p", true},
		{"scenarios/a_test.go", "go.etcd.io/bbolt", false},
		{"node/host/a.go", "github.com/libp2p/go-libp2p", false},
		{"node/host/a_test.go", "github.com/libp2p/go-libp2p", true},
		{"store/a_test.go", "github.com/libp2p/go-libp2p/core/peer", false},
		{"node/relay/a.go", "pieks/node/mailbox", true},
		{"node/relay/a.go", "pieks/node/relay/status", true},
		{"node/relay/a.go", "pieks/node/patient", false},
		{"node/mailbox/a.go", "pieks/node/relay", false},
		{"node/mailbox/a.go", "github.com/libp2p/go-libp2p-pubsub", true},
		{"node/mailbox/a.go", "pieks/store", true},
		{"node/mailbox/a.go", "go.etcd.io/bbolt/errors", false},
		{"node/mailbox/a.go", "pieks/scenarios", false},
		{"node/control/a.go", "pieks/node/home", false},
		{"node/home/a.go", "github.com/ebfe/scard", false},
		{"gossip/place/a.go", "pieks/gossip/wire", true},
		{"gossip/a.go", "pieks/store", false},
		{"gossip/a.go", "pieks/node/network", false},
		{"gossip/a.go", "github.com/libp2p/go-libp2p-pubsub", true},
		{"store/a.go", "go.etcd.io/bbolt", true},
		{"store/a.go", "pieks/card", false},
		{"store/a.go", "github.com/libp2p/go-libp2p/core/peer", false},
		{"card/a.go", "pieks/gossip/wire", false},
		{"card/pcsc/a.go", "github.com/ebfe/scard", true},
		{"util/a.go", "pieks/store", false},
	} {
		if got := refuse(test.file, test.to); (got == "") != test.ok {
			t.Errorf("%s imports %s: %q, want ok %v", test.file, test.to, got, test.ok)
		}
	}
}

// TestDependencies holds every file of the module, also those of other systems and tests, against the rule.
func TestDependencies(t *testing.T) {
	root := moduleRoot(t)
	files := 0
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata") {
			return filepath.SkipDir
		}
		if entry.IsDir() || filepath.Ext(name) != ".go" {
			return nil
		}
		files++
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			to, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if why := refuse(filepath.ToSlash(relative), to); why != "" {
				t.Errorf("%s imports %s: %s", relative, to, why)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 50 {
		t.Errorf("only %d files were looked at: the walk is broken", files)
	}
}

// TestTopLevel: design.md 3 fixes the top level, so that a new folder is a decision and not an accident.
func TestTopLevel(t *testing.T) {
	known := []string{
		"go.mod", "go.sum", "node", "gossip", "store", "card", "cmd", "scenarios", "Makefile", "README.md", "LICENSE", "SECURITY.md",
		"CHANGELOG.md", ".ci", ".git", ".gitignore", "bin",
	}
	entries, err := os.ReadDir(moduleRoot(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !slices.Contains(known, entry.Name()) {
			t.Errorf("%s does not belong on the top level (design.md 3)", entry.Name())
		}
	}
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatal(err)
	}
	return root
}
