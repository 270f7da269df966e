package patient

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pieks/node/control"
)

// elsewhere follows a link as a browser does that comes from another site: without the session's cookie, up to the landing, and on as the page says.
func (b *browser) elsewhere(path string) {
	b.t.Helper()
	answer := b.Do("GET", path, nil, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") })
	jar := b.Jar
	b.Jar = nil
	bare := b.Do("GET", path, nil, nil)
	b.Jar = jar
	if answer.Status != http.StatusOK || bare.Status != http.StatusOK || strings.Contains(answer.Body, "csrf") {
		b.t.Fatalf("the landing gives %d and %d", answer.Status, bare.Status)
	}
	b.Answer = bare
	on := b.all(`content="0; url=([^"]+)"`)
	if len(on) != 1 || !strings.HasPrefix(on[0], "/checkin/") {
		b.t.Fatalf("the landing leads to %v", on)
	}
	b.get(html.UnescapeString(on[0]))
}

func TestCheckinWithTheGesundheitsID(t *testing.T) {
	s := newCheckinSite(t)
	s.node.withHealthID()
	b := s.consented(t, "de")
	page := b.Path
	b.says("Wie weisen Sie sich aus?", "Mit der GesundheitsID", "Mit der Gesundheitskarte")
	if strings.Index(b.Body, page+"/login") > strings.Index(b.Body, page+"/card") {
		t.Error("the card comes first") // gemSpec_PoPP_Modul 7.3.1: the GesundheitsID is to be used where there is one
	}
	b.get(page + "/login")
	b.says("Wählen Sie Ihre Krankenversicherung", "Kasse 00", "Und 11 weitere")
	b.post(page+"/login", "query", "muster")
	b.says("Musterkasse")
	if strings.Contains(b.text(), "Kasse 00") || strings.Contains(b.Path, "muster") {
		t.Errorf("the search finds others, or is in the address: %s", b.Path)
	}
	b.post(page+"/login", "query", "zzz")
	b.says("Keine Versicherung heißt so")
	b.post(page+"/login", "query", "")
	b.post(page+"/login", "insurer", "https://evil.example")
	b.says("Bitte wählen Sie Ihre Versicherung")
	b.post(page+"/login", "insurer", "https://idp.muster.example")
	b.says("Sie verlassen jetzt Pieks", "idp.muster.example")
	to := b.all(`<a role="button" rel="noreferrer" href="([^"]+)"`)
	if len(to) != 1 || !strings.HasPrefix(to[0], "https://idp.muster.example/authorize?") || !strings.Contains(to[0], s.URL()+loginBack) {
		t.Fatalf("the browser goes to %v", to)
	}
	// Somebody else's browser, or one that was led here, brings nothing about.
	other := s.in(t, "de")
	other.elsewhere(loginBack + "?state=state-1&code=right")
	other.says("Diese Anmeldung gehört zu keinem Check-in in diesem Browser")
	if len(s.node.logins) != 1 || s.node.last().State != control.CheckinStateProof {
		t.Fatal("another session has used the login up")
	}
	b.elsewhere(loginBack + "?state=state-1&code=right")
	s.goesOn(b)
	b.says("Online-Check-in erfolgreich", "Sie haben sich erfolgreich bei Hausarztpraxis am Park eingecheckt.")
	if k := s.node.last(); k.Proof != control.ProofHealthID {
		t.Errorf("%+v", k)
	}
	// The same once more does nothing.
	b.elsewhere(loginBack + "?state=state-1&code=right")
	b.says("gehört zu keinem Check-in")
	// The next time the insurer is known.
	b = s.consented(t, "de")
	b.get(b.Path + "/login")
	b.says("Weiter mit Musterkasse", "Andere Versicherung")
}

func TestLoginFails(t *testing.T) {
	for _, query := range []string{"?state=state-1&error=access_denied", "?state=state-1&code=wrong", "?state=other&code=right", "?code=right", ""} {
		s := newCheckinSite(t)
		s.node.withHealthID()
		b := s.consented(t, "de")
		page := b.Path
		b.get(page + "/login")
		b.post(page+"/login", "insurer", "https://idp.muster.example")
		b.elsewhere(loginBack + query)
		s.goesOn(b)
		b.says("Die Anmeldung bei Ihrer Versicherung hat nicht geklappt")
		if b.Path != page+"/login" || s.node.last().State != control.CheckinStateProof {
			t.Errorf("%s leads to %s, %s", query, b.Path, s.node.last().State)
		}
		b.get(page + "/login")
		if strings.Contains(b.text(), "hat nicht geklappt") {
			t.Error("it is said twice")
		}
		b.get(page + "/card")
		b.says("Gesundheitskarte einlesen")
		b.get(page + "/login")
		s.node.do(func() { s.node.down = true })
		b.post(page+"/login", "insurer", "https://idp.muster.example")
		b.says("Die Versicherung ist gerade nicht zu erreichen")
	}
}

// An address that an insurer's list gives is a link only if it is one of the web.
func TestLoginAddress(t *testing.T) {
	for _, evil := range []string{"javascript:alert(1)//", "data:text/html,", "file:///etc", "//x"} {
		s := newCheckinSite(t)
		s.node.withHealthID()
		s.node.options.Insurers = []control.Insurer{{ID: evil, Name: "Böse"}}
		b := s.consented(t, "de")
		b.get(b.Path + "/login")
		b.post(b.Path, "insurer", evil)
		b.says("hat nicht geklappt")
		if strings.Contains(b.Body, `href="`+evil) {
			t.Errorf("%s is a link", evil)
		}
	}
}

// A_28576, A_28510: another app begins, its user agrees, and the outcome goes back.
func TestAnotherAppAsks(t *testing.T) {
	s := newCheckinSite(t)
	s.node.withHealthID()
	s.readers.insert("Reader 1", &patientCard{})
	call := "/popp/checkin?" + url.Values{"telematikID": {"1-234567890"}, "workplaceId": {"Arbeitsplatz 1"}, "callBackAppURL": {"https://video.example/back?session=7"}, "loginEgk": {"true"}}.Encode()
	b := s.in(t, "de")
	b.elsewhere(call)
	b.says("Eine andere App fragt an", "video.example", "Die App verlangt die Gesundheitskarte", "Noch ist nichts geschehen")
	if len(s.node.begun)+s.node.asked+s.node.sent != 0 {
		t.Fatalf("begun by being sent there: %v", s.node.begun)
	}
	if b.Header.Get("X-Frame-Options") != "DENY" || !strings.Contains(b.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
		t.Error("the page can be framed")
	}
	query := b.all(`name="query" value="([^"]+)"`)
	form, _ := b.Filled("query", html.UnescapeString(query[0]))
	// No other page can send the form.
	forged := b.Do("POST", "/checkin/app", url.Values{"query": form["query"]}, nil)
	cross := b.Do("POST", "/checkin/app", form, func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") })
	if forged.Status != http.StatusForbidden || cross.Status != http.StatusForbidden || len(s.node.begun) != 0 {
		t.Fatalf("forged: %d, from another site: %d", forged.Status, cross.Status)
	}
	b.do("POST", "/checkin/app", form)
	b.says("Hier einchecken?", "Angefragt von: video.example", "Arbeitsplatz 1")
	if k := s.node.begun[0]; !k.LoginEGK || k.CallBack != "https://video.example/back?session=7" || s.node.sent != 0 {
		t.Errorf("%+v", k)
	}
	b.post(b.Path+"/consent", "agree", "yes")
	b.post(b.Path)
	s.goesOn(b)
	b.says("Online-Check-in erfolgreich", "Zurück zu video.example")
	back := b.all(`<a role="button" rel="noreferrer" href="([^"]+)"`)
	if len(back) == 0 || back[0] != "https://video.example/back?session=7&amp;state=success&amp;id="+s.node.last().ID {
		t.Errorf("back to %v", back)
	}
	// Who declines goes back, too; with an app's own link.
	b.elsewhere("/popp/checkin?telematikId=1-234567890&callBackURL=com.example.app:/back")
	b.says("com.example.app")
	b.post("/checkin/app", "query", "telematikId=1-234567890&callBackURL=com.example.app:/back", "other", "1")
	b.says("Hier für eine andere Person einchecken?")
	b.post(b.Path+"/consent", "agree", "no")
	b.says("Nicht eingecheckt", "Zurück zu com.example.app")
	if !strings.Contains(b.Body, `href="com.example.app:/back?state=canceled`) {
		t.Errorf("no way back: %s", b.Body)
	}
	// A search in place of the Telematik-ID, with one hit and with two.
	b.get("/checkin")
	b.post("/checkin/app", "query", "fhirVzdSearchRequest=HealthcareService%3F_text%3DRathausapotheke&callBackURL=https://video.example/")
	b.says("Hier einchecken?", "Rathausapotheke", "Angefragt von: video.example")
	b.get("/checkin")
	b.post("/checkin/app", "query", "telematikId=5-2-777&workplaceId=Z&callBackURL=https://video.example/")
	b.says("Welche ist es?")
	b.post("/checkin/begin", "which", "1", "pick", b.all(`name="pick" value="([^"]+)"`)[1])
	if k := s.node.begun[len(s.node.begun)-1]; k.Institution != 1 || k.CallBack != "https://video.example/" || k.Workplace != "Z" || k.Origin != "vzd" {
		t.Errorf("%+v", k)
	}
}

// T31: a wrong call begins nothing, and no address of another kind becomes a link.
func TestWrongCalls(t *testing.T) {
	s := newCheckinSite(t)
	b := s.in(t, "de")
	for _, query := range []string{"", "telematikID=1-2", "callBackURL=https://x.example", "telematikID=1-2&callBackURL=http://x.example", "telematikID=1-2&callBackURL=javascript:alert(1)",
		"telematikID=1-2&callBackURL=data:text/html,x", "telematikID=1_2&callBackURL=https://x.example", "telematikID=1-2&telematikId=1-3&callBackURL=https://x.example", "telematikID=1-2&loginEgk=yes&callBackURL=https://x.example",
		"telematikID=1-2&workplaceId=" + strings.Repeat("x", 65) + "&callBackURL=https://x.example"} {
		b.elsewhere("/popp/checkin?" + query)
		b.says("Anfrage fehlerhaft")
		if b.Status != http.StatusUnprocessableEntity || strings.Contains(b.Body, "alert(1)") || strings.Contains(b.Body, "<form id") {
			t.Errorf("%s: %d", query, b.Status)
		}
		b.get("/checkin")
		b.post("/checkin/app", "query", query)
		if b.Status != http.StatusUnprocessableEntity {
			t.Errorf("posted %s: %d", query, b.Status)
		}
	}
	if a := b.Do("GET", "/popp/checkin?x="+strings.Repeat("y", 9<<10), nil, nil); a.Status != http.StatusRequestURITooLong {
		t.Errorf("a long call gives %d", a.Status)
	}
	if len(s.node.begun)+s.node.asked != 0 {
		t.Errorf("begun: %v", s.node.begun)
	}
	for raw, want := range map[string]string{
		"https://a.example/b?x=1&state=success&id=7&message=m": "https://a.example/b?x=1&state=success&id=7&message=m", "com.example.app:/b?state=success": "com.example.app:/b?state=success",
		"": "", "http://a.example/?state=success": "", "javascript:alert(1)": "", "javascript:alert(1)?state=1": "", "https://u@a.example/?id=1": "",
	} {
		if got := callBackLink(raw); string(got) != want {
			t.Errorf("%s is the link %s", raw, got)
		}
	}
}
