package patient

import (
	"strings"

	"pieks/node/control"
	"pieks/node/web"
)

// summary is what a search looks for, in words, from what the node was asked: for the head of a list and for watches.
func summary(v web.View, r control.SearchRequest, vaccines catalogue, both bool) string {
	words := []string{v.Say("pt_sum_radius", "KM", int(r.RadiusKM))}
	if r.Vaccine == "" {
		words = append(words, v.Say("pt_vaccine_any"))
	} else {
		words = append(words, vaccines.Name(r.Vaccine))
	}
	switch {
	case both:
		words = append(words, v.Say("pt_doses_both"))
	case r.Dose == 1:
		words = append(words, v.Say("pt_doses_first"))
	case r.Dose == 2:
		words = append(words, v.Say("pt_doses_second"))
	}
	switch n := len(r.Days); n {
	case 0:
		words = append(words, v.Say("pt_when_any"))
	case 1:
		words = append(words, v.DayOf(r.Days[0]))
	default:
		words = append(words, v.Say("pt_sum_days", "N", n, "From", short(r.Days[0]), "To", short(r.Days[n-1])))
	}
	if 0 < len(r.Parts) && len(r.Parts) < len(dayParts) {
		var parts []string
		for _, p := range r.Parts {
			parts = append(parts, v.Say("pt_part_"+p))
		}
		words = append(words, strings.Join(parts, ", "))
	}
	return strings.Join(words, " · ")
}

// short is a day for narrow places: 1.12.
func short(day string) string {
	t, err := web.Day(day)
	if err != nil {
		return day
	}
	return t.Format("2.1.")
}
