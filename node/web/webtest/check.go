package webtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// axePath is where `make tools` puts axe-core.
const axePath = "bin/npm/node_modules/axe-core/axe.min.js"

// Check looks for what shuts people out, in light and in dark: axe-core with the rules of WCAG 2.0 to 2.2, A and AA, sideways scrolling, and with
// target > 0 controls that are smaller than so many pixels. Links within a sentence are not controls.
func (t *Tab) Check(target int) {
	t.t.Helper()
	for _, dark := range []bool{false, true} {
		t.SetDark(dark)
		for _, v := range t.violations() {
			t.t.Errorf("%s, dark %v: %s", t.where(), dark, v)
		}
	}
	t.SetDark(t.look.Dark)
	if wide := Eval[int](t, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); wide > 0 {
		t.t.Errorf("%s is %d pixels wider than the window of %d", t.where(), wide, t.look.Width)
	}
	if target > 0 {
		for _, small := range t.small(target) {
			t.t.Errorf("%s: %s", t.where(), small)
		}
	}
	for _, h := range t.Hosts() {
		if h != "127.0.0.1" && h != "localhost" {
			t.t.Errorf("%s asked %s for something", t.where(), h)
		}
	}
	for _, e := range t.Errors() {
		t.t.Errorf("%s: a script complains: %s", t.where(), e)
	}
	if title := t.Title(); title == "" || !strings.HasSuffix(title, "Pieks") {
		t.t.Errorf("%s has the title %q", t.where(), title)
	}
}

func (t *Tab) where() string { return path(t.Address()) }

// violation is one rule of axe-core that a page breaks.
type violation struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

func (t *Tab) violations() []string {
	t.t.Helper()
	if !Eval[bool](t, `!!window.axe`) {
		source, err := os.ReadFile(filepath.Join(Root(t.t), axePath))
		if err != nil {
			missing(t.t, "axe-core is not installed: make tools installs it")
		}
		Eval[int](t, `(()=>{`+string(source)+`;return 0})()`)
	}
	found := Eval[[]violation](t, `axe.run(document, {runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]}, resultTypes: ["violations"]}).then(r => r.violations)`)
	var all []string
	for _, v := range found {
		for _, n := range v.Nodes {
			all = append(all, fmt.Sprintf("%s (%s): %.200s: %s", v.ID, v.Help, n.HTML, n.Summary))
		}
	}
	return all
}

func (t *Tab) small(target int) []string {
	t.t.Helper()
	return Eval[[]string](t, fmt.Sprintf(`[...document.querySelectorAll("a[href], button, select, summary, input:not([type=hidden]):not([type=checkbox]):not([type=radio]), label:has(input[type=checkbox]), label:has(input[type=radio])")]
  .filter(e => e.checkVisibility() && !e.closest("p, .hint, .skip") && !e.classList.contains("skip"))
  .map(e => [e, e.getBoundingClientRect()])
  .filter(([e, r]) => r.width > 0 && (r.height < %[1]d - 0.5 || r.width < %[1]d - 0.5))
  .map(([e, r]) => Math.round(r.width) + "x" + Math.round(r.height) + " is too small: " + e.outerHTML.slice(0, 160))`, target))
}
