package web

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Text is all that an app says, in each language: text/NAME.LANG.toml of this package and of the role's. A message is a line KEY =
// "text", or a table with one and other where a number decides; {{.Name}} in it stands for a value.
type Text struct {
	localizers map[Lang]*i18n.Localizer
	keys       map[Lang]map[string]bool
}

// LoadText reads the texts of this package and of more.
func LoadText(more ...fs.FS) (*Text, error) {
	bundle := i18n.NewBundle(language.German)
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	t := &Text{localizers: map[Lang]*i18n.Localizer{}, keys: map[Lang]map[string]bool{}}
	for _, l := range Langs {
		t.keys[l] = map[string]bool{}
	}
	for _, from := range append([]fs.FS{files}, more...) {
		names, err := fs.Glob(from, "text/*.toml")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			data, err := fs.ReadFile(from, name)
			if err != nil {
				return nil, err
			}
			l, ok := parseLang(strings.TrimPrefix(path.Ext(strings.TrimSuffix(name, ".toml")), "."))
			if !ok {
				return nil, fmt.Errorf("%s is in no language that the app speaks", name)
			}
			read, err := bundle.ParseMessageFileBytes(data, path.Base(name))
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", name, err)
			}
			for _, m := range read.Messages {
				if t.keys[l][m.ID] {
					return nil, fmt.Errorf("%s says %q twice", name, m.ID)
				}
				t.keys[l][m.ID] = true
			}
		}
	}
	for _, l := range Langs {
		t.localizers[l] = i18n.NewLocalizer(bundle, string(l))
	}
	return t, nil
}

// Has says whether there is a message.
func (t *Text) Has(l Lang, key string) bool { return t.keys[l][key] }

// Keys are the messages of a language.
func (t *Text) Keys(l Lang) []string {
	var keys []string
	for k := range t.keys[l] {
		keys = append(keys, k)
	}
	return keys
}

// Say is a message. args are names and values in turn; the name N is a number that decides between one and other. A message that
// does not exist is its key in brackets: a test finds these on every page.
func (t *Text) Say(l Lang, key string, args ...any) string {
	config := i18n.LocalizeConfig{MessageID: key}
	if len(args) > 0 {
		values := make(map[string]any, len(args)/2)
		for i := 0; i+1 < len(args); i += 2 {
			name := fmt.Sprint(args[i])
			values[name] = args[i+1]
			if name == "N" {
				config.PluralCount = args[i+1]
			}
		}
		config.TemplateData = values
	}
	said, err := t.localizers[l].Localize(&config)
	if err != nil {
		return "[" + key + "]"
	}
	return said
}

// lazy texts are read when the first page is asked for: a node whose app nobody opens does not keep them in memory.
type lazy[T any] struct {
	once sync.Once
	load func() (T, error)
	got  T
	err  error
}

func (l *lazy[T]) get() (T, error) {
	l.once.Do(func() { l.got, l.err = l.load() })
	return l.got, l.err
}
