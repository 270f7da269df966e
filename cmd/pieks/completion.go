package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// CompletionCmd prints a script that asks this program for the words that can follow, so that it is never out of date.
type CompletionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell: ${enum}."`
}

func (CompletionCmd) Help() string {
	return `    bash:  pieks completion bash > ~/.local/share/bash-completion/completions/pieks
    zsh:   pieks completion zsh > ~/.zfunc/_pieks        (with ~/.zfunc in fpath)
    fish:  pieks completion fish > ~/.config/fish/completions/pieks.fish`
}

var completionScripts = map[string]string{
	"bash": `_pieks() {
	local IFS=$'\n'
	COMPREPLY=($(compgen -W "$(pieks __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _pieks pieks
`,
	"zsh": `#compdef pieks
local -a found
found=("${(@f)$(pieks __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
if [[ -n "$found" ]]; then compadd -- $found; else _files; fi
`,
	"fish": `complete -c pieks -a '(pieks __complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
}

func (c *CompletionCmd) Run(a *app) error {
	_, err := fmt.Fprint(a.out, completionScripts[c.Shell])
	return err
}

// CompleteCmd lists what can stand in place of the last word, one a line. Nothing means: a file, or free text.
type CompleteCmd struct {
	Words []string `arg:"" optional:""`
}

func (c *CompleteCmd) Run(a *app, kctx *kong.Context) error {
	for _, word := range completions(kctx.Model.Node, c.Words) {
		fmt.Fprintln(a.out, word)
	}
	return nil
}

func completions(node *kong.Node, words []string) []string {
	last := ""
	if len(words) > 0 {
		last, words = words[len(words)-1], words[:len(words)-1]
	}
	flags := slices.Clone(flagsOf(node))
	var open *kong.Flag // a flag that waits for its value
	for _, word := range words {
		switch {
		case open != nil:
			open = nil
		case strings.HasPrefix(word, "-"):
			open = flagNamed(flags, word)
		default:
			if child := childNamed(node, word); child != nil {
				node = child
				flags = append(flags, flagsOf(child)...)
			}
		}
	}
	var found []string
	switch {
	case open != nil:
		found = values(open.Value)
	case strings.HasPrefix(last, "-"):
		for _, flag := range flags {
			if !flag.Hidden {
				found = append(found, "--"+flag.Name)
			}
		}
	default:
		for _, child := range node.Children {
			if !child.Hidden {
				found = append(found, child.Name)
			}
		}
		for _, argument := range node.Positional {
			found = append(found, values(argument)...)
		}
	}
	found = slices.DeleteFunc(found, func(s string) bool { return s == "" || !strings.HasPrefix(s, last) })
	slices.Sort(found)
	return found
}

// flagsOf are a command's own flags, and those of what it does when nothing more is said.
func flagsOf(node *kong.Node) []*kong.Flag {
	if d := node.DefaultCmd; d != nil && d.Tag.Default == "withargs" {
		return slices.Concat(node.Flags, d.Flags)
	}
	return node.Flags
}

// flagNamed is the flag that takes the next word as its value, if this one does.
func flagNamed(flags []*kong.Flag, word string) *kong.Flag {
	for _, flag := range flags {
		long, short := "--"+flag.Name, "-"+string(flag.Short)
		if !flag.IsBool() && (word == long || flag.Short != 0 && word == short) {
			return flag
		}
	}
	return nil
}

// values are the words that a flag or an argument accepts, where that is a list.
func values(v *kong.Value) []string {
	if v.Enum == "" {
		return nil
	}
	return v.EnumSlice()
}
