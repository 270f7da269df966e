package reception

import (
	"pieks/node/control"
	"pieks/node/web"
)

// refusals are the texts for the codes of a practice's node.
var refusals = map[string]string{
	control.WhyNetwork: "rc_no_network", control.CodePLZForm: "rc_wrong_plz", control.CodePLZUnknown: "rc_no_plz",
	control.CodeDetails: "rc_no_details", control.CodeDetailName: "rc_no_text", control.CodeDetailStreet: "rc_no_text",
	control.CodeDetailPhone: "rc_no_text", control.CodeDetailDirections: "rc_no_text", control.CodeHours: "rc_no_hours",
	control.CodeDay: "rc_wrong_date", control.CodeClock: "rc_wrong_clock", control.CodeDays: "rc_no_days", control.CodeWeekday: "rc_no_weekday",
	control.CodeSpans: "rc_no_spans", control.CodeFarAhead: "rc_err_far", control.CodeVaccine: "rc_wrong_vaccine", control.CodeDose: "rc_no_dose",
	control.CodeSingleVial: "rc_no_single_vial", control.CodeLeftDoses: "rc_no_left_doses", control.CodeTooLate: "rc_no_too_late",
	control.CodeNothing:   "rc_tick_open",
	control.CodeWorkplace: "rc_ar_workplace_form", control.CodeTelematikID: "rc_ar_no_id", control.CodeListing: "rc_ar_listed_not",
}

// detailFields are the fields of the form that a refusal of the details is about.
var detailFields = map[string]string{
	control.CodePLZForm: "plz", control.CodePLZUnknown: "plz", control.CodeDetailName: "name", control.CodeDetailStreet: "street",
	control.CodeDetailPhone: "phone", control.CodeDetailDirections: "directions",
}

// wrongDetails says at its field what the node refused of details that looked right here.
func wrongDetails(c *web.Call, err error) {
	code := control.CodeOf(err)
	field, ok := detailFields[code]
	if code == control.CodeHours {
		field, _ = hourFields(1, 1)
	} else if !ok {
		field = "name"
	}
	c.Form.Wrong(field, c.Sentence(err))
}

// refused says whether the node refused for a reason that the person at the desk can do something about.
func refused(err error) bool {
	switch control.KindOf(err) {
	case control.KindUsage, control.KindConflict, control.KindUnavailable:
		return true
	}
	return false
}
