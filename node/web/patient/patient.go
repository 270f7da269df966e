package patient

import (
	"embed"
	"math"

	"pieks/node/control"
	"pieks/node/web"
)

//go:embed templates text
var files embed.FS

// Pages are a patient's app. cards are the readers of this computer; nil when the program was built without.
func Pages(cards Cards) web.Pages {
	ci := checkingIn{cards}
	return web.Pages{
		Name: "patient", Person: web.Owner,
		Menu: []web.MenuItem{
			{Path: "/", Text: "pt_menu_home"}, {Path: "/checkin", Text: "pt_menu_checkin"}, {Path: "/practice", Text: "pt_menu_practice"},
			{Path: "/history", Text: "pt_menu_history"}, {Path: "/settings", Text: "pt_menu_settings"},
		},
		Files: files, Codes: whyKeys, Landings: landings,
		Routes: append(ci.routes(), []web.Route{
			{Pattern: "GET /{$}", Page: start}, {Pattern: "POST /{$}", Page: search},
			{Pattern: "GET /list", Page: list}, {Pattern: "POST /list/radius", Page: widen}, {Pattern: "POST /list/stay", Page: stay},
			{Pattern: "POST /list/first", Page: onlyFirst},
			{Pattern: "GET /list/second", Page: second}, {Pattern: "POST /choose", Page: choose}, {Pattern: "POST /choose/second", Page: chooseSecond},
			{Pattern: "GET /asking/{id}", Page: asking},
			{Pattern: "GET /offer/{id}", Page: offer}, {Pattern: "POST /offer/{id}", Page: book}, {Pattern: "POST /offer/{id}/leave", Page: leave},
			{Pattern: "POST /offer/{id}/again", Page: askAgain}, {Pattern: "GET /taken", Page: taken},
			{Pattern: "GET /booking/{id}", Page: booking}, {Pattern: "GET /booking/{id}/print", Page: printCard},
			{Pattern: "GET /booking/{id}/cancel", Page: cancelAsk}, {Pattern: "POST /booking/{id}/cancel", Page: cancel},
			{Pattern: "POST /booking/{id}/move", Page: move},
			{Pattern: "POST /watch", Page: watch}, {Pattern: "POST /watch/{id}/show", Page: watchShow}, {Pattern: "POST /watch/{id}/end", Page: watchEnd},
			{Pattern: "GET /practice", Page: practiceCode}, {Pattern: "POST /practice", Page: practiceOpen},
			{Pattern: "GET /practice/open", Page: practiceOpening},
			{Pattern: "GET /practice/list", Page: practiceList}, {Pattern: "POST /practice/choose", Page: practiceChoose},
			{Pattern: "GET /practice/second", Page: practiceSecond},
			{Pattern: "GET /history", Page: history},
			{Pattern: "GET /settings", Page: settings}, {Pattern: "POST /settings", Page: settingsSet},
			{Pattern: "GET /erase", Page: eraseAsk}, {Pattern: "POST /erase", Page: erase},
		}...),
		Funcs: map[string]any{"km": distance, "found": found, "warnings": warnings, "summary": summary, "stage": stage, "why": why,
			"checkinNews": checkinNews, "checkinHint": checkinHint, "canKept": canKept, "outcome": outcomeKey, "called": called, "pick": pick,
			"mapLink": mapLink, "callBack": callBackLink, "asker": askerOf,
			"nearby": func() []string { return nearby },
			"radii":  func() []int { return radii }, "doses": func() []string { return doses }, "whens": func() []string { return whens },
			"parts": func() []string { return dayParts }, "weekdays": func() []int { return []int{1, 2, 3, 4, 5, 6, 7} }},
	}
}

// distance is how far a place is: as the crow flies, from the middle of one postcode to the other, so no nearer than a kilometre.
func distance(v web.View, km float64) string {
	if km < 1 {
		return v.Say("pt_near")
	}
	return v.Say("pt_km", "KM", int(math.Round(km)))
}

// found are the watches that have found what nobody has looked at: said on every page.
func found(v web.View) []control.Watch {
	if !v.In() {
		return nil
	}
	all, err := web.Ask[[]control.Watch](v.Call, control.MethodWatches, nil)
	if err != nil {
		return nil
	}
	var some []control.Watch
	for _, w := range all {
		if w.Found > 0 && !w.Seen && !w.Ended {
			some = append(some, w)
		}
	}
	return some
}

// warnings are infections that were found in a waiting room this patient was in.
func warnings(v web.View) []control.Warning {
	if !v.In() {
		return nil
	}
	lists, err := web.Ask[control.DisclosureLists](v.Call, control.MethodDiscloseList, nil)
	if err != nil {
		return nil
	}
	return lists.Warnings
}

func stage(v web.View, b control.Booking) Stage { return stageOf(b, v.Now()) }
