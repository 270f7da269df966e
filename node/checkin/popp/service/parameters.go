package service

import (
	"encoding/hex"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"pieks/node/checkin/jose"
	"pieks/node/checkin/popp"
)

// parameters are those of a request, by names in small letters, wherever they came: address, form or JSON.
type parameters map[string]string

// detailsNames are the names that authorization details travel by.
var detailsNames = []string{"app_authorization_details", "app_details", "authorization_details"}

// readParameters collects them. One that comes twice, in whatever place and spelling, is refused.
func readParameters(r *http.Request) (parameters, error) {
	p := parameters{}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || !p.add(query) {
		return nil, malformed
	}
	if r.Method != http.MethodPost {
		return p, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, malformed
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err != nil:
		return nil, badMedia
	case kind == "application/json":
		return p, p.addJSON(body)
	case kind == "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil || !p.add(form) {
			return nil, malformed
		}
		return p, nil
	}
	return nil, badMedia
}

func (p parameters) add(values url.Values) bool {
	for name, all := range values {
		if len(all) != 1 || !p.set(name, all[0]) {
			return false
		}
	}
	return true
}

func (p parameters) set(name, value string) bool {
	name = strings.ToLower(name)
	if _, twice := p[name]; twice || !utf8.ValidString(value) {
		return false
	}
	p[name] = value
	return true
}

// addJSON takes members that are strings, and authorization details as they are.
func (p parameters) addJSON(body []byte) error {
	o, err := jose.ParseObject(body)
	if err != nil {
		return malformed
	}
	for name := range o {
		text := string(o[name])
		if text[0] == '"' {
			if text, err = o.Text(name); err != nil {
				return malformed
			}
		}
		if !p.set(name, text) {
			return malformed
		}
	}
	return nil
}

// place is where somebody checks in.
type place struct {
	institution popp.TelematikID
	workplace   popp.WorkplaceID
}

func (p parameters) place() (place, error) {
	institution, err := popp.ParseTelematikID(p["telematikid"])
	if err != nil {
		return place{}, malformed
	}
	at := place{institution: institution}
	if w := strings.TrimRight(p["workplaceid"], " "); w != "" {
		if at.workplace, err = popp.ParseWorkplaceID(w); err != nil {
			return place{}, malformed
		}
	}
	return at, nil
}

// response is the card's answer, from the parameter of the OpenAPI file or the details of A_28519; nil without one.
func (p parameters) response() ([]byte, error) {
	var found []string
	if text, ok := p["apduresponse"]; ok {
		found = append(found, text)
	}
	for _, name := range detailsNames {
		raw, ok := p[name]
		if !ok {
			continue
		}
		text, err := cardAnswer(name, []byte(raw))
		if err != nil {
			return nil, err
		}
		found = append(found, text)
	}
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		return apdu(found[0])
	}
	return nil, malformed
}

// cardAnswer takes the answer out of details: a list of one, or one object (step 38), with the member of A_28519 or the one that it was meant to be.
func cardAnswer(name string, raw []byte) (string, error) {
	if name != "app_details" {
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil || len(list) != 1 {
			return "", malformed
		}
		raw = list[0]
	}
	o, err := jose.ParseObject(raw)
	if err != nil {
		return "", malformed
	}
	if kind, err := o.OptionalText("type"); err != nil || kind != "urn:ti:gematik:apdu:command" && name != "app_details" {
		return "", malformed
	}
	respose, spelled := o["apdu_command_respose"]
	response, meant := o["apdu_command_response"]
	if spelled == meant {
		return "", malformed
	}
	if meant {
		respose = response
	}
	var text string
	if json.Unmarshal(respose, &text) != nil {
		return "", malformed
	}
	return text, nil
}

// apdu reads a response APDU in hex.
func apdu(text string) ([]byte, error) {
	if len(text)%2 != 0 || len(text) < 4 || len(text) > 2*maxAnswer {
		return nil, malformed
	}
	raw, err := hex.DecodeString(text)
	if err != nil {
		return nil, malformed
	}
	return raw, nil
}

var userAgents = regexp.MustCompile(`^[a-zA-Z0-9\-]{1,20}/[a-zA-Z0-9\-.]{1,15}$`) // UserAgentSchema

func checkAgent(r *http.Request) error {
	if values := r.Header.Values("X-Useragent"); len(values) != 1 || !userAgents.MatchString(values[0]) {
		return badHeader
	}
	return nil
}
