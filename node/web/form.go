package web

import (
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Form is what was typed, and what is wrong with it. A page that takes a form shows it again with both: nothing typed is lost.
type Form struct {
	values url.Values
	wrong  map[string]string // message by field
	first  string            // the first wrong field, which gets the focus
	again  bool              // only the language was changed
}

// NewForm is an empty form, or one that is filled in with names and values in turn.
func NewForm(filled ...string) *Form {
	f := &Form{values: url.Values{}, wrong: map[string]string{}}
	for i := 0; i+1 < len(filled); i += 2 {
		f.Set(filled[i], filled[i+1])
	}
	return f
}

// readForm reads a posted form of at most maxForm, or with a file maxUpload.
func readForm(w http.ResponseWriter, r *http.Request) (*Form, error) {
	limit := int64(maxForm)
	upload := strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data")
	if upload {
		limit = maxUpload + maxForm
	}
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	var err error
	if upload {
		err = r.ParseMultipartForm(maxUpload)
	} else {
		err = r.ParseForm()
	}
	if err != nil {
		return nil, err
	}
	f := NewForm()
	for name, values := range r.PostForm {
		for _, v := range values {
			if len(v) <= maxField && utf8.ValidString(v) {
				f.values[name] = append(f.values[name], v)
			}
		}
	}
	return f, nil
}

// Get is a field without the spaces around it.
func (f *Form) Get(name string) string {
	if f == nil {
		return ""
	}
	return strings.TrimSpace(f.values.Get(name))
}

// All are the values of a field that can be given more than once: ticked boxes.
func (f *Form) All(name string) []string {
	if f == nil {
		return nil
	}
	return f.values[name]
}

// Ticked says whether a box with this value was ticked.
func (f *Form) Ticked(name, value string) bool {
	for _, v := range f.All(name) {
		if v == value {
			return true
		}
	}
	return false
}

// Set fills a field in.
func (f *Form) Set(name string, values ...string) { f.values[name] = values }

// Wrong says what is wrong with a field, as a sentence in the language of the page. The first word about a field stands.
func (f *Form) Wrong(name, sentence string) {
	if f.wrong[name] == "" {
		f.wrong[name] = sentence
	}
	if f.first == "" {
		f.first = name
	}
}

// Problem is what is wrong with a field, "" when nothing is.
func (f *Form) Problem(name string) string {
	if f == nil || f.again {
		return ""
	}
	return f.wrong[name]
}

// First says whether this is the first wrong field.
func (f *Form) First(name string) bool { return f != nil && !f.again && f.first == name }

// OK says whether to act: nothing is wrong, and the form was not just sent to be seen in another language.
func (f *Form) OK() bool { return len(f.wrong) == 0 && !f.again }

// Again says that the form was sent to be seen in another language only: show it as it is.
func (f *Form) Again() bool { return f.again }

// Failed says whether there is something wrong to show.
func (f *Form) Failed() bool { return f != nil && !f.again && len(f.wrong) > 0 }

// Secret is a field that is never shown again: the form forgets it here. Go keeps its text in memory until it is collected, and does not let it be
// overwritten.
func (c *Call) Secret(name string) string {
	value := c.Form.Get(name)
	for _, values := range []url.Values{c.Form.values, c.R.PostForm, c.R.Form} {
		values.Del(name)
	}
	return value
}

// File is an uploaded file, nil when there is none.
func (c *Call) File(name string) (multipart.File, error) {
	if c.R.MultipartForm == nil || len(c.R.MultipartForm.File[name]) == 0 {
		return nil, nil
	}
	return c.R.MultipartForm.File[name][0].Open()
}
