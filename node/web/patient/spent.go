package patient

import (
	"maps"
	"slices"
	"time"

	"pieks/node/control"
	"pieks/node/web"
)

const spentDraft = "spent"

// spent are appointments that a list still has, since it is of the last round, and that this session knows are not to be had: somebody
// else was faster, or they are its own. Maps are never written to once they are in the draft.
type spent struct {
	gone map[string]time.Time // token: when somebody else had it; a hold that lapses sets it free again
	mine map[string][]string  // tokens of a booking of this session
}

func lostTokens(c *web.Call, tokens []control.Token) {
	s, _ := web.Kept[spent](c.Draft(), spentDraft)
	now := c.Now()
	gone := maps.Clone(s.gone)
	if gone == nil {
		gone = map[string]time.Time{}
	}
	maps.DeleteFunc(gone, func(_ string, at time.Time) bool { return now.Sub(at) >= goneFor })
	for _, t := range tokens {
		gone[t.ID] = now
	}
	s.gone = gone
	c.Draft().Put(spentDraft, s)
}

func ownTokens(c *web.Call, booking string, tokens []control.Token) {
	s, _ := web.Kept[spent](c.Draft(), spentDraft)
	mine := maps.Clone(s.mine)
	if mine == nil {
		mine = map[string][]string{}
	}
	for _, t := range tokens {
		mine[booking] = append(mine[booking], t.ID)
	}
	s.mine = mine
	c.Draft().Put(spentDraft, s)
}

// spentNow says which tokens to leave out of lists.
func spentNow(c *web.Call, bookings []control.Booking) func(token string) bool {
	s, _ := web.Kept[spent](c.Draft(), spentDraft)
	own := map[string]bool{}
	for _, b := range bookings {
		if stage := stageOf(b, c.Now()); stage == Booked || stage == Confirming || stage == Held {
			for _, id := range s.mine[b.ID] {
				own[id] = true
			}
		}
	}
	now := c.Now()
	return func(token string) bool {
		at, gone := s.gone[token]
		return own[token] || gone && now.Sub(at) < goneFor
	}
}

// left are the tokens that are not spent.
func left(tokens []control.Token, spent func(string) bool) []control.Token {
	return slices.DeleteFunc(slices.Clone(tokens), func(t control.Token) bool { return spent(t.ID) })
}
