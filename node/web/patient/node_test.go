package patient

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"pieks/gossip/place"
	"pieks/node/control"
	"pieks/node/network"
	"pieks/node/web"
)

// node is a double of a patient's node with the practices behind it: what it says follows from what was done before, and it refuses
// what the real one refuses. It has no network; a practice can be slow or offline by the test's wish.
type node struct {
	mu       sync.Mutex
	now      func() time.Time
	changes  *control.Changes
	prefs    control.Preferences
	listed   time.Time
	offline  time.Time
	slots    []*slot
	bookings []control.Booking
	tokens   map[string][]*slot // of a booking
	watches  []control.Watch
	warnings []control.Warning
	own      control.PracticeList
	erased   bool

	wait    chan struct{} // not nil: a practice answers when it is closed
	away    bool          // practices are offline
	lose    bool          // somebody else is faster, always
	nextPLZ time.Duration // a change of the postcode counts so much later
	sent    []control.Patient
}

// slot is an appointment of a practice, with what the token shows of it.
type slot struct {
	control.Token
	start    time.Time
	practice *control.Practice
	gone     bool
	stale    bool // patients' lists still have it when it is gone
}

var practices = []control.Practice{
	{Name: "Praxis Dr. Anna Sommer", Street: "Domstraße 12", PLZ: "50668", Place: "Köln", Phone: "0221 5550101", Directions: "2. Stock, Eingang im Hof"},
	{Name: "Hausarztpraxis am Rhein", Street: "Rheinweg 3", PLZ: "50996", Place: "Köln", Phone: "0221 5550102"},
	{Name: "Gemeinschaftspraxis Nord", Street: "Hauptstraße 1", PLZ: "50129", Place: "Bergheim", Phone: "02271 555010"},
}

// newNode has three practices around Cologne with appointments of three vaccines in the next weeks.
func newNode(now func() time.Time) *node {
	n := &node{now: now, changes: &control.Changes{}, prefs: control.Preferences{RadiusKM: 20}, tokens: map[string][]*slot{}}
	n.listed = now()
	for i := range practices {
		for day := 1; day <= 40; day += 3 {
			for hour := 9; hour <= 17; hour += 4 {
				n.give(&practices[i], []float64{2.4, 7.1, 18.6}[i], day, hour, "comirnaty", 0)
				n.give(&practices[i], []float64{2.4, 7.1, 18.6}[i], day, hour, "comirnaty", 0)
			}
			n.give(&practices[i], []float64{2.4, 7.1, 18.6}[i], day, 10, "influenza-60", 0)
		}
	}
	return n
}

func (n *node) give(p *control.Practice, km float64, day, hour int, vaccine string, dose int) *slot {
	at := n.now().In(web.Berlin)
	s := &slot{start: time.Date(at.Year(), at.Month(), at.Day()+day, hour, 30, 0, 0, web.Berlin), practice: p}
	want := wantedOf(control.Booking{Visits: []control.Visit{{Start: s.start, Vaccine: vaccine, Dose: dose}}})[0]
	s.Token = want
	s.ID, s.Area, s.Place, s.DistanceKM = fmt.Sprintf("%032x", len(n.slots)+1), p.PLZ[:3], p.Place, km
	n.slots = append(n.slots, s)
	slices.SortStableFunc(n.slots, func(a, b *slot) int {
		if a.DistanceKM != b.DistanceKM {
			return int(math.Copysign(1, a.DistanceKM-b.DistanceKM))
		}
		return a.start.Compare(b.start)
	})
	return s
}

func (n *node) do(f func()) {
	n.mu.Lock()
	f()
	n.mu.Unlock()
	n.changes.Changed()
}

func (n *node) handlers() control.Handlers {
	locked := func(f func() error) error {
		n.mu.Lock()
		defer n.mu.Unlock()
		return f()
	}
	return control.Handlers{
		control.MethodStatus: control.HandleNone(func(context.Context) (s control.Status, err error) {
			return control.Status{Role: "patient", Version: "test", Test: true, Listed: n.listed, Offline: n.offline}, nil
		}),
		control.MethodVaccines: control.HandleNone(func(context.Context) (all []control.Vaccine, err error) {
			for _, v := range network.DefaultVaccines() {
				all = append(all, control.Vaccine{Code: v.Code, Name: v.Name, Doses: int(v.Doses), MinInterval: v.IntervalDays[0], MaxInterval: v.IntervalDays[1]})
			}
			return all, nil
		}),
		control.MethodPreferences: control.HandleNone(func(context.Context) (p control.Preferences, err error) {
			return p, locked(func() error { p = n.prefs; return nil })
		}),
		control.MethodPreferencesSet: control.Handle(func(_ context.Context, in control.Preferences) (p control.Preferences, err error) {
			return p, locked(func() error { n.prefs.RadiusKM = in.RadiusKM; p = n.prefs; return nil })
		}),
		control.MethodPLZ: control.Handle(func(_ context.Context, in control.PLZRequest) (r control.PLZResult, err error) {
			return r, locked(func() error { r, err = n.plz(in.PLZ); return err })
		}),
		control.MethodSearch: control.Handle(func(_ context.Context, in control.SearchRequest) (t []control.Token, err error) {
			return t, locked(func() error { t, err = n.search(in); return err })
		}),
		control.MethodRequest: control.Handle(n.request),
		control.MethodBook:    control.Handle(n.book),
		control.MethodBookings: control.HandleNone(func(context.Context) (b []control.Booking, err error) {
			return b, locked(func() error { b = slices.Clone(n.bookings); return nil })
		}),
		control.MethodCancel: control.Handle(func(_ context.Context, in control.CancelRequest) (b control.Booking, err error) {
			defer n.changes.Changed()
			return b, locked(func() error { b, err = n.cancel(in.Booking); return err })
		}),
		control.MethodWatch: control.Handle(func(_ context.Context, in control.SearchRequest) (w control.Watch, err error) {
			return w, locked(func() error {
				if len(n.watches) == 5 {
					return control.Coded(control.KindConflict, control.CodeWatches, "five")
				}
				w = control.Watch{ID: fmt.Sprintf("%032x", 9000+len(n.watches)), Search: in, Made: n.now()}
				n.watches = append(n.watches, w)
				return nil
			})
		}),
		control.MethodWatches: control.HandleNone(func(context.Context) (w []control.Watch, err error) {
			return w, locked(func() error {
				for i := range n.watches {
					found, err := n.search(n.watches[i].Search)
					if err != nil {
						return err
					}
					n.watches[i].Found = len(found)
				}
				w = slices.Clone(n.watches)
				return nil
			})
		}),
		control.MethodWatchSeen: control.Handle(func(_ context.Context, in control.WatchName) (any, error) {
			return nil, locked(func() error { n.watch(in.ID).Seen = true; return nil })
		}),
		control.MethodWatchEnd: control.Handle(func(_ context.Context, in control.WatchName) (any, error) {
			return nil, locked(func() error {
				n.watches = slices.DeleteFunc(n.watches, func(w control.Watch) bool { return w.ID == in.ID })
				return nil
			})
		}),
		control.MethodDiscloseList: control.HandleNone(func(context.Context) (control.DisclosureLists, error) {
			return control.DisclosureLists{Warnings: n.warnings}, nil
		}),
		control.MethodPracticeList: control.Handle(func(ctx context.Context, in control.PracticeCode) (control.PracticeList, error) {
			if !strings.HasPrefix(in.Code, "PIEKS:") {
				return control.PracticeList{State: "code"}, nil
			}
			if err := n.slow(ctx); err != nil {
				return control.PracticeList{}, err
			}
			n.mu.Lock()
			defer n.mu.Unlock()
			return n.own, nil
		}),
		control.MethodErase: control.Handle(func(_ context.Context, in control.EraseRequest) (any, error) {
			return nil, locked(func() error {
				if !in.Anyway && slices.ContainsFunc(n.bookings, func(b control.Booking) bool { return b.State == "booked" }) {
					return control.Coded(control.KindConflict, control.CodeVisits, "visits")
				}
				n.erased = true
				return nil
			})
		}),
	}
}

func (n *node) watch(id string) *control.Watch {
	return &n.watches[slices.IndexFunc(n.watches, func(w control.Watch) bool { return w.ID == id })]
}

func (n *node) plz(text string) (r control.PLZResult, err error) {
	plz, err := place.ParsePLZ(text)
	if err == place.ErrPLZUnknown {
		return r, control.Coded(control.KindUsage, control.CodePLZUnknown, "%w", err)
	} else if err != nil {
		return r, control.Coded(control.KindUsage, control.CodePLZForm, "%w", err)
	}
	where, _ := place.Lookup(plz)
	r.Effective = n.now().Add(n.nextPLZ)
	if n.prefs.PLZ == "" || n.nextPLZ == 0 {
		n.prefs.PLZ, n.prefs.Place = string(plz), where.Name
	} else {
		n.prefs.NextPLZ, n.prefs.NextPlace, n.prefs.Effective = string(plz), where.Name, r.Effective
	}
	return r, nil
}

func (n *node) slot(id string) *slot {
	i := slices.IndexFunc(n.slots, func(s *slot) bool { return s.ID == id })
	if i < 0 {
		return nil
	}
	return n.slots[i]
}

func (n *node) search(in control.SearchRequest) ([]control.Token, error) {
	if n.prefs.PLZ == "" {
		return nil, control.Coded(control.KindConflict, control.CodeNoPLZ, "no postcode")
	}
	var first *slot
	if in.After != "" {
		if first = n.slot(in.After); first == nil {
			return nil, control.Coded(control.KindNotFound, control.CodeTokenGone, "gone")
		}
	}
	var found []control.Token
	for _, s := range n.slots {
		apart := 0
		if first != nil {
			apart = int(math.Round(s.start.Sub(first.start).Hours() / 24))
		}
		switch {
		case s.gone && !s.stale, in.RadiusKM > 0 && s.DistanceKM > in.RadiusKM, in.Vaccine != "" && s.Vaccine != in.Vaccine,
			in.Dose != 0 && s.Dose != 0 && s.Dose != in.Dose, len(in.Days) > 0 && !slices.Contains(in.Days, s.Day),
			len(in.Parts) > 0 && !slices.Contains(in.Parts, s.Part), first != nil && (s.practice != first.practice || apart < 21 || apart > 84 || s.Dose == 1):
			continue
		}
		found = append(found, s.Token)
	}
	return found, nil
}

// slow waits as long as the practices do.
func (n *node) slow(ctx context.Context) error {
	n.mu.Lock()
	wait := n.wait
	n.mu.Unlock()
	if wait == nil {
		return nil
	}
	select {
	case <-wait:
	case <-ctx.Done():
	}
	return ctx.Err()
}

func (n *node) request(ctx context.Context, in control.RequestRequest) (control.Offer, error) {
	if err := n.slow(ctx); err != nil {
		return control.Offer{}, err
	}
	defer n.changes.Changed()
	n.mu.Lock()
	defer n.mu.Unlock()
	b := control.Booking{ID: fmt.Sprintf("%032x", 5000+len(n.bookings)), State: "offered", Created: n.now(), Until: n.now().Add(10 * time.Minute), Instead: in.Instead}
	var all []*slot
	for _, id := range in.Tokens {
		s := n.slot(id)
		if s == nil {
			return control.Offer{}, control.Coded(control.KindNotFound, control.CodeTokenGone, "gone")
		}
		all = append(all, s)
	}
	switch {
	case n.away:
		b.State, b.Mailed, b.Until = "pending", true, n.now().Add(6*time.Hour)
	case n.lose, slices.ContainsFunc(all, func(s *slot) bool { return s.gone }):
		b.State, b.Why = "taken", control.WhyTaken
	default:
		b.Practice, b.Licence = all[0].practice, "Praxis für Allgemeinmedizin"
		for _, s := range all {
			s.gone = true
			b.Visits = append(b.Visits, control.Visit{Start: s.start, End: s.start.Add(10 * time.Minute), Vaccine: s.Vaccine, Dose: len(b.Visits) + 1})
		}
	}
	n.bookings = append(n.bookings, b)
	n.tokens[b.ID] = all
	o := control.Offer{Booking: b.ID, State: b.State, Until: b.Until, Visits: b.Visits, Licence: b.Licence, Why: b.Why}
	if b.Practice != nil {
		o.Practice = *b.Practice
	}
	return o, nil
}

func (n *node) booking(id string) *control.Booking {
	i := slices.IndexFunc(n.bookings, func(b control.Booking) bool { return b.ID == id })
	if i < 0 {
		return nil
	}
	return &n.bookings[i]
}

func (n *node) book(_ context.Context, in control.BookRequest) (control.Booking, error) {
	defer n.changes.Changed()
	n.mu.Lock()
	defer n.mu.Unlock()
	b := n.booking(in.Booking)
	switch {
	case b == nil:
		return control.Booking{}, control.Errorf(control.KindNotFound, "no booking")
	case b.State == "offered" && n.now().After(b.Until):
		b.State, b.Why = "expired", control.WhyExpired
	case b.State == "offered":
		b.State, b.Patient = "booked", &control.Patient{Name: in.Name, BirthDate: in.BirthDate, Phone: in.Phone}
		n.sent = append(n.sent, *b.Patient)
		for i := range b.Visits {
			b.Visits[i].State, b.Visits[i].Digits, b.Visits[i].Words = "booked", fmt.Sprintf("48291%d-7365-1", i), "abend brücke garten sonne"
			b.Visits[i].QR = "PIEKS1:0123456789ABCDEFGHJKMNPQRSTVWXYZ0123456789ABCDEFGHJKMNPQRSTVWXYZ"
		}
		if old := n.booking(b.Instead); old != nil {
			old.State = "cancelled"
		}
	}
	return *b, nil
}

func (n *node) cancel(id string) (control.Booking, error) {
	b := n.booking(id)
	switch {
	case b == nil:
		return control.Booking{}, control.Errorf(control.KindNotFound, "no booking")
	case b.State == "booked":
		b.State = "cancelled"
		for i := range b.Visits {
			b.Visits[i].State = "cancelled"
		}
	case b.State == "offered", b.State == "pending":
		b.State, b.Why = "expired", control.WhyReleased
	default:
		return *b, control.Coded(control.KindConflict, control.CodeState, "not now")
	}
	for _, s := range n.tokens[id] {
		s.gone = false
	}
	return *b, nil
}
