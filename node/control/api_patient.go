package control

import "time"

// The methods of a patient's app beside search, request, book, bookings and cancel.
const (
	MethodPreferences    = "preferences"     // nil -> Preferences; patient
	MethodPreferencesSet = "preferences/set" // Preferences -> Preferences; patient: the radius; the postcode is changed with plz
	MethodWatch          = "watch"           // SearchRequest -> Watch; patient: tell when something is found
	MethodWatches        = "watches"         // nil -> []Watch; patient
	MethodWatchSeen      = "watch/seen"      // WatchName -> Watch; patient: the user has looked at what it found
	MethodWatchEnd       = "watch/end"       // WatchName -> nil; patient
	MethodPracticeList   = "practice/list"   // PracticeCode -> PracticeList; patient: the list of one practice, by its poster or slip
	MethodErase          = "erase"           // EraseRequest -> nil; patient: delete everything and stop, after the answer
)

// Why says in one word what a booking or an offer waits for, or why nothing came of it.
const (
	WhyTaken               = "taken"                 // somebody else was faster
	WhyExpired             = "expired"               // the hold or the wait ended
	WhyLimit               = "limit"                 // too many appointments are held from here
	WhyOffline             = "offline"               // the practice is not reached; what was sent waits for it
	WhyUnreached           = "unreached"             // neither the practice nor its relays are reached
	WhyNetwork             = "network"               // the network file has expired
	WhyDetails             = "details"               // the practice does not accept name, birth date or phone
	WhyForged              = "forged"                // the answer does not fit what was asked
	WhyLicence             = "licence"               // no valid practice card
	WhyArea                = "area"                  // the practice is not where its appointment was listed
	WhyRevoked             = "revoked"               // the network has shut the practice out
	WhyRefused             = "refused"               // the practice refused for another reason
	WhyReleased            = "released"              // its user gave it back
	WhyLate                = "late"                  // it has begun or is over: no change any more
	WhyCancelledByPractice = "cancelled_by_practice" // Reason may say more
)

// Until a patient has said a postcode, or a practice is enrolled, no relay is wanted, and Status.Offline is zero.

// Codes of refusals, beside those of Why.
const (
	CodePLZForm    = "plz_form"     // not five digits
	CodePLZUnknown = "plz_unknown"  // five digits that are no postcode
	CodeNoPLZ      = "no_plz"       // a postcode is needed first
	CodeRadius     = "radius"       // not 1 to 200 km
	CodeTokenGone  = "token_gone"   // the appointment is no longer listed
	CodeInterval   = "interval"     // no first and second dose of one vaccine
	CodeSingleDose = "single_dose"  // no second dose follows it
	CodeWatches    = "watches_full" // at most five at a time
	CodeDaysOver   = "days_over"    // all days named are past
	CodeVisits     = "visits"       // visits are still booked
	CodeState      = "state"        // not what can be done with a booking as it stands
)

// Preferences are what a patient looks for. PLZ is empty as long as nobody has said it: then nothing is asked of any relay.
type Preferences struct {
	PLZ       string    `json:"plz"`
	Place     string    `json:"place,omitempty"`
	RadiusKM  int       `json:"radius_km"`
	NextPLZ   string    `json:"next_plz,omitempty"` // follows PLZ
	NextPlace string    `json:"next_place,omitempty"`
	Effective time.Time `json:"effective,omitzero"` // from when on; zero: no relay has heard of it yet
}

// Watch is a search that goes on, at most five at a time. It cannot be for a second dose (After), and Limit is not read. One whose days are over is listed
// for another week.
type Watch struct {
	ID     string        `json:"id"`
	Search SearchRequest `json:"search"`
	Made   time.Time     `json:"made"`
	Found  int           `json:"found"`           // what it finds now
	Since  time.Time     `json:"since,omitzero"`  // when it last began to find something
	Seen   bool          `json:"seen,omitempty"`  // the user has looked at what was found
	Ended  bool          `json:"ended,omitempty"` // its days are over
}

type WatchName struct {
	ID string `json:"id"`
}

// EraseRequest deletes everything. Without Anyway it is refused (CodeVisits) while a practice waits for a visit that was not cancelled.
type EraseRequest struct {
	Anyway bool `json:"anyway,omitempty"`
}

// PracticeCode is the QR text of a poster or slip.
type PracticeCode struct {
	Code string `json:"code"`
}

// PracticeList is what a practice itself has to give, with exact times. Its tokens are for request and book. State is
//
//	listed    the list came and the practice proved itself; there may be nothing in it
//	code      the text is no code of a practice
//	offline   no relay has a way to the practice now
//	elsewhere the same, and the code names no relay of this network: the practice is in another one, or the code is very old
//	revoked   the practice was shut out of this network
//	unproven  its card is none that this network accepts, or what it answered is none of its own
//	closed    it gives nothing away at the moment
//	busy      it was asked too often: again in a minute
//
// and the rest is there only when it is listed.
type PracticeList struct {
	State     string   `json:"state"`
	Message   string   `json:"message,omitempty"` // a sentence for the state
	Practice  Practice `json:"practice"`
	Licence   string   `json:"licence,omitempty"`
	Telematik string   `json:"telematik_id,omitempty"`
	Slots     []Listed `json:"slots"`
	Test      bool     `json:"test,omitempty"`
}

type Listed struct {
	ID      string    `json:"id"`
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	Vaccine string    `json:"vaccine"`
	Dose    int       `json:"dose"`
}
