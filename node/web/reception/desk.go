package reception

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"pieks/node/control"
	"pieks/node/web"
	"pieks/node/web/qr"
)

const (
	deskDraft   = "desk"
	searchDraft = "desk search"
)

// deskResult is the answer to a right code, kept until the next one.
type deskResult struct {
	Visit   control.Visit
	Name    string
	Birth   string
	Booking string
	Index   int
	Used    time.Time // when it was shown before; zero: just now
	At      time.Time
}

// deskPage is what the desk shows.
type deskPage struct {
	Result   *deskResult
	Vaccine  string
	Lot      string
	What     string // what became of the visit meanwhile
	OtherDay string // when it is, if that is not today
	Wrong    string // why a code was not taken
	Arrivals []row
	Expected int
	States   map[string]string
	Doses    doses
	Query    string
	Found    []foundVisit
	More     bool
}

// foundVisit is a visit that a search has found.
type foundVisit struct {
	row
	Today bool
}

func showDesk(c *web.Call) error {
	p, err := deskFor(c)
	if err != nil {
		return err
	}
	c.Form = web.NewForm()
	return c.Show("desk", p)
}

func deskFor(c *web.Call) (deskPage, error) {
	p := deskPage{States: states(c), Doses: dosesOf(c)}
	k, err := vaccines(c)
	if err != nil {
		return p, err
	}
	now := c.Now()
	all, err := days(c, isoDay(now.AddDate(0, 0, -lotDays)), isoDay(now))
	if err != nil {
		return p, err
	}
	if len(all) > 0 {
		for _, r := range rowsOf(all[len(all)-1].Entries, k, now) {
			switch {
			case !r.Attended.IsZero():
				p.Arrivals = append(p.Arrivals, r)
			case r.State == "booked":
				p.Expected++
			}
		}
	}
	slices.SortFunc(p.Arrivals, func(a, b row) int { return cmp.Or(b.Attended.Compare(a.Attended), cmp.Compare(a.ID, b.ID)) })
	if kept, ok := web.Kept[deskResult](c.Draft(), deskDraft); ok && now.Sub(kept.At) < resultLife {
		p.Result, p.Vaccine, p.Lot = &kept, k.Name(kept.Visit.Vaccine), lotsOf(all)[kept.Visit.Vaccine]
		if isoDay(kept.Visit.Start) != isoDay(now) {
			p.OtherDay = web.Instant(c.Lang, kept.Visit.Start)
		}
		for _, r := range p.Arrivals {
			if r.Booking == kept.Booking && r.Visit == kept.Index {
				p.What = r.State
			}
		}
	}
	if query, ok := web.Kept[string](c.Draft(), searchDraft); ok && query != "" {
		bookings, err := web.Ask[[]control.Booking](c, control.MethodBookings, nil)
		if err != nil {
			return p, err
		}
		p.Query = query
		p.Found, p.More = search(bookings, query, k, now)
	}
	return p, nil
}

// search finds visits by a part of the name or the whole birth date; today's first, then by time. More says that there are others.
func search(bookings []control.Booking, query string, k catalogue, now time.Time) (found []foundVisit, more bool) {
	wanted := strings.Fields(strings.ToLower(query))
	birth, problem := web.ParseBirth(query, now)
	isBirth := problem == ""
	for _, b := range bookings {
		if b.Patient == nil || isBirth && b.Patient.BirthDate != birth || !isBirth && !named(b.Patient.Name, wanted) {
			continue
		}
		for i, v := range b.Visits {
			what := visitState(v)
			if b.State == "cancelled" {
				what = "cancelled"
			}
			found = append(found, foundVisit{Today: isoDay(v.Start) == isoDay(now), row: row{
				ID: v.Appointment, Start: v.Start, End: v.End, State: what, Symbol: symbols[what], Vaccine: k.Name(v.Vaccine), Dose: v.Dose,
				Booking: b.ID, Visit: i, Name: b.Patient.Name, Birth: b.Patient.BirthDate, Phone: b.Patient.Phone, Attended: v.Attended,
			}})
		}
	}
	slices.SortFunc(found, func(a, b foundVisit) int {
		if a.Today != b.Today {
			if a.Today {
				return -1
			}
			return 1
		}
		return cmp.Or(b.Start.Compare(a.Start), cmp.Compare(a.Booking, b.Booking))
	})
	if len(found) > foundAtMost {
		return found[:foundAtMost], true
	}
	return found, false
}

func named(name string, wanted []string) bool {
	name = strings.ToLower(name)
	for _, w := range wanted {
		if !strings.Contains(name, w) {
			return false
		}
	}
	return len(wanted) > 0
}

func searchDesk(c *web.Call) error {
	c.Draft().Put(searchDraft, c.Form.Get("query"))
	return c.Go("/desk")
}

// checkIn takes a scanned or typed code.
func checkIn(c *web.Call) error {
	if c.Form.Get("do") == "clear" {
		c.Draft().Drop(deskDraft)
		c.Draft().Drop(searchDraft)
		return c.Go("/desk")
	}
	code := scanned(c.Form.Get("code"))
	if code == "" {
		c.Form.Wrong("code", c.Say("rc_code_none"))
	}
	return verify(c, code)
}

// checkInPhoto takes a photo of a code.
func checkInPhoto(c *web.Call) error {
	photo, err := c.File("photo")
	if err != nil {
		return err
	}
	if photo == nil {
		c.Form.Wrong("photo", c.Say("rc_photo_none"))
		return verify(c, "")
	}
	defer photo.Close()
	text, err := qr.Read(c.Context(), photo)
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, qr.ErrTooLarge):
		c.Form.Wrong("photo", c.Say("rc_photo_large"))
	case errors.Is(err, qr.ErrFormat):
		c.Form.Wrong("photo", c.Say("rc_photo_format"))
	case err != nil:
		c.Form.Wrong("photo", c.Say("rc_photo_no_code"))
	}
	return verify(c, scanned(text))
}

// verify redeems a code, unless the form is wrong already. A right code is shown by GET, so that a reload does not redeem anything; a wrong one is
// answered at once, all in the same words.
func verify(c *web.Call, code string) error {
	if !c.Form.OK() {
		p, err := deskFor(c)
		if err != nil {
			return err
		}
		p.Result = nil
		return c.Show("desk", p)
	}
	out, err := web.Ask[control.VerifyResult](c, control.MethodVerify, control.VerifyRequest{Code: code})
	if err != nil {
		return err
	}
	if (out.OK || !out.Used.IsZero()) && out.Booking != nil && out.Visit != nil {
		c.Draft().Put(deskDraft, resultOf(out, c.Now()))
		c.Draft().Drop(searchDraft)
		return c.Go("/desk")
	}
	c.Draft().Drop(deskDraft)
	p, err := deskFor(c)
	if err != nil {
		return err
	}
	status := http.StatusNotFound
	switch out.Reason {
	case "typo", "form":
		c.Form.Wrong("code", c.Say("rc_code_"+out.Reason))
		status = http.StatusUnprocessableEntity
	case "locked":
		c.Form.Set("code", "")
		status = http.StatusTooManyRequests
		p.Wrong = c.Say("rc_code_locked", "Clock", web.Clock(c.Lang, out.Until))
	case "used":
		p.Wrong = c.Say("rc_code_used", "Clock", web.Clock(c.Lang, out.Used))
	default:
		p.Wrong = c.Say("rc_code_unknown")
	}
	return c.ShowStatus(status, "desk", p)
}

func resultOf(out control.VerifyResult, now time.Time) deskResult {
	r := deskResult{Visit: *out.Visit, Booking: out.Booking.ID, Used: out.Used, At: now}
	if p := out.Booking.Patient; p != nil {
		r.Name, r.Birth = p.Name, p.BirthDate
	}
	r.Index = max(0, slices.IndexFunc(out.Booking.Visits, func(v control.Visit) bool {
		return v.Start.Equal(out.Visit.Start) && v.Vaccine == out.Visit.Vaccine && v.Dose == out.Visit.Dose
	}))
	return r
}
