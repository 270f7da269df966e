package service_test

import (
	"errors"
	"testing"
	"time"

	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/client"
)

// TestWorkplaces is T32: tokens for several workplaces come each with its own.
func TestWorkplaces(t *testing.T) {
	for name, online := range map[string]bool{"pending": false, "online": true} {
		t.Run(name, func(t *testing.T) {
			w := setup(t, nil, client.Compat{})
			w.list(t)
			w.service.SetOnline(practiceID, online)
			order := []popp.WorkplaceID{"REZEPTION-1", "Zimmer für Grüße 2", "", "REZEPTION-1", "🩺"}
			for _, workplace := range order {
				if _, _, err := prove(t.Context(), w.patient, client.Place{TelematikID: practiceID, Workplace: workplace}, cardA(t)); err != nil {
					t.Fatal(err)
				}
				w.add(time.Second) // each proof has a time of its own, by which its token is known
			}
			got, err := w.practice.Pull(t.Context(), practiceID)
			if err != nil || len(got) != len(order) {
				t.Fatal(len(got), err)
			}
			first := w.now().Add(-time.Duration(len(order)) * time.Second)
			for _, one := range got {
				token, err := popp.Verify(one.Token, w.keys(t), popp.Rules{At: w.now()})
				if err != nil {
					t.Fatal(err)
				}
				i := int(token.Claims.Proved().Sub(first) / time.Second)
				if one.Workplace != order[i] {
					t.Fatalf("token %d is for %q, want %q", i, one.Workplace, order[i])
				}
				order[i] = "taken"
			}
			if again, err := w.practice.Pull(t.Context(), practiceID); err != nil || len(again) != 0 {
				t.Fatal("tokens came twice", err)
			}
		})
	}
}

// TestQuarter: a token that nobody fetched goes with its quarter (T4).
func TestQuarter(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	w.list(t)
	w.service.SetOnline(practiceID, true)
	if _, _, err := prove(t.Context(), w.patient, reception, cardA(t)); err != nil {
		t.Fatal(err)
	}
	w.add(time.Date(2026, 4, 1, 0, 1, 0, 0, time.UTC).Sub(w.now()))
	if got, err := w.practice.Pull(t.Context(), practiceID); err != nil || len(got) != 0 {
		t.Fatal(got, err)
	}
}

// TestForeignPull: a practice fetches what is its own.
func TestForeignPull(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	var report *client.ServiceError
	if _, err := w.practice.Pull(t.Context(), "1-234567890"); !errors.As(err, &report) || report.Status != 403 || report.Code != "invalAuth" {
		t.Fatal(err)
	}
}

// TestUnknownInstitution: nobody is checked in anywhere that the service does not know, and no card is asked for it.
func TestUnknownInstitution(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	sent, _, err := prove(t.Context(), w.patient, client.Place{TelematikID: "1-234567890"}, cardA(t))
	var report *client.ServiceError
	if !errors.As(err, &report) || report.Status != 404 || len(sent) != 0 {
		t.Fatal(len(sent), err)
	}
}
