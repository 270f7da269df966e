package reception

import (
	"pieks/node/control"
	"pieks/node/web"
)

type peoplePage struct{ Link control.Opened }

func showPeople(c *web.Call) error { return c.Show("people", peoplePage{}) }

// invite makes a link for an assistant. It is shown this once: who has it is let in.
func invite(c *web.Call) error {
	link, err := web.Ask[control.Opened](c, control.MethodOpen, control.OpenRequest{Person: web.Assistant.String()})
	if err != nil {
		return err
	}
	return c.Show("people", peoplePage{link})
}
