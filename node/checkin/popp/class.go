package popp

import (
	"errors"

	"pieks/node/checkin/jose"
)

// classes name the refusals of Verify and CheckEnrolment in one word, for programs.
var classes = []struct {
	err  error
	word string
}{
	{ErrTooLarge, "size"}, {ErrCompact, "form"}, {jose.ErrCritical, "critical"}, {ErrType, "type"}, {ErrKind, "kind"},
	{ErrUnsigned, "unsigned"}, {ErrAlgorithm, "algorithm"}, {ErrNoKeyID, "no_key_id"}, {ErrUnknownKey, "unknown_key"}, {ErrKeyKind, "key_kind"},
	{ErrSignature, "signature"}, {ErrVersion, "version"}, {ErrProofMethod, "proof_method"}, {ErrIssuer, "issuer"}, {ErrFuture, "future"},
	{ErrQuarter, "quarter"}, {ErrActor, "actor"}, {ErrNoEnrolment, "no_enrolment"}, {ErrEnrolled, "enrolment"}, {ErrClaims, "claims"},
	{jose.ErrJSON, "form"}, {jose.ErrDuplicate, "form"}, {jose.ErrMember, "form"},
}

// Class is the word for a refusal, "" for another error: "enrolment" also stands for what package card says of one.
func Class(err error) string {
	for _, c := range classes {
		if errors.Is(err, c.err) {
			return c.word
		}
	}
	return ""
}
