package patient

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"pieks/node/checkin/appcall"
	"pieks/node/control"
	"pieks/node/web"
)

// callerData is the page that another app has opened: who it is, and what it sent.
type callerData struct {
	Who     string
	Card    bool   // it wants the card
	Query   string // of the call, for the form
	Refused bool   // the call is wrong
}

// callerAsk shows who wants a check-in (initPoppTokenGeneration, A_28576). Any site can send the browser here, so the page begins nothing and asks nobody:
// the form does, which is of this session.
func callerAsk(c *web.Call) error {
	q := c.R.URL.Query()
	call, err := appcall.Parse(q)
	if err != nil {
		return c.ShowStatus(http.StatusUnprocessableEntity, "checkin_app", callerData{Refused: true})
	}
	return c.Show("checkin_app", callerData{Who: askerOf(call.CallBack), Card: call.LoginEGK, Query: q.Encode()})
}

// callerBegin begins the check-in, up to the question for consent.
func callerBegin(c *web.Call) error {
	q, err := url.ParseQuery(c.Form.Get("query"))
	if err != nil {
		return c.ShowStatus(http.StatusUnprocessableEntity, "checkin_app", callerData{Refused: true})
	}
	call, err := appcall.Parse(q)
	if err != nil {
		return c.ShowStatus(http.StatusUnprocessableEntity, "checkin_app", callerData{Refused: true})
	}
	base := control.CheckinBegin{Workplace: string(call.Workplace), LoginEGK: call.LoginEGK, CallBack: call.CallBack, OtherPerson: c.Form.Get("other") != ""}
	var found []control.Institution
	if call.TelematikID != "" {
		target, err := web.Ask[control.CheckinTarget](c, control.MethodCheckinScan, control.CheckinScan{Text: string(call.TelematikID)})
		if err != nil {
			return notBegun(c, err)
		}
		base.TelematikID, found = target.TelematikID, target.Institutions
	} else {
		list, err := web.Ask[control.InstitutionList](c, control.MethodInstitutions, control.InstitutionQuery{FHIRSearch: call.FHIRSearch})
		if err != nil {
			return notBegun(c, err)
		}
		found = list.Institutions
	}
	return lead(c, base, found)
}

// askerOf names who is called back: the host of a web address, or the name of an app's link.
func askerOf(callBack string) string {
	u, err := url.Parse(callBack)
	switch {
	case err != nil:
		return ""
	case u.Host != "":
		return u.Host
	}
	return u.Scheme
}

// callBackLink is the address of the calling app, with the outcome. It is a link only if it is one that an app may name, whoever has it from where: so
// no other scheme gets into a page.
func callBackLink(callBack string) template.URL {
	address, query, _ := strings.Cut(callBack, "?")
	own := slices.DeleteFunc(strings.Split(query, "&"), func(pair string) bool { // what the node has added (A_28510)
		name, _, _ := strings.Cut(pair, "=")
		return name == "" || slices.Contains([]string{"state", "message", "id"}, name)
	})
	if len(own) > 0 {
		address += "?" + strings.Join(own, "&")
	}
	if appcall.CheckCallBack(address) != nil {
		return ""
	}
	return template.URL(callBack)
}
