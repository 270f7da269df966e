package patient

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"pieks/node/control"
	"pieks/node/web"
	"pieks/node/web/qr"
)

const (
	practiceDraft = "practice" // an ownList
	openingDraft  = "opening"  // an opening
	closedDraft   = "closed"   // a closed
)

// ownList is the list of one practice, as its code opened it.
type ownList struct {
	code string
	at   time.Time
	list control.PracticeList
}

// opening is a practice that was asked for its list and has not answered: it is looked for at all relays that its code names.
type opening struct {
	code   string
	answer *web.Later[control.PracticeList]
}

// closed is a code that opened nothing. State is one of listStates.
type closed struct{ code, state string }

// practiceCode asks for the code of a practice: scanned, typed or photographed. What the last one came to nothing for is said once.
func practiceCode(c *web.Call) error {
	c.Form = web.NewForm()
	if no, ok := web.Kept[closed](c.Draft(), closedDraft); ok {
		if c.R.Header.Get("Pieks-Live") == "" { // live.js only looks where the waiting page leads, and then goes there
			c.Draft().Drop(closedDraft)
		}
		c.Form.Set("code", no.code)
		c.Form.Wrong("code", c.Say("pt_own_"+no.state))
	}
	return c.ShowStatus(http.StatusOK, "practice", nil)
}

// practiceOpen asks the practice for its list, and goes on to it when it answers at once.
func practiceOpen(c *web.Call) error {
	if c.Form.Again() {
		return c.Show("practice", nil)
	}
	text, err := codeOf(c)
	if err != nil {
		return err
	}
	if !c.Form.OK() {
		return c.Show("practice", nil)
	}
	o := opening{text, web.AskLater[control.PracticeList](c, control.MethodPracticeList, control.PracticeCode{Code: text})}
	list, ok, err := o.answer.Within(c.Context(), askPatience)
	if !ok {
		c.Draft().Put(openingDraft, o)
		return c.Go("/practice/open")
	}
	no, err := opened(c, text, list, err)
	if err != nil {
		return err
	}
	if no != "" {
		c.Form.Wrong("code", c.Say("pt_own_"+no))
		return c.Show("practice", nil)
	}
	return c.Go("/practice/list")
}

// practiceOpening is shown while the practice is asked.
func practiceOpening(c *web.Call) error {
	o, ok := web.Kept[opening](c.Draft(), openingDraft)
	if !ok {
		return c.Go("/practice")
	}
	list, ok, err := o.answer.Within(c.Context(), 0)
	if !ok {
		return c.Show("practice_open", nil)
	}
	c.Draft().Drop(openingDraft)
	no, err := opened(c, o.code, list, err)
	if err != nil {
		return err
	}
	if no != "" {
		c.Draft().Put(closedDraft, closed{o.code, no})
		return c.Go("/practice")
	}
	return c.Go("/practice/list")
}

// opened keeps the list of a practice. no is why there is none, of listStates.
func opened(c *web.Call, code string, list control.PracticeList, err error) (no string, _ error) {
	switch {
	case control.KindOf(err) == control.KindUsage:
		return "code", nil
	case control.KindOf(err) == control.KindUnavailable:
		return "offline", nil
	case err != nil:
		return "", err
	case list.State != "listed":
		return oneOf(listStates, list.State), nil
	}
	c.Draft().Put(practiceDraft, ownList{code, c.Now(), list})
	return "", nil
}

// listStates are those of control.PracticeList but "listed"; the first is for what is none of them.
var listStates = []string{"offline", "code", "elsewhere", "revoked", "unproven", "closed", "busy"}

// codeOf is the code that was typed or scanned, or that of the photo.
func codeOf(c *web.Call) (string, error) {
	text, err := scannedText(c, func(typed string) string { return strings.ToUpper(strings.Join(strings.Fields(typed), "")) })
	switch {
	case err != nil || !c.Form.OK():
	case text == "":
		c.Form.Wrong("code", c.Say("pt_own_missing"))
	case len(text) > longestCode:
		c.Form.Wrong("code", c.Say("pt_own_code"))
	}
	return text, err
}

// scannedText is what was typed or scanned into the field of a form with a camera, in the shape that clean gives it, or else what the code in the photo
// says; "" when there is neither, or when the form says what is wrong with the photo.
func scannedText(c *web.Call, clean func(typed string) string) (string, error) {
	if text := clean(c.Form.Get("code")); text != "" {
		return text, nil
	}
	photo, err := c.File("photo")
	if err != nil || photo == nil {
		return "", err
	}
	defer photo.Close()
	text, err := qr.Read(c.Context(), photo)
	switch {
	case errors.Is(err, qr.ErrNoCode):
		c.Form.Wrong("photo", c.Say("pt_photo_nothing"))
	case errors.Is(err, qr.ErrTooLarge):
		c.Form.Wrong("photo", c.Say("pt_photo_large"))
	case errors.Is(err, qr.ErrFormat):
		c.Form.Wrong("photo", c.Say("pt_photo_format"))
	case err != nil:
		return "", err
	}
	return strings.TrimSpace(text), nil
}
