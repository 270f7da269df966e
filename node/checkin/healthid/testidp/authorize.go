package testidp

import (
	"html/template"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"pieks/node/checkin/healthid"
)

const requestPrefix = "urn:ietf:params:oauth:request_uri:" // RFC 9126 section 2.2

// push takes what healthid.Client sends, and only that.
func (i *IDP) push(w http.ResponseWriter, r *http.Request) {
	form := func(name string) string { return r.PostFormValue(name) }
	p := pushed{
		client: form("client_id"), redirect: form("redirect_uri"), state: form("state"), nonce: form("nonce"), challenge: form("code_challenge"),
		acr: form("acr_values"), until: i.Now().Add(pushTime),
	}
	scopes := strings.Fields(form("scope"))
	switch {
	case p.client == "" || len(i.Clients) > 0 && !slices.Contains(i.Clients, p.client):
		refuse(w, "invalid_client")
	case form("response_type") != "code":
		refuse(w, "unsupported_response_type")
	case !slices.Contains(scopes, "openid") || !slices.Contains(scopes, "urn:telematik:versicherter"):
		refuse(w, "invalid_scope")
	case !slices.Contains(strings.Fields(p.acr), healthid.LevelHigh):
		refuse(w, "invalid_request")
	case form("code_challenge_method") != "S256" || len(p.challenge) != 43 || p.state == "" || p.nonce == "" || !onThisComputer(p.redirect):
		refuse(w, "invalid_request")
	default:
		name := random()
		i.mu.Lock()
		keep(i.pushed, name, p, func(p pushed) time.Time { return p.until }, i.Now())
		i.mu.Unlock()
		reply(w, http.StatusCreated, map[string]any{"request_uri": requestPrefix + name, "expires_in": int(pushTime.Seconds())})
	}
}

// onThisComputer: the provider is for tests, so it sends nobody elsewhere.
func onThisComputer(redirect string) bool {
	u, err := url.Parse(redirect)
	if err != nil || u.Scheme != "http" || u.RawQuery != "" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

var page = template.Must(template.New("").Parse(`<!doctype html>
<html lang="de"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{.Name}}</title>
<h1>{{.Name}}: Anmelden</h1>
<p>Dies ist eine Anmeldung zum Testen. Die Personen sind erfunden.</p>
<form method="post" action="/authorize">
<input type="hidden" name="request_uri" value="{{.RequestURI}}">
{{range $n, $who := .Insured}}<p><button name="insured" value="{{$n}}">{{$who.Name}}</button></p>
{{end}}<p><button name="decline" value="1">Ablehnen</button></p>
</form>
</html>
`))

// page shows who can log in, if the request is there.
func (i *IDP) page(w http.ResponseWriter, r *http.Request) {
	uri := r.URL.Query().Get("request_uri")
	i.mu.Lock()
	p, ok := i.pushed[strings.TrimPrefix(uri, requestPrefix)]
	i.mu.Unlock()
	if !ok || !i.Now().Before(p.until) || p.client != r.URL.Query().Get("client_id") {
		http.Error(w, "Diese Anmeldung ist unbekannt oder abgelaufen.", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Referrer-Policy", "no-referrer")
	_ = page.Execute(w, struct { // whoever asked is gone
		Name, RequestURI string
		Insured          []Insured
	}{i.Name, uri, i.Insured})
}

// answer ends the page: with a code for the person who was chosen, or with access_denied (RFC 6749 section 4.1.2).
func (i *IDP) answer(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.PostFormValue("request_uri"), requestPrefix)
	i.mu.Lock()
	defer i.mu.Unlock()
	p, ok := i.pushed[name]
	delete(i.pushed, name)
	if !ok || !i.Now().Before(p.until) {
		http.Error(w, "Diese Anmeldung ist unbekannt oder abgelaufen.", http.StatusBadRequest)
		return
	}
	back := url.Values{"state": {p.state}, "iss": {i.Issuer}}
	n, err := strconv.Atoi(r.PostFormValue("insured"))
	if r.PostFormValue("decline") != "" || err != nil || n < 0 || n >= len(i.Insured) {
		back.Set("error", "access_denied")
	} else {
		code := random()
		p.until = i.Now().Add(codeTime)
		keep(i.codes, code, granted{p, i.Insured[n]}, func(g granted) time.Time { return g.until }, i.Now())
		back.Set("code", code)
	}
	http.Redirect(w, r, p.redirect+"?"+back.Encode(), http.StatusSeeOther)
}
