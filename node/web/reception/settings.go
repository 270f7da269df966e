package reception

import (
	"pieks/node/control"
	"pieks/node/web"
)

type settingsPage struct {
	Hours []hourRow
	Place string
	Test  bool
}

func showSettings(c *web.Call) error {
	d, err := web.Ask[control.Details](c, control.MethodDetails, nil)
	if err != nil {
		return err
	}
	c.Form = web.NewForm()
	fillDetails(c.Form, d)
	fillHours(c.Form, d.Hours)
	return settingsShown(c, d.Place)
}

func settingsShown(c *web.Call, place string) error {
	return c.Show("settings", settingsPage{Hours: hourRows(c.Form), Place: place, Test: c.Status().Test})
}

func saveSettings(c *web.Call) error {
	d := readDetails(c)
	d.Hours = readHours(c)
	if !c.Form.OK() {
		return settingsShown(c, "")
	}
	err := c.Do(control.MethodDetailsSet, d)
	if refused(err) {
		wrongDetails(c, err)
		return settingsShown(c, "")
	}
	if err != nil {
		return err
	}
	c.Tell("rc_saved")
	return c.Go("/settings")
}
