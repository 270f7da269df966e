package card

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"
)

// StatementVersion is the version of Statement that is made and understood.
const StatementVersion = 1

// Statement is what a practice says about itself and signs with its card. Text is UTF-8, printable, without blanks at the ends.
type Statement struct {
	Version     uint8    `cbor:"1,keyasint"`  // StatementVersion; Enrol fills 0
	Device      [32]byte `cbor:"2,keyasint"`  // D, Ed25519: identity of the desk host
	Sealing     [32]byte `cbor:"3,keyasint"`  // X25519 key of D, for sealed mail
	Name        string   `cbor:"4,keyasint"`  // of the practice, 1 to 96 bytes
	Street      string   `cbor:"5,keyasint"`  // and number, 1 to 96 bytes
	PLZ         string   `cbor:"6,keyasint"`  // five digits
	Place       string   `cbor:"7,keyasint"`  // 1 to 64 bytes
	Phone       string   `cbor:"8,keyasint"`  // at most 32 bytes, may be empty
	Directions  string   `cbor:"9,keyasint"`  // at most 240 bytes, may be empty
	TelematikID string   `cbor:"10,keyasint"` // 1 to 128 bytes; Enrol fills an empty one from the card
	NotBefore   uint64   `cbor:"11,keyasint"` // Unix seconds
	NotAfter    uint64   `cbor:"12,keyasint"` // Unix seconds, at most 90 days after NotBefore
}

var (
	statementEncoder = must(cbor.CoreDetEncOptions().EncMode())
	statementDecoder = must(cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		MaxNestedLevels:   4,  // the least the library takes; a statement is one map
		MaxArrayElements:  16, // it has no array
		MaxMapPairs:       16,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		UTF8:              cbor.UTF8RejectInvalid,
	}.DecMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// encode gives the CBOR of s, without the domain string.
func (s Statement) encode() ([]byte, error) { return statementEncoder.Marshal(s) }

// Content is what a card signs: the domain string and the statement.
func (s Statement) Content() ([]byte, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	data, err := s.encode()
	return append([]byte(EnrolmentDomain), data...), err
}

// ParseContent reads what Content gave.
func ParseContent(content []byte) (Statement, error) {
	data, ok := bytes.CutPrefix(content, []byte(EnrolmentDomain))
	if !ok {
		return Statement{}, ErrDomain
	}
	return parseStatement(data)
}

// parseStatement reads the CBOR that follows the domain string: only the deterministic encoding, only acceptable fields.
func parseStatement(data []byte) (Statement, error) {
	var s Statement
	if err := statementDecoder.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	again, err := s.encode()
	if err != nil || !bytes.Equal(again, data) {
		return s, fmt.Errorf("%w: not in the deterministic encoding", ErrStatement)
	}
	return s, s.Check()
}

// Check says what is wrong with s by itself, whatever the time.
func (s Statement) Check() error {
	if s.Version != StatementVersion {
		return fmt.Errorf("%w (version %d)", ErrStatementVersion, s.Version)
	}
	if s.Device == [32]byte{} || s.Sealing == [32]byte{} {
		return fmt.Errorf("%w: a key of the device is missing", ErrStatement)
	}
	for _, f := range []struct {
		name, value string
		least, most int
	}{
		{"name", s.Name, 1, maxName},
		{"street", s.Street, 1, maxStreet},
		{"place", s.Place, 1, maxPlace},
		{"phone", s.Phone, 0, maxPhone},
		{"directions", s.Directions, 0, maxDirections},
		{"Telematik-ID", s.TelematikID, 1, maxTelematikID},
	} {
		if err := checkText(f.name, f.value, f.least, f.most); err != nil {
			return fmt.Errorf("%w: %w", ErrStatement, err)
		}
	}
	if len(s.PLZ) != 5 || strings.Trim(s.PLZ, "0123456789") != "" {
		return fmt.Errorf("%w: the postcode needs exactly five digits", ErrStatement)
	}
	if !isPrintableString(s.TelematikID) {
		return fmt.Errorf("%w: the Telematik-ID has characters that no card has", ErrStatement)
	}
	if s.NotAfter > maxInstant || s.NotAfter <= s.NotBefore || s.until().Sub(s.from()) > maxSpan {
		return ErrStatementSpan
	}
	return nil
}

// maxInstant keeps seconds within what time.Time subtracts without overflow.
const maxInstant = math.MaxUint32

func (s Statement) from() time.Time  { return time.Unix(int64(s.NotBefore), 0).UTC() }
func (s Statement) until() time.Time { return time.Unix(int64(s.NotAfter), 0).UTC() }

// checkTime refuses a statement that does not hold at the time at, or whose signing time does not fit its span: signed in
// the future, or before the span began, so that no one can sign today for next year. With that it ends at most 90 days
// after it was signed.
func (s Statement) checkTime(signed, at time.Time) error {
	switch {
	case at.Before(s.from().Add(-maxSkew)):
		return ErrStatementNotYetValid
	case at.After(s.until()):
		return ErrStatementExpired
	case signed.After(at.Add(freshness)):
		return fmt.Errorf("%w: it is in the future", ErrSigningTime)
	case s.from().After(signed.Add(freshness)):
		return fmt.Errorf("%w: the enrolment begins long after it was signed", ErrSigningTime)
	}
	return nil
}

// FieldError says which text of a statement cannot be signed, and why.
type FieldError struct {
	Field string // name, street, place, phone, directions or Telematik-ID
	Why   string
}

func (e *FieldError) Error() string { return e.Field + " " + e.Why }

// checkText refuses text that cannot be shown as it is: control, invisible and direction characters could hide or fake words.
func checkText(field, text string, least, most int) error {
	wrong := func(format string, args ...any) error {
		return &FieldError{Field: field, Why: fmt.Sprintf(format, args...)}
	}
	switch {
	case len(text) < least:
		return wrong("is missing")
	case len(text) > most:
		return wrong("is longer than %d bytes: shorten it", most)
	case !utf8.ValidString(text):
		return wrong("is not UTF-8")
	case strings.TrimSpace(text) != text:
		return wrong("begins or ends with a blank")
	}
	for _, r := range text {
		if !unicode.IsPrint(r) {
			return wrong("contains the invisible character %U", r)
		}
	}
	return nil
}
