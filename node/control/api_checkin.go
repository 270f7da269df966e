package control

import "time"

// The methods of a patient's check-in. Everything up to CheckinConsent happens on the patient's own computer, but for the question to a directory
// service where one is set up; nothing is sent to the practice before its user agreed.
const (
	MethodCheckinScan     = "checkin/scan"       // CheckinScan -> CheckinTarget; what a practice's code says
	MethodInstitutions    = "institutions"       // InstitutionQuery -> InstitutionList
	MethodCheckinBegin    = "checkin/begin"      // CheckinBegin -> Checkin, in state consent
	MethodCheckinConsent  = "checkin/consent"    // CheckinConsent -> Checkin, in state proof, or refused
	MethodCheckinCard     = "checkin/card"       // CheckinAnswer -> CheckinStep; the dialogue with the card, one command at a time
	MethodCheckinLogin    = "checkin/login"      // CheckinLogin -> CheckinLoginAt; where the browser logs in with the GesundheitsID
	MethodCheckinLoggedIn = "checkin/login/back" // CheckinLoggedIn -> Checkin; what the browser came back with
	MethodCheckinVirtual  = "checkin/virtual"    // CheckinVirtual -> Checkin; proof with a virtual card, in a test network only
	MethodCheckin         = "checkin"            // CheckinName -> Checkin; how it stands, after asking for news
	MethodCheckinEnd      = "checkin/end"        // CheckinName -> Checkin; give up what is not over
	MethodCheckins        = "checkins"           // nil -> []Checkin; the last ones, newest first
	MethodCheckinOptions  = "checkin/options"    // nil -> CheckinOptions
	MethodCheckinCAN      = "checkin/can"        // CheckinCAN -> CheckinOptions; keep the access number of the card, or forget it
	MethodCheckinSeen     = "checkin/introduced" // nil -> CheckinOptions; the first-use hint was read
	MethodFavourites      = "favourites"         // nil -> []Favourite, by name
	MethodFavouriteSet    = "favourites/set"     // Favourite -> Favourite; new, or with another name
	MethodFavouriteEnd    = "favourites/remove"  // Favourite -> nil
)

// The methods of a practice's reception for check-ins.
const (
	MethodArrivals     = "arrivals"       // ArrivalsQuery -> []Arrival, newest first
	MethodArrivalSeen  = "arrivals/seen"  // ArrivalName -> Arrival; reception has called them, or not yet
	MethodArrivalToken = "arrivals/token" // ArrivalName -> ArrivalToken; for the practice's other programs
	MethodArrivalFetch = "arrivals/fetch" // nil -> ArrivalsFetched; ask the PoPP service now
	MethodArrivalCard  = "arrivals/card"  // ArrivalAnswer -> ArrivalStep; a card in a reader of the practice, through the PoPP service
	MethodCheckinCode  = "checkin/code"   // CheckinCodeOf -> CheckinCode; the QR code to hang up
	MethodWorkplaces   = "workplaces"     // nil -> []string; those a code was made for
	MethodListing      = "listing"        // nil -> Listing; whether the practice stands in the directory
	MethodListingSet   = "listing/set"    // Listing -> Listing
	MethodPresenceKeys = "checkin/keys"   // nil -> JWKS (RawMessage); what verifies this practice's presence tokens
)

// States of a check-in.
const (
	CheckinStateConsent  = "consent"  // nothing was sent: the user has to look at the institution and to agree
	CheckinStateProof    = "proof"    // agreed; card or GesundheitsID come next
	CheckinStateSuccess  = "success"  // the practice has it
	CheckinStatePending  = "pending"  // it waits for the practice
	CheckinStateCanceled = "canceled" // an error, a refusal, or the practice did not answer in time
)

// Codes of refusals of a check-in and its Why, beside those of other methods.
const (
	CodeCheckinQR      = "checkin_qr"      // not a practice's code, or damaged: tell the staff
	CodeTelematikID    = "telematik_id"    // no Telematik-ID
	CodeWorkplace      = "workplace"       // no workplace id
	CodeNoInstitution  = "no_institution"  // no directory knows it: ask the practice
	CodeNoCheckin      = "no_checkin"      // no such check-in
	CodeCheckinState   = "checkin_state"   // not what can be done as it stands
	CodeConsent        = "consent"         // agree first
	CodeCAN            = "can"             // six digits
	CodeWrongCAN       = "wrong_can"       // not this card's
	CodeCardRefused    = "card_refused"    // a status word that was not expected; Message has it
	CodeCardRemoved    = "card_removed"    // put it back and try again
	CodeCardForeign    = "card_foreign"    // no eGK
	CodeCardUnproven   = "card_unproven"   // certificates, challenge or pair do not hold
	CodeCardExpired    = "card_expired"    // the card has run out
	CodeCardBlocked    = "card_blocked"    // blocked by its insurer
	CodeNoHealthID     = "no_healthid"     // none is set up
	CodeLogin          = "login"           // the insurer's login failed or was broken off
	CodeReplay         = "replay"          // a challenge or a check-in was used again
	CodeSession        = "session"         // of another session, or an answer before its command
	CodeCheckinClock   = "checkin_clock"   // too old, or from the future
	CodeGiveUp         = "give_up"         // the practice did not answer within GiveUpHours
	CodeCheckinService = "checkin_service" // the PoPP service answered with an error; Message has it
	CodeCallBack       = "callback"        // only https and app links
	CodeFavourites     = "favourites_full"
	CodeCheckinEnded   = "ended"         // its user gave it up; the practice may get it all the same
	CodeCheckinTest    = "no_test"       // only in a test network
	CodeCheckinFull    = "checkins"      // too many are open: end one
	CodeInsurer        = "insurer"       // choose one
	CodeBack           = "login_back"    // the browser has to come back to this computer
	CodeCheckinLimit   = "checkin_limit" // this card has checked in too often today: tell the staff
	CodeListing        = "listing"       // not enrolled, or without what a listing needs
)

// Ways to prove oneself.
const (
	ProofEGK      = "egk"
	ProofHealthID = "healthid"
)

// CheckinScan is the text of a QR code, or a pasted Telematik-ID.
type CheckinScan struct {
	Text string `json:"text"`
}

// CheckinTarget is where a code leads. Institutions has those that a directory knows by that Telematik-ID.
type CheckinTarget struct {
	TelematikID  string        `json:"telematik_id"`
	Workplace    string        `json:"workplace,omitempty"`
	Institutions []Institution `json:"institutions"`
}

// Institution is an entry of a directory. Address is empty for a digital health application and an insurer.
type Institution struct {
	TelematikID string  `json:"telematik_id"`
	Name        string  `json:"name"`
	Alias       string  `json:"alias,omitempty"` // only if it differs from Name
	Kind        string  `json:"kind"`            // the profession in German, as its directory has it
	Profession  string  `json:"profession"`      // OID
	Street      string  `json:"street,omitempty"`
	PLZ         string  `json:"plz,omitempty"`
	Place       string  `json:"place,omitempty"`
	Phone       string  `json:"phone,omitempty"`
	Hours       []Hours `json:"hours,omitempty"`
	DistanceKM  float64 `json:"distance_km,omitempty"`
	// Origin is "mesh" for a practice's own signed listing and "vzd" for the directory of the Telematikinfrastruktur.
	Origin string `json:"origin"`
	// Mesh says that its node takes check-ins itself.
	Mesh bool `json:"mesh"`
}

// InstitutionQuery looks for institutions. All that is given has to fit; Text looks everywhere.
type InstitutionQuery struct {
	Text        string `json:"text,omitempty"`
	Name        string `json:"name,omitempty"`
	TelematikID string `json:"telematik_id,omitempty"`
	PLZ         string `json:"plz,omitempty"` // or its beginning
	Place       string `json:"place,omitempty"`
	Profession  string `json:"profession,omitempty"`  // OID
	RadiusKM    int    `json:"radius_km,omitempty"`   // around PLZ, which has to be whole then
	FHIRSearch  string `json:"fhir_search,omitempty"` // a ready search request for the directory service, alone
}

// InstitutionList is what was found. Partial says that the directory service was not reached, or had more than it gave.
type InstitutionList struct {
	Institutions []Institution `json:"institutions"`
	Professions  []Profession  `json:"professions"` // to choose from, those that occur
	Partial      bool          `json:"partial,omitempty"`
	Message      string        `json:"message,omitempty"`
}

// Profession is a kind of institution.
type Profession struct {
	OID  string `json:"oid"`
	Name string `json:"name"`
}

// CheckinBegin chooses an institution.
type CheckinBegin struct {
	TelematikID string `json:"telematik_id"`
	Workplace   string `json:"workplace,omitempty"`
	Origin      string `json:"origin,omitempty"` // "" takes the mesh's first
	// Institution is which of several of one Telematik-ID, as its list had them, from 0.
	Institution int    `json:"institution,omitempty"`
	FHIRSearch  string `json:"fhir_search,omitempty"`  // in place of a TelematikID
	OtherPerson bool   `json:"other_person,omitempty"` // with the card of somebody else: only the eGK is offered
	LoginEGK    bool   `json:"login_egk,omitempty"`    // the calling app wants the eGK
	CallBack    string `json:"callback,omitempty"`     // where the calling app wants its answer
}

// CheckinConsent answers the question whether the institution may have insurance number and insurer.
type CheckinConsent struct {
	ID        string `json:"id"`
	Agree     bool   `json:"agree"`
	Favourite string `json:"favourite,omitempty"` // keep it under this name
}

// CheckinAnswer is an answer of the card. Response is empty at first, and Contactless says then how the card is read.
type CheckinAnswer struct {
	ID          string `json:"id"`
	Response    string `json:"response,omitempty"` // hex of data and status word
	Contactless bool   `json:"contactless,omitempty"`
	Failure     string `json:"failure,omitempty"` // the reader's trouble, as a code, in place of an answer
}

// CheckinStep is the next command for the card, which goes there unchanged, or the end of the dialogue: exactly one.
type CheckinStep struct {
	Command  string   `json:"command,omitempty"`  // hex
	Expected []string `json:"expected,omitempty"` // status words, hex; on another one nothing more is sent to the card
	Checkin  *Checkin `json:"checkin,omitempty"`
}

// CheckinVirtual proves with a virtual card of the test network's own CA. What is left out is that of gematik's published test card.
type CheckinVirtual struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	KVNR string `json:"kvnr,omitempty"`
	IK   string `json:"ik,omitempty"`
}

// CheckinLogin begins the login at an insurer's identity provider.
type CheckinLogin struct {
	ID      string `json:"id"`
	Insurer string `json:"insurer,omitempty"` // Insurer.ID; "" is the one of last time
	Back    string `json:"back"`              // where the browser comes back to, on this computer
}

// CheckinLoginAt is the address to open in the browser. It holds no personal data.
type CheckinLoginAt struct {
	URL string `json:"url"`
}

// CheckinLoggedIn is what the browser brought back.
type CheckinLoggedIn struct {
	State string `json:"state"`
	Code  string `json:"code,omitempty"`
	Error string `json:"error,omitempty"`
}

// CheckinName names a check-in by its id, a UUID.
type CheckinName struct {
	ID string `json:"id"`
}

// Checkin is a check-in as its user sees it.
type Checkin struct {
	ID          string      `json:"id"`
	State       string      `json:"state"`
	Institution Institution `json:"institution"`
	Workplace   string      `json:"workplace,omitempty"`
	Proofs      []string    `json:"proofs,omitempty"` // what is offered in state proof
	Proof       string      `json:"proof,omitempty"`  // what was used
	OtherPerson bool        `json:"other_person,omitempty"`
	Began       time.Time   `json:"began"`
	Proved      time.Time   `json:"proved,omitzero"`
	Ended       time.Time   `json:"ended,omitzero"`
	Until       time.Time   `json:"until,omitzero"` // when a pending one is given up
	GiveUpHours int         `json:"give_up_hours,omitempty"`
	Why         string      `json:"why,omitempty"` // a code
	Message     string      `json:"message,omitempty"`
	Via         string      `json:"via,omitempty"` // "mesh" or "popp"
	// Record is the id under which the practice or the PoPP service has it, once there is one.
	Record string `json:"record,omitempty"`
	// Caller is who called: the host of the address to come back to, or the name of its app link; "" without a calling app.
	Caller string `json:"caller,omitempty"`
	// CallBack is the address to open when it is over, with the outcome; "" without a calling app.
	CallBack string `json:"callback,omitempty"`
	// OfferHealthID says to ask whether a GesundheitsID should be set up: the first three times with one's own card.
	OfferHealthID bool `json:"offer_healthid,omitempty"`
}

// CheckinOptions are what check-ins go by.
type CheckinOptions struct {
	CAN         string    `json:"can,omitempty"`
	HealthID    bool      `json:"healthid"` // one can be used
	Insurers    []Insurer `json:"insurers"`
	Insurer     string    `json:"insurer,omitempty"` // the one of last time
	GiveUpHours int       `json:"give_up_hours"`
	Service     bool      `json:"service"` // a PoPP service is set up
	Introduced  bool      `json:"introduced"`
	SetupURL    string    `json:"setup_url,omitempty"` // where the insurer sets a GesundheitsID up
	Directory   int       `json:"directory"`           // institutions in the mesh's directory
}

// Insurer is an identity provider of the federation list.
type Insurer struct {
	ID   string `json:"id"` // its issuer URL
	Name string `json:"name"`
}

// CheckinCAN keeps an access number; an empty one forgets it.
type CheckinCAN struct {
	CAN string `json:"can"`
}

// Favourite is an institution that is kept: no directory is asked for it again.
type Favourite struct {
	TelematikID string `json:"telematik_id"`
	Name        string `json:"name,omitempty"`  // as its directory has it
	Alias       string `json:"alias,omitempty"` // as its user calls it
}

// ArrivalsQuery selects arrivals; the zero value is all of today.
type ArrivalsQuery struct {
	Workplace string    `json:"workplace,omitempty"`
	Since     time.Time `json:"since,omitzero"`
}

// ArrivalName names an arrival. Undo takes back that reception has called them.
type ArrivalName struct {
	ID   string `json:"id"`
	Undo bool   `json:"undo,omitempty"`
}

// Arrival is somebody who checked in.
type Arrival struct {
	ID        string    `json:"id"`
	Workplace string    `json:"workplace,omitempty"`
	Name      string    `json:"name,omitempty"` // as the card has it; the GesundheitsID gives none
	KVNR      string    `json:"kvnr"`
	IK        string    `json:"ik"`
	Proof     string    `json:"proof"` // PoPP's proofMethod
	Proved    time.Time `json:"proved"`
	Received  time.Time `json:"received"`
	Late      bool      `json:"late,omitempty"` // proved while the practice was not reached: the card answered no challenge of the practice's own
	Pair      string    `json:"pair,omitempty"` // "match", or "unknown": no list says that both certificates are one card's
	Seen      time.Time `json:"seen,omitzero"`
	Kind      string    `json:"kind"` // "presence" for the practice's own token, "popp" for one of a PoPP service
	// Bookings of today under the same name, as a hint only.
	Bookings []Booking `json:"bookings,omitempty"`
}

// ArrivalsFetched is what came of asking the PoPP service.
type ArrivalsFetched struct {
	Added   int `json:"added"`   // arrivals
	Waiting int `json:"waiting"` // tokens that are kept until they can be verified
	Foreign int `json:"foreign"` // made for another institution: not kept
	Refused int `json:"refused"` // that do not hold: not kept
	// Message says what keeps Waiting.
	Message string `json:"message,omitempty"`
}

// ArrivalAnswer is an answer of a card in a reader of the practice. Without a Reading it begins a dialogue, for a workplace ("" is the practice as a whole).
type ArrivalAnswer struct {
	Reading     string `json:"reading,omitempty"`
	Response    string `json:"response,omitempty"` // hex of data and status word
	Failure     bool   `json:"failure,omitempty"`  // the reader's trouble in place of an answer: the dialogue ends
	Workplace   string `json:"workplace,omitempty"`
	Contactless bool   `json:"contactless,omitempty"`
}

// ArrivalStep is the next command for the card, which goes there unchanged, or the end of the dialogue.
type ArrivalStep struct {
	Reading string   `json:"reading,omitempty"`
	Command string   `json:"command,omitempty"` // hex
	Arrival *Arrival `json:"arrival,omitempty"`
	Waiting bool     `json:"waiting,omitempty"` // its token is kept, and is an arrival once it can be verified
}

// ArrivalToken is the token of an arrival, a compact JWS.
type ArrivalToken struct {
	Kind  string `json:"kind"`
	Token string `json:"token"`
}

// CheckinCodeOf asks for the code of a workplace; "" is the practice as a whole.
type CheckinCodeOf struct {
	Workplace string `json:"workplace,omitempty"`
}

// CheckinCode is what the QR code at a workplace says.
type CheckinCode struct {
	Text      string  `json:"text"` // JSON, for a QR code of level M
	Workplace string  `json:"workplace,omitempty"`
	Details   Details `json:"details"`
	Listed    bool    `json:"listed"` // else nobody finds the practice by it
	Test      bool    `json:"test,omitempty"`
}

// Listing is whether and how a practice stands in the directory.
type Listing struct {
	Listed bool      `json:"listed"`
	Alias  string    `json:"alias,omitempty"`
	Kept   int       `json:"kept,omitempty"` // relays that have it
	Until  time.Time `json:"until,omitzero"` // renewed before
}
