package control

import "time"

// The methods of a reception's day: what the practice's app does, and any other program may do.
const (
	MethodDetails    = "details"     // nil -> Details; practice: what it tells about itself
	MethodDetailsSet = "details/set" // Details -> Details; practice: the card has to sign again what it signs
	MethodVaccines   = "vaccines"    // nil -> []Vaccine; practice and patient: the network's catalogue

	MethodDay      = "day"            // DayRequest -> []Day; practice: the appointments of some days with who has them
	MethodPlan     = "slots/plan"     // Plan -> Planned; practice: appointments of many days by weekday, or what they would be
	MethodLeftOver = "slots/leftover" // LeftOver -> SlotsChanged; practice: doses of an open vial, to be had at short notice

	MethodPhone   = "phone"   // Phone -> Booking; practice: book for a caller; the visits come with their codes
	MethodAttend  = "attend"  // VisitName -> Booking; practice: check in without a code
	MethodOutcome = "outcome" // Outcome -> Booking; practice: vaccinated, not come, or neither again

	MethodMove       = "move"        // Move -> Change; practice: bookings to other times
	MethodCancelMany = "cancel/many" // CancelMany -> Change; practice
	MethodUndo       = "undo"        // UndoRequest -> Change; practice: take a change back, as far as it still can be
	MethodChanges    = "changes"     // nil -> []Change; practice: those that can be taken back, newest first

	MethodPoster = "poster" // nil -> Poster; practice: the code that opens its own list
)

// Codes of what a practice refuses, beside WhyNetwork, CodePLZForm and CodePLZUnknown.
const (
	CodeDetails          = "details"           // name, street or postcode is missing
	CodeDetailName       = "detail_name"       // too long for the card, or with invisible characters
	CodeDetailStreet     = "detail_street"     // the same
	CodeDetailPhone      = "detail_phone"      // the same
	CodeDetailDirections = "detail_directions" // the same
	CodeHours            = "hours"             // opening hours overlap, are more than four a day, or end before they begin
	CodeDay              = "day"               // no date
	CodeClock            = "clock"             // no time of day
	CodeDays             = "days"              // too many days at once, or the last one before the first
	CodeWeekday          = "weekday"           // not 1 to 7
	CodeSpans            = "spans"             // none, more than four, or one begins before the one before has ended
	CodeFarAhead         = "far_ahead"         // further than the network lets appointments be given away
	CodeVaccine          = "vaccine"           // none of the network's
	CodeDose             = "dose"              // more than the vaccine has
	CodeSingleVial       = "single_vial"       // a vial gives one dose, so none is left over
	CodeLeftDoses        = "left_doses"        // not 1 to one less than a vial gives
	CodeTooLate          = "too_late"          // left-over doses: after 21:00
	CodeNothing          = "nothing"           // no appointment is named
)

// Details are what a practice tells about itself. All but the hours are signed by its card and reach a patient with an offer.
type Details struct {
	Name       string  `json:"name"`
	Street     string  `json:"street"`
	PLZ        string  `json:"plz"`
	Place      string  `json:"place,omitempty"` // of the postcode; not read
	Phone      string  `json:"phone"`
	Directions string  `json:"directions,omitempty"`
	Hours      []Hours `json:"hours,omitempty"` // stay at the practice: they are what new appointments begin with
}

// Hours are one span of one weekday in which the practice is open.
type Hours struct {
	Weekday int    `json:"weekday"` // ISO 8601: 1 is Monday, 7 Sunday
	From    string `json:"from"`    // 08:00
	To      string `json:"to"`      // 12:00
}

// Vaccine is an entry of the network's catalogue.
type Vaccine struct {
	Code        string `json:"code"`
	Name        string `json:"name"`
	Doses       int    `json:"doses"`        // in a series
	VialDoses   int    `json:"vial_doses"`   // doses that one vial gives
	MinInterval int    `json:"min_interval"` // days between two doses; 0 for a single dose
	MaxInterval int    `json:"max_interval"`
}

// DayRequest names days, both ends included, at most 31.
type DayRequest struct {
	From string `json:"from"` // 2026-12-01
	To   string `json:"to,omitempty"`
}

// Day is one day of the practice. Days without appointments are in the list, too.
type Day struct {
	Day     string  `json:"day"`
	Entries []Entry `json:"entries"` // by start; withdrawn appointments are left out
	Vials   []Vial  `json:"vials"`   // by vaccine
}

// Entry is an appointment and, when it is booked or attended, whose.
type Entry struct {
	Appointment
	Booking *Booking `json:"booking,omitempty"`
	Visit   int      `json:"visit,omitempty"` // index into Booking.Visits
}

// Vial counts the doses of one vaccine on one day. Left are those that an opened vial has beyond the booked ones.
type Vial struct {
	Vaccine string `json:"vaccine"`
	Doses   int    `json:"doses"`  // in a vial
	Booked  int    `json:"booked"` // booked or attended, without those who did not come
	Open    int    `json:"open"`   // appointments that are still to be had today
	Left    int    `json:"left"`
}

// Plan makes appointments by weekday. Each day gets those of SlotsAdd; days that have passed or are too far ahead are left out.
type Plan struct {
	First    string `json:"first"` // first day, 2026-12-01
	Last     string `json:"last"`
	Weekdays []int  `json:"weekdays"` // ISO 8601; none: every day
	Spans    []Span `json:"spans"`    // 1 to 4 of a day, one after the other
	Every    string `json:"every"`
	Vaccine  string `json:"vaccine"`
	Dose     int    `json:"dose"`
	Vials    bool   `json:"vials,omitempty"`   // of each day only as many as fill whole vials
	Preview  bool   `json:"preview,omitempty"` // change nothing
}

// Span is a part of a day.
type Span struct {
	From string `json:"from"` // 08:00
	To   string `json:"to"`   // 12:00
}

// Planned is what a plan made, or would make.
type Planned struct {
	SlotsChanged
	Days []PlannedDay `json:"days"`
}

type PlannedDay struct {
	Day     string `json:"day"`
	Count   int    `json:"count"`
	Already int    `json:"already,omitempty"` // appointments that this day has at the same times before
	Problem string `json:"problem,omitempty"` // why a span of this day gets none: clock (no such time of day, or twice), past, vial (fewer than one vial gives)
}

// LeftOver offers Count appointments at one time of today, for those who can come at once.
type LeftOver struct {
	Vaccine string `json:"vaccine"`
	Count   int    `json:"count"`
	At      string `json:"at,omitempty"` // 17:30; left out: the first full quarter of an hour that is 45 minutes away
}

// Phone books appointments of the practice for somebody who has no node: one, or first and second dose.
type Phone struct {
	Appointments []string `json:"appointments"`
	Name         string   `json:"name"`
	BirthDate    string   `json:"birth_date"`
	Phone        string   `json:"phone,omitempty"`
}

// VisitName is one visit of a booking.
type VisitName struct {
	Booking string `json:"booking"`
	Visit   int    `json:"visit"`
}

// Outcome says what became of a visit. Outcome is "vaccinated", after the check-in; "noshow", after the visit's start; or "" to
// take either back.
type Outcome struct {
	VisitName
	Outcome string `json:"outcome"`
	Lot     string `json:"lot,omitempty"` // of the vaccine, at most 32 bytes
}

// Move moves booked visits, at most 200: those named, or all that are booked on Day. They keep their times of day and go to ToDay; with ToTime
// the first one begins then and the others keep their distance; with Appointment the one that is named takes an open or blocked appointment.
type Move struct {
	Visits      []VisitName `json:"visits,omitempty"`
	Day         string      `json:"day,omitempty"`
	ToDay       string      `json:"to_day,omitempty"`
	ToTime      string      `json:"to_time,omitempty"` // without ToDay: on the same day
	Appointment string      `json:"appointment,omitempty"`
	Reason      string      `json:"reason,omitempty"` // a sentence for the patients
	Preview     bool        `json:"preview,omitempty"`
}

// CancelMany cancels bookings: those named, or all with a booked visit on Day.
type CancelMany struct {
	Bookings []string `json:"bookings,omitempty"`
	Day      string   `json:"day,omitempty"`
	Reason   string   `json:"reason,omitempty"`
	Reopen   bool     `json:"reopen,omitempty"` // offer the appointments to others
	Preview  bool     `json:"preview,omitempty"`
}

// Change is a change of bookings that can be taken back for ten minutes.
type Change struct {
	ID     string    `json:"id,omitempty"` // empty in a preview
	Kind   string    `json:"kind"`         // move, cancel, undo
	Made   time.Time `json:"made,omitzero"`
	Until  time.Time `json:"until,omitzero"` // it can be taken back until then
	Reason string    `json:"reason,omitempty"`
	Visits []Changed `json:"visits"`
}

// Changed is one visit of a change. A visit with a Problem stays, or would stay, as it is:
//
//	past       it has begun, or would begin in the past
//	attended   its patient was here
//	cancelled  it is not booked any more
//	same       it is at that time already
//	clock      that day has no such time of day, or has it twice
//	full       that day has 400 appointments
//	held       the appointment is not open or blocked, or somebody is just booking it
//	vaccine    the appointment is for another vaccine or dose
//	interval   first and second dose would be too close or too far apart
//	taken      undo: somebody else has or holds the appointment by now
//	changed    undo: the booking was changed since
type Changed struct {
	VisitName
	Patient Patient `json:"patient"`
	From    Visit   `json:"from"`
	To      *Visit  `json:"to,omitempty"` // nil: cancelled
	Problem string  `json:"problem,omitempty"`
	Told    bool    `json:"told"` // the patient has a node, which hears of it; others have to be called
}

type UndoRequest struct {
	Change string `json:"change"`
}

// Poster is the practice's code and what stands beside it.
type Poster struct {
	QR      string  `json:"qr"` // text of the QR code, alphanumeric
	Details Details `json:"details"`
	Test    bool    `json:"test,omitempty"`
}
