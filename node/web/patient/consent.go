package patient

import (
	"cmp"
	"html/template"
	"net/url"
	"strings"
	"unicode/utf8"

	"pieks/node/control"
	"pieks/node/web"
)

const refusedDraft = "checkin refused"

// showConsent asks whether the institution may have insurance number and insurer, and shows what the directory says of it, so that a wrong or forged
// code can be told (A_27621, A_28488). Whoever has not answered has sent nothing.
func showConsent(c *web.Call, p checkinPage) error {
	if c.Form == nil {
		c.Form = web.NewForm("alias", cmp.Or(p.Institution.Alias, p.Institution.Name))
	}
	return c.Show("checkin_consent", p)
}

// consent takes the answer. Only the button that says so agrees: whatever else comes refuses.
func consent(c *web.Call) error {
	p, err := checkinPageOf(c)
	if err != nil {
		return err
	}
	if p.State != control.CheckinStateConsent {
		return c.Go("/checkin/" + p.ID)
	}
	if c.Form.Again() {
		return showConsent(c, p)
	}
	in := control.CheckinConsent{ID: p.ID, Agree: c.Form.Get("agree") == "yes"}
	if in.Agree && c.Form.Get("favourite") != "" {
		in.Favourite = cmp.Or(strings.Join(strings.Fields(c.Form.Get("alias")), " "), p.Institution.Alias, p.Institution.Name)
		if utf8.RuneCountInString(in.Favourite) > favouriteName || !readable(in.Favourite) {
			c.Form.Wrong("alias", c.Say("pt_ci_alias_form"))
			return showConsent(c, p)
		}
	}
	k, err := web.Ask[control.Checkin](c, control.MethodCheckinConsent, in)
	if control.CodeOf(err) == control.CodeFavourites {
		c.Form.Wrong("alias", c.Sentence(err))
		return showConsent(c, p)
	}
	if err != nil {
		return err
	}
	if !in.Agree {
		c.Draft().Put(refusedDraft, k)
		return c.Go("/checkin/refused")
	}
	return c.Go("/checkin/" + p.ID)
}

// checkinRefused says that nothing was sent. What was refused leaves nothing behind, so it is shown from the draft.
func checkinRefused(c *web.Call) error {
	k, ok := web.Kept[control.Checkin](c.Draft(), refusedDraft)
	if !ok {
		return c.Go("/checkin")
	}
	return c.Show("checkin_refused", checkinPage{Checkin: k})
}

// mapLink is a link that opens the address in the program for maps of this device, if there is one; nothing is loaded from elsewhere.
func mapLink(i control.Institution) template.URL {
	return template.URL("geo:0,0?q=" + url.QueryEscape(strings.Join(strings.Fields(i.Street+" "+i.PLZ+" "+i.Place), " ")))
}
