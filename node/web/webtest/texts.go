package webtest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
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

// Said fails the test for each key with a prefix that a page of the package under test says and has no text for, and for each text that no page says. A
// key that ends in _ is the beginning of some that a page completes.
func Said(t testing.TB, prefix string, keys []string) {
	t.Helper()
	said := said(t, prefix)
	for _, k := range said {
		if strings.HasSuffix(k, "_") {
			if !slices.ContainsFunc(keys, func(have string) bool { return strings.HasPrefix(have, k) }) {
				t.Errorf("nothing begins with %s", k)
			}
		} else if !slices.Contains(keys, k) {
			t.Errorf("%s is said and has no text", k)
		}
	}
	for _, k := range keys {
		if !strings.HasPrefix(k, prefix) || slices.Contains(said, k) {
			continue
		}
		if !slices.ContainsFunc(said, func(s string) bool { return strings.HasSuffix(s, "_") && strings.HasPrefix(k, s) }) {
			t.Errorf("%s is never said", k)
		}
	}
}

// said are the keys in the handlers and templates of the package under test. Names of templates are none.
func said(t testing.TB, prefix string) (keys []string) {
	t.Helper()
	key := regexp.MustCompile(prefix + `[a-z0-9_]+`)
	part := regexp.MustCompile(`(?:template|define) "` + prefix + `[a-z_]+"`)
	for _, pattern := range []string{"*.go", "templates/*.html", "templates/parts/*.html"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, key.FindAllString(part.ReplaceAllString(string(data), ""), -1)...)
		}
	}
	if len(keys) == 0 {
		t.Fatalf("no page says a key that begins with %s", prefix)
	}
	return keys
}
