package popp

import (
	"errors"

	"pieks/node/checkin/jose"
)

// Errors of identifiers and codes. None repeats what was given: it may be somebody's number.
var (
	ErrTelematikID = errors.New("not a Telematik-ID: one or two digits, a dash, then letters, digits, dots, dashes or underscores, such as 1-234567890")
	ErrKVNR        = errors.New("not an insurance number: a letter and nine digits, as on the card")
	ErrKVNRDigit   = errors.New("insurance number has a typing error: its last digit does not fit the others")
	ErrIK          = errors.New("not the number of an insurer: nine digits")
	ErrIKDigit     = errors.New("number of the insurer has a typing error: its last digit does not fit the others")
	ErrWorkplace   = errors.New(`not a workplace: 1 to 64 characters, none of them \ / : * ? " < > |`)

	// ErrQR is the text of the specification for a faulty code (section 7.4): it sends its user to the staff (A_27595).
	ErrQR = errors.New("the scanned QR code cannot be used, because it holds faulty data: please tell the staff of the institution at once " +
		"where you wanted to check in")

	ErrState  = errors.New("state of a token's generation is none of success, pending, canceled")
	ErrStatus = errors.New("status of a token's generation is damaged")
)

// Errors of a token, in the order in which they are looked for.
var (
	ErrTooLarge    = jose.ErrTooLarge
	ErrCompact     = jose.ErrCompact
	ErrType        = errors.New("neither a PoPP token nor a presence token: its typ is another")
	ErrKind        = errors.New("token is not of the kind that is wanted")
	ErrUnsigned    = jose.ErrUnsigned
	ErrAlgorithm   = jose.ErrAlgorithm
	ErrNoKeyID     = errors.New("token does not say which key signed it: its kid is missing")
	ErrUnknownKey  = errors.New("key of the token is not in the key set: fetch the keys of its issuer again")
	ErrKeyKind     = jose.ErrKeyKind
	ErrSignature   = jose.ErrSignature
	ErrClaims      = errors.New("claims of the token are damaged or of another form")
	ErrVersion     = errors.New("token has another version: update Pieks")
	ErrProofMethod = errors.New("token was made by a proof method that does not exist")
	ErrIssuer      = errors.New("issuer of the token is not the one that its key belongs to")
	ErrFuture      = errors.New("token is from the future: check the clock of this computer")
	ErrQuarter     = errors.New("token has run out with its calendar quarter: the patient has to check in again")
	ErrActor       = errors.New("actor mismatch: the token was made for another institution")
)

// Errors of the chain from a practice's key to its card.
var (
	ErrNoEnrolment = errors.New("key of the presence token comes without the enrolment of its practice")
	ErrEnrolled    = errors.New("enrolment beside the key is not that of the token's practice: device, Telematik-ID or profession differ")
)
