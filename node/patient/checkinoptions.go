package patient

import (
	"context"
	"slices"
	"time"

	"pieks/card/pace"
	"pieks/node/control"
)

func (c *checkins) giveUpHours() int { return int((c.cfg.GiveUp + time.Hour - 1) / time.Hour) }

func (c *checkins) showOptions(ctx context.Context) (control.CheckinOptions, error) {
	o := c.optionsNow()
	out := control.CheckinOptions{
		CAN: o.CAN, HealthID: c.hasHealthID(viaMesh) || c.hasHealthID(viaService), Insurers: []control.Insurer{}, Insurer: o.Insurer,
		GiveUpHours: c.giveUpHours(), Service: c.hasService(), Introduced: o.Introduced, SetupURL: c.cfg.SetupURL, Directory: len(c.directory.All()),
	}
	out.Insurers = append(out.Insurers, c.insurersNow(ctx)...)
	return out, nil
}

// insurersNow are those to choose from. Their list is fetched only once somebody has agreed to a check-in: until then nothing leaves this computer for one.
func (c *checkins) insurersNow(ctx context.Context) []control.Insurer {
	agreed := slices.ContainsFunc(c.all(), func(e *checkinEntry) bool { return e.look().State == control.CheckinStateProof })
	if c.healthID == nil || !agreed {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.insurers
	}
	list, err := c.healthID.Insurers(ctx)
	if err != nil {
		c.node.log.Debug("list of insurers", "err", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.insurers = list
	}
	return c.insurers
}

// keepCAN keeps the card's access number for the next time (specification, 7.3.4), or forgets it.
func (c *checkins) keepCAN(ctx context.Context, in control.CheckinCAN) (control.CheckinOptions, error) {
	if in.CAN != "" {
		if err := pace.CAN(in.CAN).Check(); err != nil {
			return control.CheckinOptions{}, control.Coded(control.KindUsage, control.CodeCAN, "%w", err)
		}
	}
	if err := c.changeOptions(ctx, func(o *checkinOptions) { o.CAN = in.CAN }); err != nil {
		return control.CheckinOptions{}, err
	}
	return c.showOptions(ctx)
}

// introduced notes that the first-use hint was read.
func (c *checkins) introduced(ctx context.Context) (control.CheckinOptions, error) {
	if err := c.changeOptions(ctx, func(o *checkinOptions) { o.Introduced = true }); err != nil {
		return control.CheckinOptions{}, err
	}
	return c.showOptions(ctx)
}

// hasHealthID says whether a GesundheitsID can be used for a way (A_28509).
func (c *checkins) hasHealthID(string) bool { return c.healthID != nil }
