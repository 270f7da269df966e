package vzd

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"pieks/gossip/place"
	"pieks/node/checkin/directory"
	"pieks/node/control"
)

const (
	// resource is what is searched: services, to which organizations and locations belong.
	resource = "HealthcareService"
	// systemTelematikID is the identifier system of a Telematik-ID; legacySystem is what it was called before.
	systemTelematikID = "https://gematik.de/fhir/sid/telematik-id"
	legacySystem      = "http://fhir.de/StructureDefinition/identifier-telematik-id"
)

// telematikID is the form of one (popp.md 4.1).
var telematikID = regexp.MustCompile(`^[0-9]{1,2}-[._\-\p{L}0-9]+$`)

func isTelematikID(s string) bool {
	return utf8.RuneCountInString(s) <= maxTelematikID && telematikID.MatchString(s)
}

// parameters are those of a search in their order.
type parameters []struct{ name, value string }

func (p *parameters) add(name, value string) {
	*p = append(*p, struct{ name, value string }{name, value})
}

// request writes a search: always for active organizations only, and with what is shown of a hit.
func (p parameters) request() string {
	var b strings.Builder
	b.WriteString(resource + "?organization.active=true")
	for _, kv := range p {
		// A blank is %20: a plus would be one in some readers and an operator in others.
		b.WriteString("&" + kv.name + "=" + strings.ReplaceAll(url.QueryEscape(kv.value), "+", "%20"))
	}
	b.WriteString("&_include=HealthcareService:organization&_include=HealthcareService:location&_count=" + strconv.Itoa(maxCount))
	return b.String()
}

// Request is the search request for a query, as the directory takes it: "HealthcareService?organization.active=true&...". All that is given has to fit. A
// ready request stands alone; it is given as it may be sent.
func Request(q control.InstitutionQuery) (string, error) {
	if q.FHIRSearch != "" {
		return Prepare(q.FHIRSearch)
	}
	for _, field := range []string{q.Text, q.Name, q.TelematikID, q.PLZ, q.Place, q.Profession} {
		if len(field) > 2*maxField || !utf8.ValidString(field) {
			return "", ErrLong
		}
	}
	var p parameters
	for _, step := range []func(*parameters, control.InstitutionQuery) error{identify, fullText, locate, ofKind} {
		if err := step(&p, q); err != nil {
			return "", err
		}
	}
	if len(p) == 0 {
		return "", ErrNothing
	}
	return p.request(), nil
}

// identify looks for one Telematik-ID.
func identify(p *parameters, q control.InstitutionQuery) error {
	id := strings.TrimSpace(q.TelematikID)
	if id == "" {
		return nil
	}
	if !isTelematikID(id) {
		return ErrTelematikID
	}
	p.add("organization.identifier", systemTelematikID+"|"+id)
	return nil
}

// fullText looks for words. A dash would be NOT, a comma OR, a dot the end of a sentence, and there is no way to escape them (popp.md 6): so words are
// letters and digits, and all have to be there. A Telematik-ID keeps its signs within quotation marks, alone: they make all words exact.
func fullText(p *parameters, q control.InstitutionQuery) error {
	text := strings.TrimSpace(q.Text + " " + q.Name)
	if text == "" {
		return nil
	}
	if isTelematikID(text) {
		p.add("_text", `"`+text+`"`)
		return nil
	}
	words := directory.Words(text)
	switch {
	case len(words) == 0:
		return ErrNothing
	case len(words) > maxWords || len(text) > maxField:
		return ErrLong
	}
	p.add("_text", strings.Join(words, " "))
	return nil
}

// locate looks in a place, at a postcode or the beginning of one, or around it.
func locate(p *parameters, q control.InstitutionQuery) error {
	if city := strings.Join(strings.FieldsFunc(q.Place, separates), " "); city != "" {
		if len(city) > maxField {
			return ErrLong
		}
		p.add("location.address-city", city)
	}
	plz := strings.TrimSpace(q.PLZ)
	if q.RadiusKM > 0 {
		at, ok := place.Lookup(place.PLZ(plz))
		if !ok {
			return ErrPLZ
		}
		p.add("location.near", fmt.Sprintf("%.4f|%.4f|%d|km", at.Lat, at.Lon, min(q.RadiusKM, maxRadiusKM)))
		return nil
	}
	if plz == "" {
		return nil
	}
	if len(plz) > 5 || strings.Trim(plz, "0123456789") != "" {
		return ErrPLZ
	}
	p.add("location.address-postalcode", plz)
	return nil
}

// separates says which signs have a meaning of their own in the value of a parameter: comma is OR, the others part or escape.
func separates(r rune) bool {
	return r == ' ' || unicode.IsControl(r) || strings.ContainsRune(`,|$\"`, r)
}

// ofKind looks for a profession; all who pay are one kind.
func ofKind(p *parameters, q control.InstitutionQuery) error {
	if q.Profession == "" {
		return nil
	}
	if !directory.IsInstitution(q.Profession) {
		return ErrNothing
	}
	p.add("organization.type", strings.Join(directory.AllAlike(q.Profession), ","))
	return nil
}
