package reception

import (
	"pieks/node/control"
	"pieks/node/web"
)

const setupDraft = "setup"

// The wizard of the first start: the practice, its hours, the network and the card, done. What is typed is kept in the draft until the third step
// gives it to the node.

type setupPage struct {
	Step      int
	Hours     []hourRow
	Details   control.Details
	Enrolment control.Enrolment
	Status    control.Status
	Reached   int
	Saved     bool // the node has the details
	Problem   string
}

// begun is what was typed so far, or what the node has.
func begun(c *web.Call) (control.Details, error) {
	if d, ok := web.Kept[control.Details](c.Draft(), setupDraft); ok {
		return d, nil
	}
	d, err := web.Ask[control.Details](c, control.MethodDetails, nil)
	if err == nil && len(d.Hours) == 0 {
		d.Hours = usualHours()
	}
	return d, err
}

func showSetup(c *web.Call) error {
	d, err := begun(c)
	if err != nil {
		return err
	}
	c.Form = web.NewForm()
	fillDetails(c.Form, d)
	return c.Show("setup", setupPage{Step: 1})
}

func saveSetup(c *web.Call) error {
	was, err := begun(c)
	if err != nil {
		return err
	}
	d := readDetails(c)
	if !c.Form.OK() {
		return c.Show("setup", setupPage{Step: 1})
	}
	d.Hours = was.Hours
	c.Draft().Put(setupDraft, d)
	return c.Go("/setup/hours")
}

func showSetupHours(c *web.Call) error {
	d, err := begun(c)
	if err != nil {
		return err
	}
	if d.Name == "" {
		return c.Go("/setup")
	}
	c.Form = web.NewForm()
	fillHours(c.Form, d.Hours)
	return c.Show("setup_hours", setupPage{Step: 2, Hours: hourRows(c.Form)})
}

func saveSetupHours(c *web.Call) error {
	d, err := begun(c)
	if err != nil {
		return err
	}
	d.Hours = readHours(c)
	if !c.Form.OK() {
		return c.Show("setup_hours", setupPage{Step: 2, Hours: hourRows(c.Form)})
	}
	c.Draft().Put(setupDraft, d)
	return c.Go("/setup/network")
}

func showSetupNetwork(c *web.Call) error { return setupNetworkShown(c, "") }

func setupNetworkShown(c *web.Call, problem string) error {
	d, err := begun(c)
	if err != nil {
		return err
	}
	if d.Name == "" {
		return c.Go("/setup")
	}
	p := setupPage{Step: 3, Details: d, Status: c.Status(), Problem: problem}
	_, typed := web.Kept[control.Details](c.Draft(), setupDraft)
	p.Saved = !typed // then they come from the node, whose status may be half a second old
	for _, r := range p.Status.Relays {
		if r.Connected {
			p.Reached++
		}
	}
	if p.Enrolment, err = web.Ask[control.Enrolment](c, control.MethodEnrolment, nil); err != nil {
		return err
	}
	return c.Show("setup_network", p)
}

// saveSetupNetwork gives the details to the node. In a test network its demo card signs them at once.
func saveSetupNetwork(c *web.Call) error {
	d, err := begun(c)
	if err != nil {
		return err
	}
	err = c.Do(control.MethodDetailsSet, d)
	if refused(err) {
		return setupNetworkShown(c, c.Sentence(err))
	}
	if err != nil {
		return err
	}
	c.Draft().Drop(setupDraft)
	return c.Go("/setup/network")
}

func showSetupDone(c *web.Call) error {
	d, err := web.Ask[control.Details](c, control.MethodDetails, nil)
	if err != nil {
		return err
	}
	return c.Show("setup_done", setupPage{Step: 4, Details: d, Status: c.Status()})
}
