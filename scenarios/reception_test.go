package scenarios

import (
	"testing"
	"time"

	"pieks/node/control"
	"pieks/node/home/testnet"
)

// TestMovedPatientHears: a patient's node follows what reception does with its booking, there and back, and the code that it has stays good at the desk.
func TestMovedPatientHears(t *testing.T) {
	t.Parallel()
	w, booked := bookedTown(t, 26*time.Hour)
	was, code := booked.Visits[0].Start, booked.Visits[0].Digits
	mine := func() control.Booking {
		var list []control.Booking
		w.must("patient", control.MethodBookings, nil, &list)
		for _, b := range list {
			if b.ID == booked.ID {
				return b
			}
		}
		t.Fatal("the booking is gone")
		return control.Booking{}
	}
	day := was.Format(time.DateOnly)
	today := w.clock.Now().In(was.Location())
	moved := control.Change{}
	w.must("practice", control.MethodMove, control.Move{Day: day, ToDay: was.AddDate(0, 0, 1).Format(time.DateOnly), Reason: "Lieferung fehlt"}, &moved)
	if len(moved.Visits) != 1 || moved.Visits[0].Problem != "" || !moved.Visits[0].Told {
		t.Fatalf("%+v", moved)
	}
	testnet.Until(t, "the patient sees the other day", func() bool {
		b := mine()
		return b.State == "booked" && b.Visits[0].Start.Day() == was.AddDate(0, 0, 1).Day()
	})
	w.must("practice", control.MethodUndo, control.UndoRequest{Change: moved.ID}, nil)
	testnet.Until(t, "the patient sees the old day", func() bool { return mine().Visits[0].Start.Equal(was) })

	cancelled := control.Change{}
	w.must("practice", control.MethodCancelMany, control.CancelMany{Day: day, Reason: "Kein Impfstoff"}, &cancelled)
	testnet.Until(t, "the patient sees that it was cancelled", func() bool { return mine().State == "cancelled" })
	w.must("practice", control.MethodUndo, control.UndoRequest{Change: cancelled.ID}, nil)
	testnet.Until(t, "the patient is booked again", func() bool { return mine().State == "booked" })

	w.must("practice", control.MethodMove, control.Move{Day: day, ToDay: today.Format(time.DateOnly), ToTime: today.Add(2 * time.Hour).Format("15:04")}, &moved)
	if today.Add(2*time.Hour).Day() == today.Day() && moved.Visits[0].Problem != "" {
		t.Fatalf("%+v", moved)
	}
	var found control.VerifyResult
	w.must("practice", control.MethodVerify, control.VerifyRequest{Code: code}, &found)
	if !found.OK || found.Visit == nil || mine().Visits[0].Digits != code {
		t.Errorf("%+v", found)
	}
}

// TestPracticeGetsAnotherPostcode: within its region its appointments appear where it is now, and can be booked there. In another region they are
// gone from the old one, and the practice says from when on they are shown.
func TestPracticeGetsAnotherPostcode(t *testing.T) {
	t.Parallel()
	w := newTown(t, 26*time.Hour)
	if err := w.offer("09:00", "09:30"); err != nil {
		t.Fatal(err)
	}
	testnet.Until(t, "three appointments are seen", func() bool { return len(w.tokens()) == 3 })
	before := w.tokens()[0].Area
	move := func(plz string) {
		w.must("practice", control.MethodDetailsSet, control.Details{Name: "Praxis Dr. Beispiel", Street: "Ring 2", PLZ: plz}, nil)
	}
	move("50668")
	testnet.Until(t, "they are seen at the new place", func() bool {
		list := w.tokens()
		return len(list) == 3 && list[0].Area != before
	})
	in := anna()
	in.Tokens = []string{w.tokens()[0].ID}
	var booked control.Booking
	w.must("patient", control.MethodBook, in, &booked)
	if booked.State != "booked" || booked.Practice.PLZ != "50668" {
		t.Errorf("%+v", booked)
	}
	move("80337")
	testnet.Until(t, "nothing is shown where it was", func() bool { return len(w.tokens()) == 0 })
	status := func() (s control.Status) { w.must("practice", control.MethodStatus, nil, &s); return s }
	if s := status(); s.ReadOnlyWhy != "moved" || s.Rotation.IsZero() {
		t.Errorf("%q %q", s.ReadOnlyWhy, s.ReadOnly)
	}
	w.stop("practice")
	w.start("practice", "")
	move("50668")
	testnet.Until(t, "it is back", func() bool { return len(w.tokens()) == 2 && status().ReadOnlyWhy == "" })
}
