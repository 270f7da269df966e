package webtest

import (
	"fmt"
	"os"
	"path/filepath"
)

// Pictures is the folder that pictures of pages are kept in; "" keeps none. It is the variable PIEKS_PICTURES, which `make screenshots` sets.
func Pictures() string { return os.Getenv("PIEKS_PICTURES") }

// Keep takes pictures of the page in light and dark where pictures are kept: NAME-WIDTH-light.png and NAME-WIDTH-dark.png.
func (t *Tab) Keep(name string) {
	t.t.Helper()
	dir := Pictures()
	if dir == "" {
		return
	}
	for _, scheme := range []string{"light", "dark"} {
		t.SetDark(scheme == "dark")
		t.Picture(filepath.Join(dir, fmt.Sprintf("%s-%d-%s.png", name, t.look.Width, scheme)))
	}
	t.SetDark(t.look.Dark)
}
