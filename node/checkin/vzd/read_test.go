package vzd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pieks/node/control"
)

// The synthetic bundle of popp.md 6 (structure of gematik/api-vzd, Apache-2.0), with holes to fill.

// hit is one service with what it refers to.
type hit struct {
	n        int
	oid      string
	org      string // more fields of the organization
	service  string
	location string // "none" leaves it out
}

func (h hit) entries() []string {
	if h.oid == "" {
		h.oid = `1.2.276.0.76.4.50","display":"Hausarztpraxis`
	}
	refs := fmt.Sprintf(`,"location":[{"reference":"Location/l%d"}]`, h.n)
	if h.location == "none" {
		refs = ""
	}
	org := fmt.Sprintf(`"resourceType":"Organization","id":"o%d","active":true,"name":"Praxis %d",
		"identifier":[{"system":"https://gematik.de/fhir/sid/telematik-id","value":"1-2012345678%d"}],
		"type":[{"coding":[{"system":"%s","code":"%s"}]}]`, h.n, h.n, h.n, systemProfession, h.oid)
	out := []string{
		fmt.Sprintf(`{"search":{"mode":"match"},"resource":{"resourceType":"HealthcareService","id":"hs%d",
			"providedBy":{"reference":"Organization/o%d"}%s%s}}`, h.n, h.n, refs, h.service),
		fmt.Sprintf(`{"search":{"mode":"include"},"resource":{%s%s}}`, org, h.org),
	}
	if h.location != "none" {
		out = append(out, fmt.Sprintf(`{"search":{"mode":"include"},"resource":{"resourceType":"Location","id":"l%d",
			"address":{"use":"work","type":"postal","line":["Musterweg %d"],"postalCode":"10178","city":"Berlin","country":"DE"}%s}}`, h.n, h.n, h.location))
	}
	return out
}

func bundleOf(total int, hits ...hit) []byte {
	var entries []string
	for _, h := range hits {
		entries = append(entries, h.entries()...)
	}
	return fmt.Appendf(nil, `{"resourceType":"Bundle","type":"searchset","total":%d,"entry":[%s]}`, total, strings.Join(entries, ","))
}

func names(list []control.Institution) []string {
	out := []string{}
	for _, i := range list {
		out = append(out, i.Name)
	}
	return out
}

// T25 of popp.md 11, and what else must not be shown.
func TestRead(t *testing.T) {
	inactive := `,"active":false`
	hide := `,"extension":[{"url":"https://gematik.de/fhir/directory/StructureDefinition/OrganizationVisibility","valueCoding":{"code":"hide-versicherte"}}]`
	other := strings.ReplaceAll(hide, "hide-versicherte", "hide-erezeptApp")
	for name, test := range map[string]struct {
		bundle []byte
		want   []string
	}{
		"three entries, one hit":  {bundleOf(1, hit{n: 1}), []string{"Praxis 1"}},
		"empty":                   {bundleOf(0), []string{}},
		"no entry at all":         {[]byte(`{"resourceType":"Bundle","type":"searchset","total":0}`), []string{}},
		"total of five":           {bundleOf(5, hit{n: 1}), []string{"Praxis 1"}},
		"total of none":           {bundleOf(0, hit{n: 1}), []string{"Praxis 1"}},
		"inactive organization":   {bundleOf(2, hit{n: 1, org: inactive}, hit{n: 2}), []string{"Praxis 2"}},
		"inactive service":        {bundleOf(2, hit{n: 1, service: inactive}, hit{n: 2}), []string{"Praxis 2"}},
		"hides from patients":     {bundleOf(2, hit{n: 1, org: hide}, hit{n: 2}), []string{"Praxis 2"}},
		"hides from another app":  {bundleOf(1, hit{n: 1, org: other}), []string{"Praxis 1"}},
		"KIM":                     {bundleOf(2, hit{n: 1, oid: "1.2.276.0.76.4.286"}, hit{n: 2}), []string{"Praxis 2"}},
		"gematik, a chamber":      {bundleOf(2, hit{n: 1, oid: "1.2.276.0.76.4.58"}, hit{n: 2, oid: "1.2.276.0.76.4.230"}), []string{}},
		"TIM":                     {bundleOf(1, hit{n: 3, oid: "1.2.276.0.76.4.295"}), []string{}},
		"a person":                {bundleOf(1, hit{n: 1, oid: "1.2.276.0.76.4.30"}), []string{}},
		"two":                     {bundleOf(2, hit{n: 1}, hit{n: 2}), []string{"Praxis 1", "Praxis 2"}},
		"organization is missing": {bundleOf(2, hit{n: 1, service: `,"providedBy":{"reference":"Organization/none"}`}, hit{n: 2}), []string{"Praxis 2"}},
		"refers to a location":    {bundleOf(1, hit{n: 1, service: `,"providedBy":{"reference":"Location/l1"}`}), []string{}},
		"refers to itself":        {bundleOf(1, hit{n: 1, service: `,"providedBy":{"reference":"HealthcareService/hs1"}`}), []string{}},
		"circle": {bundleOf(1, hit{n: 1, org: `,"partOf":{"reference":"Organization/o1"}`,
			service: `,"location":[{"reference":"HealthcareService/hs1"}]`}), []string{"Praxis 1"}},
		"absolute reference": {bundleOf(1, hit{n: 1,
			service: `,"providedBy":{"reference":"https://x.example/fdv/search/Organization/o1/_history/3"}`}), []string{"Praxis 1"}},
		"no name":                 {bundleOf(1, hit{n: 1, org: `,"name":" "`}), []string{}},
		"no Telematik-ID":         {bundleOf(1, hit{n: 1, org: `,"identifier":[]`}), []string{}},
		"no real Telematik-ID":    {bundleOf(1, hit{n: 1, org: `,"identifier":[{"system":"https://gematik.de/fhir/sid/telematik-id","value":"<b>"}]`}), []string{}},
		"active is no truth":      {bundleOf(2, hit{n: 1, org: `,"active":"true"`}, hit{n: 2}), []string{"Praxis 2"}},
		"service that came along": {bytes.Replace(bundleOf(2, hit{n: 1}, hit{n: 2}), []byte(`"match"`), []byte(`"include"`), 1), []string{"Praxis 2"}},
		"provided by a practitioner": {bytes.Replace(bytes.Replace(bundleOf(1, hit{n: 1}), []byte(`"Organization"`), []byte(`"Practitioner"`), 1),
			[]byte(`Organization/o1`), []byte(`Practitioner/o1`), 1), []string{}},
		"the same twice": {bundleOf(2, hit{n: 1}, hit{n: 1}), []string{"Praxis 1"}},
	} {
		got, err := Read(test.bundle)
		if err != nil || !slices.Equal(names(got), test.want) {
			t.Errorf("%s: %v %v", name, names(got), err)
		}
		// As a PoPP service gives it: a string in JSON within JSON.
		wrapped, _ := json.Marshal(map[string]string{"searchresult": string(test.bundle)})
		var answer struct{ Searchresult json.RawMessage }
		if err := json.Unmarshal(wrapped, &answer); err != nil {
			t.Fatal(err)
		}
		if again, err := Read(answer.Searchresult); err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%s, as a string: %v %v", name, names(again), err)
		}
	}
}

// T26 of popp.md 11: what is shown of a hit (A_28488).
func TestShown(t *testing.T) {
	read := func(h hit) control.Institution {
		t.Helper()
		got, err := Read(bundleOf(1, h))
		if err != nil || len(got) != 1 {
			t.Fatalf("%v %v", got, err)
		}
		return got[0]
	}
	got := read(hit{n: 1, org: `,"alias":["Hausarztpraxis Muster"]`, service: `,
		"telecom":[{"system":"email","value":"a@b.example"},{"system":"phone","value":"030 1234567"}],
		"availableTime":[{"daysOfWeek":["tue","mon"],"availableStartTime":"08:00:00","availableEndTime":"12:30:00"},
			{"daysOfWeek":["sun"],"allDay":true},{"daysOfWeek":["sat"],"availableStartTime":"20:00:00","availableEndTime":"00:00:00"},
			{"daysOfWeek":["fri"],"availableStartTime":"x"},{"daysOfWeek":["nix"],"allDay":true},{"extension":[{}]},
			{"daysOfWeek":["thu"],"availableStartTime":"18:00:00","availableEndTime":"08:00:00"}]`})
	want := control.Institution{
		TelematikID: "1-20123456781", Name: "Praxis 1", Alias: "Hausarztpraxis Muster", Kind: "Hausarztpraxis", Profession: "1.2.276.0.76.4.50",
		Street: "Musterweg 1", PLZ: "10178", Place: "Berlin", Phone: "030 1234567", Origin: "vzd",
		Hours: []control.Hours{
			{Weekday: 1, From: "08:00", To: "12:30"}, {Weekday: 2, From: "08:00", To: "12:30"}, {Weekday: 6, From: "20:00", To: "24:00"},
			{Weekday: 7, From: "00:00", To: "24:00"},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	for name, test := range map[string]struct {
		h     hit
		check func(control.Institution) bool
	}{
		"alias is the name":     {hit{n: 1, org: `,"alias":["Praxis 1"]`}, func(i control.Institution) bool { return i.Alias == "" }},
		"a second alias is not": {hit{n: 1, org: `,"alias":[" Praxis 1 ","Am Dom"]`}, func(i control.Institution) bool { return i.Alias == "Am Dom" }},
		"DiGA without location": {hit{n: 1, oid: "1.2.276.0.76.4.282", location: "none"}, func(i control.Institution) bool { return i.Street+i.PLZ+i.Place == "" }},
		"DiGA with location":    {hit{n: 1, oid: "1.2.276.0.76.4.282"}, func(i control.Institution) bool { return i.Street+i.PLZ+i.Place == "" }},
		"insurer":               {hit{n: 1, oid: "1.2.276.0.76.4.59"}, func(i control.Institution) bool { return i.Street+i.PLZ+i.Place == "" }},
		"location is missing":   {hit{n: 1, location: "none"}, func(i control.Institution) bool { return i.Street+i.PLZ+i.Place == "" && i.Name != "" }},
		"location is over":      {hit{n: 1, location: `,"status":"inactive"`}, func(i control.Institution) bool { return i.Street == "" }},
		"kind without display":  {hit{n: 1, oid: `1.2.276.0.76.4.54","display":"`}, func(i control.Institution) bool { return i.Kind == "Öffentliche Apotheke" }},
		"line breaks": {hit{n: 1, location: `,"address":{"line":["a&#13;&#10;b","c"],"city":"x\u202ey"}`},
			func(i control.Institution) bool { return i.Street == "a b, c" && i.Place == "xy" }},
		"id of the service": {hit{n: 1, service: `,"identifier":[{"system":"https://gematik.de/fhir/sid/telematik-id","value":"3-07.2.1444560000.16.108"}]`},
			func(i control.Institution) bool { return i.TelematikID == "3-07.2.1444560000.16.108" }},
		"former system": {hit{n: 1, org: `,"identifier":[{"system":"http://fhir.de/StructureDefinition/identifier-telematik-id","value":"9-2.59.1"}]`},
			func(i control.Institution) bool { return i.TelematikID == "9-2.59.1" }},
		"long name is cut": {hit{n: 1, org: `,"name":"` + strings.Repeat("ä", 300) + `"`},
			func(i control.Institution) bool { return i.Name == strings.Repeat("ä", 200) }},
		"organization contained": {hit{n: 1, service: `,"providedBy":{"reference":"#c"},"contained":[{"resourceType":"Organization","id":"c","active":true,
			"name":"In","identifier":[{"system":"https://gematik.de/fhir/sid/telematik-id","value":"1-2"}],"type":[{"coding":[{"code":"1.2.276.0.76.4.51"}]}]}]`},
			func(i control.Institution) bool { return i.Name == "In" }},
	} {
		if got := read(test.h); !test.check(got) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	both, err := Read(bundleOf(1, hit{n: 1, org: `,"identifier":[{"system":"https://gematik.de/fhir/sid/telematik-id","value":"1-1"},
		{"system":"https://gematik.de/fhir/sid/telematik-id","value":"1-2"}]`}))
	if err != nil || len(both) != 2 || both[0].TelematikID != "1-1" || both[1].TelematikID != "1-2" {
		t.Errorf("two Telematik-IDs: %+v %v", both, err)
	}
}

func TestReadBounds(t *testing.T) {
	many := make([]hit, 120)
	for i := range many {
		many[i] = hit{n: i}
	}
	got, err := ReadResult(bundleOf(120, many...))
	if err != nil || len(got.Institutions) != maxCount || !got.More {
		t.Errorf("%d %v %v", len(got.Institutions), got.More, err)
	}
	next := strings.Replace(string(bundleOf(1, hit{n: 1})), `"total":1`, `"link":[{"relation":"next","url":"x"}]`, 1)
	if got, err := ReadResult([]byte(next)); err != nil || len(got.Institutions) != 1 || !got.More {
		t.Errorf("a next page: %+v %v", got, err)
	}
	entries := strings.Repeat(`{"resource":{"resourceType":"Location","id":"l"}},`, maxEntries)
	for name, test := range map[string]struct {
		in   string
		want error
	}{
		"entries":  {`{"resourceType":"Bundle","entry":[` + entries + `{}]}`, ErrTooLarge},
		"bytes":    {`{"resourceType":"Bundle"}` + strings.Repeat(" ", maxBundle), ErrTooLarge},
		"nothing":  {"", ErrBundle},
		"no JSON":  {"<Bundle/>", ErrBundle},
		"an error": {`{"resourceType":"OperationOutcome"}`, ErrBundle},
		"trailing": {`{"resourceType":"Bundle"}{}`, ErrBundle},
		"deep":     {`{"resourceType":"Bundle","entry":[{"resource":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}]}`, ErrBundle},
	} {
		if got, err := Read([]byte(test.in)); !errors.Is(err, test.want) || got != nil {
			t.Errorf("%s: %d %v", name, len(got), err)
		}
	}
}

// Whatever refers to whatever, nothing is shown but active institutions of the list, each with name and Telematik-ID.
func TestReadOfAnything(t *testing.T) {
	kinds := []string{"HealthcareService", "Organization", "Location", "Practitioner", ""}
	rapid.Check(t, func(t *rapid.T) {
		ref := rapid.Custom(func(t *rapid.T) map[string]any {
			return map[string]any{"reference": rapid.SampledFrom(kinds).Draw(t, "type") + "/" + rapid.SampledFrom([]string{"a", "b", "c", ""}).Draw(t, "id")}
		})
		oid := rapid.SampledFrom([]string{"1.2.276.0.76.4.50", "1.2.276.0.76.4.286"})
		var entries []any
		for range rapid.IntRange(0, 8).Draw(t, "n") {
			entries = append(entries, map[string]any{"resource": map[string]any{
				"resourceType": rapid.SampledFrom(kinds).Draw(t, "type"), "id": rapid.SampledFrom([]string{"a", "b", "c", ""}).Draw(t, "id"),
				"active": rapid.Bool().Draw(t, "active"), "name": rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "name"),
				"providedBy": ref.Draw(t, "provided"), "location": []any{ref.Draw(t, "location")}, "partOf": ref.Draw(t, "part"),
				"identifier": []any{map[string]any{"system": systemTelematikID, "value": rapid.SampledFrom([]string{"1-1", "1-2", "x"}).Draw(t, "tid")}},
				"type":       []any{map[string]any{"coding": []any{map[string]any{"code": oid.Draw(t, "oid")}}}},
			}})
		}
		data, err := json.Marshal(map[string]any{"resourceType": "Bundle", "entry": entries})
		if err != nil {
			t.Fatal(err)
		}
		got, err := Read(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range got {
			if i.Name == "" || !isTelematikID(i.TelematikID) || i.Profession != "1.2.276.0.76.4.50" || i.Kind == "" || i.Mesh || i.Origin != Origin {
				t.Fatalf("%+v of %s", i, data)
			}
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add(bundleOf(1, hit{n: 1}))
	f.Add(bundleOf(2, hit{n: 1, service: `,"availableTime":[{"daysOfWeek":["mon"],"allDay":true}]`}, hit{n: 2, location: "none"}))
	f.Add([]byte(`"{\"resourceType\":\"Bundle\"}"`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Read(data)
		if err != nil {
			return
		}
		for _, i := range got {
			if i.Name == "" || i.TelematikID == "" || i.Profession == "" || strings.ContainsAny(i.Name+i.Street+i.Alias, "\r\n\x00") || len([]rune(i.Name)) > maxText {
				t.Fatalf("%+v", i)
			}
		}
	})
}
