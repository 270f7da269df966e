package jose

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// Object is a JSON object that was read strictly: its members by their exact names, as they came.
type Object map[string]json.RawMessage

// ParseObject reads exactly one object: valid UTF-8 without a byte order mark, nothing but blanks around it, no member twice, none deeper than 16.
func ParseObject(data []byte) (Object, error) {
	if !utf8.Valid(data) || !json.Valid(data) {
		return nil, ErrJSON
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber() // a number of any length is only a text here
	if err := walk(d, 0); err != nil {
		return nil, err
	}
	var o Object
	if err := json.Unmarshal(data, &o); err != nil || o == nil { // an array, or null
		return nil, ErrJSON
	}
	return o, nil
}

// walk reads one value of d and looks for members that stand twice.
func walk(d *json.Decoder, depth int) error {
	t, err := d.Token()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrJSON, err)
	}
	open, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	if depth >= maxDepth {
		return fmt.Errorf("%w: nested too deep", ErrJSON)
	}
	seen := map[string]bool{}
	for d.More() {
		if open == '{' {
			t, err := d.Token()
			if err != nil {
				return fmt.Errorf("%w: %w", ErrJSON, err)
			}
			name, _ := t.(string)
			if seen[name] {
				return ErrDuplicate
			}
			seen[name] = true
		}
		if err := walk(d, depth+1); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil && err != io.EOF {
		return fmt.Errorf("%w: %w", ErrJSON, err)
	}
	return nil
}

// Text is a member that has to be a string.
func (o Object) Text(name string) (string, error) {
	raw := o[name]
	var s string
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		return "", fmt.Errorf("%w: %s has to be a string", ErrMember, name)
	}
	return s, nil
}

// OptionalText is a member that has to be a string if it is there; else it is "".
func (o Object) OptionalText(name string) (string, error) {
	if _, ok := o[name]; !ok {
		return "", nil
	}
	return o.Text(name)
}

// Integer is a member that has to be a whole number, without point and exponent.
func (o Object) Integer(name string) (int64, error) {
	n, err := strconv.ParseInt(string(o[name]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %s has to be a whole number", ErrMember, name)
	}
	return n, nil
}

// Texts is a member that is one string or a list of them, as "aud" and "amr" are (RFC 7519 section 4.1.3).
func (o Object) Texts(name string) ([]string, error) {
	if one, err := o.Text(name); err == nil {
		return []string{one}, nil
	}
	var parts []json.RawMessage
	if raw := o[name]; len(raw) == 0 || raw[0] != '[' || json.Unmarshal(raw, &parts) != nil {
		return nil, fmt.Errorf("%w: %s has to be a list of strings", ErrMember, name)
	}
	all := make([]string, len(parts))
	for i, part := range parts {
		if part[0] != '"' || json.Unmarshal(part, &all[i]) != nil {
			return nil, fmt.Errorf("%w: %s has to be a list of strings", ErrMember, name)
		}
	}
	return all, nil
}

// Object is a member that has to be an object.
func (o Object) Object(name string) (Object, error) {
	var inner Object
	if raw := o[name]; len(raw) == 0 || raw[0] != '{' || json.Unmarshal(raw, &inner) != nil {
		return nil, fmt.Errorf("%w: %s has to be an object", ErrMember, name)
	}
	return inner, nil
}
