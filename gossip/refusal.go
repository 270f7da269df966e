package gossip

import (
	"errors"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
)

// Refusal is the reason why a sheet or pass is not taken.
type Refusal struct {
	name    string
	text    string
	verdict pubsub.ValidationResult
}

func (r *Refusal) Error() string { return r.text }

// Name is a short word for counters and logs.
func (r *Refusal) Name() string { return r.name }

// Reject means that every honest node refuses this at any time, so whoever forwarded it is faulty or hostile. Ignore
// means that it depends on the clock, on the bundle a node has, or on what it has seen (p2p.md 2.3).
var (
	ErrSize      = reject("size", "sheet is larger than 16 KiB or has more than 200 slots or 3 relays: offer fewer slots at a time")
	ErrForm      = reject("form", "not a sheet in the deterministic encoding")
	ErrTimes     = reject("times", "sheet expires before it was issued, or has no sequence number")
	ErrSignature = reject("signature", "sheet is not signed by its pseudonym")
	ErrPass      = reject("pass", "pass is not signed by the issuer key that it names")

	ErrVersion      = ignore("version", "sheet is of another version: update this program")
	ErrEarly        = ignore("early", "sheet was issued in the future: check this machine's clock")
	ErrExpired      = ignore("expired", "sheet has expired")
	ErrLife         = ignore("life", "sheet lives longer than this network allows")
	ErrEpoch        = ignore("epoch", "pass is of another epoch than the sheet or the issuer key")
	ErrArea         = ignore("area", "area is not in this network's map")
	ErrZone         = ignore("zone", "sheet is for another region than its topic")
	ErrDay          = ignore("day", "slot lies in the past or too far ahead")
	ErrVaccine      = ignore("vaccine", "vaccine or dose is not in this network's catalogue")
	ErrIssuer       = ignore("issuer", "issuer key is not in this network's bundle: fetch the newest bundle")
	ErrKnown        = ignore("known", "this very sheet is in the pool")
	ErrOld          = ignore("old", "a newer sheet of this pseudonym is in the pool")
	ErrEquivocation = ignore("equivocation", "another sheet with the same sequence number is in the pool")
	ErrFull         = ignore("full", "pool is full")
	ErrPolicy       = ignore("policy", "no network bundle is loaded")
)

func reject(name, text string) *Refusal { return &Refusal{name, text, pubsub.ValidationReject} }
func ignore(name, text string) *Refusal { return &Refusal{name, text, pubsub.ValidationIgnore} }

// VerdictOf says what gossip does with a message whose check gave err: accept for nil, else what the Refusal in err
// says, and ignore for any other error.
func VerdictOf(err error) pubsub.ValidationResult {
	if err == nil {
		return pubsub.ValidationAccept
	}
	var r *Refusal
	if errors.As(err, &r) {
		return r.verdict
	}
	return pubsub.ValidationIgnore
}
