package reception

import (
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
	webtest.Said(t, "rc_", de)
}
