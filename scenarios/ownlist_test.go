package scenarios

import (
	"testing"
	"time"

	"pieks/node/control"
	"pieks/node/home/testnet"
	"pieks/node/network"
	"pieks/node/ownlist"
)

// poster is the code of the town's practice, once its desk keeps a circuit.
func (w *town) poster() (p control.Poster) {
	w.t.Helper()
	testnet.Until(w.t, "the desk is at the relay", func() bool {
		w.must("practice", control.MethodPoster, nil, &p)
		return len(p.QR) > 60
	})
	return p
}

func (w *town) ownList(code string) (list control.PracticeList) {
	w.t.Helper()
	w.must("patient", control.MethodPracticeList, control.PracticeCode{Code: code}, &list)
	return list
}

// ownListOf waits until the practice lists so many.
func (w *town) ownListOf(code string, n int) (list control.PracticeList) {
	w.t.Helper()
	next := time.NewTicker(300 * time.Millisecond) // slower than the budget of a peer would last: a list is asked for, not watched
	defer next.Stop()
	testnet.Until(w.t, "the practice's own list is as long as it should be", func() bool {
		<-next.C
		w.clock.Advance(5 * time.Second)
		list = w.ownList(code)
		return list.State == "listed" && len(list.Slots) == n
	})
	return list
}

// TestOwnList: with the code of its poster a patient gets the practice's own list with exact times, and books from it like from a sheet, over a relay, also when
// the practice or the patient was away in between. Each appointment is given away once, whichever list it is asked for in.
func TestOwnList(t *testing.T) {
	t.Parallel()
	w := newTown(t, 48*time.Hour)
	if err := w.offer("09:00", "09:30"); err != nil {
		t.Fatal(err)
	}
	poster := w.poster()
	if poster.Details.Name != "Praxis Dr. Beispiel" || !poster.Test || len(poster.QR) > 67 {
		t.Errorf("%+v", poster)
	}
	list := w.ownListOf(poster.QR, 3)
	if list.Practice.Name != "Praxis Dr. Beispiel" || list.Telematik == "" || !list.Test {
		t.Errorf("%+v", list)
	}
	testnet.Until(t, "three appointments are seen in the sheet", func() bool { return len(w.tokens()) == 3 })
	for _, token := range w.tokens() {
		for _, s := range list.Slots {
			if token.ID == s.ID {
				t.Error("one token in both lists")
			}
		}
	}

	var offer control.Offer
	w.must("patient", control.MethodRequest, control.RequestRequest{Tokens: []string{list.Slots[0].ID}}, &offer)
	if offer.State != "offered" || len(offer.Visits) != 1 || !offer.Visits[0].Start.Equal(list.Slots[0].Start) {
		t.Fatalf("%+v", offer)
	}
	w.stop("patient")
	w.start("patient", "")
	var booked control.Booking
	confirm := anna()
	confirm.Booking = offer.Booking
	w.must("patient", control.MethodBook, confirm, &booked)
	if booked.State != "booked" || len(booked.Visits) != 1 || booked.Visits[0].Digits == "" {
		t.Fatalf("%+v", booked)
	}
	testnet.Until(t, "two are left in the sheet", func() bool { return len(w.tokens()) == 2 })

	w.fight(poster.QR)
	w.away(poster.QR)
}

// fight asks for all that is left in both lists: as often as there are appointments somebody gets one.
func (w *town) fight(code string) {
	w.t.Helper()
	list := w.ownListOf(code, 2)
	var got []control.Offer
	won := map[time.Time]int{}
	for i := range 2 {
		for _, token := range []string{list.Slots[i].ID, w.tokens()[i].ID} {
			var offer control.Offer
			w.must("patient", control.MethodRequest, control.RequestRequest{Tokens: []string{token}}, &offer)
			if offer.State == "offered" {
				won[offer.Visits[0].Start]++
				got = append(got, offer)
			} else if offer.State != "taken" {
				w.t.Errorf("%+v", offer)
			}
		}
	}
	if len(got) != 2 || len(won) != 2 {
		w.t.Errorf("%d offers of %d appointments, two are there", len(got), len(won))
	}
	w.clock.Advance(11 * time.Minute) // the holds are over
}

// away books while the practice is away: the request waits at the relay.
func (w *town) away(code string) {
	w.t.Helper()
	list := w.ownListOf(code, 2)
	w.stop("practice")
	if gone := w.ownList(code); gone.State != "offline" || gone.Message == "" || len(gone.Slots) != 0 {
		w.t.Errorf("%+v", gone)
	}
	in := anna()
	in.Tokens = []string{list.Slots[1].ID}
	var booked control.Booking
	w.must("patient", control.MethodBook, in, &booked)
	if booked.State != "pending" {
		w.t.Fatalf("%+v", booked)
	}
	w.start("practice", "")
	testnet.Until(w.t, "it is booked once the practice is back", func() bool {
		var all []control.Booking
		w.must("patient", control.MethodBookings, nil, &all)
		for _, b := range all {
			if b.ID == booked.ID {
				return b.State == "booked" && b.Visits[0].Start.Equal(list.Slots[1].Start)
			}
		}
		return false
	})
}

// TestNoOwnList: what is no code, a practice of another network, and one that was shut out, are told apart.
func TestNoOwnList(t *testing.T) {
	t.Parallel()
	w := newTown(t, 48*time.Hour)
	poster := w.poster()
	list := w.ownListOf(poster.QR, 0)
	if list.Practice.Name == "" {
		t.Errorf("%+v", list)
	}
	for code, want := range map[string]string{
		"": "code", "TM1:AEIRCEIRCEIRCEJPQSKLP2W3IJU2XDS7NCLNK7WN": "code", poster.QR + "A": "code",
		ownlist.NewCode([32]byte{1}, nil).String():                    "offline",
		ownlist.NewCode([32]byte{1}, nil).String() + ":AAAA":          "elsewhere",
		ownlist.NewCode([32]byte{1}, nil).String() + poster.QR[58:63]: "offline",
	} {
		if got := w.ownList(code); got.State != want || got.Message == "" {
			t.Errorf("%q: %+v, want %s", code, got, want)
		}
	}
	device, err := ownlist.ParseCode(poster.QR)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.offer("09:00", "09:30"); err != nil {
		t.Fatal(err)
	}
	list = w.ownListOf(poster.QR, 3)
	for range 12 { // more than the practice answers at once
		if again := w.ownList(poster.QR); again.State != "listed" || len(again.Slots) != 3 {
			t.Errorf("asked again: %+v", again)
		}
	}
	// Shut out while the patient looks at the list: only the relay has heard of it.
	w.stop("relay")
	w.start("relay", w.Sign(w.Next(func(b *network.Bundle) { b.Revoked = append(b.Revoked, device.Device) })))
	testnet.Until(t, "the patient has heard that the practice is shut out", func() bool { return w.ownList(poster.QR).State == "revoked" })
	err = w.call("patient", control.MethodRequest, control.RequestRequest{Tokens: []string{list.Slots[0].ID}}, nil)
	if control.KindOf(err) != control.KindUnavailable {
		t.Errorf("asked a practice that was shut out: %v", err)
	}
}
