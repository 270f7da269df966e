package browser

import (
	"testing"
	"time"

	"pieks/node/control"
	"pieks/node/web/webtest"
)

// page is one that is looked at, and the least size of its targets.
type page struct {
	node, name, path string
	target           int
	do               func(*webtest.Tab) // what is done on it before it is looked at
}

// pages are all of the demo.
func (d *demo) pages() []page {
	practice, patient := "praxis-koeln", "erika"
	var pages []page
	add := func(node string, target int, name, path string, do func(*webtest.Tab)) {
		pages = append(pages, page{node, name, path, target, do})
	}
	var booked control.Booking
	for _, b := range d.bookings(practice) {
		if b.State != "cancelled" {
			booked = b
		}
	}
	day := booked.Visits[0].Start.Format(time.DateOnly)
	open := ""
	for _, a := range ask[[]control.Appointment](d, practice, control.MethodSlotsList, nil) {
		if a.State == "open" && a.Start.After(time.Now()) {
			open = a.ID
		}
	}
	for _, p := range []struct{ name, path string }{
		{"day", "/day/" + day}, {"day-empty", "/day/" + booked.Visits[0].Start.AddDate(0, 0, 1).Format(time.DateOnly)}, {"week", "/week/" + day}, {"give", "/give?day=" + day}, {"phone", "/phone/" + open},
		{"booking", "/booking/" + booked.ID}, {"desk", "/desk"}, {"changes", "/changes"}, {"history", "/history"}, {"status", "/status"}, {"backup", "/backup"},
		{"people", "/people"}, {"settings", "/settings"}, {"setup", "/setup"}, {"setup-hours", "/setup/hours"}, {"setup-network", "/setup/network"},
		{"setup-done", "/setup/done"}, {"print-day", "/print/day/" + day}, {"print-poster", "/poster"},
	} {
		add(practice, 24, p.name, p.path, nil)
	}
	for _, p := range []struct{ name, path string }{
		{"home", "/"}, {"practice", "/practice"}, {"history", "/history"}, {"settings", "/settings"}, {"erase", "/erase"},
		{"booking", "/booking/" + d.bookings(patient)[0].ID}, {"booking-cancel", "/booking/" + d.bookings(patient)[0].ID + "/cancel"},
		{"print-card", "/booking/" + d.bookings(patient)[0].ID + "/print"},
	} {
		add(patient, 44, p.name, p.path, nil)
	}
	add("otto", 44, "list", "/", func(t *webtest.Tab) {
		t.Click("#search-form button[type=submit], #form button:not([name])")
		t.Until("the list", `location.pathname === "/list"`)
	})
	d.checkinPages(add)
	add("relay-1", 24, "status", "/", nil)
	add("relay-1", 24, "care", "/care", nil)
	return pages
}

// TestEveryPage looks at every page of the demo, on a telephone and a desktop, in light and dark, and at work.
func TestEveryPage(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser, which runs without -short")
	}
	d := startDemo(t)
	browser := webtest.Start(t)
	for _, look := range []webtest.Look{webtest.Phone, webtest.Desktop} {
		tabs := map[string]*webtest.Tab{}
		start := browser.Tab(look)
		start.Go(d.Open())
		start.Says("Pieks zum Ausprobieren")
		start.Check(44)
		start.Keep("start")
		for _, p := range d.pages() {
			tab := tabs[p.node]
			if tab == nil {
				tab = browser.Tab(look)
				tab.Go(d.link(p.node, ""))
				tab.Until("the first page", `!location.pathname.startsWith("/welcome")`)
				tabs[p.node] = tab
			}
			tab.Go(d.app(p.node) + p.path)
			if p.do != nil {
				p.do(tab)
			}
			tab.Check(p.target)
			tab.Keep(p.node + "-" + p.name)
			if look.Width > 600 {
				missing(t, tab)
			}
		}
		d.atWork(tabs)
	}
}

// missing looks for texts that there are none of.
func missing(t *testing.T, tab *webtest.Tab) {
	t.Helper()
	if keys := webtest.Eval[[]string](tab, `[...document.documentElement.outerHTML.matchAll(/\[(?:rc|pt|rl|st)_[a-z_]+\]/g)].map(m => m[0])`); len(keys) > 0 {
		t.Errorf("%s says %v", tab.Address(), keys)
	}
}
