package reception

import (
	"encoding/base64"
	"net/http"
	"slices"

	"pieks/node/control"
	"pieks/node/web"
)

// workplaceCookie is where a browser remembers which workplace it stands at. The name of a workplace is no secret: it is printed in its code.
const workplaceCookie = "pieks-workplace"

// arrivalsPage is who checked in today.
type arrivalsPage struct {
	Groups     []arrivalGroup
	Workplaces []string // to choose from
	Workplace  string   // chosen; "" is all
	Count      int
	More       bool
	Codes      bool // there is a code that patients could have scanned
}

func showArrivals(c *web.Call) error {
	all, err := web.Ask[[]control.Arrival](c, control.MethodArrivals, control.ArrivalsQuery{})
	if err != nil {
		return err
	}
	places, err := web.Ask[[]string](c, control.MethodWorkplaces, nil)
	if err != nil {
		return err
	}
	p := arrivalsPage{Workplaces: workplacesOf(places, all), Codes: len(places) > 0}
	if chosen := rememberedWorkplace(c); slices.Contains(p.Workplaces, chosen) {
		p.Workplace = chosen
	}
	shown := atWorkplace(all, p.Workplace)
	p.Count = len(shown)
	if p.More = len(shown) > rowsPerPage; p.More {
		shown = shown[:rowsPerPage]
	}
	p.Groups = arrivalGroups(shown)
	k, err := vaccines(c)
	if err != nil {
		return err
	}
	for i := range p.Groups {
		for j := range p.Groups[i].Rows {
			p.Groups[i].Rows[j].say(c, k)
		}
	}
	return c.Show("arrivals", p)
}

func rememberedWorkplace(c *web.Call) string {
	kept, err := c.R.Cookie(workplaceCookie)
	if err != nil {
		return ""
	}
	name, err := base64.RawURLEncoding.DecodeString(kept.Value)
	if err != nil {
		return ""
	}
	return string(name)
}

// chooseWorkplace has this browser show one workplace, until another one is chosen.
func chooseWorkplace(c *web.Call) error {
	http.SetCookie(c.W, &http.Cookie{Name: workplaceCookie, Value: base64.RawURLEncoding.EncodeToString([]byte(c.Form.Get("workplace"))), Path: "/arrivals",
		MaxAge: int(workplaceKept.Seconds()), HttpOnly: true, SameSite: http.SameSiteStrictMode})
	return c.Go("/arrivals")
}

// arrivalOf finds one of today's.
func arrivalOf(c *web.Call) (control.Arrival, error) {
	all, err := web.Ask[[]control.Arrival](c, control.MethodArrivals, control.ArrivalsQuery{})
	if err != nil {
		return control.Arrival{}, err
	}
	i := slices.IndexFunc(all, func(a control.Arrival) bool { return a.ID == c.R.PathValue("id") })
	if i < 0 {
		return control.Arrival{}, web.ErrNotFound
	}
	return all[i], nil
}

// callArrival notes that somebody was called, or takes it back.
func callArrival(c *web.Call) error {
	in := control.ArrivalName{ID: c.R.PathValue("id"), Undo: c.Form.Get("do") == "undo"}
	_, err := web.Ask[control.Arrival](c, control.MethodArrivalSeen, in)
	if control.KindOf(err) == control.KindNotFound {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	if c.Form.Get("from") == "arrival" {
		return c.Go("/arrivals/" + in.ID)
	}
	return c.Go("/arrivals")
}

// arrivalPage is one arrival, with its token for the practice's other programs.
type arrivalPage struct {
	arrivalRow
	Token control.ArrivalToken
}

func showArrival(c *web.Call) error {
	a, err := arrivalOf(c)
	if err != nil {
		return err
	}
	k, err := vaccines(c)
	if err != nil {
		return err
	}
	p := arrivalPage{arrivalRow: arrivalRow{Arrival: a}}
	p.say(c, k)
	p.Token, err = web.Ask[control.ArrivalToken](c, control.MethodArrivalToken, control.ArrivalName{ID: a.ID})
	if err != nil {
		return err
	}
	return c.Show("arrival", p)
}

// downloadToken is the token as a file. Its name says nothing of whom it is about.
func downloadToken(c *web.Call) error {
	token, err := web.Ask[control.ArrivalToken](c, control.MethodArrivalToken, control.ArrivalName{ID: c.R.PathValue("id")})
	if err != nil {
		return err
	}
	c.W.Header().Set("Content-Type", "application/jose; charset=utf-8") // RFC 7515, 9.2.1
	c.W.Header().Set("Content-Disposition", `attachment; filename="checkin-`+token.Kind+`.jwt"`)
	_, err = c.W.Write([]byte(token.Token))
	return err
}
