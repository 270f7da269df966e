package client

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// TestGolden is T34: what each reading of the interface has on the wire, letter by letter.
func TestGolden(t *testing.T) {
	for name, compat := range map[string]Compat{
		"default":         {},
		"openapi":         OpenAPI,
		"checkin-get":     {CheckIn: GET},
		"directory-get":   {Directory: GET},
		"form":            {Parameters: InForm},
		"query":           {Parameters: InQuery},
		"camel":           {Name: NameCamel},
		"answer-response": {Answer: AnswerResponse},
		"answer-query":    {Answer: AnswerQuery},
		"details-flow":    {Details: DetailsFlow},
		"details-zeta":    {Details: DetailsZETA},
		"provider-zeta":   {Provider: ProviderZETA},
		"workplace-exact": {Workplace: WorkplaceExact},
	} {
		t.Run(name, func(t *testing.T) {
			got := wire(t, compat)
			file := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Fatalf("%s is not what goes out:\n%s", file, got)
			}
		})
	}
}

// wire writes down all requests of a patient's client, one paragraph each.
func wire(t *testing.T, compat Compat) string {
	t.Helper()
	s := says(step, done)
	c := newClient(t, s, compat)
	d := c.EGK(reception)
	if _, _, err := d.Next(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Next(t.Context(), []byte{0xca, 0xfe, 0x90, 0x00}); err != nil {
		t.Fatal(err)
	}
	for _, call := range []func() error{
		func() error {
			_, err := c.CheckInHealthID(t.Context(), reception, "https://idp.example", "http://127.0.0.1:1/back")
			return err
		},
		func() error {
			_, err := c.LoadPractitionerInformation(t.Context(), "HealthcareService?organization.active=true")
			return err
		},
		func() error {
			_, err := c.ReadStatus(t.Context(), "237cc7b7-f85e-42c3-981c-ad7f9d97ddca")
			return err
		},
	} {
		if err := call(); !errors.Is(err, errScript) {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	for i, r := range s.requests {
		fmt.Fprintf(&out, "%s %s\n", r.Method, r.Path)
		for _, name := range slices.Sorted(maps.Keys(r.Query)) {
			fmt.Fprintf(&out, "  query %s=%s\n", name, r.Query.Get(name))
		}
		for _, name := range slices.Sorted(maps.Keys(r.Header)) {
			fmt.Fprintf(&out, "  header %s: %s\n", name, r.Header.Get(name))
		}
		if r.Type != "" {
			fmt.Fprintf(&out, "  body %s %s\n", r.Type, r.Body)
		}
		if d := s.details[i]; d.Name != "" {
			fmt.Fprintf(&out, "  details %s %s\n", d.Name, d.JSON)
		}
		if r.User {
			fmt.Fprintf(&out, "  user, back to %s\n", r.Back)
		}
		out.WriteString("\n")
	}
	return out.String()
}
