package reception

import (
	"embed"

	"pieks/node/booking"
	"pieks/node/web"
	"pieks/store"
)

//go:embed templates text
var files embed.FS

var doctor = []web.Person{web.Doctor}

// Pages is the app of a practice. cards are the readers of this computer; nil when the program was built without.
func Pages(cards Cards) web.Pages {
	enrol := enrolling{cards}
	return web.Pages{
		Name: "reception", Person: web.Doctor, Files: files,
		Menu: []web.MenuItem{
			{Path: "/day", Text: "rc_menu_day"},
			{Path: "/give", Text: "rc_menu_give"},
			{Path: "/desk", Text: "rc_menu_desk"},
			{Path: "/arrivals", Text: "rc_menu_arrivals"},
			{Path: "/changes", Text: "rc_menu_changes"},
			{Path: "/history", Text: "rc_menu_history"},
			{Path: "/status", Text: "rc_menu_status"},
			{Path: "/settings", Text: "rc_menu_settings", Only: doctor},
		},
		Errors: append(cardErrors(), []web.ErrorText{
			{Is: booking.ErrTooMany, Key: "rc_err_too_many"},
			{Is: booking.ErrPast, Key: "rc_err_past"},
			{Is: booking.ErrNoAppointment, Key: "rc_err_no_appointment"},
			{Is: booking.ErrNoBooking, Key: "rc_err_no_booking"},
			{Is: booking.ErrTaken, Key: "rc_err_taken"},
			{Is: booking.ErrLate, Key: "rc_err_late"},
			{Is: booking.ErrNotFree, Key: "rc_err_not_free"},
			{Is: booking.ErrDoses, Key: "rc_err_doses"},
			{Is: booking.ErrNoChange, Key: "rc_err_no_change"},
			{Is: booking.ErrNobody, Key: "rc_err_nobody"},
			{Is: booking.ErrManyVisits, Key: "rc_err_many"},
			{Is: booking.ErrFarAhead, Key: "rc_err_far"},
			{Is: booking.ErrNoTarget, Key: "rc_err_no_target"},
			{Is: booking.ErrNotBooked, Key: "rc_err_not_booked"},
			{Is: booking.ErrOtherDay, Key: "rc_err_other_day"},
			{Is: booking.ErrNotAttended, Key: "rc_err_not_attended"},
			{Is: booking.ErrNotBegun, Key: "rc_err_not_begun"},
			{Is: booking.ErrLot, Key: "rc_err_lot"},
			{Is: booking.ErrSeries, Key: "rc_err_series"},
			{Is: store.ErrFull, Key: "rc_err_full"},
			{Is: store.ErrFailed, Key: "rc_err_full"},
			{Is: booking.ErrPatient, Key: "rc_err_patient"},
			{Is: booking.ErrDetails, Key: "rc_err_patient"},
		}...),
		Codes: refusals,
		Funcs: map[string]any{"qrPoster": onWall, "qrDesk": onDesk},
		Routes: []web.Route{
			{Pattern: "GET /{$}", Page: start},
			{Pattern: "GET /day", Page: today},
			{Pattern: "GET /day/{date}", Page: showDay},
			{Pattern: "POST /day/{date}", Page: changeDay},
			{Pattern: "POST /goto", Page: goTo},
			{Pattern: "POST /leftover", Page: giveLeftOver},
			{Pattern: "GET /week/{date}", Page: showWeek},
			{Pattern: "GET /give", Page: showGive},
			{Pattern: "POST /give", Page: give},
			{Pattern: "GET /phone/{id}", Page: showPhone},
			{Pattern: "POST /phone/{id}", Page: bookByPhone},
			{Pattern: "GET /booking/{id}", Page: showBooking},
			{Pattern: "POST /booking/{id}", Page: changeBooking},
			{Pattern: "GET /move", Page: showMove},
			{Pattern: "POST /move", Page: move},
			{Pattern: "GET /cancel", Page: showCancel},
			{Pattern: "POST /cancel", Page: cancel},
			{Pattern: "GET /changes", Page: showChanges},
			{Pattern: "POST /undo", Page: undo},
			{Pattern: "GET /desk", Page: showDesk},
			{Pattern: "POST /desk", Page: checkIn},
			{Pattern: "POST /desk/photo", Page: checkInPhoto},
			{Pattern: "POST /desk/search", Page: searchDesk},
			{Pattern: "GET /arrivals", Page: showArrivals},
			{Pattern: "POST /arrivals", Page: chooseWorkplace},
			{Pattern: "GET /arrivals/codes", Page: showCodes},
			{Pattern: "POST /arrivals/codes", Page: makeCode},
			{Pattern: "POST /arrivals/listing", Page: saveListing, Only: doctor},
			{Pattern: "GET /arrivals/{id}", Page: showArrival},
			{Pattern: "POST /arrivals/{id}", Page: callArrival},
			{Pattern: "GET /arrivals/{id}/token", Page: downloadToken},
			{Pattern: "GET /print/checkin", Page: printCode},
			{Pattern: "GET /print/day/{date}", Page: printDay},
			{Pattern: "GET /print/slip/{id}", Page: printSlip},
			{Pattern: "GET /print/calls/{id}", Page: printCalls},
			{Pattern: "GET /poster", Page: printPoster},
			{Pattern: "GET /history", Page: showHistory},
			{Pattern: "GET /export", Page: export, Only: doctor},
			{Pattern: "GET /status", Page: showStatus},
			{Pattern: "GET /backup", Page: showBackup, Only: doctor},
			{Pattern: "POST /backup", Page: backup, Only: doctor},
			{Pattern: "POST /network", Page: takeNetwork, Only: doctor},
			{Pattern: "GET /card", Page: enrol.show, Only: doctor},
			{Pattern: "POST /card", Page: enrol.choose, Only: doctor},
			{Pattern: "GET /card/sign", Page: enrol.showSign, Only: doctor},
			{Pattern: "POST /card/sign", Page: enrol.sign, Only: doctor},
			{Pattern: "GET /people", Page: showPeople, Only: doctor},
			{Pattern: "POST /people", Page: invite, Only: doctor},
			{Pattern: "GET /settings", Page: showSettings, Only: doctor},
			{Pattern: "POST /settings", Page: saveSettings, Only: doctor},
			{Pattern: "GET /setup", Page: showSetup, Only: doctor},
			{Pattern: "POST /setup", Page: saveSetup, Only: doctor},
			{Pattern: "GET /setup/hours", Page: showSetupHours, Only: doctor},
			{Pattern: "POST /setup/hours", Page: saveSetupHours, Only: doctor},
			{Pattern: "GET /setup/network", Page: showSetupNetwork, Only: doctor},
			{Pattern: "POST /setup/network", Page: saveSetupNetwork, Only: doctor},
			{Pattern: "GET /setup/done", Page: showSetupDone, Only: doctor},
		},
	}
}

// start is where the app begins: with the wizard as long as the practice has not said who it is, else with today, or the next day that has
// appointments.
func start(c *web.Call) error {
	if c.Status().ReadOnlyWhy == "details" {
		if c.Person() != web.Doctor {
			return c.Show("notready", nil)
		}
		return c.Go("/setup")
	}
	now := c.Now()
	coming, err := days(c, isoDay(now), isoDay(now.AddDate(0, 0, lookAhead)))
	if err != nil {
		return err
	}
	for _, d := range coming {
		if len(d.Entries) > 0 {
			return c.Go("/day/" + d.Day)
		}
	}
	return today(c)
}
