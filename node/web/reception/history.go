package reception

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"time"

	"pieks/node/control"
	"pieks/node/web"
)

// The outcomes that the history can be filtered by.
var outcomes = []string{"vaccinated", "attended", "noshow", "booked", "cancelled"}

// filter chooses visits of the past: days, both included, and what became of them; "" is all.
type filter struct{ From, To, Outcome string }

// readFilter reads an address. Without days it is the last 30; days in the wrong order are turned around, and what is no day is left out.
func readFilter(q url.Values, now time.Time) filter {
	f := filter{From: q.Get("from"), To: q.Get("to"), Outcome: q.Get("outcome")}
	if _, err := web.Day(f.To); err != nil {
		f.To = isoDay(now)
	}
	if _, err := web.Day(f.From); err != nil {
		f.From = isoDay(now.AddDate(0, 0, -30))
	}
	if f.From > f.To {
		f.From, f.To = f.To, f.From
	}
	if !slices.Contains(outcomes, f.Outcome) {
		f.Outcome = ""
	}
	return f
}

func (f filter) query(page int) string {
	q := url.Values{"from": {f.From}, "to": {f.To}}
	if f.Outcome != "" {
		q.Set("outcome", f.Outcome)
	}
	if page > 1 {
		q.Set("page", strconv.Itoa(page))
	}
	return "?" + q.Encode()
}

// pastVisits are the visits that have begun, newest first, that a filter lets through.
func pastVisits(bookings []control.Booking, f filter, k catalogue, now time.Time) []row {
	var rows []row
	for _, b := range bookings {
		if b.Patient == nil {
			continue
		}
		for i, v := range b.Visits {
			day, what := isoDay(v.Start), visitState(v)
			if b.State == "cancelled" && what == "booked" {
				what = "cancelled"
			}
			if v.Start.After(now) && what == "booked" || day < f.From || day > f.To || f.Outcome != "" && f.Outcome != what {
				continue
			}
			rows = append(rows, row{ID: v.Appointment, Start: v.Start, End: v.End, State: what, Symbol: symbols[what], Vaccine: k.Name(v.Vaccine), Dose: v.Dose,
				Booking: b.ID, Visit: i, Name: b.Patient.Name, Birth: b.Patient.BirthDate, Phone: b.Patient.Phone, ByPhone: b.Phone, Attended: v.Attended, Lot: v.Lot})
		}
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Or(b.Start.Compare(a.Start), cmp.Compare(a.Booking, b.Booking)) })
	return rows
}

type historyPage struct {
	filter
	Rows       []row
	All        int
	Page       int
	Pages      int
	Prev, Next string
	Export     string
	States     map[string]string
	Doses      doses
	Outcomes   []string
}

func showHistory(c *web.Call) error {
	f := readFilter(c.R.URL.Query(), c.Now())
	rows, err := history(c, f)
	if err != nil {
		return err
	}
	p := historyPage{filter: f, All: len(rows), States: states(c), Doses: dosesOf(c), Outcomes: outcomes, Export: "/export" + f.query(0)}
	p.States["booked"] = c.Say("rc_state_unnoted") // it is over, and nobody has said what became of it
	p.Pages = max(1, (len(rows)+rowsPerPage-1)/rowsPerPage)
	p.Page = min(max(1, number(c.R.URL.Query().Get("page"))), p.Pages)
	p.Rows = rows[(p.Page-1)*rowsPerPage : min(len(rows), p.Page*rowsPerPage)]
	if p.Page > 1 {
		p.Prev = "/history" + f.query(p.Page-1)
	}
	if p.Page < p.Pages {
		p.Next = "/history" + f.query(p.Page+1)
	}
	return c.Show("history", p)
}

func history(c *web.Call, f filter) ([]row, error) {
	k, err := vaccines(c)
	if err != nil {
		return nil, err
	}
	bookings, err := web.Ask[[]control.Booking](c, control.MethodBookings, nil)
	if err != nil {
		return nil, err
	}
	return pastVisits(bookings, f, k, c.Now()), nil
}
