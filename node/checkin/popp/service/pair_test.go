package service_test

import (
	"crypto/sha256"
	"errors"
	"testing"

	"pieks/card/egk"
	"pieks/card/published"
	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/client"
	"pieks/node/checkin/popp/service"
)

// TestPairs is T18: what the hash database says of a card's two certificates.
func TestPairs(t *testing.T) {
	cvc, aut, other := hashOf(published.CardA().EndEntity), hashOf(published.CardA().X509), sha256.Sum256([]byte("another"))
	for name, test := range map[string]struct {
		list func(*egk.PairList) error
		take bool
		want error
		code string
	}{
		"match":             {list: func(l *egk.PairList) error { return l.Add(cvc, aut) }},
		"CVC with another":  {list: func(l *egk.PairList) error { return l.Add(cvc, other) }, want: egk.ErrPair, code: "79118"},
		"X.509 of another":  {list: func(l *egk.PairList) error { return l.Add(other, aut) }, want: egk.ErrPair, code: "79118"},
		"both unknown":      {list: func(*egk.PairList) error { return nil }, want: client.ErrUnknownCard, code: "79510"},
		"unknown and taken": {list: func(*egk.PairList) error { return nil }, take: true},
		"blocked":           {list: func(l *egk.PairList) error { return l.Block(cvc, aut) }, want: egk.ErrBlocked, code: "79501"},
		"blocked and taken": {list: func(l *egk.PairList) error { return l.Block(cvc, aut) }, take: true, want: egk.ErrBlocked, code: "79501"},
	} {
		t.Run(name, func(t *testing.T) {
			w := setup(t, func(c *service.Config) { c.TakeUnknown = test.take }, client.Compat{})
			if err := test.list(w.pairs); err != nil {
				t.Fatal(err)
			}
			sent, status, err := prove(t.Context(), w.patient, reception, cardA(t))
			if len(sent) != 8 {
				t.Fatalf("%d commands", len(sent))
			}
			if test.want == nil {
				if err != nil || status.State != popp.Pending {
					t.Fatal(status, err)
				}
				return
			}
			var report *client.ServiceError
			if !errors.Is(err, test.want) || !errors.As(err, &report) || report.Code != test.code || report.Status != 403 {
				t.Fatalf("%v, want %v (%s)", err, test.want, test.code)
			}
			for _, wrong := range []error{egk.ErrPair, egk.ErrBlocked, client.ErrUnknownCard, egk.ErrChallenge, client.ErrUnavailable} {
				if wrong != test.want && errors.Is(err, wrong) {
					t.Fatalf("%v is %v, too", err, wrong)
				}
			}
			if got, err := w.practice.Pull(t.Context(), practiceID); err != nil || len(got) != 0 {
				t.Fatal("a token without a proof", err)
			}
		})
	}
}
