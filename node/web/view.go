package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"pieks/node/control"
	"pieks/node/web/qr"
)

// views are the templates of all pages, by name: layout and parts of this package, and one page each.
type views struct{ pages map[string]*template.Template }

func loadViews(s *Server) (*views, error) {
	funcs := template.FuncMap{"dict": dict, "add": func(a, b int) int { return a + b }, "sub": func(a, b int) int { return a - b }, "join": strings.Join,
		"list": func(items ...any) []any { return items }, "tel": tel, "qrM": drawn(qr.M), "qrQ": drawn(qr.Q)}
	for name, f := range s.cfg.Pages.Funcs {
		funcs[name] = f
	}
	base := template.New("").Funcs(funcs)
	v := &views{pages: map[string]*template.Template{}}
	for _, from := range []fs.FS{files, s.cfg.Pages.Files} {
		if from == nil {
			continue
		}
		// Parts are there for all pages: those of this package, and the role's.
		if parts, err := fs.Glob(from, "templates/parts/*.html"); err != nil {
			return nil, err
		} else if len(parts) > 0 {
			if base, err = base.ParseFS(from, parts...); err != nil {
				return nil, err
			}
		}
	}
	for _, from := range []fs.FS{files, s.cfg.Pages.Files} {
		if from == nil {
			continue
		}
		names, err := fs.Glob(from, "templates/*.html")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			page, err := base.Clone()
			if err == nil {
				page, err = page.ParseFS(from, name)
			}
			if err != nil {
				return nil, fmt.Errorf("template %s: %w", name, err)
			}
			v.pages[strings.TrimSuffix(path.Base(name), ".html")] = page
		}
	}
	return v, nil
}

// dict makes a map of names and values in turn.
func dict(pairs ...any) map[string]any {
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		m[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return m
}

// tel is a link that calls a number: its digits, and the plus that a number with a country code begins with.
func tel(number string) template.URL {
	plus := ""
	if strings.HasPrefix(strings.TrimSpace(number), "+") {
		plus = "+"
	}
	return template.URL("tel:" + plus + strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, number))
}

// drawn draws a text as QR code, with a title for those who do not see it. A page whose code cannot be drawn has it as text and digits.
func drawn(level qr.Level) func(text, title string) template.HTML {
	return func(text, title string) template.HTML {
		svg, err := qr.SVG(text, title, level)
		if err != nil {
			return ""
		}
		return template.HTML(svg)
	}
}

// View is what a template is given: dot, and $ in a range.
type View struct {
	*Call
	Page   string
	Data   any
	Notice *Notice
	// Menu is what this person may go to; none for somebody who is not in.
	Menu []MenuItem
	Node control.Status
}

// Show answers with a page: the template of its name with the data as .Data. Nothing was written when it fails.
func (c *Call) Show(page string, data any) error {
	status := http.StatusOK
	if c.Form.Failed() {
		status = http.StatusUnprocessableEntity
	}
	return c.ShowStatus(status, page, data)
}

// ShowStatus is Show with a status of HTTP.
func (c *Call) ShowStatus(status int, page string, data any) error {
	c.server.show(c, status, page, data)
	return nil
}

func (s *Server) show(c *Call, status int, page string, data any) {
	all, err := s.views.get()
	if err != nil {
		s.log.Error("templates", "err", err)
		http.Error(c.W, "The pages of this program cannot be read.", http.StatusInternalServerError)
		return
	}
	v := View{Call: c, Page: page, Data: data}
	layout := "layout"
	if strings.HasPrefix(page, "print_") {
		layout = "paper"
	}
	if c.session.cookie != "" {
		v.Node = s.status(c.Context())
		for _, m := range s.cfg.Pages.Menu {
			if m.For(c.session.person) {
				v.Menu = append(v.Menu, m)
			}
		}
		if layout == "layout" && status < http.StatusBadRequest {
			if n, ok := Kept[Notice](c.Draft(), noticeDraft); ok && c.R.Header.Get("Pieks-Live") == "" {
				c.Draft().Drop(noticeDraft)
				v.Notice = &n
			}
		}
	}
	var out bytes.Buffer
	if t := all.pages[page]; t == nil {
		err = fmt.Errorf("there is no template %s", page)
	} else {
		err = t.ExecuteTemplate(&out, layout, v)
	}
	if err != nil {
		s.log.Error("page not made", "page", page, "err", err)
		http.Error(c.W, "This page cannot be shown. / Diese Seite kann nicht angezeigt werden.", http.StatusInternalServerError)
		return
	}
	c.W.Header().Set("Content-Type", "text/html; charset=utf-8")
	c.W.WriteHeader(status)
	_, _ = out.WriteTo(c.W)
}

// What templates call. All of it speaks the language of the page.

// T is a message: {{$.T "key"}}, {{$.T "key" "N" 3 "Name" .Name}}.
func (v View) T(key string, args ...any) string { return v.Say(key, args...) }

// Date, Clock and Instant are a time as people read it.
func (v View) Date(t time.Time) string    { return Date(v.Lang, t) }
func (v View) Clock(t time.Time) string   { return Clock(v.Lang, t) }
func (v View) Instant(t time.Time) string { return Instant(v.Lang, t) }

// HM is a bare 09:30, for tables.
func (v View) HM(t time.Time) string { return t.In(Berlin).Format("15:04") }

// DayOf is a day of a path or a control answer, 2026-12-01, in words.
func (v View) DayOf(text string) string {
	t, err := Day(text)
	if err != nil {
		return text
	}
	return Date(v.Lang, t)
}

// Birth is a birth date as people write it.
func (v View) Birth(text string) string { return Birth(v.Lang, text) }

// Weekday is the name of an ISO weekday.
func (v View) Weekday(iso int) string { return Weekday(v.Lang, iso) }

// Ago is how long ago an instant was.
func (v View) Ago(t time.Time) string {
	text, err := v.server.text.get()
	if err != nil {
		return ""
	}
	return text.Ago(v.Lang, v.Now().Sub(t))
}

// Static is the path of a static file.
func (View) Static(name string) string { return "/static/" + staticVersion() + "/" + name }

// CSRF is the hidden field that each form that is posted has.
func (v View) CSRF() template.HTML {
	return template.HTML(`<input type="hidden" name="csrf" value="` + v.session.csrf() + `">`)
}

// Role is whose app it is.
func (v View) Role() string { return v.server.cfg.Pages.Name }

// In says whether somebody is in.
func (v View) In() bool { return v.session.cookie != "" }

// Is says who looks: {{if $.Is "doctor"}}.
func (v View) Is(person string) bool { return v.session.person.String() == person }

// Path is the page's own, for links to it in the other language.
func (v View) Path() string { return v.R.URL.Path }

// Query is the page's own path and query with lang chosen.
func (v View) Query(l Lang) string {
	q := v.R.URL.Query()
	q.Set("lang", string(l))
	return "?" + q.Encode()
}

// Other is the language that is not shown.
func (v View) Other() Lang {
	if v.Lang == German {
		return English
	}
	return German
}

// Current says whether a menu item is the page that is shown.
func (v View) Current(item string) bool {
	return v.R.URL.Path == item || item != "/" && strings.HasPrefix(v.R.URL.Path, item+"/")
}

// Field is an input with its label, hint and problem, for the part "field".
type Field struct {
	View
	Name, Label, Hint, Value, Problem string
	Focus                             bool
	Attr                              map[string]string // type, autocomplete, inputmode, min, max, ...: as in HTML
}

// Has says whether an attribute is given.
func (f Field) Has(name string) bool { _, ok := f.Attr[name]; return ok }

// Field describes an input: {{template "field" ($.Field "plz" "plz_label" "hint" "plz_hint" "inputmode" "numeric" "required" "")}}. Its value is what
// was typed, or value.
func (v View) Field(name, label string, attr ...string) Field {
	f := Field{View: v, Name: name, Label: v.Say(label), Problem: v.Form.Problem(name), Focus: v.Form.First(name), Attr: map[string]string{"type": "text"}}
	for i := 0; i+1 < len(attr); i += 2 {
		f.Attr[attr[i]] = attr[i+1]
	}
	if key, ok := f.Attr["hint"]; ok {
		f.Hint = v.Say(key)
	}
	f.Value = f.Attr["value"]
	if v.Form != nil && len(v.Form.All(name)) > 0 {
		f.Value = v.Form.values.Get(name)
	}
	return f
}
