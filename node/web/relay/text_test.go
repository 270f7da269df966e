package relay

import (
	"os"
	"regexp"
	"testing"

	"pieks/node/web"
	"pieks/node/web/webtest"
)

// TestLimits: each limit that a relay counts has a text in both languages.
func TestLimits(t *testing.T) {
	text, err := web.LoadText(files)
	if err != nil {
		t.Fatal(err)
	}
	webtest.SameKeys(t, text.Keys(web.German), text.Keys(web.English))
	for _, of := range []struct{ file, prefix, pattern string }{
		{"../../../gossip/caps.go", "subscription ", `Abuse\s+= "([a-z-]+)"`},
		{"../../../gossip/refusal.go", "sheet ", `= (?:reject|ignore)\("([a-z]+)"`},
		{"../../relay/methods.go", "", `add\("([a-z ]+)", `},
	} {
		source, err := os.ReadFile(of.file)
		if err != nil {
			t.Fatal(err)
		}
		names := regexp.MustCompile(of.pattern).FindAllStringSubmatch(string(source), -1)
		if len(names) < 2 {
			t.Errorf("%s has %d names of limits", of.file, len(names))
		}
		for _, m := range names {
			if key := limitKey(of.prefix + m[1]); !text.Has(web.German, key) {
				t.Errorf("nothing says %s", key)
			}
		}
	}
}
