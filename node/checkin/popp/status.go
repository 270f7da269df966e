package popp

import (
	"fmt"
	"unicode/utf8"

	"pieks/node/checkin/jose"
)

// State of a token's generation.
type State string

const (
	Success  State = "success"  // the institution has its token
	Pending  State = "pending"  // not yet: it is not reached, and is tried again (popp.md 2.7: there is no token yet)
	Canceled State = "canceled" // an error, or not delivered in time
)

// ParseState takes the spellings of interface and specification.
func ParseState(s string) (State, error) {
	switch s {
	case "success", "pending", "canceled":
		return State(s), nil
	case "cancelled": // A_28503
		return Canceled, nil
	}
	return "", ErrState
}

// UnmarshalText is ParseState, for encoding/json.
func (s *State) UnmarshalText(text []byte) (err error) {
	*s, err = ParseState(string(text))
	return err
}

// Status is StatusPoPPTokenGeneration.
type Status struct {
	State   State  `json:"state"`
	Message string `json:"message"`
	ID      string `json:"id"` // UUID
}

// ParseStatus reads one strictly. The interface requires none of the three; without a state it says nothing and is refused. Other members are
// left to those who read more than a status.
func ParseStatus(data []byte) (Status, error) {
	if len(data) > maxStatus {
		return Status{}, fmt.Errorf("%w: larger than %d bytes", ErrStatus, maxStatus)
	}
	o, err := jose.ParseObject(data)
	if err != nil {
		return Status{}, fmt.Errorf("%w: %w", ErrStatus, err)
	}
	state, err := o.Text("state")
	if err != nil {
		return Status{}, fmt.Errorf("%w: %w", ErrStatus, err)
	}
	var s Status
	if s.State, err = ParseState(state); err != nil {
		return Status{}, err
	}
	if s.Message, err = o.OptionalText("message"); err != nil {
		return Status{}, fmt.Errorf("%w: %w", ErrStatus, err)
	}
	if s.ID, err = o.OptionalText("id"); err != nil {
		return Status{}, fmt.Errorf("%w: %w", ErrStatus, err)
	}
	return s, s.Check()
}

// Check says what is wrong with s, if anything. An ID may be missing, as with an error before there was one.
func (s Status) Check() error {
	if _, err := ParseState(string(s.State)); err != nil {
		return err
	}
	if !utf8.ValidString(s.Message) || utf8.RuneCountInString(s.Message) > maxMessage {
		return fmt.Errorf("%w: its message has more than %d characters", ErrStatus, maxMessage)
	}
	if s.ID != "" && !IsUUID(s.ID) {
		return fmt.Errorf("%w: its id is no UUID", ErrStatus)
	}
	return nil
}

// IsUUID says whether s has the form of RFC 9562 section 4, in either case.
func IsUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if !digit(c) && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
				return false
			}
		}
	}
	return true
}
