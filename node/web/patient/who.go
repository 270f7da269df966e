package patient

import (
	"strconv"
	"strings"
	"unicode"

	"pieks/node/control"
	"pieks/node/web"
)

const whoDraft = "who"

// typed is the form of an offer as it was typed. It is kept until a booking stands, so that a lost appointment loses no words.
type typed struct{ Whom, Name, Birth, Phone string }

func (t typed) form() *web.Form {
	if t.Whom == "" {
		t.Whom = "me"
	}
	return web.NewForm("whom", t.Whom, "name", t.Name, "birth", t.Birth, "phone", t.Phone)
}

func typedOf(f *web.Form) typed {
	return typed{f.Get("whom"), f.Get("name"), f.Get("birth"), f.Get("phone")}
}

// fillIn puts one of the people of earlier bookings into the form, when their button was pressed.
func fillIn(c *web.Call, known []control.Patient) bool {
	i, err := strconv.Atoi(c.Form.Get("fill"))
	if err != nil || i < 0 || i >= len(known) {
		return false
	}
	c.Form.Set("name", known[i].Name)
	c.Form.Set("birth", web.Birth(c.Lang, known[i].BirthDate))
	c.Form.Set("phone", known[i].Phone)
	return true
}

// readWho reads for whom the booking is, and says in the form what is wrong.
func readWho(c *web.Call) control.Patient {
	t := typedOf(c.Form)
	who := control.Patient{Name: strings.Join(strings.Fields(t.Name), " "), Phone: t.Phone}
	switch {
	case who.Name == "":
		c.Form.Wrong("name", c.Say("pt_name_missing"))
	case len(who.Name) > longestName:
		c.Form.Wrong("name", c.Say("pt_name_long"))
	case !readable(who.Name):
		c.Form.Wrong("name", c.Say("pt_name_signs"))
	}
	var problem string
	if who.BirthDate, problem = web.ParseBirth(t.Birth, c.Now()); problem != "" {
		c.Form.Wrong("birth", c.Say(problem))
	}
	if len(t.Phone) > longestPhone || strings.Trim(t.Phone, "0123456789+()/- ") != "" {
		c.Form.Wrong("phone", c.Say("pt_phone_form"))
	}
	return who
}

// readable refuses control characters and marks that reorder text, as package booking does: what the practice reads must be what was typed.
func readable(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) })
}
