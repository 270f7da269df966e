package reception

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"pieks/node/control"
	"pieks/node/web"
)

// TestRefusals: each code of a practice's node and each error that the app knows has a text of its own in both languages.
func TestRefusals(t *testing.T) {
	text, err := web.LoadText(files)
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), "../../control/api_reception.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Code") {
			return true
		}
		found++
		code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil || refusals[code] == "" {
			t.Errorf("%s has no text: %v", spec.Names[0].Name, err)
		}
		return true
	})
	if found < 10 {
		t.Errorf("only %d codes were found", found)
	}
	for _, l := range web.Langs {
		for code, key := range refusals {
			if !text.Has(l, key) {
				t.Errorf("%s: nothing says %s in %s", code, key, l)
			}
		}
		for _, e := range Pages(nil).Errors {
			if !text.Has(l, e.Key) {
				t.Errorf("%v: nothing says %s in %s", e.Is, e.Key, l)
			}
		}
	}
}

// TestWrongDetails: what only the node sees wrong is said at its field, and all that was typed stays.
func TestWrongDetails(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "doctor")
	form := []string{"name", "Praxis\u200bBeispiel", "street", "Markt 1", "plz", "01067", "phone", "0351 1234", "h1a1", "08:00", "h1b1", "12:00"}
	for code, field := range map[string]string{
		control.CodeDetailName: "name", control.CodeDetailStreet: "street", control.CodeDetailPhone: "phone", control.CodeDetailDirections: "directions",
		control.CodePLZUnknown: "plz", control.CodeHours: "h1a1", "": "name",
	} {
		s.refuse = func(context.Context) error { return control.Coded(control.KindUsage, code, "No.") }
		got := b.post("/settings", form...)
		if code == control.CodeHours { // the row of a weekday has one place for its four fields
			got.Says(t, "Die Sprechzeiten überschneiden sich")
		} else {
			got.Says(t, `id="e-`+field+`"`)
		}
		got.Says(t, `value="Markt 1"`, `value="08:00"`)
	}
}
