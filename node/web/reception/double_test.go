package reception

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"pieks/card"
	"pieks/node/booking"
	"pieks/node/control"
	"pieks/node/web"
)

// practice is a practice's node in memory, with the rules that its app leans on: an appointment is never given to two, a preview changes nothing,
// only what the state allows is done.
type practice struct {
	now      func() time.Time
	changes  control.Changes
	details  control.Details
	enrolled time.Time
	test     bool
	home     string
	offline  time.Time
	backedUp time.Time
	slots    []*control.Appointment
	bookings []*control.Booking
	journal  []*control.Change
	wrong    int // wrong codes entered
	next     int
	refuse   func(context.Context) error // details
	link     func(person string) (control.Opened, error)
	trusted  card.Roots // CAs of cards that may enrol it
	signed   *card.Licence
	came     arrivals
}

var catalogueOfTest = []control.Vaccine{
	{Code: "biontech", Name: "Comirnaty (BioNTech)", Doses: 2, VialDoses: 6, MinInterval: 21, MaxInterval: 42},
	{Code: "flu", Name: "Grippe 2026/27", Doses: 1, VialDoses: 1},
}

func (p *practice) id(prefix string, width int) string {
	p.next++
	return fmt.Sprintf("%s%0*x", prefix, width-len(prefix), p.next)
}

func (p *practice) handlers() control.Handlers {
	all := control.Handlers{
		control.MethodStatus: control.HandleNone(p.status), control.MethodEnrolment: control.HandleNone(p.enrolment),
		control.MethodEnrolmentBegin: control.Handle(p.beginEnrolment), control.MethodEnrolmentFinish: control.Handle(p.finishEnrolment),
		control.MethodVaccines: control.HandleNone(func(context.Context) ([]control.Vaccine, error) { return catalogueOfTest, nil }),
		control.MethodDetails:  control.HandleNone(func(context.Context) (control.Details, error) { return p.details, nil }), control.MethodDetailsSet: control.Handle(p.setDetails),
		control.MethodDay: control.Handle(p.day), control.MethodPlan: control.Handle(p.plan), control.MethodLeftOver: control.Handle(p.leftOver),
		control.MethodSlotsList:  control.HandleNone(p.list),
		control.MethodSlotsBlock: control.Handle(p.set("open", "blocked")), control.MethodSlotsUnblock: control.Handle(p.set("blocked", "open")),
		control.MethodSlotsWithdraw: control.Handle(p.set("open blocked", "withdrawn")),
		control.MethodBookings:      control.HandleNone(p.all), control.MethodPhone: control.Handle(p.phone), control.MethodAttend: control.Handle(p.attend),
		control.MethodOutcome: control.Handle(p.outcome), control.MethodVerify: control.Handle(p.verify), control.MethodMove: control.Handle(p.move),
		control.MethodCancelMany: control.Handle(p.cancelMany), control.MethodUndo: control.Handle(p.undo),
		control.MethodChanges: control.HandleNone(p.recent), control.MethodPoster: control.HandleNone(p.poster),
		control.MethodBackup: control.Handle(p.backup), control.MethodNetwork: control.Handle(p.network),
		control.MethodOpen: control.Handle(func(_ context.Context, in control.OpenRequest) (control.Opened, error) { return p.link(in.Person) }),
	}
	maps.Copy(all, p.checkinMethods())
	return all
}

func (p *practice) status(context.Context) (control.Status, error) {
	s := control.Status{Role: "practice", Version: "0.4", Home: p.home, Test: p.test, Started: p.now().Add(-26 * time.Hour), Offline: p.offline, BackedUp: p.backedUp,
		Enrolled: p.enrolled, Network: control.Network{ID: "test", Version: 7, Expires: p.now().AddDate(0, 0, 20)},
		Relays: []control.Relay{{PeerID: "r1", Operator: "Gesundheitsamt Köln", Connected: p.offline.IsZero(), Reserved: p.offline.IsZero()}, {PeerID: "r2", Operator: "KV Nordrhein"}}}
	switch {
	case p.details.Name == "":
		s.ReadOnly, s.ReadOnlyWhy = "The practice has not said who it is.", "details"
	case p.enrolled.IsZero():
		s.ReadOnly, s.ReadOnlyWhy = "No card.", "enrolment"
	}
	return s, nil
}

func (p *practice) enrolment(context.Context) (control.Enrolment, error) {
	out := control.Enrolment{State: "enrolled", NotAfter: p.enrolled, Holder: p.details.Name, Test: p.test, Demo: p.test}
	if p.signed != nil {
		out.TelematikID = p.signed.TelematikID
	}
	if p.enrolled.IsZero() {
		out.State, out.Why = "none", "card"
	}
	return out, nil
}

func (p *practice) setDetails(ctx context.Context, in control.Details) (control.Details, error) {
	if p.refuse != nil {
		return in, p.refuse(ctx)
	}
	in.Place = "Köln"
	p.details = in
	if p.test {
		p.enrolled = p.now().AddDate(0, 3, 0)
	}
	p.changes.Changed()
	return in, nil
}

func (p *practice) list(context.Context) ([]control.Appointment, error) {
	var all []control.Appointment
	for _, a := range p.slots {
		all = append(all, *a)
	}
	return all, nil
}

func (p *practice) all(context.Context) ([]control.Booking, error) {
	var all []control.Booking
	for _, b := range p.bookings {
		all = append(all, *b)
	}
	return all, nil
}

func (p *practice) slot(id string) *control.Appointment {
	if i := slices.IndexFunc(p.slots, func(a *control.Appointment) bool { return a.ID == id }); i >= 0 {
		return p.slots[i]
	}
	return nil
}

func (p *practice) booking(id string) *control.Booking {
	if i := slices.IndexFunc(p.bookings, func(b *control.Booking) bool { return b.ID == id }); i >= 0 {
		return p.bookings[i]
	}
	return nil
}

func (p *practice) day(_ context.Context, in control.DayRequest) ([]control.Day, error) {
	from, err := web.Day(in.From)
	to, err2 := web.Day(cmp.Or(in.To, in.From))
	if err != nil || err2 != nil || to.After(from.AddDate(0, 0, 30)) {
		return nil, control.Errorf(control.KindUsage, "At most 31 days.")
	}
	owner := map[string]control.VisitName{}
	for _, b := range p.bookings {
		for i, v := range b.Visits {
			if v.State != "cancelled" {
				owner[v.Appointment] = control.VisitName{Booking: b.ID, Visit: i}
			}
		}
	}
	var list []control.Day
	for d := from; !d.After(to); d = d.AddDate(0, 0, 1) {
		day, count := control.Day{Day: isoDay(d)}, map[string]*control.Vial{}
		for _, a := range p.slots {
			if isoDay(a.Start) != day.Day || a.State == "withdrawn" {
				continue
			}
			e := control.Entry{Appointment: *a}
			v := count[a.Vaccine]
			if v == nil {
				v = &control.Vial{Vaccine: a.Vaccine, Doses: catalogue(catalogueOfTest).Of(a.Vaccine).VialDoses}
				count[a.Vaccine] = v
			}
			if name, ok := owner[a.ID]; ok {
				e.Booking, e.Visit = p.booking(name.Booking), name.Visit
				if e.Booking.Visits[e.Visit].Outcome != "noshow" {
					v.Booked++
				}
			} else if a.State == "open" && a.Start.After(p.now()) {
				v.Open++
			}
			day.Entries = append(day.Entries, e)
		}
		slices.SortStableFunc(day.Entries, func(a, b control.Entry) int { return a.Start.Compare(b.Start) })
		for _, v := range count {
			v.Left = (v.Doses - v.Booked%v.Doses) % v.Doses
			day.Vials = append(day.Vials, *v)
		}
		slices.SortFunc(day.Vials, func(a, b control.Vial) int { return cmp.Compare(a.Vaccine, b.Vaccine) })
		list = append(list, day)
	}
	return list, nil
}

func (p *practice) add(start time.Time, length time.Duration, vaccine string, dose int) *control.Appointment {
	a := &control.Appointment{ID: p.id("a", 16), Start: start, End: start.Add(length), Vaccine: vaccine, Dose: dose, State: "open", Listed: true}
	p.slots = append(p.slots, a)
	return a
}

func (p *practice) open() (n int) {
	for _, a := range p.slots {
		if (a.State == "open" || a.State == "blocked") && a.Start.After(p.now()) {
			n++
		}
	}
	return n
}

func (p *practice) plan(_ context.Context, in control.Plan) (out control.Planned, err error) {
	first, _ := web.Day(in.First)
	last, _ := web.Day(in.Last)
	every, _ := time.ParseDuration(in.Every)
	var starts []time.Time
	for d := first; !d.After(last); d = d.AddDate(0, 0, 1) {
		if len(in.Weekdays) > 0 && !slices.Contains(in.Weekdays, isoWeekday(d)) {
			continue
		}
		day := control.PlannedDay{Day: isoDay(d)}
		for _, s := range in.Spans {
			from, _ := time.ParseInLocation("2006-01-02 15:04", day.Day+" "+s.From, web.Berlin)
			to, _ := time.ParseInLocation("2006-01-02 15:04", day.Day+" "+s.To, web.Berlin)
			for at := from; !at.Add(every).After(to); at = at.Add(every) {
				if at.After(p.now()) {
					starts = append(starts, at)
					day.Count++
				}
			}
			for _, a := range p.slots {
				if !a.Start.Before(from) && a.Start.Before(to) && a.State != "withdrawn" {
					day.Already++
				}
			}
		}
		if v := catalogue(catalogueOfTest).Of(in.Vaccine).VialDoses; in.Vials && v > 1 {
			cut := day.Count % v
			day.Count -= cut
			starts = starts[:len(starts)-cut]
		}
		if day.Count == 0 {
			day.Problem = "past"
		}
		out.Days = append(out.Days, day)
	}
	if p.open()+len(starts) > 200 {
		return out, control.As(control.KindConflict, booking.ErrTooMany)
	}
	if in.Preview {
		return out, nil
	}
	for _, at := range starts {
		out.IDs = append(out.IDs, p.add(at, every, in.Vaccine, in.Dose).ID)
	}
	out.Changed, out.Open, out.Visible = len(starts), p.open(), p.now().Add(8*time.Minute)
	p.changes.Changed()
	return out, nil
}

func (p *practice) leftOver(_ context.Context, in control.LeftOver) (control.SlotsChanged, error) {
	if most := catalogue(catalogueOfTest).Of(in.Vaccine).VialDoses - 1; in.Count < 1 || in.Count > most {
		return control.SlotsChanged{}, control.Coded(control.KindUsage, control.CodeLeftDoses, "1 to %d doses.", most)
	}
	at := p.now().Add(59 * time.Minute).Truncate(15 * time.Minute)
	for range in.Count {
		p.add(at, 10*time.Minute, in.Vaccine, 0)
	}
	p.changes.Changed()
	return control.SlotsChanged{Changed: in.Count, Open: p.open(), Visible: p.now()}, nil
}

func (p *practice) set(from, to string) func(context.Context, control.SlotsSelect) (control.SlotsChanged, error) {
	return func(_ context.Context, in control.SlotsSelect) (out control.SlotsChanged, _ error) {
		for _, id := range in.IDs {
			if a := p.slot(id); a != nil && slices.Contains(strings.Fields(from), a.State) {
				a.State = to
				out.Changed++
			}
		}
		p.changes.Changed()
		return out, nil
	}
}

func (p *practice) poster(context.Context) (control.Poster, error) {
	return control.Poster{QR: "PIEKS:" + strings.Repeat("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 2) + ":AAAABBBB", Details: p.details, Test: p.test}, nil
}

func (p *practice) backup(_ context.Context, in control.BackupRequest) (control.BackupResult, error) {
	if err := os.WriteFile(in.Path, []byte("locked"), 0o600); err != nil {
		return control.BackupResult{}, err
	}
	p.backedUp = p.now()
	return control.BackupResult{Path: in.Path, Bytes: 6}, nil
}

func (p *practice) network(_ context.Context, in control.NetworkFile) (control.NetworkTaken, error) {
	if string(in.File) == "newer" {
		return control.NetworkTaken{Accepted: true, Number: 8}, nil
	}
	return control.NetworkTaken{}, control.Errorf(control.KindUsage, "This is no network file.")
}
