package control

import "time"

// The methods of a running node. The name is the path below /v1/; request and answer are the types named beside it.
const (
	MethodStatus = "status" // nil -> Status; every role
	MethodDoctor = "doctor" // nil -> []Finding; every role
	MethodBackup = "backup" // BackupRequest -> BackupResult; every role
	MethodStop   = "stop"   // nil -> nil; every role: the answer comes before the stop begins
	MethodSync   = "sync"   // nil -> Status; every role: reconcile with the relays now
	MethodDeny   = "deny"   // DenyRequest -> nil; every role: refuse a peer for a while
	MethodAllow  = "allow"  // DenyRequest -> nil; every role: end a denial

	MethodOpen    = "open"    // OpenRequest -> Opened; every role: a link that opens the app in a browser, once
	MethodNetwork = "network" // NetworkFile -> NetworkTaken; every role: go by a newer network file, and pass it on

	MethodSlotsAdd      = "slots/add"      // SlotsAdd -> SlotsChanged; practice
	MethodSlotsList     = "slots/list"     // nil -> []Appointment; practice
	MethodSlotsBlock    = "slots/block"    // SlotsSelect -> SlotsChanged; practice: not offered until unblocked
	MethodSlotsUnblock  = "slots/unblock"  // SlotsSelect -> SlotsChanged; practice
	MethodSlotsWithdraw = "slots/withdraw" // SlotsSelect -> SlotsChanged; practice: open or blocked only, for good
	MethodVerify        = "verify"         // VerifyRequest -> VerifyResult; practice

	MethodEnrolment       = "enrolment"        // nil -> Enrolment; practice
	MethodEnrolmentBegin  = "enrolment/begin"  // EnrolmentBegin -> EnrolmentContent; practice: what the card is to sign
	MethodEnrolmentFinish = "enrolment/finish" // EnrolmentFinish -> Enrolment; practice: what the card has signed

	MethodSearch  = "search"  // SearchRequest -> []Token; patient
	MethodRequest = "request" // RequestRequest -> Offer; patient: a hold and an offer, no personal data leaves
	MethodBook    = "book"    // BookRequest -> Booking; patient
	MethodPLZ     = "plz"     // PLZRequest -> PLZResult; patient

	MethodBookings = "bookings" // nil -> []Booking; practice and patient
	MethodCancel   = "cancel"   // CancelRequest -> Booking; practice and patient
)

// Status is what a node says of itself. It holds no name and no postcode of a patient.
type Status struct {
	Role     string    `json:"role"` // practice, patient, relay
	Version  string    `json:"version"`
	Home     string    `json:"home"`
	Test     bool      `json:"test"` // the network is a test network: nothing in it is a real licence
	Started  time.Time `json:"started"`
	PeerIDs  []string  `json:"peer_ids"`
	Network  Network   `json:"network"`
	ReadOnly string    `json:"read_only,omitempty"` // why nothing new can be offered or booked; empty when it can
	// ReadOnlyWhy is the code beside ReadOnly, at a practice: "network", "details", "enrolment", "moved" (the postcode is in another region: shown from Rotation on) or "".
	ReadOnlyWhy string    `json:"read_only_why,omitempty"`
	Web         string    `json:"web,omitempty"`      // where the app is served; pieks open makes a link to it
	Listed      time.Time `json:"listed,omitzero"`    // patient: when the list of its regions was last brought up to date; zero: never
	Offline     time.Time `json:"offline,omitzero"`   // since when no relay is reached; zero: one is
	BackedUp    time.Time `json:"backed_up,omitzero"` // the newest backup that this node wrote

	Relays []Relay `json:"relays"` // the relays that this node is connected to
	Cycle  uint64  `json:"cycle"`
	// Pool counts the sheets held by region, slots among them. A patient's and a relay's digest of one region at one
	// cycle are equal when their pools are.
	Pool []PoolRegion `json:"pool"`

	Epoch    uint64    `json:"epoch,omitempty"`    // practice
	Rotation time.Time `json:"rotation,omitzero"`  // practice: when the next pseudonym takes over
	Passes   int       `json:"passes,omitempty"`   // practice: passes in stock
	Enrolled time.Time `json:"enrolled,omitzero"`  // practice: end of the enrolment
	Outbox   int       `json:"outbox,omitempty"`   // messages that wait for the network
	Clients  int       `json:"clients,omitempty"`  // relay
	Circuits int       `json:"circuits,omitempty"` // relay
	Mailbox  int       `json:"mailbox,omitempty"`  // relay: envelopes held
	Limits   []Limit   `json:"limits,omitempty"`   // limits that were hit, by name

	Disclosures int   `json:"disclosures,omitempty"` // relay: disclosed data that wait to be published
	RSSBytes    int64 `json:"rss_bytes,omitempty"`   // resident memory where the system tells it

	Goroutines int `json:"goroutines"`
}

type Network struct {
	ID      string    `json:"id"`
	Version uint64    `json:"version"`
	Expires time.Time `json:"expires"`
}

type Relay struct {
	PeerID    string `json:"peer_id"`
	Operator  string `json:"operator"`
	Connected bool   `json:"connected"`
	Reserved  bool   `json:"reserved,omitempty"` // practice: a circuit reservation stands
}

type PoolRegion struct {
	Region string `json:"region"`
	Sheets int    `json:"sheets"`
	Slots  int    `json:"slots"`
	Digest string `json:"digest"`
}

type Limit struct {
	Name  string `json:"name"`
	Count uint64 `json:"count"`
}

// Finding is one line of pieks doctor.
type Finding struct {
	Check  string `json:"check"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	Next   string `json:"next,omitempty"` // what to do when it is not OK
}

// OpenRequest says for whom a link is: at a practice "doctor", as a rule, or "assistant", who gives out and looks after appointments
// but sees no settings, exports and backups.
type OpenRequest struct {
	Person string `json:"person,omitempty"`
}

// Opened is a link that is good once, for half an hour.
type Opened struct {
	URL   string    `json:"url"`
	Until time.Time `json:"until"`
}

// DenyRequest names a peer to have no connection with. Seconds is how long; 0 is until the node stops.
type DenyRequest struct {
	Peer    string `json:"peer"`
	Seconds int    `json:"seconds,omitempty"`
}

// NetworkFile is a signed network file, CBOR.
type NetworkFile struct {
	File []byte `json:"file"`
}

// NetworkTaken says by which network file the node goes now; Accepted, that this one replaced another.
type NetworkTaken struct {
	Accepted bool   `json:"accepted"`
	Number   uint64 `json:"number"`
}

// BackupRequest names the file to write and what it is locked with.
type BackupRequest struct {
	Path       string `json:"path"`
	Passphrase string `json:"passphrase"`
}

type BackupResult struct {
	Path  string `json:"path"`
	Bytes int64  `json:"bytes"`
}

// Enrolment is what the practice's card says about it, and whether it is wanted again.
type Enrolment struct {
	State       string    `json:"state"`            // enrolled, due, none
	Device      string    `json:"device"`           // D, 64 hex digits: what the operators of the network revoke
	Reason      string    `json:"reason,omitempty"` // why there is none that holds
	Why         string    `json:"why,omitempty"`    // the same as a code: details (none entered yet), card (none has signed), changed (the details since), expired, revoked, other
	NotAfter    time.Time `json:"not_after,omitzero"`
	Due         time.Time `json:"due,omitzero"` // from then on the card is asked for
	Kind        string    `json:"kind,omitempty"`
	Profession  string    `json:"profession,omitempty"`
	TelematikID string    `json:"telematik_id,omitempty"`
	Holder      string    `json:"holder,omitempty"`
	Test        bool      `json:"test,omitempty"`
	Demo        bool      `json:"demo,omitempty"` // the network file brings a demo card, which signs by itself
}

// EnrolmentBegin shows a card's authentication certificate, DER: one that the network does not take is refused before a PIN is asked for.
type EnrolmentBegin struct {
	Certificate []byte `json:"certificate"`
}

// EnrolmentContent is the content of the CMS message that the card is to sign, whatever signs it: package card has its form. It is good for half an
// hour.
type EnrolmentContent struct {
	Content []byte `json:"content"`
}

// EnrolmentFinish brings the CMS message, DER.
type EnrolmentFinish struct {
	CMS []byte `json:"cms"`
}

// SlotsAdd offers appointments of one day, local time Europe/Berlin.
type SlotsAdd struct {
	Day     string `json:"day"`  // 2026-12-01
	From    string `json:"from"` // 09:00, the first start
	To      string `json:"to"`   // 12:00, the last end
	Every   string `json:"every"`
	Vaccine string `json:"vaccine"`
	Dose    int    `json:"dose"`           // 1, 2, 3 ...; 0 is any
	Fold    string `json:"fold,omitempty"` // "first" or "second" for a local time that exists twice
	Count   int    `json:"count,omitempty"`
}

// SlotsSelect names appointments, by id or all of one day.
type SlotsSelect struct {
	IDs []string `json:"ids,omitempty"`
	Day string   `json:"day,omitempty"`
}

type SlotsChanged struct {
	Changed int       `json:"changed"`
	Open    int       `json:"open"` // open appointments after the change
	IDs     []string  `json:"ids"`
	Visible time.Time `json:"visible"` // the tick at which patients see the change
}

// Appointment is one of the practice's own appointments.
type Appointment struct {
	ID      string    `json:"id"`
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	Vaccine string    `json:"vaccine"`
	Dose    int       `json:"dose"`
	State   string    `json:"state"`            // open, blocked, held, booked, attended, withdrawn
	Listed  bool      `json:"listed,omitempty"` // patients can see it
}

// SearchRequest asks the node's own copy of its regions; nothing leaves the machine.
type SearchRequest struct {
	RadiusKM float64  `json:"radius_km"`
	Vaccine  string   `json:"vaccine,omitempty"`
	Dose     int      `json:"dose,omitempty"`
	Days     []string `json:"days,omitempty"`
	Parts    []string `json:"parts,omitempty"`
	Limit    int      `json:"limit,omitempty"` // 0 is all
	After    string   `json:"after,omitempty"` // token of a first dose: only second doses of its practice, as many days later as its vaccine asks for
}

// Token is an open appointment as a patient sees it before the offer.
type Token struct {
	ID         string    `json:"id"` // 32 hex digits: give it to request or book
	Area       string    `json:"area"`
	Place      string    `json:"place"` // name of the area's middle, for people
	DistanceKM float64   `json:"distance_km"`
	Day        string    `json:"day"`
	Part       string    `json:"part"` // morning, noon, afternoon, evening
	Vaccine    string    `json:"vaccine"`
	Dose       int       `json:"dose"`
	Expires    time.Time `json:"expires"`
	Test       bool      `json:"test,omitempty"`
}

// RequestRequest asks for the offer behind one token, or two of one practice for both doses.
type RequestRequest struct {
	Tokens  []string `json:"tokens"`
	Instead string   `json:"instead,omitempty"` // booking that is cancelled once this one is booked
}

// Offer is what the practice answered and what was verified of it.
type Offer struct {
	Booking   string    `json:"booking"` // local id of the attempt: give it to book to confirm this offer
	State     string    `json:"state"`   // offered, pending, taken, expired, refused
	Until     time.Time `json:"until"`   // hold until, or deadline of the pending request
	Practice  Practice  `json:"practice"`
	Visits    []Visit   `json:"visits"`
	Message   string    `json:"message,omitempty"` // a sentence for the state
	Why       string    `json:"why,omitempty"`     // its code, see WhyTaken
	Licence   string    `json:"licence,omitempty"` // profession as on the card
	Test      bool      `json:"test,omitempty"`
	Telematik string    `json:"telematik_id,omitempty"`
}

type Practice struct {
	Name       string `json:"name"`
	Street     string `json:"street"`
	PLZ        string `json:"plz"`
	Place      string `json:"place"`
	Phone      string `json:"phone"`
	Directions string `json:"directions,omitempty"`
}

// Visit is one appointment of a booking with its own verification token.
type Visit struct {
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	Vaccine string    `json:"vaccine"`
	Dose    int       `json:"dose"`
	State   string    `json:"state,omitempty"` // booked, attended, cancelled
	Before  time.Time `json:"before,omitzero"` // patient: when it was to begin before the practice moved it
	// At the practice only: which appointment, when its patient came, and what became of it: "vaccinated", "noshow" or "".
	Appointment string    `json:"appointment,omitempty"`
	Attended    time.Time `json:"attended,omitzero"`
	Outcome     string    `json:"outcome,omitempty"`
	Lot         string    `json:"lot,omitempty"`
	// The verification token, in the three forms that reception accepts. Present once booked, at the patient; at the practice when it
	// booked for a caller.
	Digits string `json:"digits,omitempty"`
	Words  string `json:"words,omitempty"`
	QR     string `json:"qr,omitempty"`
}

// BookRequest confirms an offer (Booking), or asks for Tokens and confirms at once.
type BookRequest struct {
	Booking   string   `json:"booking,omitempty"`
	Tokens    []string `json:"tokens,omitempty"`
	Instead   string   `json:"instead,omitempty"` // as in RequestRequest, with Tokens
	Name      string   `json:"name"`
	BirthDate string   `json:"birth_date"` // 1950-03-01
	Phone     string   `json:"phone,omitempty"`
}

// Booking is one booking as its own side knows it. Patient is for whom, at the patient once that was said; Practice is where, at the
// patient only.
type Booking struct {
	ID       string    `json:"id"`
	State    string    `json:"state"` // pending, offered, booked, cancelled, taken, expired, refused, attended
	Created  time.Time `json:"created,omitzero"`
	Mailed   bool      `json:"mailed,omitempty"`   // patient: the practice is offline, what was sent waits for it
	Leaving  bool      `json:"leaving,omitempty"`  // patient: cancelled here, and the practice does not know yet
	Moved    time.Time `json:"moved,omitzero"`     // when the practice last moved a visit of it
	Instead  string    `json:"instead,omitempty"`  // patient: booking that this one takes the place of
	Phone    bool      `json:"by_phone,omitempty"` // practice: reception booked it for a caller
	Until    time.Time `json:"until,omitzero"`
	Message  string    `json:"message,omitempty"`
	Why      string    `json:"why,omitempty"`    // patient: the code of what Message says, see WhyTaken; "" when there is nothing to explain
	Reason   string    `json:"reason,omitempty"` // patient: what the practice says about its change
	Practice *Practice `json:"practice,omitempty"`
	Licence  string    `json:"licence,omitempty"` // patient: profession as on the practice's card
	Patient  *Patient  `json:"patient,omitempty"`
	Visits   []Visit   `json:"visits"`
	Test     bool      `json:"test,omitempty"`
}

type Patient struct {
	Name      string `json:"name"`
	BirthDate string `json:"birth_date"`
	Phone     string `json:"phone,omitempty"`
}

type CancelRequest struct {
	Booking string `json:"booking"`
	Reason  string `json:"reason,omitempty"`
	Reopen  bool   `json:"reopen,omitempty"` // practice: offer the appointment to others again, instead of withdrawing it
}

type PLZRequest struct {
	PLZ string `json:"plz"`
}

// PLZResult says when the change takes effect: never before the next cycle.
type PLZResult struct {
	Effective time.Time `json:"effective"`
	Cycle     uint64    `json:"cycle"`
}

type VerifyRequest struct {
	Code string `json:"code"` // digits, words or QR text as the patient shows it
}

// VerifyResult is the same for unknown, expired and wrong codes: OK false, one code and one sentence.
type VerifyResult struct {
	OK bool `json:"ok"`
	// Reason why it is not OK: "typo" (the check digit or a word is wrong; costs nothing), "form" (no code at all; costs nothing), "unknown"
	// (unknown, expired, cancelled or wrong), "used" (see Used), "locked" (too many wrong ones, see Until).
	Reason  string    `json:"reason,omitempty"`
	Until   time.Time `json:"until,omitzero"` // locked: when the next code is looked at
	Message string    `json:"message"`
	Used    time.Time `json:"used,omitzero"` // when this code was already redeemed here
	Booking *Booking  `json:"booking,omitempty"`
	Visit   *Visit    `json:"visit,omitempty"`
}
