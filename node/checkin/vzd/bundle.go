package vzd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// bundle is a FHIR R4 Bundle, as far as it is read. Its total is not: the directory counts something else (popp.md 6).
type bundle struct {
	ResourceType string  `json:"resourceType"`
	Link         []link  `json:"link"`
	Entry        []entry `json:"entry"`
}

type link struct {
	Relation string `json:"relation"`
}

type entry struct {
	FullURL string `json:"fullUrl"`
	Search  struct {
		Mode string `json:"mode"`
	} `json:"search"`
	Resource json.RawMessage `json:"resource"`
}

// anyResource is what a HealthcareService, an Organization and a Location have between them.
type anyResource struct {
	ResourceType string `json:"resourceType"`
	ID           string `json:"id"`

	Active     *bool        `json:"active"`
	Status     string       `json:"status"`
	Identifier []identifier `json:"identifier"`
	Extension  []extension  `json:"extension"`
	Name       string       `json:"name"`
	Alias      []string     `json:"alias"`
	Type       []concept    `json:"type"`

	ProvidedBy    reference         `json:"providedBy"`
	Location      []reference       `json:"location"`
	Telecom       []contact         `json:"telecom"`
	AvailableTime []availableTime   `json:"availableTime"`
	Contained     []json.RawMessage `json:"contained"`

	Address json.RawMessage `json:"address"` // one of a Location, a list of an Organization
}

type identifier struct {
	System string `json:"system"`
	Value  string `json:"value"`
}

type extension struct {
	URL         string `json:"url"`
	ValueCode   string `json:"valueCode"`
	ValueCoding coding `json:"valueCoding"`
}

type coding struct {
	System  string `json:"system"`
	Code    string `json:"code"`
	Display string `json:"display"`
}

type concept struct {
	Coding []coding `json:"coding"`
}

type reference struct {
	Reference string `json:"reference"`
}

type contact struct {
	System string `json:"system"`
	Value  string `json:"value"`
}

type availableTime struct {
	DaysOfWeek []string `json:"daysOfWeek"`
	AllDay     bool     `json:"allDay"`
	Start      string   `json:"availableStartTime"`
	End        string   `json:"availableEndTime"`
}

type address struct {
	Line       []string `json:"line"`
	PostalCode string   `json:"postalCode"`
	City       string   `json:"city"`
}

// parse reads a bundle. A PoPP service gives it as a JSON string within JSON (popp.md 2.4), so one that is such a string is opened.
func parse(data []byte) (bundle, error) {
	var b bundle
	if len(data) > maxBundle {
		return b, ErrTooLarge
	}
	if data = bytes.TrimSpace(data); len(data) > 0 && data[0] == '"' {
		var text string
		if err := json.Unmarshal(data, &text); err != nil {
			return b, ErrBundle
		}
		data = []byte(text)
	}
	if err := json.Unmarshal(data, &b); err != nil || b.ResourceType != "Bundle" { // the error would quote the answer
		return b, ErrBundle
	}
	if len(b.Entry) > maxEntries {
		return b, fmt.Errorf("%w: %d entries", ErrTooLarge, len(b.Entry))
	}
	return b, nil
}

// resources are those of a bundle, by what references call them.
type resources map[string]*anyResource

// index reads all resources, and which of them are services that were looked for: not what came along. One that is damaged is none.
func (b bundle) index() (all resources, services []*anyResource) {
	all = resources{}
	for _, e := range b.Entry {
		res := read(e.Resource)
		if res == nil {
			continue
		}
		if e.FullURL != "" {
			all[e.FullURL] = res
		}
		if res.ID != "" {
			all[res.ResourceType+"/"+res.ID] = res
		}
		if res.ResourceType == resource && (e.Search.Mode == "" || e.Search.Mode == "match") {
			services = append(services, res)
		}
	}
	return all, services
}

func read(raw json.RawMessage) *anyResource {
	var res anyResource
	if len(raw) == 0 || json.Unmarshal(raw, &res) != nil || res.ResourceType == "" {
		return nil
	}
	return &res
}

// follow finds what a resource refers to, if it is there and of that type. It goes one step, so circles are no matter.
func (r resources) follow(from *anyResource, to reference, kind string) *anyResource {
	found := r[to.Reference]
	if id, ok := strings.CutPrefix(to.Reference, "#"); ok {
		found = from.contained(id)
	} else if found == nil {
		found = r[relative(to.Reference)]
	}
	if found == nil || found.ResourceType != kind {
		return nil
	}
	return found
}

// relative is type and id of an address, without the version.
func relative(ref string) string {
	ref, _, _ = strings.Cut(ref, "/_history/")
	parts := strings.Split(ref, "/")
	if len(parts) < 2 {
		return ""
	}
	return strings.Join(parts[len(parts)-2:], "/")
}

func (a *anyResource) contained(id string) *anyResource {
	for _, raw := range a.Contained[:min(len(a.Contained), maxCodings)] {
		if res := read(raw); res != nil && res.ID == id {
			return res
		}
	}
	return nil
}
