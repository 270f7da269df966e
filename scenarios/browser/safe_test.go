package browser

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"

	"pieks/node/control"
	"pieks/node/web/webtest"
)

// safe is what a stranger tries at a practice that is open in a browser of this computer.
func safe(w *town) {
	p := w.practice("Mainz", "55116")
	slots := p.offers(p.day(1), "09:00", "09:30", "influenza")
	p.keepsSecret("Selma", "0221 555")
	b := p.phones(slots[0], "Selma Schutz")
	open := func() (n int) {
		for _, a := range does[[]control.Appointment](p, control.MethodSlotsList, nil) {
			if a.State == "open" {
				n++
			}
		}
		return n
	}
	reception := p.opens(webtest.Desktop)
	day := "/day/" + p.day(1)
	reception.at(day)
	reception.Says("Selma Schutz")

	// Without a link nothing is seen.
	stranger := w.browser.Tab(webtest.Desktop)
	for _, path := range []string{"/", day, "/booking/" + b.ID, "/print/slip/" + b.ID, "/desk", "/export", "/live", "/none"} {
		stranger.Go(p.app + path)
		stranger.Says("Pieks ist hier noch nicht angemeldet")
		if status := answer(w, p.app+path, "", nil); status != http.StatusForbidden {
			w.Errorf("%s answers a stranger with %d", path, status)
		}
	}
	// A link lets one browser in, once; also one that is in already has used it up.
	link := func() string {
		l, err := p.node.Link("")
		if err != nil {
			w.Fatal(err)
		}
		return l.URL
	}
	first, spent := link(), link()
	friend := w.browser.Tab(webtest.Desktop)
	friend.Go(first)
	friend.Until("the first page", `location.pathname.startsWith("/day/")`)
	reception.Go(spent)
	reception.Until("the first page", `location.pathname.startsWith("/day/")`)
	for _, used := range []string{first, spent, p.app + "/welcome?k=", p.app + "/welcome?k=" + strings.Repeat("A", 22)} {
		stranger.Go(used)
		stranger.Says("Pieks ist hier noch nicht angemeldet")
	}

	// Another name of this computer is another server.
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.Fatal(err)
	}
	in := &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}}
	welcome, err := in.Get(link())
	if err != nil {
		w.Fatal(err)
	}
	welcome.Body.Close()
	if status := answer(w, p.app+"/desk", "", jar); status != http.StatusOK {
		w.Errorf("who is let in gets %d", status)
	}
	for _, host := range []string{"evil.example", "127.0.0.1.evil.example", "evil.example:" + p.app[strings.LastIndex(p.app, ":")+1:]} {
		if status := answer(w, p.app+"/desk", host, jar); status != http.StatusForbidden {
			w.Errorf("Host %s: %d", host, status)
		}
	}
	// A form without the session's token does nothing.
	before := open()
	reception.at(day)
	for _, token := range []string{"", "AAAAAAAAAAAAAAAAAAAAAA"} {
		status := webtest.Eval[int](reception.Tab, fmt.Sprintf(`fetch(%q, {method: "POST", body: new URLSearchParams({csrf: %q, do: "withdraw", id: %q})}).then(r => r.status)`, day, token, slots[1]))
		if status != http.StatusForbidden {
			w.Errorf("with the token %q: %d", token, status)
		}
	}
	// Neither does one of another page, though the browser sends this computer's cookies with it; that page cannot read anything either, nor
	// show it in a frame.
	evil := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch r.URL.Path {
		case "/harmless":
			fmt.Fprint(out, "harmless")
		default:
			fmt.Fprintf(out, `<title>Evil – Pieks</title><iframe src="%s%s"></iframe><iframe src="/harmless"></iframe>
<form method="post" action="%s%s"><input name="do" value="withdraw"><input name="id" value="%s"><button>Win</button></form>`, p.app, day, p.app, day, slots[1])
		}
	}))
	defer evil.Close()
	reception.Go(evil.URL)
	reception.Until("both frames", `frames.length === 2`)
	if refused := reception.Refused(); len(refused) != 1 || refused[0] != p.app+day {
		w.Errorf("of both frames these are not shown: %v", refused)
	}
	if read := webtest.Eval[string](reception.Tab, fmt.Sprintf(`fetch(%q, {credentials: "include"}).then(r => r.text(), e => "")`, p.app+day)); read != "" {
		w.Error("another page reads the day")
	}
	reception.Click("form button")
	reception.Says("Es wurde nichts geändert.")
	if after := open(); after != before || before != 2 {
		w.Errorf("of %d open appointments %d are left", before, after)
	}
	reception.at(day)
	reception.Says("Selma Schutz") // the session goes on
}

// answer is the status of a request. With a host it names another one, and with cookies it comes from a browser that was let in.
func answer(w *town, address, host string, jar http.CookieJar) int {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), http.MethodGet, address, nil)
	if err != nil {
		w.Fatal(err)
	}
	r.Host = host
	if jar != nil {
		for _, c := range jar.Cookies(r.URL) {
			r.AddCookie(c)
		}
	}
	got, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		w.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		w.Fatal(err)
	}
	if strings.Contains(string(text), "Selma") {
		w.Errorf("%s shows a name to a stranger", address)
	}
	return got.StatusCode
}
