package vzd

import (
	"cmp"
	"encoding/json"
	"html"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"pieks/node/checkin/directory"
	"pieks/node/control"
)

const (
	systemProfession = "https://gematik.de/fhir/directory/CodeSystem/OrganizationProfessionOID"
	visibility       = "https://gematik.de/fhir/directory/StructureDefinition/OrganizationVisibility"
	hidden           = "hide-versicherte"
	// Origin is control.Institution.Origin of what is found here.
	Origin = "vzd"
)

// Result is what a search found, in the order of the directory.
type Result struct {
	Institutions []control.Institution
	More         bool // there is more than was given: look for something more precise
}

// Read filters a search result, a FHIR bundle in JSON: institutions, digital health applications and insurers only (A_28488), active ones, and none that
// hides from patients. A hit without what is to be shown is left out. No hit is no error.
func Read(data []byte) ([]control.Institution, error) {
	r, err := ReadResult(data)
	return r.Institutions, err
}

// ReadResult is Read, and says whether there was more.
func ReadResult(data []byte) (Result, error) {
	b, err := parse(data)
	if err != nil {
		return Result{}, err
	}
	out := Result{Institutions: []control.Institution{}}
	for _, l := range b.Link {
		out.More = out.More || l.Relation == "next"
	}
	all, services := b.index()
	seen := map[string]bool{}
	for _, service := range services {
		for _, i := range all.institutions(service) {
			same := strings.Join([]string{i.TelematikID, i.Name, i.Street, i.PLZ, i.Place}, "\n")
			switch {
			case seen[same]:
			case len(out.Institutions) == maxCount:
				out.More = true
			default:
				seen[same] = true
				out.Institutions = append(out.Institutions, i)
			}
		}
	}
	return out, nil
}

// institutions are those that a service belongs to: one for each of its Telematik-IDs, mostly one, and none where it must not be shown.
func (r resources) institutions(service *anyResource) []control.Institution {
	org := r.follow(service, service.ProvidedBy, "Organization")
	if org == nil || org.Active == nil || !*org.Active || service.Active != nil && !*service.Active || org.hides() || service.hides() {
		return nil
	}
	profession, ok := org.profession()
	name := clean(org.Name)
	if !ok || name == "" {
		return nil
	}
	shown := control.Institution{
		Name: name, Alias: org.alias(name), Kind: cmp.Or(clean(profession.Display), directory.KindName(profession.Code)), Profession: profession.Code,
		Phone: service.phone(), Hours: service.hours(), Origin: Origin,
	}
	if directory.HasAddress(profession.Code) {
		r.locate(&shown, service)
	}
	ids := service.telematikIDs() // where several share an organization
	if len(ids) == 0 {
		ids = org.telematikIDs()
	}
	var out []control.Institution
	for _, id := range ids {
		i := shown
		i.TelematikID = id
		out = append(out, i)
	}
	return out
}

// locate puts in the address of the first location that is there.
func (r resources) locate(shown *control.Institution, service *anyResource) {
	for _, ref := range service.Location[:min(len(service.Location), maxCodings)] {
		at := r.follow(service, ref, "Location")
		if at == nil || at.Status != "" && at.Status != "active" {
			continue
		}
		var a address
		if json.Unmarshal(at.Address, &a) != nil {
			continue
		}
		var lines []string
		for _, line := range a.Line[:min(len(a.Line), maxCodings)] {
			if line = clean(line); line != "" {
				lines = append(lines, line)
			}
		}
		shown.Street, shown.PLZ, shown.Place = clean(strings.Join(lines, ", ")), clean(a.PostalCode), clean(a.City)
		return
	}
}

func (a *anyResource) hides() bool {
	return slices.ContainsFunc(a.Extension, func(e extension) bool {
		return e.URL == visibility && (e.ValueCode == hidden || e.ValueCoding.Code == hidden)
	})
}

// profession is the first one that takes check-ins. Bodies, makers of services and persons have none.
func (a *anyResource) profession() (coding, bool) {
	for _, t := range a.Type[:min(len(a.Type), maxCodings)] {
		for _, c := range t.Coding[:min(len(t.Coding), maxCodings)] {
			if (c.System == systemProfession || c.System == "") && directory.IsInstitution(c.Code) {
				return c, true
			}
		}
	}
	return coding{}, false
}

// alias is the other name, only if it is another one (A_28488).
func (a *anyResource) alias(name string) string {
	for _, text := range a.Alias[:min(len(a.Alias), maxCodings)] {
		if text = clean(text); text != "" && text != name {
			return text
		}
	}
	return ""
}

func (a *anyResource) telematikIDs() (out []string) {
	for _, i := range a.Identifier[:min(len(a.Identifier), maxCodings)] {
		if (i.System == systemTelematikID || i.System == legacySystem) && isTelematikID(i.Value) && !slices.Contains(out, i.Value) {
			out = append(out, i.Value)
		}
	}
	return out
}

func (a *anyResource) phone() string {
	for _, c := range a.Telecom[:min(len(a.Telecom), maxCodings)] {
		if c.System == "phone" {
			return clean(c.Value)
		}
	}
	return ""
}

// clean makes one line of a text that can be shown as it is. Addresses have come with line breaks as XML entities.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, html.UnescapeString(strings.ToValidUTF8(text, "")))
	runes := []rune(strings.Join(strings.Fields(text), " "))
	return strings.TrimSpace(string(runes[:min(len(runes), maxText)]))
}

var weekdays = map[string]int{"mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6, "sun": 7}

// hours are the opening hours that say from when to when, in the order of the week.
func (a *anyResource) hours() []control.Hours {
	var out []control.Hours
	for _, t := range a.AvailableTime[:min(len(a.AvailableTime), maxHours)] {
		from, to := minuteOf(t.Start, "00:00"), minuteOf(t.End, "24:00")
		if t.AllDay {
			from, to = "00:00", "24:00"
		}
		if to == "00:00" || to == "23:59" {
			to = "24:00"
		}
		for _, day := range t.DaysOfWeek[:min(len(t.DaysOfWeek), 7)] {
			h := control.Hours{Weekday: weekdays[day], From: from, To: to}
			if h.Weekday != 0 && from != "" && from < to && !slices.Contains(out, h) && (t.Start != "" || t.End != "" || t.AllDay) {
				out = append(out, h)
			}
		}
	}
	slices.SortFunc(out, func(a, b control.Hours) int {
		return cmp.Or(cmp.Compare(a.Weekday, b.Weekday), cmp.Compare(a.From, b.From))
	})
	return out[:min(len(out), maxHours)]
}

// minuteOf is a FHIR time, hh:mm:ss, without its seconds; "" when it is none, and usual when there is none.
func minuteOf(text, usual string) string {
	if text == "" {
		return usual
	}
	if len(text) < 5 || text[2] != ':' {
		return ""
	}
	hour, err1 := strconv.ParseUint(text[:2], 10, 8)
	minute, err2 := strconv.ParseUint(text[3:5], 10, 8)
	if err1 != nil || err2 != nil || hour > 24 || minute > 59 || hour == 24 && minute > 0 {
		return ""
	}
	return text[:5]
}
