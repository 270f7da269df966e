package vzd

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"pieks/node/control"
)

const tail = "&_include=HealthcareService:organization&_include=HealthcareService:location&_count=100"

// The forms of popp.md 6.
func TestRequest(t *testing.T) {
	for name, test := range map[string]struct {
		q    control.InstitutionQuery
		want string // after organization.active=true and before the tail
		err  error
	}{
		"by Telematik-ID": {control.InstitutionQuery{TelematikID: " 1-2arvtst-ap000052 "},
			"organization.identifier=https%3A%2F%2Fgematik.de%2Ffhir%2Fsid%2Ftelematik-id%7C1-2arvtst-ap000052", nil},
		"full text":     {control.InstitutionQuery{Text: "Mustermann"}, "_text=Mustermann", nil},
		"text and name": {control.InstitutionQuery{Text: "Köln", Name: "Müller"}, "_text=K%C3%B6ln%20M%C3%BCller", nil},
		"operators": {control.InstitutionQuery{Text: `Karl-Marx-Str. 5, -Hannover "a|b" c*~ +d\e`},
			"_text=Karl%20Marx%20Str%205%20Hannover%20a%20b%20c%20d%20e", nil},
		"Telematik-ID text": {control.InstitutionQuery{Text: "1-1023410034573"}, "_text=%221-1023410034573%22", nil},
		"place and kind": {control.InstitutionQuery{Place: "Berlin, Mitte", PLZ: "101", Profession: "1.2.276.0.76.4.54"},
			"location.address-city=Berlin%20Mitte&location.address-postalcode=101&organization.type=1.2.276.0.76.4.54", nil},
		"all who pay": {control.InstitutionQuery{Profession: "1.2.276.0.76.4.59"},
			"organization.type=1.2.276.0.76.4.273%2C1.2.276.0.76.4.284%2C1.2.276.0.76.4.59", nil},
		"near":        {control.InstitutionQuery{PLZ: "50667", RadiusKM: 10}, "location.near=50.9387%7C6.9547%7C10%7Ckm", nil},
		"far":         {control.InstitutionQuery{PLZ: "50667", RadiusKM: 1000}, "location.near=50.9387%7C6.9547%7C100%7Ckm", nil},
		"no place":    {control.InstitutionQuery{PLZ: "5066", RadiusKM: 10}, "", ErrPLZ},
		"no digits":   {control.InstitutionQuery{PLZ: "5a"}, "", ErrPLZ},
		"nothing":     {control.InstitutionQuery{}, "", ErrNothing},
		"only signs":  {control.InstitutionQuery{Text: ` -"|`}, "", ErrNothing},
		"no id":       {control.InstitutionQuery{TelematikID: "1-<script>"}, "", ErrTelematikID},
		"long id":     {control.InstitutionQuery{TelematikID: "1-" + strings.Repeat("a", 127)}, "", ErrTelematikID},
		"long text":   {control.InstitutionQuery{Text: strings.Repeat("a", 300)}, "", ErrLong},
		"many words":  {control.InstitutionQuery{Text: strings.Repeat("a ", 17)}, "", ErrLong},
		"a person":    {control.InstitutionQuery{Profession: "1.2.276.0.76.4.30"}, "", ErrNothing},
		"ready":       {control.InstitutionQuery{FHIRSearch: "HealthcareService?_text=a"}, "_text=a", nil},
		"ready wrong": {control.InstitutionQuery{FHIRSearch: "PractitionerRole?practitioner.active=true"}, "", ErrRequest},
	} {
		got, err := Request(test.q)
		want := ""
		if test.err == nil {
			want = "HealthcareService?organization.active=true&" + test.want + tail
		}
		if got != want || !errors.Is(err, test.err) {
			t.Errorf("%s:\n got %s %v\nwant %s", name, got, err, want)
		}
	}
}

// Whatever is typed, the request has one resource and one value that organizations are active, no operator of the full text gets through, and it is one that
// the checks of foreign requests let pass unchanged.
func TestRequestOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := control.InstitutionQuery{
			Text: rapid.String().Draw(t, "text"), Name: rapid.String().Draw(t, "name"), Place: rapid.String().Draw(t, "place"),
			PLZ: rapid.StringMatching(`[0-9]{0,6}`).Draw(t, "plz"), RadiusKM: rapid.IntRange(-5, 200).Draw(t, "km"),
		}
		got, err := Request(q)
		if err != nil {
			return
		}
		rest, ok := strings.CutPrefix(got, "HealthcareService?")
		values, parsed := url.ParseQuery(rest)
		if !ok || parsed != nil || len(values["organization.active"]) != 1 || values.Get("organization.active") != "true" {
			t.Fatal(got)
		}
		if text := values.Get("_text"); text != "" && !isTelematikID(strings.Trim(text, `"`)) {
			for _, r := range text {
				if r != ' ' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) {
					t.Fatalf("%U in %q", r, text)
				}
			}
		}
		if strings.ContainsAny(values.Get("location.address-city"), `,|$\"`) {
			t.Fatal(values.Get("location.address-city"))
		}
		if again, err := Prepare(got); err != nil || again != got {
			t.Fatalf("%s\n%s %v", got, again, err)
		}
	})
}

func TestPrepare(t *testing.T) {
	for name, test := range map[string]struct{ in, want string }{
		"as the HOWTO has it": {"HealthcareService?organization.active=true&_include=*&endpoint.status=active&organization.identifier=1-2arvtst-ap000052",
			"endpoint.status=active&organization.identifier=1-2arvtst-ap000052"},
		"not said that active": {"HealthcareService?_text=Mustermann", "_text=Mustermann"},
		"with its path":        {"/fdv/search/HealthcareService?_text=a", "_text=a"},
		"professionals' path":  {"search/HealthcareService?_text=a", "_text=a"},
		"encoded": {"HealthcareService?_text=%221-1%22%20M%C3%BCller&location.near=50.1503|8.6168|10|km",
			"_text=%221-1%22%20M%C3%BCller&location.near=50.1503%7C8.6168%7C10%7Ckm"},
		"plus is a blank": {"HealthcareService?_text=a+b", "_text=a%20b"},
		"operation": {"HealthcareService?_query=nearPharmacy&latitude=50.1&longitude=8.6&distance=5",
			"_query=nearPharmacy&latitude=50.1&longitude=8.6&distance=5"},
		"modifier":     {"HealthcareService?organization.name:contains=Dom", "organization.name:contains=Dom"},
		"how it looks": {"HealthcareService?_text=a&_count=10000&_summary=count&_format=xml&_sort=x", "_text=a"},
	} {
		want := "HealthcareService?organization.active=true&" + test.want + tail
		if got, err := Prepare(test.in); got != want || err != nil || CheckRequest(test.in) != nil {
			t.Errorf("%s:\n got %s %v\nwant %s", name, got, err, want)
		}
	}
	for name, in := range map[string]string{
		"empty": "", "absolute": "https://evil.example/HealthcareService?_text=a", "other server": "//evil.example/HealthcareService?_text=a",
		"up": "../HealthcareService?_text=a", "persons": "PractitionerRole?_text=a", "organizations": "Organization?name=a", "by id": "HealthcareService/1",
		"case": "healthcareservice?_text=a", "no question": "HealthcareService", "nothing asked": "HealthcareService?organization.active=true",
		"inactive": "HealthcareService?organization.active=false&_text=a", "both": "HealthcareService?organization.active=true&organization.active=false&_text=a",
		"or inactive": "HealthcareService?organization.active=true,false&_text=a", "not": "HealthcareService?organization.active:not=true&_text=a",
		"encoded active": "HealthcareService?organization%2Eactive=false&_text=a", "chain": "HealthcareService?organization.partof.name=a",
		"reverse chain": "HealthcareService?_has:PractitionerRole:service:active=true", "reverse include": "HealthcareService?_revinclude=PractitionerRole:service",
		"filter": "HealthcareService?_filter=a", "operation": "HealthcareService?_query=delete", "anchor": "HealthcareService?_text=a#b",
		"line": "HealthcareService?_text=a\r\nHost: evil.example", "encoded line": "HealthcareService?_text=a%0d%0a", "no UTF-8": "HealthcareService?_text=%ff",
		"bad escape": "HealthcareService?_text=%zz", "long": "HealthcareService?_text=" + strings.Repeat("a", 3000),
		"modifier": "HealthcareService?name:missing=true",
		"many":     "HealthcareService?" + strings.Repeat("name=a&", 30), "no value": "HealthcareService?_text=",
	} {
		if got, err := Prepare(in); !errors.Is(err, ErrRequest) || got != "" || CheckRequest(in) == nil {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
}

func FuzzPrepare(f *testing.F) {
	f.Add("HealthcareService?organization.active=true&_text=a")
	f.Add("/fdv/search/HealthcareService?organization.identifier=1-2&_include=*")
	f.Add("HealthcareService?organization.active:not=true;a=b&&=&%3d")
	f.Fuzz(func(t *testing.T, in string) {
		got, err := Prepare(in)
		if err != nil {
			return
		}
		again, err := Prepare(got)
		if err != nil || again != got || !strings.HasPrefix(got, "HealthcareService?organization.active=true&") || strings.ContainsAny(got, " \r\n#") {
			t.Fatalf("%q %q %v", got, again, err)
		}
		if values, err := url.ParseQuery(strings.TrimPrefix(got, "HealthcareService?")); err != nil || len(values["organization.active"]) != 1 {
			t.Fatalf("%q %v", got, err)
		}
	})
}
