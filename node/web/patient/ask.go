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
	rest   [][]control.Token // what else would do, when somebody else was faster
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
func ask(c *web.Call, from string, tokens []control.Token, rest ...[]control.Token) error {
	in := control.RequestRequest{}
	for _, t := range tokens {
		in.Tokens = append(in.Tokens, t.ID)
	}
	in.Instead, _ = web.Kept[string](c.Draft(), insteadDraft)
	a := asked{tokens, from, rest, web.AskLater[control.Offer](c, control.MethodRequest, in)}
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
	gone := control.KindOf(err) == control.KindNotFound
	if gone || err == nil && offer.State == "taken" {
		lostTokens(c, a.tokens[len(a.tokens)-1:]) // of two that are asked for together the first may be free
		if len(a.rest) > 0 {
			return ask(c, a.from, a.rest[0], a.rest[1:]...)
		}
	}
	switch {
	case gone:
		return lost(c, a.tokens, len(a.tokens) == 2, a.from)
	case err != nil:
		c.TellBad(sentence(c, err))
		return c.Go(listOf(a.from))
	}
	c.Draft().Put(offerDraft(offer.Booking), kept{offer, a.tokens, a.from})
	ownTokens(c, offer.Booking, a.tokens)
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
