package browser

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pieks/node/control"
	"pieks/node/home/testnet"
	"pieks/node/practice"
	"pieks/node/web"
	"pieks/node/web/webtest"
	"pieks/scenarios"
)

// town is a network with a relay whose nodes run in this process, and a browser. Each journey has practices and patients of its own in a city of its
// own, so that journeys go on side by side.
type town struct {
	*testing.T
	net     *scenarios.Net
	browser *webtest.Browser
	now     func() time.Time
	adds    *sync.Mutex
}

// morning is a clock that begins at the next half past six in Berlin, so that a whole working day lies ahead whenever the test runs. It is never
// behind the browser's own clock, by which holds are counted down.
func morning() func() time.Time {
	now := time.Now().In(web.Berlin)
	at := time.Date(now.Year(), now.Month(), now.Day(), 6, 30, 0, 0, web.Berlin)
	if at.Before(now) {
		at = time.Date(now.Year(), now.Month(), now.Day()+1, 6, 30, 0, 0, web.Berlin)
	}
	ahead := at.Sub(now)
	return func() time.Time { return time.Now().Add(ahead) }
}

func newTown(t *testing.T) *town {
	t.Helper()
	w := &town{T: t, now: morning(), adds: &sync.Mutex{}}
	var err error
	if w.net, err = scenarios.NewNet(t.Context(), scenarios.NetConfig{Relays: 1, Cycle: time.Second, Now: w.now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.net.Close(); err != nil {
			t.Error(err)
		}
	})
	w.start(w.node("relay-1"))
	w.browser = webtest.Start(t)
	return w
}

// of is the town for a part of the test.
func (w *town) of(t *testing.T) *town {
	v := *w
	v.T, v.browser = t, w.browser.For(t)
	return &v
}

func (w *town) node(name string) *scenarios.Node {
	w.Helper()
	w.adds.Lock()
	defer w.adds.Unlock()
	n, err := w.net.Node(name)
	if err != nil {
		w.Fatal(err)
	}
	return n
}

func (w *town) start(n *scenarios.Node) {
	w.Helper()
	if err := n.Start(w.Context()); err != nil {
		w.Fatal(err)
	}
}

// today is the day in the town, and day another one, so many days later.
func (w *town) today() string { return w.day(0) }

func (w *town) day(later int) string {
	return w.now().In(web.Berlin).AddDate(0, 0, later).Format(time.DateOnly)
}

// place is a node with its app, and what nobody may find in a browser's history.
type place struct {
	*town
	node    *scenarios.Node
	app     string
	private []string
}

// practice opens a practice that can give appointments away.
func (w *town) practice(name, plz string) *place {
	w.Helper()
	w.adds.Lock()
	node := w.net.AddPractice(name, practice.Details{Name: "Praxis " + name, Street: "Markt 1", PLZ: plz, Phone: "0221 1234"})
	w.adds.Unlock()
	p := w.opened(node)
	testnet.Until(w, name+" is ready", func() bool {
		s := does[control.Status](p, control.MethodStatus, nil)
		return s.ReadOnly == "" && slices.ContainsFunc(s.Relays, func(r control.Relay) bool { return r.Reserved })
	})
	return p
}

// patient has somebody use Pieks at a postcode; with "" it is not said yet.
func (w *town) patient(name, plz string) *place {
	w.Helper()
	w.adds.Lock()
	node := w.net.AddPatient(name, plz)
	w.adds.Unlock()
	return w.opened(node)
}

func (w *town) opened(node *scenarios.Node) *place {
	w.Helper()
	w.start(node)
	shown, err := node.Show("")
	if err != nil {
		w.Fatal(err)
	}
	return &place{town: w, node: node, app: shown.URL()}
}

// does calls a method of a node.
func does[Out any](p *place, method string, in any) (out Out) {
	p.Helper()
	if err := p.node.Call(p.Context(), method, in, &out); err != nil {
		p.Fatalf("%s: %v", method, err)
	}
	return out
}

// offers gives appointments of ten minutes away by the control API.
func (p *place) offers(day, from, to, vaccine string) []string {
	p.Helper()
	return does[control.SlotsChanged](p, control.MethodSlotsAdd, control.SlotsAdd{Day: day, From: from, To: to, Every: "10m", Vaccine: vaccine}).IDs
}

// sees waits until a patient's node lists so many appointments.
func (p *place) sees(n int) []control.Token {
	p.Helper()
	var all []control.Token
	testnet.Until(p, "the list", func() bool {
		all = does[[]control.Token](p, control.MethodSearch, control.SearchRequest{RadiusKM: 20})
		return len(all) == n
	})
	return all
}

// books books the first of a patient's list that is to be had, by the control API. The list is of the last round: what somebody else has got since
// may still be in it.
func (p *place) books(name string) (b control.Booking) {
	p.Helper()
	testnet.Until(p, "a booking", func() bool {
		for _, t := range does[[]control.Token](p, control.MethodSearch, control.SearchRequest{RadiusKM: 20}) {
			b = does[control.Booking](p, control.MethodBook, control.BookRequest{Tokens: []string{t.ID}, Name: name, BirthDate: "1950-03-01"})
			if b.State != "taken" {
				return true
			}
		}
		return false
	})
	return b
}

// phones books an appointment for a caller.
func (p *place) phones(id, name string) control.Booking {
	p.Helper()
	return does[control.Booking](p, control.MethodPhone, control.Phone{Appointments: []string{id}, Name: name, BirthDate: "1950-03-01", Phone: "0221 555"})
}

// all are the bookings of a node.
func (p *place) all() []control.Booking {
	p.Helper()
	return does[[]control.Booking](p, control.MethodBookings, nil)
}

// booked are those that stand.
func (p *place) booked() []control.Booking {
	p.Helper()
	return slices.DeleteFunc(p.all(), func(b control.Booking) bool { return b.State != "booked" })
}

// bookingOf is the one that stands for a name.
func (p *place) bookingOf(name string) control.Booking {
	p.Helper()
	for _, b := range p.booked() {
		if b.Patient != nil && b.Patient.Name == name {
			return b
		}
	}
	p.Fatalf("nothing is booked for %s", name)
	return control.Booking{}
}

// person is somebody at the browser of a node.
type person struct {
	*webtest.Tab
	*place
	words words
}

// opens lets somebody into the app, in a browser of their own. When the test ends, what the browser kept and whom it asked is looked at.
func (p *place) opens(look webtest.Look) *person {
	p.Helper()
	return p.opensIn(p.browser, look)
}

func (p *place) opensIn(browser *webtest.Browser, look webtest.Look) *person {
	p.Helper()
	link, err := p.node.Link("")
	if err != nil {
		p.Fatal(err)
	}
	a := &person{browser.Tab(look), p, german}
	if look.Lang == "en" {
		a.words = english
	}
	p.Cleanup(a.leavesNothing)
	a.Go(link.URL)
	a.Until("the first page", `location.pathname !== "/welcome"`)
	return a
}

// at goes to a path of the app.
func (a *person) at(path string) { a.Helper(); a.Go(a.app + path) }

// leavesNothing looks at what stays behind: nothing personal in addresses and titles, and nobody was asked but this computer.
func (a *person) leavesNothing() {
	a.Helper()
	if a.Failed() {
		return
	}
	trail := a.History()
	if len(trail) < 2 {
		a.Errorf("the browser's history has %d pages", len(trail))
	}
	for _, v := range trail {
		for _, secret := range a.private {
			if strings.Contains(v.Address, secret) || strings.Contains(v.Title, secret) {
				a.Errorf("the browser's history has %q: %s %q", secret, v.Address, v.Title)
			}
		}
	}
	for _, h := range a.Hosts() {
		if h != "127.0.0.1" {
			a.Errorf("the browser asked %s", h)
		}
	}
	for _, e := range a.Errors() {
		a.Errorf("a script complains: %s", e)
	}
}

// keepsSecret adds what must not be found in the history.
func (p *place) keepsSecret(texts ...string) {
	for _, text := range texts {
		if text != "" {
			p.private = append(p.private, text)
		}
	}
}
