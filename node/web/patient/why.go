package patient

import (
	"pieks/node/control"
	"pieks/node/web"
)

// whyKeys are the texts for the codes of package control that need more than the booking's state.
var whyKeys = map[string]string{
	control.WhyLimit: "pt_why_limit", control.WhyNetwork: "pt_why_network", control.WhyDetails: "pt_why_details", control.WhyLate: "pt_why_late",
	control.WhyForged: "pt_why_unproven", control.WhyLicence: "pt_why_unproven", control.WhyArea: "pt_why_unproven", control.WhyRevoked: "pt_why_unproven",
	control.WhyUnreached: "pt_why_unreached",
	control.CodeInterval: "pt_why_interval", control.CodeSingleDose: "pt_no_second", control.CodeState: "pt_why_state", control.CodeTokenGone: "pt_why_gone",
	control.CodeWatches: "pt_watches_full", control.CodeDaysOver: "pt_day_past",

	control.CodeNoCheckin: "pt_ci_no_checkin", control.CodeCheckinState: "pt_ci_state", control.CodeConsent: "pt_ci_state",
	control.CodeNoHealthID: "pt_ci_why_no_healthid", control.CodeLogin: "pt_ci_why_login", control.CodeCheckinService: "pt_ci_why_checkin_service",
	control.CodeFavourites: "pt_ci_fav_full", control.CodeCheckinFull: "pt_ci_full", control.CodeInsurer: "pt_ci_insurer",
	control.CodeBack:          "pt_ci_card_not_local",
	control.CodeNoInstitution: "pt_ci_unknown_short", control.CodeCAN: "pt_ci_card_can_form", control.CodeCheckinClock: "pt_ci_late",
	control.CodeCheckinLimit: "pt_ci_why_checkin_limit", control.CodeCallBack: "pt_ci_app_bad",
}

// why is the text for a code.
func why(code string) string {
	if key, ok := whyKeys[code]; ok {
		return key
	}
	return "pt_why_other"
}

// sentence is a refusal in the language of the page.
func sentence(c *web.Call, err error) string {
	if whyKeys[control.CodeOf(err)] == "" && control.KindOf(err) == control.KindUnavailable {
		return c.Say("pt_not_now")
	}
	return c.Sentence(err)
}
