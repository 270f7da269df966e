package browser

import (
	"net/url"

	"pieks/node/control"
	"pieks/node/web/webtest"
)

// checkinPages are those of a check-in, at the practice and at its patients: Erika's is over, Otto's goes as far as the page that is looked at.
func (d *demo) checkinPages(add func(node string, target int, name, path string, do func(*webtest.Tab))) {
	practice, patient, other := "praxis-koeln", "erika", "otto"
	arrived := ask[[]control.Arrival](d, practice, control.MethodArrivals, control.ArrivalsQuery{})[0]
	workplace := url.QueryEscape(arrived.Workplace)
	for _, p := range []struct{ name, path string }{
		{"arrivals", "/arrivals"}, {"arrivals-codes", "/arrivals/codes"}, {"arrival", "/arrivals/" + arrived.ID},
		{"print-checkin", "/print/checkin?workplace=" + workplace},
	} {
		add(practice, 24, p.name, p.path, nil)
	}
	over := ask[[]control.Checkin](d, patient, control.MethodCheckins, nil)[0]
	for _, p := range []struct{ name, path string }{
		{"checkin", "/checkin"}, {"checkin-search", "/checkin/search"}, {"checkin-history", "/checkin/history"},
		{"checkin-favourites", "/checkin/favourites"}, {"checkin-success", "/checkin/" + over.ID},
	} {
		add(patient, 44, p.name, p.path, nil)
	}
	target := control.CheckinBegin{TelematikID: over.Institution.TelematikID, Workplace: over.Workplace}
	asked := ask[control.Checkin](d, other, control.MethodCheckinBegin, target)
	add(other, 44, "checkin-first", "/checkin", nil)
	add(other, 44, "checkin-wrong-code", "/checkin", func(t *webtest.Tab) {
		t.Set("#f-code", "https://evil.example/?tid=1-2")
		t.Click("#form button.go")
		t.Says("QR-Code fehlerhaft")
	})
	add(other, 44, "checkin-consent", "/checkin/"+asked.ID, nil)
	agreed := ask[control.Checkin](d, other, control.MethodCheckinBegin, target)
	ask[control.Checkin](d, other, control.MethodCheckinConsent, control.CheckinConsent{ID: agreed.ID, Agree: true})
	add(other, 44, "checkin-card", "/checkin/"+agreed.ID+"/card", nil)
}
