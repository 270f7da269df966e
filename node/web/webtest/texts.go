package webtest

import (
	"slices"
	"testing"
)

// SameKeys fails the test for each text that only one of the languages has.
func SameKeys(t testing.TB, german, english []string) {
	t.Helper()
	for _, k := range german {
		if !slices.Contains(english, k) {
			t.Errorf("not in English: %s", k)
		}
	}
	for _, k := range english {
		if !slices.Contains(german, k) {
			t.Errorf("not in German: %s", k)
		}
	}
}
