package web

import (
	"net/http"
	"time"

	"golang.org/x/text/language"
)

// Lang is a language that the app speaks.
type Lang string

// The languages. German is for whoever asks for neither.
const (
	German  Lang = "de"
	English Lang = "en"
)

// Langs are all of them, for the switch in the head of each page.
var Langs = []Lang{German, English}

var matcher = language.NewMatcher([]language.Tag{language.German, language.English})

const langCookie = "pieks-lang"

func parseLang(s string) (Lang, bool) {
	for _, l := range Langs {
		if s == string(l) {
			return l, true
		}
	}
	return German, false
}

// langOf is what was chosen, or else what the browser asks for.
func langOf(r *http.Request) Lang {
	if c, err := r.Cookie(langCookie); err == nil {
		if l, ok := parseLang(c.Value); ok {
			return l
		}
	}
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil || len(tags) == 0 {
		return German
	}
	if _, i, confidence := matcher.Match(tags...); confidence != language.No {
		return Langs[i]
	}
	return German
}

func setLang(w http.ResponseWriter, l Lang) {
	http.SetCookie(w, &http.Cookie{Name: langCookie, Value: string(l), Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()), HttpOnly: true, SameSite: http.SameSiteLaxMode})
}
