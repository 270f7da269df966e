package patient

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"pieks/node/control"
	"pieks/node/web"
)

// loginBack is where an insurer's page sends the browser back to. It is a landing: what it brings is only used by the session that set out.
const loginBack = "/checkin/login/back"

const (
	loginDraft   = "checkin login"   // the check-in that a login is for
	insurerDraft = "checkin insurer" // a part of an insurer's name
)

// loginData is the page on which the insurer is chosen.
type loginData struct {
	checkinPage
	Trouble  string
	Last     *control.Insurer // of last time
	Insurers []control.Insurer
	More     int // that do not fit on the page
	Query    string
}

func loginPage(c *web.Call) error { return showLogin(c, "") }

func showLogin(c *web.Call, problem string) error {
	p, err := checkinPageOf(c)
	if err != nil {
		return err
	}
	if p.State != control.CheckinStateProof || !slices.Contains(p.Proofs, control.ProofHealthID) {
		return c.Go("/checkin/" + p.ID)
	}
	d := loginData{checkinPage: p, Trouble: problem}
	d.Query, _ = web.Kept[string](c.Draft(), insurerDraft)
	for i, one := range p.Options.Insurers {
		if one.ID == p.Options.Insurer {
			d.Last = &p.Options.Insurers[i]
		}
	}
	d.Insurers = insurersNamed(p.Options.Insurers, d.Query)
	d.More = max(0, len(d.Insurers)-insurersShown)
	d.Insurers = d.Insurers[:len(d.Insurers)-d.More]
	if t, ok := web.Kept[trouble](c.Draft(), troubleDraft(p.ID)); ok {
		if c.R.Header.Get("Pieks-Live") == "" {
			c.Draft().Drop(troubleDraft(p.ID))
		}
		d.Trouble = t.said
	}
	c.Form = web.NewForm("query", d.Query)
	return c.Show("checkin_login", d)
}

// insurersNamed are those with all words of a query in their names, by name.
func insurersNamed(all []control.Insurer, query string) (some []control.Insurer) {
	words := strings.Fields(strings.ToLower(query))
	for _, one := range all {
		name := strings.ToLower(one.Name)
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(name, w) }) {
			some = append(some, one)
		}
	}
	slices.SortStableFunc(some, func(a, b control.Insurer) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return some
}

// goneTo is the page that leads to the insurer. It is a link and no redirect: forms of this app go to this app alone (its content security policy), and so a
// person sees where they are sent.
type goneTo struct {
	control.Checkin
	URL, Host string
}

// login has the node prepare the login at an insurer.
func login(c *web.Call) error {
	id := c.R.PathValue("id")
	insurer := c.Form.Get("insurer")
	if insurer == "" || c.Form.Again() {
		c.Draft().Put(insurerDraft, c.Form.Get("query"))
		return c.Go("/checkin/" + id + "/login")
	}
	k, err := checkinOf(c)
	if err != nil {
		return err
	}
	in := control.CheckinLogin{ID: id, Insurer: insurer, Back: "http://" + c.R.Host + loginBack}
	at, err := web.Ask[control.CheckinLoginAt](c, control.MethodCheckinLogin, in)
	if err != nil {
		return showLogin(c, loginSentence(c, err))
	}
	u, err := url.Parse(at.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return showLogin(c, c.Say("pt_ci_why_login"))
	}
	c.Draft().Put(loginDraft, id)
	c.Form = nil
	return c.Show("checkin_go", goneTo{k, at.URL, u.Hostname()})
}

// loggedIn takes what the browser brought back from the insurer. The session has to be the one that set out, and the node finds the login by its state,
// which is good once: whoever else is led here brings nothing about.
func loggedIn(c *web.Call) error {
	id, ok := web.Taken[string](c.Draft(), loginDraft)
	if !ok {
		c.TellBad(c.Say("pt_ci_login_stray"))
		return c.Go("/checkin")
	}
	q := c.R.URL.Query()
	in := control.CheckinLoggedIn{State: q.Get("state"), Code: q.Get("code"), Error: q.Get("error")}
	return prove(c, id, "login", "", func(ctx context.Context, _ *proving) (control.Checkin, error) {
		return web.AskIn[control.Checkin](ctx, c, control.MethodCheckinLoggedIn, in)
	})
}

func loginSentence(c *web.Call, err error) string {
	if control.CodeOf(err) == "" && control.KindOf(err) == control.KindUnavailable {
		return c.Say("pt_ci_login_unreached")
	}
	return sentence(c, err)
}
