package service_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/client"
	"pieks/node/checkin/popp/service"
	"pieks/node/checkin/popp/zeta"
)

// TestPending is T28: the practice is offline, then there.
func TestPending(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	w.list(t)
	_, first, err := prove(t.Context(), w.patient, reception, cardA(t))
	if err != nil || first.State != popp.Pending || first.ID == "" {
		t.Fatal(first, err)
	}
	proved := w.now().Unix()
	w.add(71 * time.Hour)
	if got, err := w.patient.ReadStatus(t.Context(), first.ID); err != nil || got.State != popp.Pending || got.ID != first.ID {
		t.Fatal(got, err)
	}
	got, err := w.practice.Pull(t.Context(), practiceID)
	if err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	// The token is made when it is fetched (popp.md 2.7: none before); the proof is as old as it is.
	token, err := popp.Verify(got[0].Token, w.keys(t), popp.Rules{At: w.now(), Actor: practiceID})
	if err != nil || token.Claims.IssuedAt != w.now().Unix() || token.Claims.PatientProofTime != proved {
		t.Fatal(token, err)
	}
	if got, err := w.patient.ReadStatus(t.Context(), first.ID); err != nil || got.State != popp.Success {
		t.Fatal(got, err)
	}
	w.add(1000 * time.Hour)
	if got, err := w.patient.ReadStatus(t.Context(), first.ID); err != nil || got.State != popp.Success {
		t.Fatal("success does not end", got, err)
	}
}

// TestGiveUp is T28: the practice does not come in time, which is as long as it was set up to be.
func TestGiveUp(t *testing.T) {
	for _, cancelled := range []bool{false, true} {
		w := setup(t, func(c *service.Config) { c.GiveUp, c.Compat.Cancelled = 48*time.Hour, cancelled }, client.Compat{})
		w.list(t)
		_, first, err := prove(t.Context(), w.patient, reception, cardA(t))
		if err != nil || first.State != popp.Pending {
			t.Fatal(first, err)
		}
		w.add(48*time.Hour - time.Second)
		if got, err := w.patient.ReadStatus(t.Context(), first.ID); err != nil || got.State != popp.Pending {
			t.Fatal(got, err)
		}
		w.add(time.Second)
		got, err := w.patient.ReadStatus(t.Context(), first.ID)
		if err != nil || got.State != popp.Canceled || !strings.Contains(got.Message, "48 h") {
			t.Fatal(got, err)
		}
		if late, err := w.practice.Pull(t.Context(), practiceID); err != nil || len(late) != 0 {
			t.Fatal("a token of a check-in that was given up", late, err)
		}
		if got, err := w.patient.ReadStatus(t.Context(), first.ID); err != nil || got.State != popp.Canceled {
			t.Fatal(got, err)
		}
	}
}

// TestOnline: a practice that has just asked is there; one that has not for a while is not.
func TestOnline(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	w.list(t)
	states := []popp.State{}
	check := func() {
		_, status, err := prove(t.Context(), w.patient, reception, cardA(t))
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, status.State)
	}
	check()
	if _, err := w.practice.Pull(t.Context(), practiceID); err != nil {
		t.Fatal(err)
	}
	w.add(59 * time.Second)
	check()
	w.add(time.Second)
	check()
	w.service.SetOnline(practiceID, true)
	check()
	w.service.SetOnline(practiceID, false)
	check()
	want := []popp.State{popp.Pending, popp.Success, popp.Pending, popp.Success, popp.Pending}
	for i := range want {
		if states[i] != want[i] {
			t.Fatal(states)
		}
	}
}

// TestForeignRecord: a record is there for the client that made it, and nobody else's id says anything.
func TestForeignRecord(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	w.list(t)
	_, first, err := prove(t.Context(), w.patient, reception, cardA(t))
	if err != nil {
		t.Fatal(err)
	}
	other := w.newPatient(t, zeta.Config{}, client.Compat{})
	for _, ask := range []struct {
		c  *client.Client
		id string
	}{{other, first.ID}, {w.patient, "237cc7b7-f85e-42c3-981c-ad7f9d97ddca"}} {
		var report *client.ServiceError
		if _, err := ask.c.ReadStatus(t.Context(), ask.id); !errors.As(err, &report) || report.Status != 404 || report.Code != "noResource" {
			t.Fatal(err)
		}
	}
	if _, err := w.patient.ReadStatus(t.Context(), "../../1"); !errors.Is(err, client.ErrRecord) {
		t.Fatal(err)
	}
}
