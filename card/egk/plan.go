package egk

import (
	"bytes"
	"slices"
)

// Steps are all commands of the dialogue, for an interface that sends several at once (a PoPP service's scenarios). The answers go to Next one by one.
func (d *Dialogue) Steps() []Step {
	all := make([]Step, len(d.steps))
	for i, one := range d.steps {
		all[i] = Step{Command: bytes.Clone(one.command), Expected: slices.Clone(one.expected)}
	}
	return all
}
