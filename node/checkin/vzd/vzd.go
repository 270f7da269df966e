// Package vzd searches the FHIR directory of the Telematikinfrastruktur (FHIR-VZD).
package vzd

import (
	"errors"

	"pieks/node/control"
)

// Request is the search request for a query, as the directory takes it: "HealthcareService?organization.active=true&...".
func Request(q control.InstitutionQuery) (string, error) { return "", errSketch }

// CheckRequest refuses a ready search request that is none for institutions.
func CheckRequest(request string) error { return errSketch }

// Read filters a search result, a FHIR bundle in JSON: institutions, digital health applications and insurers only.
func Read(bundle []byte) ([]control.Institution, error) { return nil, errSketch }

var errSketch = errors.New("not built yet")
