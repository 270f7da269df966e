package patient

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"sync"

	"pieks/card/pace"
	"pieks/node/control"
	"pieks/node/web"
)

// cardData is the page of card and reader.
type cardData struct {
	checkinPage
	Readers []readerRow
	Ready   int    // readers with a card in them
	Problem string // with all readers
	Trouble string // what ended the last try
	Test    bool   // a virtual card can be used
}

// readerRow is a reader as the page shows it.
type readerRow struct {
	Reader
	Usable  bool
	Problem string // with the card in it
}

func (ci checkingIn) cardPage(c *web.Call) error { return ci.showCard(c, "") }

// showCard asks for the access number and for the card. The number is filled in from the time before, but for somebody else's card.
func (ci checkingIn) showCard(c *web.Call, problem string) error {
	p, err := checkinPageOf(c)
	if err != nil {
		return err
	}
	if p.State != control.CheckinStateProof {
		return c.Go("/checkin/" + p.ID)
	}
	if j, ok := web.Kept[*proving](c.Draft(), provingDraft(p.ID)); ok && !j.over() {
		return c.Go("/checkin/" + p.ID + "/reading")
	}
	d := cardData{checkinPage: p, Trouble: problem, Test: c.Status().Test}
	d.Readers, d.Ready, d.Problem = ci.look(c)
	if c.Form == nil {
		c.Form = web.NewForm("keep", "1")
		if !p.OtherPerson {
			c.Form.Set("can", p.Options.CAN)
		}
	}
	if t, ok := web.Kept[trouble](c.Draft(), troubleDraft(p.ID)); ok {
		if c.R.Header.Get("Pieks-Live") == "" { // live.js only looks where the waiting page leads, and then goes there
			c.Draft().Drop(troubleDraft(p.ID))
		}
		c.Form.Set("can", t.can)
		if t.field {
			c.Form.Wrong("can", t.said)
		} else {
			d.Trouble = t.said
		}
	}
	if c.R.Method == http.MethodGet { // what is said at a field was posted before
		return c.ShowStatus(http.StatusOK, "checkin_card", d)
	}
	return c.Show("checkin_card", d)
}

// look says which readers could read a card here.
func (ci checkingIn) look(c *web.Call) (rows []readerRow, ready int, problem string) {
	if ci.cards == nil {
		return nil, 0, c.Say("pt_ci_card_not_built")
	}
	if !c.Local() { // the card would be somewhere else than the person, and the access number would pass a network
		return nil, 0, c.Say("pt_ci_card_not_local")
	}
	readers, err := ci.cards.Readers(c.Context())
	if err == nil && len(readers) == 0 {
		return nil, 0, c.Say("pt_ci_card_no_reader")
	}
	if err != nil {
		_, problem = cardSentence(c, err)
		return nil, 0, problem
	}
	for _, r := range readers {
		row := readerRow{Reader: r, Usable: r.Card && r.Err == nil}
		if row.Usable {
			ready++
		} else if r.Err != nil {
			_, row.Problem = cardSentence(c, r.Err)
		}
		rows = append(rows, row)
	}
	return rows, ready, ""
}

// proving is a card that is being read, or a login that is being checked, for the page that shows how far it is.
type proving struct {
	mu     sync.Mutex
	found  bool   // the card was opened
	proved bool   // it has answered everything
	by     string // "card" or "login": the page to go back to
	can    string
	answer *web.Later[control.Checkin]
}

func (j *proving) set(f func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	f()
}

// steps are the two that the specification asks for (7.3.1): card found, authentication done.
func (j *proving) steps() (found, proved bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.found, j.proved
}

func (j *proving) over() bool {
	_, done, _ := j.answer.Within(context.Background(), 0)
	return done
}

// trouble is why a card was not read, until the page has said it.
type trouble struct {
	said, can string
	field     bool // at the access number
}

func provingDraft(id string) string { return "checkin reading " + id }
func troubleDraft(id string) string { return "checkin trouble " + id }

// readCard begins to read the card in a reader, and shows how far it is.
func (ci checkingIn) readCard(c *web.Call) error {
	id := c.R.PathValue("id")
	if c.Form.Again() {
		return ci.showCard(c, "")
	}
	can := pace.CAN(c.Form.Get("can"))
	if can != "" && can.Check() != nil {
		c.Form.Wrong("can", c.Say("pt_ci_card_can_form"))
		return ci.showCard(c, "")
	}
	rows, ready, problem := ci.look(c)
	var chosen readerRow
	for _, r := range rows {
		if r.Usable && (ready == 1 || r.Name == c.Form.Get("reader")) {
			chosen = r
		}
	}
	switch {
	case problem != "":
		return ci.showCard(c, problem)
	case ready == 0:
		return ci.showCard(c, c.Say("pt_ci_card_none"))
	case chosen.Name == "":
		return ci.showCard(c, c.Say("pt_ci_card_which"))
	case chosen.Contactless && can == "":
		c.Form.Wrong("can", c.Say("pt_ci_card_can"))
		return ci.showCard(c, "")
	}
	k, err := checkinOf(c)
	if err != nil {
		return err
	}
	keep := c.Form.Get("keep") != "" && !k.OtherPerson
	return prove(c, id, "card", string(can), func(ctx context.Context, j *proving) (control.Checkin, error) {
		return ci.dialogue(ctx, c, j, id, chosen.Name, can, keep)
	})
}

// virtualCard has the node prove itself with a virtual card, which only a test network has.
func (ci checkingIn) virtualCard(c *web.Call) error {
	id := c.R.PathValue("id")
	if !c.Status().Test {
		return web.ErrNotFound
	}
	return prove(c, id, "card", "", func(ctx context.Context, j *proving) (control.Checkin, error) {
		j.set(func() { j.found = true })
		return web.AskIn[control.Checkin](ctx, c, control.MethodCheckinVirtual, control.CheckinVirtual{ID: id})
	})
}

// prove has work done that the page of the check-in waits for. Of two requests that come at once only one begins.
func prove(c *web.Call, id, by, can string, work func(context.Context, *proving) (control.Checkin, error)) error {
	if j, ok := web.Kept[*proving](c.Draft(), provingDraft(id)); ok && !j.over() {
		return c.Go("/checkin/" + id + "/reading")
	}
	j := &proving{by: by, can: can}
	j.answer = web.RunLater(c, func(ctx context.Context) (control.Checkin, error) {
		ctx, cancel := context.WithTimeout(ctx, proveWithin)
		defer cancel()
		return work(ctx, j)
	})
	c.Draft().Put(provingDraft(id), j)
	return c.Go("/checkin/" + id + "/reading")
}

var errNoOutcome = errors.New("the card was read, and the node does not say what came of it: ask for the state of the check-in")

// dialogue carries commands from the node to the card and answers back, as they are.
func (ci checkingIn) dialogue(ctx context.Context, c *web.Call, j *proving, id, reader string, can pace.CAN, keep bool) (outcome control.Checkin, err error) {
	begun, by, ended := false, false, false
	err = ci.cards.Prove(ctx, reader, can, func(ctx context.Context, response []byte, contactless bool) ([]byte, error) {
		if !begun {
			begun, by = true, contactless
			j.set(func() { j.found = true })
			c.Changed()
		}
		in := control.CheckinAnswer{ID: id, Response: hex.EncodeToString(response), Contactless: contactless}
		step, err := web.AskIn[control.CheckinStep](ctx, c, control.MethodCheckinCard, in)
		if err != nil {
			return nil, err
		}
		if step.Checkin != nil {
			outcome, ended = *step.Checkin, true
			return nil, nil
		}
		return hex.DecodeString(step.Command)
	})
	if err == nil && !ended {
		err = errNoOutcome
	}
	if err != nil {
		if begun && control.CodeOf(err) == "" && ctx.Err() == nil { // the node waits for an answer that does not come
			code, _ := troubleOf(err)
			_, _ = web.AskIn[control.CheckinStep](ctx, c, control.MethodCheckinCard, control.CheckinAnswer{ID: id, Failure: code}) // the first trouble is what is said
		}
		return outcome, err
	}
	j.set(func() { j.proved = true })
	c.Changed()
	if by && keep { // it was this card's
		_, err = web.AskIn[control.CheckinOptions](ctx, c, control.MethodCheckinCAN, control.CheckinCAN{CAN: string(can)})
	}
	return outcome, err
}

// readingData is how far a card is.
type readingData struct {
	control.Checkin
	By            string // "card" or "login"
	Found, Proved bool
}

// reading shows how far a card is, and goes on when it is read or cannot be.
func (ci checkingIn) reading(c *web.Call) error {
	id := c.R.PathValue("id")
	j, ok := web.Kept[*proving](c.Draft(), provingDraft(id))
	if !ok {
		return c.Go("/checkin/" + id)
	}
	_, done, err := j.answer.Within(c.Context(), 0)
	if !done {
		k, err := checkinOf(c)
		if err != nil {
			return err
		}
		d := readingData{Checkin: k, By: j.by}
		d.Found, d.Proved = j.steps()
		return c.Show("checkin_reading", d)
	}
	c.Draft().Drop(provingDraft(id))
	if err == nil {
		return c.Go("/checkin/" + id)
	}
	key, said := cardSentence(c, err)
	t := trouble{said: said, can: j.can}
	for _, k := range canKeys {
		t.field = t.field || key == k
	}
	c.Draft().Put(troubleDraft(id), t)
	return c.Go("/checkin/" + id + "/" + j.by)
}

// forgetCAN forgets the access number.
func forgetCAN(c *web.Call) error {
	if _, err := web.Ask[control.CheckinOptions](c, control.MethodCheckinCAN, control.CheckinCAN{}); err != nil {
		return err
	}
	c.Tell("pt_ci_can_forgotten")
	if k, err := checkinNamed(c, c.Form.Get("checkin")); err == nil {
		return c.Go("/checkin/" + k.ID + "/card")
	}
	return c.Go("/settings")
}
