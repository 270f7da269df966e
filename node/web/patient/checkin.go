package patient

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"pieks/node/control"
	"pieks/node/web"
)

// checkingIn are the pages of a check-in.
//
//	/checkin                 where to: a scanned, photographed or pasted code, favourites, those of last time; /checkin/search (checkinfind.go)
//	/checkin/ID              how it stands: the question for consent (consent.go), ways to prove oneself, what came of it (outcome.go)
//	/checkin/ID/card         the card and its reader (proof.go), then /checkin/ID/reading while it is read
//	/checkin/ID/login        the insurer, whose page the browser goes to, and back to /checkin/login/back (login.go)
//	/checkin/favourites, /checkin/history
//	/popp/checkin            where other apps begin (caller.go)
//
// Up to the answer to the question nothing leaves this computer but the question to a directory service, where one is set up: the node sees to
// that. A Telematik-ID is in no address but in those that the specification has other apps call (gemSpec_PoPP_Modul 3.3.1), and in none that a page
// here makes. What is chosen is posted; only the check-in's own random name stands in addresses.
type checkingIn struct{ cards Cards }

func (ci checkingIn) routes() []web.Route {
	return []web.Route{
		{Pattern: "GET /checkin", Page: checkinStart}, {Pattern: "POST /checkin", Page: checkinScan},
		{Pattern: "POST /checkin/introduced", Page: introduced}, {Pattern: "POST /checkin/whom", Page: checkinWhom},
		{Pattern: "POST /checkin/begin", Page: checkinBegin}, {Pattern: "GET /checkin/which", Page: checkinWhich},
		{Pattern: "GET /checkin/search", Page: findInstitutions}, {Pattern: "POST /checkin/search", Page: searchInstitutions},
		{Pattern: "GET /checkin/refused", Page: checkinRefused},
		{Pattern: "GET /checkin/history", Page: checkinHistory},
		{Pattern: "GET /checkin/favourites", Page: favourites}, {Pattern: "POST /checkin/favourites", Page: changeFavourite}, {Pattern: "POST /undo", Page: undo},
		{Pattern: "POST /checkin/can", Page: forgetCAN},
		{Pattern: "GET /checkin/app", Page: callerAsk}, {Pattern: "POST /checkin/app", Page: callerBegin},
		{Pattern: "GET /checkin/login/done", Page: loggedIn},
		{Pattern: "GET /checkin/{id}", Page: checkin}, {Pattern: "POST /checkin/{id}/consent", Page: consent},
		{Pattern: "GET /checkin/{id}/card", Page: ci.cardPage}, {Pattern: "POST /checkin/{id}/card", Page: ci.readCard},
		{Pattern: "POST /checkin/{id}/virtual", Page: ci.virtualCard}, {Pattern: "GET /checkin/{id}/reading", Page: ci.reading},
		{Pattern: "GET /checkin/{id}/login", Page: loginPage}, {Pattern: "POST /checkin/{id}/login", Page: login},
		{Pattern: "POST /checkin/{id}/ask", Page: askCheckin}, {Pattern: "POST /checkin/{id}/again", Page: checkinAgain},
		{Pattern: "POST /checkin/{id}/end", Page: endCheckin},
	}
}

// landings are the two addresses that other programs and sites send the browser to.
var landings = map[string]string{"/popp/checkin": "/checkin/app", loginBack: "/checkin/login/done"}

// checkinPage is a check-in as its pages show it.
type checkinPage struct {
	control.Checkin
	Options   control.CheckinOptions
	Favourite *control.Favourite // as which the institution is kept
	Today     []control.Hours
}

// checkinOf finds a check-in: among the last ones, which asks nobody, or else by its name.
func checkinOf(c *web.Call) (control.Checkin, error) { return checkinNamed(c, c.R.PathValue("id")) }

func checkinNamed(c *web.Call, id string) (control.Checkin, error) {
	all, err := web.Ask[[]control.Checkin](c, control.MethodCheckins, nil)
	if err != nil {
		return control.Checkin{}, err
	}
	if i := slices.IndexFunc(all, func(k control.Checkin) bool { return k.ID == id }); i >= 0 {
		return all[i], nil
	}
	found, err := web.Ask[control.Checkin](c, control.MethodCheckin, control.CheckinName{ID: id})
	if control.KindOf(err) == control.KindNotFound || control.KindOf(err) == control.KindUsage {
		return found, web.ErrNotFound
	}
	return found, err
}

func checkinPageOf(c *web.Call) (p checkinPage, err error) {
	if p.Checkin, err = checkinOf(c); err != nil {
		return p, err
	}
	if p.Options, err = web.Ask[control.CheckinOptions](c, control.MethodCheckinOptions, nil); err != nil {
		return p, err
	}
	kept, err := web.Ask[[]control.Favourite](c, control.MethodFavourites, nil)
	if i := slices.IndexFunc(kept, func(f control.Favourite) bool { return f.TelematikID == p.Institution.TelematikID }); i >= 0 {
		p.Favourite = &kept[i]
	}
	p.Today = hoursOf(p.Institution.Hours, c.Now())
	return p, err
}

// checkin is the page of a check-in as it stands.
func checkin(c *web.Call) error {
	p, err := checkinPageOf(c)
	if err != nil {
		return err
	}
	switch {
	case p.State == control.CheckinStateConsent:
		return showConsent(c, p)
	case p.State != control.CheckinStateProof:
		seeOutcome(c, p.Checkin)
		return c.Show("checkin_outcome", p)
	case len(p.Proofs) == 1 && p.Proofs[0] == control.ProofEGK:
		return c.Go("/checkin/" + p.ID + "/card")
	case len(p.Proofs) == 1 && p.Proofs[0] == control.ProofHealthID:
		return c.Go("/checkin/" + p.ID + "/login")
	}
	return c.Show("checkin_proof", p)
}

// hoursOf are the opening hours of a day, in their order.
func hoursOf(week []control.Hours, now time.Time) (day []control.Hours) {
	weekday := (int(now.In(web.Berlin).Weekday())+6)%7 + 1
	for _, h := range week {
		if h.Weekday == weekday {
			day = append(day, h)
		}
	}
	slices.SortStableFunc(day, func(a, b control.Hours) int { return cmp.Compare(a.From, b.From) })
	return day
}

// called is how a list names an institution: a favourite by its own name.
func called(f control.Favourite) string { return cmp.Or(f.Alias, f.Name, f.TelematikID) }

// begun has the node begin a check-in and goes on to it, for whom was chosen on the first page.
func begun(c *web.Call, in control.CheckinBegin) error {
	if other, _ := web.Kept[bool](c.Draft(), otherDraft); other {
		in.OtherPerson = true
	}
	k, err := web.Ask[control.Checkin](c, control.MethodCheckinBegin, in)
	if err != nil {
		return notBegun(c, err)
	}
	c.Draft().Drop(otherDraft)
	return c.Go("/checkin/" + k.ID)
}

// notBegun is the page that says why there is no check-in: each reason that a person can meet has its own (gemSpec_PoPP_Modul 7.4, A_28488).
func notBegun(c *web.Call, err error) error {
	status, page := 0, ""
	switch code := control.CodeOf(err); {
	case code == control.CodeCheckinQR, code == control.CodeTelematikID, code == control.CodeWorkplace:
		status, page = http.StatusUnprocessableEntity, "checkin_bad"
	case code == control.CodeNoInstitution:
		status, page = http.StatusNotFound, "checkin_unknown"
	case code == control.CodeCheckinService: // it takes check-ins through a service that is not set up here
		status, page = http.StatusConflict, "checkin_elsewhere"
	case control.KindOf(err) == control.KindUnavailable:
		status, page = http.StatusServiceUnavailable, "checkin_offline"
	default:
		return err
	}
	c.Form = nil // these pages have no form
	return c.ShowStatus(status, page, nil)
}
