package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/adrg/xdg"
	"github.com/alecthomas/kong"

	"pieks/node/control"
)

const settingsName = "config.toml"

// settingsFile is --config, or config.toml in --home, or the one of the XDG config directory.
func (g *Globals) settingsFile() string {
	switch {
	case g.Config != "":
		return g.Config
	case g.Home != "":
		return filepath.Join(g.Home, settingsName)
	default:
		return filepath.Join(xdg.ConfigHome, "pieks", settingsName)
	}
}

// BeforeResolve reads the settings, now that the flags that say where they are can be known.
func (c *CLI) BeforeResolve(kctx *kong.Context) error {
	g := Globals{Home: given(kctx, "home"), Config: given(kctx, "config")}
	file := g.settingsFile()
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && g.Config == "" {
		return nil
	}
	if err != nil {
		return control.Errorf(control.KindFailed, "The settings cannot be read: %w", err)
	}
	s := settings{file: file}
	if err := toml.Unmarshal(data, &s.values); err != nil {
		return control.Errorf(control.KindFailed, "%s: %w", file, err)
	}
	if err := s.check(kctx.Model.Node, s.values, nil); err != nil {
		return err
	}
	kctx.AddResolver(kong.ResolverFunc(s.resolve))
	return nil
}

// given is the value of a global flag from the command line or the environment.
func given(kctx *kong.Context, name string) string {
	for _, flag := range kctx.Model.Flags {
		if flag.Name == name {
			value, _ := kctx.FlagValue(flag).(string)
			return value
		}
	}
	return ""
}

// settings are flags by name. A table holds the flags of one command: [practice], [network.init]; what stands before the
// tables is for every command that has such a flag.
type settings struct {
	file   string
	values map[string]any
}

// resolve finds a flag's value, unless the environment gave one: command line before environment before settings.
func (s settings) resolve(_ *kong.Context, path *kong.Path, flag *kong.Flag) (any, error) {
	for _, env := range flag.Envs {
		if _, ok := os.LookupEnv(env); ok {
			return nil, nil
		}
	}
	table := s.values
	var found any
	for _, name := range append([]string{""}, commandNames(path.Node())...) {
		if name != "" {
			next, ok := table[name].(map[string]any)
			if !ok {
				break
			}
			table = next
		}
		if value, ok := table[flag.Name]; ok {
			found = value // the innermost table wins
		}
	}
	if found == nil {
		return nil, nil
	}
	return plain(found), nil
}

// plain is a value as kong reads it from a command line; lists stay lists.
func plain(value any) any {
	if reflect.TypeOf(value).Kind() == reflect.Slice {
		return value
	}
	return fmt.Sprint(value)
}

// check refuses what no command knows, since a misspelt setting would be ignored in silence.
func (s settings) check(node *kong.Node, table map[string]any, path []string) error {
	for name, value := range table {
		here := strings.Join(append(path, name), ".")
		inner, isTable := value.(map[string]any)
		if !isTable {
			if !hasFlag(node, name) {
				return control.Errorf(control.KindFailed, "%s: %q is not a setting that Pieks knows; settings have the names of flags, see `pieks --help`", s.file, here)
			}
			continue
		}
		child := childNamed(node, name)
		if child == nil {
			return control.Errorf(control.KindFailed, "%s: [%s] is not a command that Pieks knows; see `pieks --help`", s.file, here)
		}
		if err := s.check(child, inner, append(path, name)); err != nil {
			return err
		}
	}
	return nil
}

// commandNames is the way to a node from the program, without the program.
func commandNames(node *kong.Node) []string {
	var names []string
	for ; node != nil && node.Parent != nil; node = node.Parent {
		names = append([]string{node.Name}, names...)
	}
	return names
}

func childNamed(node *kong.Node, name string) *kong.Node {
	for _, child := range node.Children {
		if child.Name == name && !child.Hidden {
			return child
		}
	}
	return nil
}

// hasFlag looks in a command and in those below it.
func hasFlag(node *kong.Node, name string) bool {
	for _, flag := range node.Flags {
		if flag.Name == name && name != "help" {
			return true
		}
	}
	for _, child := range node.Children {
		if hasFlag(child, name) {
			return true
		}
	}
	return false
}
