package card

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"
)

// TestVirtualAnswers talks to a fresh card in raw APDUs; each line's commands are sent in order, the last answer counts.
func TestVirtualAnswers(t *testing.T) {
	const (
		esign   = "00a4040c0aa000000167455349474e"
		root    = "00a4040c06d27600014606"
		pin     = "002000010826123456ffffffff"
		badPIN  = "002000010826654321ffffffff"
		setKey  = "002241b606840186800100"
		digest  = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
		compute = "002a9e9a20" + digest + "00"
	)
	for _, c := range []struct {
		name, commands, status string
	}{
		{"root", root, "9000"},
		{"root without identifier", "00a4040c", "9000"},
		{"root of an HBA", "00a4040c06d27600014601", "6a82"},
		{"unknown application", "00a4040c07a0000002471001", "6a82"},
		{"select by path", "00a4080c023f00", "6a86"},
		{"read outside", "00b0860000", "6a82"},
		{"read other file", esign + " 00b0820000", "6a82"},
		{"read without file", esign + " 00b0000000", "6a82"},
		{"read", esign + " 00b0860000", "9000"},
		{"read on", esign + " 00b0860000 00b0010000", "9000"},
		{"read at the end", esign + " 00b0860000 00b0020000", "6282"},
		{"read behind", esign + " 00b0860000 00b0200000", "6b00"},
		{"read nothing", esign + " 00b08600", "6700"},
		{"reselect forgets the file", esign + " 00b0860000 " + esign + " 00b0000000", "6a82"},
		{"PIN status", "80200001", "63c3"},
		{"PIN status after", pin + " 80200001", "9000"},
		{"PIN", pin, "9000"},
		{"wrong PIN", badPIN, "63c2"},
		{"wrong PIN twice", badPIN + " " + badPIN, "63c1"},
		{"wrong PIN three times", badPIN + " " + badPIN + " " + badPIN, "63c0"},
		{"blocked", badPIN + " " + badPIN + " " + badPIN + " " + pin, "6983"},
		{"blocked status", badPIN + " " + badPIN + " " + badPIN + " 80200001", "63c0"},
		{"wrong PIN withdraws", pin + " " + esign + " " + setKey + " " + badPIN + " " + compute, "6982"},
		{"PIN of other shape", "002000010831323334353637ff 80200001", "63c3"},
		{"PIN of other shape is told", "002000010831323334353637ff", "6a80"},
		{"PIN of other length", "0020000106313233343536", "6700"},
		{"other PIN", "002000020826123456ffffffff", "6a88"},
		{"key outside", setKey, "6a88"},
		{"other key", esign + " 002241b606840187800100", "6a88"},
		{"other algorithm", esign + " 002241b606840186800105", "6a88"},
		{"key for other use", esign + " 002241b806840186800100", "6a86"},
		{"sign", pin + " " + esign + " " + setKey + " " + compute, "9000"},
		{"sign without PIN", esign + " " + setKey + " " + compute, "6982"},
		{"sign without key", pin + " " + esign + " " + compute, "6985"},
		{"wrong key unselects", pin + " " + esign + " " + setKey + " 002241b606840187800100 " + compute, "6985"},
		{"reselect forgets the key", pin + " " + esign + " " + setKey + " " + esign + " " + compute, "6985"},
		{"sign a short digest", pin + " " + esign + " " + setKey + " 002a9e9a14" + digest[:40] + "00", "6a80"},
		{"sign without room", pin + " " + esign + " " + setKey + " 002a9e9a20" + digest, "6700"},
		{"decipher", pin + " " + esign + " " + setKey + " 002a808620" + digest + "00", "6a86"},
		{"unknown instruction", "00840000ff", "6d00"},
		{"unknown class", "90a40000", "6e00"},
		{"chained", "102000010426123456 0020000104ffffffff", "9000"},
		{"chain in three", "10200001022612 10200001023456 0020000104ffffffff", "9000"},
		{"first part", "102000010426123456", "9000"},
		{"chain broken by another command", "102000010426123456 80200001", "6883"},
		{"chain goes on with another reference", "102000010426123456 0020000204ffffffff", "6883"},
		{"chain forgotten after that", "102000010426123456 80200001 0020000104ffffffff", "6700"},
		{"nothing to fetch", "00c0000000", "9000"},
		{"extended", esign + " 00b08600000200", "9000"},
		{"short answer, rest to fetch", "00a40004023f0008", "6105"},
		{"rest fetched", "00a40004023f0008 00c0000005", "9000"},
		{"EF.GDO by identifier", "00a4020c022f02 00b000000c", "9000"},
		{"EF.ATR by short identifier", "00b09d0000", "6282"},
		{"unknown file", "00a4020c022f05", "6a82"},
		{"file of another directory", esign + " 00a4020c022f02", "6a82"},
		{"control parameters", "00a4020402" + "2f0200", "9000"},
		{"nothing", "00", "6700"},
		{"length does not fit", "002000010826123456ff", "6700"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, err := NewVirtual(sharedCA, testHolder(SMCB), testSeed(4))
			if err != nil {
				t.Fatal(err)
			}
			var last []byte
			for raw := range strings.FieldsSeq(c.commands) {
				if last, err = v.Transmit(context.Background(), unhex(t, raw)); err != nil {
					t.Fatal(err)
				}
			}
			if got := hex.EncodeToString(last[len(last)-2:]); got != c.status {
				t.Fatalf("got %s, want %s", got, c.status)
			}
		})
	}
}

// TestVirtualLimits: a card takes what its answer to reset promises, and no more.
func TestVirtualLimits(t *testing.T) {
	for _, c := range []struct {
		sort              sort
		extended, chained string
	}{
		{sort{SMCB, CurveBrainpool}, "6a82", "9000"},
		{sort{EGK, CurveBrainpool}, "6a82", "9000"},
		{sort{PIV, CurveP256}, "6700", "9000"},
		{sort{UZI, CurveP256}, "6700", "6e00"},
	} {
		for command, want := range map[string]string{"00a4040c00000c" + "a000000063504b43532d3135": c.extended, "10a4040c06" + "a00000006350": c.chained} {
			v := newIssued(t, c.sort).virtual
			raw, err := v.Transmit(context.Background(), unhex(t, command))
			if err != nil {
				t.Fatal(err)
			}
			if got := hex.EncodeToString(raw); got != want { // 6a82: understood, but there is no such application
				t.Errorf("%s: %s answers %s, want %s", c.sort, command, got, want)
			}
		}
	}
}

// TestVirtualPKCS15Answers is what tools ask that find their way by EF.DIR and control parameters: OpenSC's pkcs15-tool shows this card so.
func TestVirtualPKCS15Answers(t *testing.T) {
	for _, c := range []struct{ commands, answer string }{
		{"00a4000c023f00", "9000"},
		{"00a40800022f0000", "620b8002001b82010183022f009000"},
		{"00a4080c022f00 00b000001b", "61194f0ca000000063504b43532d31355003555a4951043f0050159000"},
		{"00a4080c022f00 00b0000000", "6c1b"},
		{"00a4080c022f00 00b0001b00", "6b00"},
		{"00a408000250150000", "6700"},
		{"00a40804025015" + "00", "62038201389000"},
		{"00a40800045015503100", "620b80020024820101830250319000"},
		{"00a4080c025015 00a4020c025031 00b0000002", "a00a9000"},
		{"00a4080c025015 00a4090c025031 00b0000002", "a00a9000"},
		{"00a4080c0450155031 00a4000c023f00 00a4020c025031", "6a82"},
		{"00a4080c0450159999", "6a82"},
		{"00a4030c", "6a86"},
		{"00a4080c0450155031 00a4000c023f00 00b0000002", "6a82"},
	} {
		v := newIssued(t, sort{UZI, CurveP256}).virtual
		var last []byte
		var err error
		for raw := range strings.FieldsSeq(c.commands) {
			if last, err = v.Transmit(context.Background(), unhex(t, raw)); err != nil {
				t.Fatal(err)
			}
		}
		if got := hex.EncodeToString(last); got != c.answer {
			t.Errorf("%s: %s, want %s", c.commands, got, c.answer)
		}
	}
}

func TestVirtualIsItsSeed(t *testing.T) {
	make := func(kind Kind, seed byte) *Virtual {
		v, err := NewVirtual(sharedCA, testHolder(kind), testSeed(seed))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if !bytes.Equal(make(HBA, 1).file, make(HBA, 1).file) {
		t.Fatal("same seed, other card")
	}
	if bytes.Equal(make(HBA, 1).file, make(HBA, 2).file) || make(HBA, 1).key.Equal(make(HBA, 2).key) {
		t.Fatal("other seed, same card")
	}
}

func TestVirtualHolder(t *testing.T) {
	for name, change := range map[string]func(*Holder){
		"no kind":              func(h *Holder) { h.Kind = "" },
		"no name":              func(h *Holder) { h.Name = "" },
		"long name":            func(h *Holder) { h.Name = strings.Repeat("x", maxName+1) },
		"no Telematik-ID":      func(h *Holder) { h.TelematikID = "" },
		"Telematik-ID":         func(h *Holder) { h.TelematikID = "1_2" },
		"profession":           func(h *Holder) { h.Profession = "doctor" },
		"profession of no arc": func(h *Holder) { h.Profession = "9.9" },
		"ends before":          func(h *Holder) { h.NotAfter = h.NotBefore.Add(-time.Second) },
		"PIN":                  func(h *Holder) { h.PIN = "1234" },
	} {
		h := testHolder(SMCB)
		change(&h)
		if _, err := NewVirtual(sharedCA, h, testSeed(1)); !errors.Is(err, ErrHolder) {
			t.Error(name, err)
		}
	}
}

func TestCommonNameFits(t *testing.T) {
	for _, name := range []string{"Praxis", strings.Repeat("ä", 48), strings.Repeat("x", 53) + "ä", strings.Repeat("x", 53) + " y"} {
		got := commonNameOf(name)
		if len(got) > 64 || !strings.HasSuffix(got, " TEST-ONLY") || strings.Contains(got, "  ") || strings.ContainsRune(got, '\ufffd') {
			t.Error(got)
		}
	}
}
