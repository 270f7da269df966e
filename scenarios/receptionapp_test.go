package scenarios

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"pieks/node/booking"
	"pieks/node/control"
	"pieks/node/home/testnet"
	"pieks/node/practice"
	"pieks/node/web"
	"pieks/node/web/reception"
	"pieks/store"
)

// staff is somebody of a practice with a browser, as far as forms go.
type staff struct {
	t    *testing.T
	at   string
	http http.Client
}

func (v *staff) read(resp *http.Response, err error) (body, path string) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return string(data), resp.Request.URL.Path
}

func (v *staff) get(path string) (string, string) {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), "GET", v.at+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	resp, err := v.http.Do(r)
	return v.read(resp, err)
}

var (
	tokenField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)
	seenField  = regexp.MustCompile(`name="seen" value="([^"]+)"`)
	changeBox  = regexp.MustCompile(`name="change" value="([^"]+)"`)
	codeOnPage = regexp.MustCompile(`[0-9]{6}-[0-9]{4}-[0-9]`)
)

// send posts a form and wants to read something on the page that follows.
func (v *staff) send(path, want string, fields ...string) (body, where string) {
	v.t.Helper()
	page, _ := v.get("/desk")
	token := tokenField.FindStringSubmatch(page)
	if token == nil {
		v.t.Fatalf("no form: %s", page)
	}
	form := url.Values{"csrf": {token[1]}}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	r, err := http.NewRequestWithContext(v.t.Context(), "POST", v.at+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := v.http.Do(r)
	if body, where = v.read(resp, err); !strings.Contains(body, want) {
		v.t.Fatalf("%s does not say %q but\n%s", path, want, regexp.MustCompile(`<[^>]*>|\s{2,}`).ReplaceAllString(body, " "))
	}
	return body, where
}

// appOf serves the pages of a practice's node to somebody who was let in.
func appOf(t *testing.T, node *practice.Node) *staff {
	t.Helper()
	app, err := web.Serve(web.Config{Home: node.Home(), Handlers: node.Handlers(), Changes: node.Changes(), Pages: reception.Pages(nil), Listen: "127.0.0.1:0", Log: logger()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close() })
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &staff{t, app.URL(), http.Client{Jar: jar, Transport: &http.Transport{}}}
	t.Cleanup(v.http.CloseIdleConnections)
	link, err := app.Link("")
	if err != nil {
		t.Fatal(err)
	}
	v.get(strings.TrimPrefix(link.URL, app.URL()))
	return v
}

// TestWizardWithTheApp: a practice that nobody has set up is ready after four pages, in a test network by its demo card (case 38).
func TestWizardWithTheApp(t *testing.T) {
	t.Parallel()
	net := testnet.New(t, testnet.Config{})
	node, err := practice.Start(t.Context(), practice.Config{Home: net.Home("practice"), Network: net.File, Secret: store.KeyFile(), Listen: loopback, Log: logger()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = node.Close() })
	v := appOf(t, node)
	if _, path := v.get("/"); path != "/setup" {
		t.Fatalf("begins at %s", path)
	}
	v.send("/setup", "Schritt 2 von 4", "name", "Praxis Elbe", "street", "Weg 1", "plz", "01067", "phone", "0351 1", "directions", "Hof")
	v.send("/setup/hours", "Mit der Demo-Karte anmelden", "h1a1", "08:00", "h1b1", "12:00")
	v.send("/setup/network", "Angemeldet bis")
	if _, path := v.get("/"); !strings.HasPrefix(path, "/day/") {
		t.Errorf("goes on at %s", path)
	}
	if page, _ := v.get("/settings"); !strings.Contains(page, `value="01067"`) || !strings.Contains(page, `name="h1b1" value="12:00"`) {
		t.Error("the settings are not what was entered")
	}
	if page, _ := v.get("/poster"); !strings.Contains(page, "<svg") || !strings.Contains(page, "Praxis Elbe") {
		t.Error("no poster")
	}
}

// TestReceptionWithTheApp: a reception's first day in the pages that a practice's own node serves: set up, give away, a patient books from
// elsewhere, a caller, move and take back, check in, vaccinated.
func TestReceptionWithTheApp(t *testing.T) {
	t.Parallel()
	w := newTown(t, 26*time.Hour)
	node := w.nodes["practice"].(*practice.Node)
	v := appOf(t, node)

	now := booking.InZone(w.clock.Now())
	day := now.AddDate(0, 0, 1)
	iso := day.Format(time.DateOnly)
	v.send("/settings", "Gespeichert", "name", "Praxis Dr. Beispiel", "street", "Domstr. 1", "plz", "50667", "phone", "0221 1",
		"h1a1", "08:00", "h1b1", "12:00")
	wish := []string{"first", iso, "from", "09:00", "to", "10:00", "every", "10", "vaccine", "nuvaxovid", "dose", "0"}
	page, _ := v.send("/give", "6 Termine vergeben", append(wish, "do", "preview")...)
	v.send("/give", "6 Termine sind angelegt", append(wish, "do", "give", "seen", seenField.FindStringSubmatch(page)[1])...)

	testnet.Until(t, "six appointments are seen", func() bool { return len(w.tokens()) == 6 })
	in := anna()
	in.Tokens = []string{w.tokens()[0].ID}
	var booked control.Booking
	w.must("patient", control.MethodBook, in, &booked)
	page, _ = v.get("/day/" + iso)
	if !strings.Contains(page, "gebucht") || strings.Count(page, `href="/phone/`) != 5 {
		t.Fatalf("the booking is not shown: %s", page)
	}
	free := regexp.MustCompile(`href="(/phone/[0-9a-f]+)"`).FindStringSubmatch(page)[1]
	page, where := v.send(free, "Gebucht.", "name", "Karl Müller", "birth", "01.03.1950", "phone", "0221 555")
	code := codeOnPage.FindString(page)
	if code == "" || !strings.HasPrefix(where, "/booking/") {
		t.Fatalf("no code at %s", where)
	}
	if slip, _ := v.get("/print/slip/" + strings.TrimPrefix(where, "/booking/")); !strings.Contains(slip, code) || strings.Count(slip, "<svg") != 2 {
		t.Error("the slip has no code, or not the practice's own")
	}

	v.send("/day/"+iso, "2 Termine verschieben", "do", "move_all")
	to := day.AddDate(0, 0, 1).Format(time.DateOnly)
	page, _ = v.send("/move", "1 Person müssen Sie anrufen", "to_day", to, "reason", "Die Lieferung fehlt.", "do", "preview")
	page, _ = v.send("/move", "2 Termine sind verschoben", "to_day", to, "reason", "Die Lieferung fehlt.", "do", "move", "seen", seenField.FindStringSubmatch(page)[1])
	testnet.Until(t, "the patient sees the other day", func() bool {
		var list []control.Booking
		w.must("patient", control.MethodBookings, nil, &list)
		return len(list) == 1 && list[0].Visits[0].Start.Day() == day.AddDate(0, 0, 1).Day()
	})
	v.send("/undo", "2 Termine sind wieder wie vorher", "change", changeBox.FindStringSubmatch(page)[1])

	if status, _ := v.get("/status"); !strings.Contains(status, "Angemeldet bis") || strings.Contains(status, "[rc_") {
		t.Error("the status does not say that the practice is enrolled")
	}
	w.clock.Advance(day.Sub(now)) // the day itself, at the hour of now
	v.send("/desk", "Tippfehler", "code", code[:len(code)-1]+string('0'+(code[len(code)-1]-'0'+1)%10))
	v.send("/desk", "✓ Eingecheckt", "code", code)
	v.send("/desk", "Bereits eingecheckt um", "code", code)
	v.send(where, "Als geimpft vermerkt", "visit", "0", "from", "desk", "do", "vaccinated", "lot", "FE8235")
	if list, _ := v.get("/print/day/" + iso); !strings.Contains(list, "Karl Müller") || !strings.Contains(list, "FE8235") {
		t.Error("the day's list lacks the caller")
	}
}
