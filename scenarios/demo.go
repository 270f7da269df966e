package scenarios

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"pieks/gossip/place"
	"pieks/node/control"
	"pieks/node/practice"
)

// DemoResult is what pieks demo --once --json says.
type DemoResult struct {
	OK             bool    `json:"ok"`
	Relays         int     `json:"relays"`
	Practices      int     `json:"practices"`
	Patients       int     `json:"patients"`
	Slots          int     `json:"slots"`
	Bookings       int     `json:"bookings"`
	DoubleBookings int     `json:"double_bookings"`
	Verified       int     `json:"verified"`
	Cancelled      int     `json:"cancelled"`
	Warned         int     `json:"warned"`  // patients who learnt of an infection in a waiting room
	Arrived        int     `json:"arrived"` // patients who checked in with a card
	Seconds        float64 `json:"seconds"`
	Error          string  `json:"error,omitempty"`
}

// DemoOptions say how to show the network.
type DemoOptions struct {
	Dir string // where to keep everything; empty: a temporary folder, removed at the end
	Log *slog.Logger
	Say func(line string) // the account, line by line; nil: none
	// Stay is told when all is done and the nodes go on until ctx ends; nil: stop at once.
	Stay   func(Stage)
	Listen string // where the start page is, "" for the first free port from 7400 on
}

// Stage is a demo whose nodes go on running.
type Stage struct {
	Open  func() string // makes a link that opens the start page once
	Homes []DemoHome
	Net   *Net
}

// DemoHome is a node of the demo that goes on running. Link opens its app once; "" where it shows none.
type DemoHome struct{ Name, Role, Home, About, Link string }

type demoPractice struct {
	name    string
	details practice.Details
}

var demoPractices = []demoPractice{
	{"praxis-koeln", practice.Details{Name: "Praxis Dr. Beispiel", Street: "Domstr. 1", PLZ: "50667", Phone: "0221 1234"}},
	{"praxis-berlin", practice.Details{Name: "Hausarztpraxis am Park", Street: "Invalidenstr. 7", PLZ: "10115", Phone: "030 1234"}},
	{"praxis-muenchen", practice.Details{Name: "Gemeinschaftspraxis Sendling", Street: "Lindwurmstr. 12", PLZ: "80337", Phone: "089 1234"}},
}

var demoPatients = []struct{ name, plz, person, born string }{
	{"erika", "50670", "Erika Beispiel", "1950-03-01"},
	{"otto", "50672", "Otto Muster", "1948-11-20"},
	{"ayse", "10117", "Ayşe Beispiel", "1962-07-14"},
	{"lena", "10119", "Lena Muster", "1991-01-30"},
	{"josef", "80339", "Josef Beispiel", "1944-05-05"},
	{"maria", "80336", "Maria Muster", "1955-09-09"},
}

// demo is the account under way.
type demo struct {
	net    *Net
	opts   DemoOptions
	result DemoResult
	booked map[string]control.Booking // newest, by patient
}

// Demo runs a small network through the whole main job and tells what happens.
func Demo(ctx context.Context, opts DemoOptions) (result DemoResult, err error) {
	began := time.Now()
	if opts.Say == nil {
		opts.Say = func(string) {}
	}
	d := &demo{opts: opts, booked: map[string]control.Booking{}}
	defer func() {
		if d.net != nil {
			err = errors.Join(err, d.net.Close())
		}
		result = d.result
		result.OK = err == nil
		if result.Seconds == 0 {
			result.Seconds = time.Since(began).Seconds()
		}
		if err != nil {
			result.Error = err.Error()
		}
	}()
	for _, act := range []func(context.Context) error{
		d.network, d.start, d.offer, d.look, d.fight, d.bookAll, d.show, d.patientCancels, d.practiceCancels, d.warn, d.arrive, d.count,
	} {
		if err := act(ctx); err != nil {
			return d.result, err
		}
	}
	d.result.Seconds = time.Since(began).Seconds()
	d.say("Done in %.1f s: %d appointments, %d bookings, none given twice.", d.result.Seconds, d.result.Slots, d.result.Bookings)
	if opts.Stay != nil {
		err = d.stay(ctx)
	}
	return d.result, err
}

func (d *demo) say(format string, args ...any) { d.opts.Say(fmt.Sprintf(format, args...)) }

func (d *demo) network(ctx context.Context) (err error) {
	d.say("Two volunteers make keys for their relays. It is a TEST network: practices enrol with virtual cards.")
	d.net, err = NewNet(ctx, NetConfig{Dir: d.opts.Dir, Relays: 2, Cycle: time.Second, Disclosure: demoDisclosure, Log: d.opts.Log})
	if err != nil {
		return err
	}
	for _, p := range demoPractices {
		d.net.AddPractice(p.name, p.details)
	}
	for _, p := range demoPatients {
		d.net.AddPatient(p.name, p.plz)
	}
	d.result.Relays, d.result.Practices, d.result.Patients = 2, len(demoPractices), len(demoPatients)
	return nil
}

func (d *demo) start(ctx context.Context) error {
	d.say("2 relays, 3 practices and 6 patients start, each with its own store and keys.")
	for _, role := range []string{"relay", "practice", "patient"} {
		var group errgroup.Group
		for _, name := range d.net.order {
			if node := d.net.nodes[name]; node.Role == role {
				group.Go(func() error { return node.Start(ctx) })
			}
		}
		if err := group.Wait(); err != nil {
			return err
		}
		if role == "practice" {
			if err := d.enterDirectory(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *demo) offer(ctx context.Context) error {
	for i, p := range demoPractices {
		date, err := workday(7 + i)
		if err != nil {
			return err
		}
		var changed control.SlotsChanged
		err = d.net.nodes[p.name].Call(ctx, control.MethodSlotsAdd, control.SlotsAdd{
			Day: date, From: "09:00", To: "11:00", Every: "10m", Vaccine: "comirnaty",
		}, &changed)
		if err != nil {
			return err
		}
		d.result.Slots += changed.Changed
		d.say("%s, %s %s, gives out %d appointments on %s.", p.details.Name, p.details.PLZ, placeName(p.details.PLZ), changed.Changed, date)
	}
	d.say("Their lists go out signed under pseudonyms of today: no name, no address, no time of day finer than a part of it.")
	return nil
}

// workday is the first day from Monday to Friday that is at least so many days ahead.
func workday(ahead int) (string, error) {
	for {
		text, err := day(fmt.Sprintf("+%d", ahead))
		if err != nil {
			return "", err
		}
		date, err := time.Parse(time.DateOnly, text)
		if err != nil || (date.Weekday() != time.Saturday && date.Weekday() != time.Sunday) {
			return text, err
		}
		ahead++
	}
}

func placeName(plz string) string {
	at, _ := place.Lookup(place.PLZ(plz))
	return at.Name
}

// look waits until every patient sees the appointments of its region.
func (d *demo) look(ctx context.Context) error {
	for _, p := range demoPatients {
		err := until(ctx, 0, func(ctx context.Context) (bool, string, error) {
			tokens, err := search(ctx, d.net.nodes[p.name], 0)
			return len(tokens) > 0, p.person + " sees nothing", err
		})
		if err != nil {
			return err
		}
	}
	d.say("At the next tick everybody in a region sees them at the same moment. Each patient searches on their own machine.")
	return nil
}

// fight has two patients of one city want the same appointment.
func (d *demo) fight(ctx context.Context) error {
	a, b := demoPatients[0], demoPatients[1]
	tokens, err := search(ctx, d.net.nodes[a.name], 0)
	if err != nil {
		return err
	}
	d.say("%s and %s want the same appointment at the same moment.", a.person, b.person)
	var got [2]control.Booking
	var group errgroup.Group
	for i, p := range demoPatients[:2] {
		group.Go(func() error {
			return d.net.nodes[p.name].Call(ctx, control.MethodBook, control.BookRequest{
				Tokens: []string{tokens[0].ID}, Name: p.person, BirthDate: p.born,
			}, &got[i])
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	booked := 0
	for i, p := range demoPatients[:2] {
		if got[i].State == "booked" {
			booked++
			d.keep(p.name, got[i])
			d.say("  %s has it: %s at %s.", p.person, got[i].Visits[0].Start.Format("2006-01-02 15:04"), got[i].Practice.Name)
		} else {
			d.say("  %s is told: %s", p.person, got[i].Message)
		}
	}
	if booked != 1 {
		return fmt.Errorf("%d of two have the appointment", booked)
	}
	return nil
}

func (d *demo) keep(patient string, b control.Booking) {
	d.booked[patient] = b
	d.result.Bookings++
}

// bookAll has all others request, look at the offer, and confirm.
func (d *demo) bookAll(ctx context.Context) error {
	for _, p := range demoPatients {
		if _, has := d.booked[p.name]; has {
			continue
		}
		if err := d.bookOne(ctx, p.name, p.person, p.born); err != nil {
			return fmt.Errorf("%s: %w", p.person, err)
		}
	}
	return nil
}

func (d *demo) bookOne(ctx context.Context, name, person, born string) error {
	node := d.net.nodes[name]
	var offer control.Offer
	// A list can be one cycle old: what is taken meanwhile is asked for again, as a person would.
	err := until(ctx, 0, func(ctx context.Context) (bool, string, error) {
		tokens, err := search(ctx, node, 0)
		if err != nil || len(tokens) == 0 {
			return false, "nothing is listed", err
		}
		err = node.Call(ctx, control.MethodRequest, control.RequestRequest{Tokens: []string{tokens[0].ID}}, &offer)
		return offer.State == "offered", "the request is " + offer.State, err
	})
	if err != nil {
		return err
	}
	d.say("%s sees an offer of %s, verified by its card, before anything personal leaves.", person, offer.Practice.Name)
	var b control.Booking
	if err := node.Call(ctx, control.MethodBook, control.BookRequest{Booking: offer.Booking, Name: person, BirthDate: born}, &b); err != nil {
		return err
	}
	if b.State != "booked" {
		return fmt.Errorf("the booking is %s: %s", b.State, b.Message)
	}
	d.keep(name, b)
	d.say("  Booked: %s, code %s or \"%s\".", b.Visits[0].Start.Format("2006-01-02 15:04"), b.Visits[0].Digits, b.Visits[0].Words)
	return nil
}

// count looks at the practices' own lists for an appointment that two bookings have.
func (d *demo) count(ctx context.Context) error {
	for _, p := range demoPractices {
		var all []control.Booking
		if err := d.net.nodes[p.name].Call(ctx, control.MethodBookings, nil, &all); err != nil {
			return err
		}
		at := map[time.Time]int{}
		for _, b := range all {
			if b.State == "cancelled" {
				continue
			}
			for _, v := range b.Visits {
				at[v.Start]++
				d.result.DoubleBookings += min(at[v.Start]-1, 1)
			}
		}
	}
	if d.result.DoubleBookings != 0 {
		return fmt.Errorf("%d appointments were given twice", d.result.DoubleBookings)
	}
	return nil
}
