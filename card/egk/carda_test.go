package egk

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"pieks/card"
	"pieks/card/brainpool"
	"pieks/card/cvc"
	"pieks/card/published"
)

// cardA is gematik's published test card, with its own key (popp.md 7.1).
func cardA(t testing.TB) card.Patient {
	t.Helper()
	a := published.CardA()
	key, err := brainpool.NewKey(a.Key)
	if err != nil {
		t.Fatal(err)
	}
	return card.Patient{Version2: a.Version2, GDO: a.GDO, SubCA: a.SubCA, EndEntity: a.EndEntity, X509: a.X509, Key: key}
}

// trustA trusts the issuers of cardA.
func trustA(t testing.TB) Trust {
	t.Helper()
	root, err := cvc.Parse(published.CVCRoot())
	if err != nil {
		t.Fatal(err)
	}
	return Trust{Roots: card.Roots{CAs: [][]byte{published.CA()}}, CVC: []*cvc.Certificate{root}}
}

var insideA = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// TestCardA is T13 without its REST: the eight commands of a PoPP service, byte by byte, and what they prove of a card that was not made here.
func TestCardA(t *testing.T) {
	v, err := card.VirtualPatient(cardA(t))
	if err != nil {
		t.Fatal(err)
	}
	d := NewDialogue(testNonce, Options{WithoutGDO: true})
	sent, err := drive(t, v, d)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"00a4040c07d2760001448000", "00b0910000", "00b0870000", "00b0860000", "00a4040c0aa000000167455349474e", "002241a406840109800100",
		"00b08400000000", "0088000018" + "000102030405060708090a0b0c0d0e0f1011121314151617" + "00",
	}
	var got []string
	for _, command := range sent {
		got = append(got, hex.EncodeToString(command))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Fatalf("sent\n%s", strings.Join(got, "\n"))
	}
	trust := trustA(t)
	pairs := &PairList{}
	trust.Pairs = pairs
	who, err := d.Answers().Verify(testNonce, trust, insideA)
	if err != nil {
		t.Fatal(err)
	}
	if who.KVNR != "X110540756" || who.IK != "109500969" || who.Name != "Hermann Graf SebastianTEST-ONLY" ||
		hex.EncodeToString(who.ICCSN) != "80276883110000152715" || who.Pair != Unknown ||
		hex.EncodeToString(who.CVC[:]) != published.EndEntityHash || hex.EncodeToString(who.X509[:]) != published.X509Hash ||
		!who.NotAfter.Equal(time.Date(2028, 9, 19, 23, 59, 59, 0, time.UTC)) {
		t.Fatalf("%+v", who)
	}
	if err := pairs.Add(who.CVC, who.X509); err != nil {
		t.Fatal(err)
	}
	if who, err = d.Answers().Verify(testNonce, trust, insideA); err != nil || who.Pair != Match {
		t.Fatal(err)
	}
}
