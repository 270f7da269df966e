package vzd

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// searchable are the parameters that a ready request may have: what describes institutions, their places and services, and how the directory looks for
// words and distances (popp.md 6, and the directory's HOWTO). Others reach persons, or hits that would not be read.
var searchable = []string{
	"organization.identifier", "organization.name", "organization.type", "organization.address-city", "organization.address-postalcode",
	"location.address", "location.address-city", "location.address-postalcode", "location.address-state", "location.address-country", "location.near",
	"identifier", "name", "specialty", "service-type", "service-category", "characteristic", "endpoint.status",
	"_text", "_content", "_complexSearch", "_query", "_id",
	"latitude", "longitude", "distance", "text", "location", "isOpenInMinutes", "characteristics",
}

// replaced are those that every request gets from here: they are taken out.
var replaced = []string{"_include", "_count", "_format", "_pretty", "_summary", "_sort", "_total"}

// modifiers may stand behind a name.
var modifiers = []string{"contains", "exact", "text"}

// operations are the values of _query.
var operations = []string{"near", "nearPharmacy"}

// CheckRequest refuses a ready search request that is none for institutions.
func CheckRequest(request string) error {
	_, err := Prepare(request)
	return err
}

// Prepare gives a ready search request as it may be sent, or refuses it: it is relative, searches services and nothing else, its organizations are active,
// and it brings organizations and locations along. It comes from another app, so what is not known is refused.
func Prepare(request string) (string, error) {
	if len(request) > maxRequest || !utf8.ValidString(request) || strings.IndexFunc(request, unicode.IsControl) >= 0 {
		return "", fmt.Errorf("%w: too long, or no text", ErrRequest)
	}
	query, ok := queryOf(request)
	if !ok {
		return "", fmt.Errorf("%w: not a relative search of services", ErrRequest)
	}
	parts := strings.Split(query, "&")
	if len(parts) > maxParameters {
		return "", fmt.Errorf("%w: too many parameters", ErrRequest)
	}
	var p parameters
	for _, part := range parts {
		if err := p.take(part); err != nil {
			return "", err
		}
	}
	if len(p) == 0 {
		return "", fmt.Errorf("%w: it looks for nothing", ErrRequest)
	}
	return p.request(), nil
}

// queryOf cuts off where the search is done. A whole address would let an app choose whom to ask.
func queryOf(request string) (string, bool) {
	rest := strings.TrimPrefix(request, "/")
	for _, base := range []string{"fdv/search/", "search/"} {
		if cut, ok := strings.CutPrefix(rest, base); ok {
			rest = cut
			break
		}
	}
	query, ok := strings.CutPrefix(rest, resource+"?")
	return query, ok && !strings.Contains(query, "#")
}

// take adds one parameter of a foreign request, leaves it out, or refuses it.
func (p *parameters) take(part string) error {
	if part == "" {
		return nil
	}
	rawName, rawValue, _ := strings.Cut(part, "=")
	name, err := url.QueryUnescape(rawName)
	if err != nil {
		return fmt.Errorf("%w: a parameter's name", ErrRequest)
	}
	value, err := url.QueryUnescape(rawValue)
	if err != nil || !utf8.ValidString(value) || len(value) > maxField || strings.IndexFunc(value, unicode.IsControl) >= 0 {
		return fmt.Errorf("%w: a parameter's value", ErrRequest)
	}
	plain, modifier, modified := strings.Cut(name, ":")
	switch {
	case name == "organization.active":
		if value != "true" { // the one that every request gets
			return fmt.Errorf("%w: institutions that are not active", ErrRequest)
		}
		return nil
	case slices.Contains(replaced, plain):
		return nil
	case !slices.Contains(searchable, plain), modified && !slices.Contains(modifiers, modifier):
		return fmt.Errorf("%w: a parameter that is not known", ErrRequest)
	case name == "_query" && !slices.Contains(operations, value), value == "":
		return fmt.Errorf("%w: a parameter's value", ErrRequest)
	}
	p.add(name, value)
	return nil
}
