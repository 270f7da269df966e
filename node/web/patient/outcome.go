package patient

import (
	"maps"
	"slices"
	"time"

	"pieks/node/control"
	"pieks/node/web"
)

const seenDraft = "checkin seen"

// waited says of a check-in that is over whether it had waited for the practice: then nobody looked at its end when it came.
func waited(k control.Checkin) bool {
	return !k.Proved.IsZero() && k.Ended.Sub(k.Proved) > time.Minute
}

// seeOutcome notes that somebody looked at how a check-in ended.
func seeOutcome(c *web.Call, k control.Checkin) {
	if k.Ended.IsZero() || c.R.Header.Get("Pieks-Live") != "" {
		return
	}
	seen, _ := web.Kept[map[string]bool](c.Draft(), seenDraft)
	seen = maps.Clone(seen)
	if seen == nil || len(seen) > 10*lastShown {
		seen = map[string]bool{}
	}
	seen[k.ID] = true
	c.Draft().Put(seenDraft, seen)
}

// checkinNews are the check-ins that had waited and are over, and that nobody has looked at: said on every page, which is the notice that the text for
// a pending one promises (gemSpec_PoPP_Modul 7.4).
func checkinNews(v web.View) (news []control.Checkin) {
	if !v.In() {
		return nil
	}
	all, err := web.Ask[[]control.Checkin](v.Call, control.MethodCheckins, nil)
	if err != nil {
		return nil
	}
	seen, _ := web.Kept[map[string]bool](v.Draft(), seenDraft)
	for _, k := range all {
		if waited(k) && v.Now().Sub(k.Ended) < newsFor && !seen[k.ID] && v.Path() != "/checkin/"+k.ID {
			news = append(news, k)
		}
	}
	return news
}

// checkinHint says whether to point out what is new: until somebody has read it (gemSpec_PoPP_Modul 7.3.4).
func checkinHint(v web.View) bool {
	o, err := web.Ask[control.CheckinOptions](v.Call, control.MethodCheckinOptions, nil)
	return err == nil && !o.Introduced
}

// canKept says whether the card's access number is kept.
func canKept(v web.View) bool {
	o, err := web.Ask[control.CheckinOptions](v.Call, control.MethodCheckinOptions, nil)
	return err == nil && o.CAN != ""
}

// askCheckin asks for news.
func askCheckin(c *web.Call) error {
	id := c.R.PathValue("id")
	_, ok, err := web.AskLater[control.Checkin](c, control.MethodCheckin, control.CheckinName{ID: id}).Within(c.Context(), askPatience)
	if ok && err != nil {
		c.TellBad(sentence(c, err))
	}
	return c.Go("/checkin/" + id)
}

// checkinAgain begins anew at the same place.
func checkinAgain(c *web.Call) error {
	k, err := checkinOf(c)
	if err != nil {
		return err
	}
	return begun(c, control.CheckinBegin{TelematikID: k.Institution.TelematikID, Workplace: k.Workplace, Origin: k.Institution.Origin, OtherPerson: k.OtherPerson})
}

// endCheckin gives up what is not over.
func endCheckin(c *web.Call) error {
	id := c.R.PathValue("id")
	k, err := web.Ask[control.Checkin](c, control.MethodCheckinEnd, control.CheckinName{ID: id})
	switch {
	case control.CodeOf(err) == control.CodeCheckinState: // it was over meanwhile
	case err != nil:
		return err
	case k.Proved.IsZero(): // nothing is kept of it
		c.Draft().Put(refusedDraft, k)
		return c.Go("/checkin/refused")
	}
	return c.Go("/checkin/" + id)
}

// outcomeWhy are the codes of an end that have a sentence of their own; the others are said as an error of the kind that the specification's hint at
// A_28516 has.
var outcomeWhy = []string{control.CodeGiveUp, control.CodeCardUnproven, control.CodeCardForeign, control.CodeCardExpired, control.CodeCardBlocked,
	control.CodeCheckinClock, control.CodeReplay, control.CodeSession, control.CodeLogin, control.CodeCheckinService, control.CodeNoHealthID,
	control.CodeCheckinEnded, control.CodeCheckinLimit}

func outcomeKey(k control.Checkin) string {
	switch {
	case k.State == control.CheckinStateSuccess:
		return "pt_ci_success_text"
	case k.State == control.CheckinStatePending:
		return "pt_ci_pending_text"
	case k.Why == "":
		return "pt_ci_ended_text"
	case slices.Contains(outcomeWhy, k.Why):
		return "pt_ci_why_" + k.Why
	}
	return "pt_ci_why_other"
}

// checkinHistory shows the last ten with name and address (A_28511).
func checkinHistory(c *web.Call) error {
	all, err := web.Ask[[]control.Checkin](c, control.MethodCheckins, nil)
	if err != nil {
		return err
	}
	made := slices.DeleteFunc(slices.Clone(all), func(k control.Checkin) bool {
		return k.State == control.CheckinStateConsent || k.State == control.CheckinStateProof
	})
	slices.SortStableFunc(made, func(a, b control.Checkin) int { return b.Began.Compare(a.Began) })
	return c.Show("checkin_history", made[:min(len(made), lastShown)])
}
