package patient

import (
	"slices"
	"strconv"
	"strings"

	"pieks/node/control"
	"pieks/node/web"
)

const (
	otherDraft = "checkin other" // the next check-in is for somebody else
	whichDraft = "checkin which" // a choosing
)

// startPage is where a check-in begins.
type startPage struct {
	Options    control.CheckinOptions
	Other      bool
	Open       []control.Checkin // not over: to go on with, or that wait for the practice
	Favourites []control.Favourite
	Last       []control.Checkin // one for each institution, newest first
}

func checkinStart(c *web.Call) error {
	c.Form = web.NewForm()
	return showStart(c)
}

func showStart(c *web.Call) (err error) {
	var p startPage
	p.Other, _ = web.Kept[bool](c.Draft(), otherDraft)
	if p.Options, err = web.Ask[control.CheckinOptions](c, control.MethodCheckinOptions, nil); err != nil {
		return err
	}
	if p.Favourites, err = web.Ask[[]control.Favourite](c, control.MethodFavourites, nil); err != nil {
		return err
	}
	sortFavourites(p.Favourites)
	all, err := web.Ask[[]control.Checkin](c, control.MethodCheckins, nil)
	if err != nil {
		return err
	}
	p.Open, p.Last = openOf(all), lastOf(all)
	return c.Show("checkin", p)
}

// openOf are the check-ins that are not over.
func openOf(all []control.Checkin) (open []control.Checkin) {
	for _, k := range all {
		if k.State == control.CheckinStateProof || k.State == control.CheckinStatePending || k.State == control.CheckinStateConsent {
			open = append(open, k)
		}
	}
	return open
}

// lastOf are the institutions that were checked in at, each once, newest first (gemSpec_PoPP_Modul 7.3.2: chronological, ten of them).
func lastOf(all []control.Checkin) (last []control.Checkin) {
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b control.Checkin) int { return b.Began.Compare(a.Began) })
	for _, k := range sorted {
		same := func(l control.Checkin) bool { return l.Institution.TelematikID == k.Institution.TelematikID }
		if !k.Proved.IsZero() && len(last) < lastShown && !slices.ContainsFunc(last, same) {
			last = append(last, k)
		}
	}
	return last
}

// introduced ends the hint of the first time.
func introduced(c *web.Call) error {
	if err := c.Do(control.MethodCheckinSeen, nil); err != nil {
		return err
	}
	if c.Form.Get("from") == "home" {
		return c.Go("/")
	}
	return c.Go("/checkin")
}

// checkinWhom says before anything else for whom the next check-in is: somebody else's needs their card (gemSpec_PoPP_Modul 7.3.1).
func checkinWhom(c *web.Call) error {
	c.Draft().Put(otherDraft, c.Form.Get("other") != "")
	return c.Go("/checkin")
}

// checkinScan takes a code. Nothing is asked of anybody before the node has found it to be one (A_27595).
func checkinScan(c *web.Call) error {
	if c.Form.Again() {
		return showStart(c)
	}
	text, err := scannedText(c, func(text string) string { return text })
	if err != nil {
		return err
	}
	if text == "" && c.Form.OK() {
		c.Form.Wrong("code", c.Say("pt_ci_missing"))
	}
	if !c.Form.OK() {
		return showStart(c)
	}
	target, err := web.Ask[control.CheckinTarget](c, control.MethodCheckinScan, control.CheckinScan{Text: text})
	if err != nil {
		return notBegun(c, err)
	}
	return lead(c, control.CheckinBegin{TelematikID: target.TelematikID, Workplace: target.Workplace}, target.Institutions)
}

// choosing is a check-in that begins when one of several institutions is chosen.
type choosing struct {
	base control.CheckinBegin
	list []control.Institution
}

// lead begins a check-in at what a directory knows by a code or a search: at the only one, or at one that is chosen (A_28488).
func lead(c *web.Call, base control.CheckinBegin, list []control.Institution) error {
	switch len(list) {
	case 0:
		return notBegun(c, control.Coded(control.KindNotFound, control.CodeNoInstitution, "no directory knows it"))
	case 1:
		base.TelematikID, base.Origin = list[0].TelematikID, list[0].Origin
		return begun(c, base)
	}
	c.Draft().Put(whichDraft, choosing{base, list})
	return c.Go("/checkin/which")
}

// checkinWhich asks which of several institutions is meant.
func checkinWhich(c *web.Call) error {
	one, ok := web.Kept[choosing](c.Draft(), whichDraft)
	if !ok {
		return c.Go("/checkin")
	}
	return c.Show("checkin_which", institutionList{Institutions: one.list})
}

// checkinBegin begins at one that was chosen: from a list of which one, of what was found, a favourite or one of last time.
func checkinBegin(c *web.Call) error {
	in, ok := picked(c.Form.Get("pick"))
	if !ok {
		return c.Go("/checkin")
	}
	if c.Form.Get("which") != "" {
		one, kept := web.Taken[choosing](c.Draft(), whichDraft)
		if !kept {
			return c.Go("/checkin")
		}
		one.base.TelematikID, one.base.Origin, one.base.Institution = in.TelematikID, in.Origin, in.Institution
		in = one.base
	}
	return begun(c, in)
}

// pick names an institution in a form: which of those with its Telematik-ID it is, where it was found, and the Telematik-ID.
func pick(number int, origin, telematikID string) string {
	if origin == "" {
		origin = "-"
	}
	return strconv.Itoa(number) + " " + origin + " " + telematikID
}

func picked(text string) (in control.CheckinBegin, ok bool) {
	part := strings.Split(text, " ")
	if len(part) != 3 {
		return in, false
	}
	number, err := strconv.Atoi(part[0])
	if err != nil || number < 0 || number >= mostOfOneID {
		return in, false
	}
	in.Institution, in.TelematikID = number, part[2]
	if part[1] != "-" {
		in.Origin = part[1]
	}
	return in, true
}
