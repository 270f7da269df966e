package reception

import (
	"pieks/node/control"
	"pieks/node/web"
)

const cancellingDraft = "cancelling"

// cancelling is what somebody is about to cancel, kept while it is looked at.
type cancelling struct {
	Bookings []string
	Day      string // all with a visit on this day
	From     string // the day to go back to
	Reason   string
	Reopen   bool
}

// Source is the day that it is about.
func (k cancelling) Source() string {
	if k.Day != "" {
		return k.Day
	}
	return k.From
}

func (k cancelling) request(preview bool) control.CancelMany {
	return control.CancelMany{Bookings: k.Bookings, Day: k.Day, Reason: k.Reason, Reopen: k.Reopen, Preview: preview}
}

type cancelPage struct {
	cancelling
	Change  control.Change
	Count   changeCount
	Problem string
	Doses   doses
	Words   map[string]string
	Reasons []string
}

func showCancel(c *web.Call) error {
	k, ok := web.Kept[cancelling](c.Draft(), cancellingDraft)
	if !ok {
		return c.Go("/day")
	}
	c.Form = web.NewForm("reason", k.Reason)
	if k.Reopen {
		c.Form.Set("reopen", "1")
	}
	return cancelShown(c, k)
}

func cancelShown(c *web.Call, k cancelling) error {
	p := cancelPage{cancelling: k, Doses: dosesOf(c), Reasons: reasons(c)}
	change, err := web.Ask[control.Change](c, control.MethodCancelMany, k.request(true))
	switch {
	case refused(err):
		p.Problem = c.Sentence(err)
	case err != nil:
		return err
	}
	p.Change, p.Count, p.Words = change, countOf(change), words(c, change)
	return c.Show("cancel", p)
}

// cancel cancels what the page showed.
func cancel(c *web.Call) error {
	k, ok := web.Kept[cancelling](c.Draft(), cancellingDraft)
	if !ok {
		return c.Go("/day")
	}
	k.Reason, k.Reopen = c.Form.Get("reason"), c.Form.Ticked("reopen", "1")
	if len(k.Reason) > maxReason {
		c.Form.Wrong("reason", c.Say("rc_wrong_reason"))
	}
	if !c.Form.OK() {
		return cancelShown(c, k)
	}
	change, err := web.Ask[control.Change](c, control.MethodCancelMany, k.request(false))
	if refused(err) {
		c.Form.Wrong("reason", c.Sentence(err))
		return cancelShown(c, k)
	}
	if err != nil {
		return err
	}
	c.Draft().Drop(cancellingDraft)
	return changed(c, change, "rc_cancelled", k.Source())
}
