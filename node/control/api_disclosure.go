package control

import "time"

// The methods of a disclosure: a patient lets anonymous data be published once a health professional has signed for it (package
// pieks/node/disclosure).
const (
	MethodDisclose        = "disclose"         // DiscloseStart -> Disclosure; patient: register it, and get the code for the professional
	MethodDisclosures     = "disclose/status"  // nil -> []Disclosure; patient, practice
	MethodDiscloseCancel  = "disclose/cancel"  // DiscloseName -> Disclosure; patient: as long as it is not posted
	MethodDiscloseLookup  = "disclose/lookup"  // DiscloseCode -> DiscloseDraft; practice: what the professional is to sign
	MethodDiscloseDeliver = "disclose/deliver" // DiscloseSigned -> Disclosure; practice: what the professional has signed
	MethodDiscloseList    = "disclose/list"    // nil -> DisclosureLists; every role
)

// DiscloseStart says what is to be published: Data, or with none the waiting rooms of the last days. To call it is to consent.
type DiscloseStart struct {
	Data []byte `json:"data,omitempty"` // at most 64 KiB
}

// Disclosure is one disclosure as its own side knows it.
type Disclosure struct {
	ID      string    `json:"id"`
	State   string    `json:"state"` // waiting, signed, posted, cancelled, expired, refused; at the practice: signed
	Until   time.Time `json:"until,omitzero"`
	Message string    `json:"message,omitempty"`
	Bytes   int       `json:"bytes,omitempty"` // of the data, as long as they are here
	Rooms   int       `json:"rooms,omitempty"` // waiting rooms that are told of
	By      string    `json:"by,omitempty"`    // who signed: profession and name on the card
	// The code for the professional in its three forms, at the patient only, as long as it waits.
	Digits string `json:"digits,omitempty"`
	Words  string `json:"words,omitempty"`
	QR     string `json:"qr,omitempty"`
	Test   bool   `json:"test,omitempty"`
}

type DiscloseName struct {
	ID string `json:"id"`
}

// DiscloseCode is a code as the patient shows or speaks it, in any of its forms.
type DiscloseCode struct {
	Code string `json:"code"`
}

// DiscloseDraft is what a professional is about to sign.
type DiscloseDraft struct {
	ID         string    `json:"id"`         // give it to disclose/deliver
	Commitment string    `json:"commitment"` // 64 hex digits: hash of the data and of a random number, so it tells nothing of the data
	Scanned    bool      `json:"scanned"`    // the code was a QR code, which fixes the data also against the relay
	Relay      string    `json:"relay"`      // who runs the relay that keeps it
	Issued     time.Time `json:"issued"`
	Until      time.Time `json:"until"` // good until then
	Content    []byte    `json:"content"`
	Virtual    bool      `json:"virtual,omitempty"` // the node has a virtual card that may sign, in a network of such cards
	Test       bool      `json:"test,omitempty"`
}

// DiscloseSigned brings the CMS message, DER. In a test network, Virtual has the node sign with a virtual card instead.
type DiscloseSigned struct {
	ID      string `json:"id"`
	CMS     []byte `json:"cms,omitempty"`
	Virtual bool   `json:"virtual,omitempty"`
}

// DisclosureLists is what a node knows of what was published.
type DisclosureLists struct {
	Lists    []DisclosureList `json:"lists"`
	Warnings []Warning        `json:"warnings"`          // patient: infections found in waiting rooms that this node's people were in
	Waiting  int              `json:"waiting,omitempty"` // relay: not published yet
	Signed   []Disclosure     `json:"signed,omitempty"`  // practice: those of the last half hour
}

// DisclosureList is one published list.
type DisclosureList struct {
	Relay  string    `json:"relay"` // who runs it
	Number uint64    `json:"number"`
	Issued time.Time `json:"issued"`
	Items  int       `json:"items"`
}

// Warning says that somebody who was in the same waiting room on the same day was found infected.
type Warning struct {
	Day      string    `json:"day"` // 2026-12-01
	Practice string    `json:"practice"`
	Seen     time.Time `json:"seen"` // when this node learnt of it
}
