package patient

import (
	"crypto/rand"
	"encoding/hex"

	"pieks/node/control"
	"pieks/node/web"
)

// asked is a question to a practice that has not been answered.
type asked struct {
	tokens []control.Token
	from   string
	answer *web.Later[control.Offer]
}

// kept is an offer, with what was asked for it.
type kept struct {
	offer  control.Offer
	tokens []control.Token
	from   string // "practice" when they came from the list of one practice
}

func askingDraft(id string) string { return "asking " + id }
func offerDraft(id string) string  { return "offer " + id }

// ask asks the practice for an offer, and goes on to it when the practice answers at once.
func ask(c *web.Call, tokens []control.Token, from string) error {
	in := control.RequestRequest{}
	for _, t := range tokens {
		in.Tokens = append(in.Tokens, t.ID)
	}
	in.Instead, _ = web.Kept[string](c.Draft(), insteadDraft)
	a := asked{tokens, from, web.AskLater[control.Offer](c, control.MethodRequest, in)}
	if offer, ok, err := a.answer.Within(c.Context(), askPatience); ok {
		return answered(c, a, offer, err)
	}
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails
	id := hex.EncodeToString(raw[:])
	c.Draft().Put(askingDraft(id), a)
	return c.Go("/asking/" + id)
}

// asking is shown while the practice is asked.
func asking(c *web.Call) error {
	id := c.R.PathValue("id")
	a, ok := web.Kept[asked](c.Draft(), askingDraft(id))
	if !ok {
		return c.Go("/") // this node was started anew: what was asked stands among the bookings
	}
	offer, ok, err := a.answer.Within(c.Context(), 0)
	if !ok {
		return c.Show("asking", nil)
	}
	c.Draft().Drop(askingDraft(id))
	return answered(c, a, offer, err)
}

// answered goes where the practice's answer leads.
func answered(c *web.Call, a asked, offer control.Offer, err error) error {
	switch {
	case control.KindOf(err) == control.KindNotFound || control.CodeOf(err) == control.CodeTokenGone:
		return lost(c, a.tokens, len(a.tokens) == 2, a.from)
	case err != nil:
		c.TellBad(sentence(c, err))
		return c.Go(listOf(a.from))
	}
	c.Draft().Put(offerDraft(offer.Booking), kept{offer, a.tokens, a.from})
	switch offer.State {
	case "offered":
		return c.Go("/offer/" + offer.Booking)
	case "taken", "expired", "refused":
		return lostWhy(c, a.tokens, len(a.tokens) == 2, a.from, offer.State, offer.Why)
	}
	return c.Go("/booking/" + offer.Booking)
}

// listOf is where the appointments came from.
func listOf(from string) string {
	if from == "practice" {
		return "/practice/list"
	}
	return "/list"
}
