package service_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pieks/card"
	"pieks/card/egk"
	"pieks/card/pace"
	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/client"
	"pieks/node/checkin/popp/service"
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

// TestContactless is T13 in the field that it is for: PACE with the CAN at the reader, the service's commands inside (popp.md 2.7, "unchanged").
func TestContactless(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	w.list(t)
	inner := cardA(t)
	var reached [][]byte
	field := pace.Contactless(channel(func(ctx context.Context, command []byte) ([]byte, error) {
		reached = append(reached, bytes.Clone(command))
		return inner.Transmit(ctx, command)
	}), "123123")
	ch, contactless, err := egk.Open(t.Context(), field, "123123")
	if err != nil || !contactless {
		t.Fatal(contactless, err)
	}
	reached = nil
	sent, status, err := prove(t.Context(), w.patient, reception, ch)
	if err != nil || status.State != popp.Pending {
		t.Fatal(status, err)
	}
	if len(sent) != 8 || !slices.EqualFunc(sent, reached, bytes.Equal) {
		t.Fatalf("the card got %x, the service sent %x", reached, sent)
	}
	if raw, err := w.practice.Generate(t.Context(), ch, contactless); err != nil || raw == "" {
		t.Fatal(err)
	}
}

// TestVirtualCard: a virtual card of a test network's PKI, as the demo has it.
func TestVirtualCard(t *testing.T) {
	ca, err := card.NewTestCA([32]byte{1}, start)
	if err != nil {
		t.Fatal(err)
	}
	pki, err := egk.TestPKIOf(ca, start)
	if err != nil {
		t.Fatal(err)
	}
	w := setup(t, func(c *service.Config) { c.Trust, c.TakeUnknown = pki.Trust(), true }, client.Compat{})
	v, err := egk.NewVirtual(pki, egk.VirtualOptions{Seed: [32]byte{2}, Now: start})
	if err != nil {
		t.Fatal(err)
	}
	if _, status, err := prove(t.Context(), w.patient, reception, v); err != nil || status.State != popp.Pending {
		t.Fatal(status, err)
	}
	foreign := setup(t, func(c *service.Config) { c.TakeUnknown = true }, client.Compat{})
	if _, _, err := prove(t.Context(), foreign.patient, reception, v); !errors.Is(err, client.ErrCard) {
		t.Fatal("a card of nobody that is trusted", err)
	}
}
