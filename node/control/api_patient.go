package control

import "time"

// The methods of a patient's app beside search, request, book, bookings and cancel.
const (
	MethodPreferences    = "preferences"     // nil -> Preferences; patient
	MethodPreferencesSet = "preferences/set" // Preferences -> Preferences; patient: the radius; the postcode is changed with plz
	MethodWatch          = "watch"           // SearchRequest -> Watch; patient: tell when something is found
	MethodWatches        = "watches"         // nil -> []Watch; patient
	MethodWatchEnd       = "watch/end"       // WatchName -> nil; patient
	MethodPracticeList   = "practice/list"   // PracticeCode -> PracticeList; patient: the list of one practice, by its poster or slip
	MethodErase          = "erase"           // nil -> nil; patient: delete everything and stop
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

// Watch is a search that goes on.
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
