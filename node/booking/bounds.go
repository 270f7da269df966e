package booking

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"pieks/gossip/wire"
)

// readRequest reads a request and checks its bounds.
func readRequest(body []byte) (Request, error) {
	var r Request
	if err := wire.Unmarshal(body, &r); err != nil {
		return r, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	switch {
	case len(r.Tokens) < 1, len(r.Tokens) > maxTokens, len(r.Tokens) == 2 && r.Tokens[0] == r.Tokens[1]:
		return r, fmt.Errorf("%w: %d slots", ErrMessage, len(r.Tokens))
	}
	return r, checkRelays(r.Relays)
}

func checkRelays(relays []string) error {
	if len(relays) > maxRelays {
		return fmt.Errorf("%w: %d relays", ErrMessage, len(relays))
	}
	for _, r := range relays {
		if r == "" || len(r) > maxRelayText || !isText(r) {
			return fmt.Errorf("%w: a relay's name is out of its bounds", ErrMessage)
		}
	}
	return nil
}

func checkVisit(start, end uint64, vaccine string) error {
	if end > maxUnix || start >= end || end-start > uint64(maxVisit/time.Second) || vaccine == "" || len(vaccine) > maxVaccine || !isText(vaccine) {
		return fmt.Errorf("%w: a visit is out of its bounds", ErrMessage)
	}
	return nil
}

func checkReceipt(r *Receipt) error {
	switch {
	case r.Version != Version, r.State != Booked && r.State != Cancelled && r.State != Attended, r.Revision == 0, r.Issued > maxUnix,
		len(r.Visits) < 1, len(r.Visits) > maxTokens, checkRelays(r.Relays) != nil, len(r.Reason) > maxReason, !isText(r.Reason):
		return fmt.Errorf("%w: a field is out of its bounds", ErrReceipt)
	}
	for _, v := range r.Visits {
		if checkVisit(v.Start, v.End, v.Vaccine) != nil || v.State != Booked && v.State != Cancelled && v.State != Attended ||
			v.Room != nil && (v.State != Attended || len(v.Room) != len(RoomKey{})) {
			return fmt.Errorf("%w: a visit is out of its bounds", ErrReceipt)
		}
	}
	return nil
}

// checkPatient is what both sides ask of the personal data. Nothing of them goes into the error.
func checkPatient(p Patient, now time.Time) error {
	if strings.TrimSpace(p.Name) == "" || len(p.Name) > maxName || !isText(p.Name) {
		return fmt.Errorf("%w: the name is empty or too long", ErrDetails)
	}
	born, err := time.Parse(time.DateOnly, p.BirthDate)
	if err != nil || born.Year() < minBirthYear || born.After(now.Add(24*time.Hour)) {
		return fmt.Errorf("%w: the birth date is none", ErrDetails)
	}
	if len(p.Phone) > maxPhone || strings.Trim(p.Phone, "0123456789+()/- ") != "" {
		return fmt.Errorf("%w: the phone number has other characters than digits and +()/-", ErrDetails)
	}
	return nil
}

// isText refuses control characters and the marks that reorder text: what is shown must be what was sent.
func isText(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return false
		}
	}
	return true
}

// Check says whether a practice would accept these data, with ErrDetails and what is wrong. Nothing of them goes into the error.
func (p Patient) Check(now time.Time) error { return checkPatient(p, now) }
