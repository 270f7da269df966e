package service_test

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/client"
)

var reception = client.Place{TelematikID: practiceID, Workplace: "REZEPTION-1"}

// TestCardA is T13: gematik's published card, the eight commands over HTTP, one at a time, and a token with exactly these claims.
func TestCardA(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	w.list(t)
	w.service.SetOnline(practiceID, true)
	sent, status, err := prove(t.Context(), w.patient, reception, cardA(t))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"00a4040c07d2760001448000", "00b0910000", "00b0870000", "00b0860000", "00a4040c0aa000000167455349474e", "002241a406840109800100",
		"00b08400000000",
	}
	for i, command := range want {
		if got := hex.EncodeToString(sent[i]); got != command {
			t.Fatalf("command %d is %s", i, got)
		}
	}
	if last := hex.EncodeToString(sent[7]); len(sent) != 8 || !strings.HasPrefix(last, "0088000018") || !strings.HasSuffix(last, "00") || len(last) != 2*30 {
		t.Fatalf("%d commands, the last %s", len(sent), last)
	}
	if status.State != popp.Success || !popp.IsUUID(status.ID) || status.Message == "" {
		t.Fatalf("%+v", status)
	}
	w.add(time.Second)
	got, err := w.practice.Pull(t.Context(), practiceID)
	if err != nil || len(got) != 1 || got[0].Workplace != "REZEPTION-1" {
		t.Fatal(got, err)
	}
	token, err := popp.Verify(got[0].Token, w.keys(t), popp.Rules{At: w.now(), Actor: practiceID, Issuer: w.url, Kind: popp.KindPoPP})
	if err != nil {
		t.Fatal(err)
	}
	at := start.Unix()
	if token.Claims != (popp.Claims{
		Version: "1.0.0", Issuer: w.url, IssuedAt: at, ProofMethod: "ehc-provider-cvc-authenticated", PatientProofTime: at,
		PatientID: "X110540756", InsurerID: "109500969", ActorID: string(practiceID), ActorProfessionOID: profession,
	}) {
		t.Fatalf("%+v", token.Claims)
	}
}
