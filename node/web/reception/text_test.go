package reception

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pieks/node/web"
	"pieks/node/web/webtest"
)

// TestTexts: each key in both languages, each one that a page or a handler says exists, and none is there for nothing.
func TestTexts(t *testing.T) {
	text, err := web.LoadText(files)
	if err != nil {
		t.Fatal(err)
	}
	de := text.Keys(web.German)
	webtest.SameKeys(t, de, text.Keys(web.English))
	var said []string
	key := regexp.MustCompile(`rc_[a-z0-9_]+`)
	part := regexp.MustCompile(`(?:template|define) "rc_[a-z]+"`)
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
			said = append(said, key.FindAllString(part.ReplaceAllString(string(data), ""), -1)...)
		}
	}
	for _, k := range said {
		if strings.HasSuffix(k, "_") {
			if !slices.ContainsFunc(de, func(have string) bool { return strings.HasPrefix(have, k) }) {
				t.Errorf("nothing begins with %s", k)
			}
		} else if !text.Has(web.German, k) {
			t.Errorf("%s is said and has no text", k)
		}
	}
	for _, k := range de {
		if !strings.HasPrefix(k, "rc_") || slices.Contains(said, k) {
			continue
		}
		if !slices.ContainsFunc(said, func(s string) bool { return strings.HasSuffix(s, "_") && strings.HasPrefix(k, s) }) {
			t.Errorf("%s is never said", k)
		}
	}
}
