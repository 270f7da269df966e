package card

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"
	"time"
)

// sort is a kind of card with a curve: the tables below go over all of them.
type sort struct {
	kind  Kind
	curve string
}

var sorts = []sort{{HBA, CurveBrainpool}, {HBA, CurveP256}, {SMCB, CurveBrainpool}, {SMCB, CurveP256}, {PIV, CurveP256}, {UZI, CurveP256}}

func (s sort) String() string { return string(s.kind) + " " + s.curve }

// issued is a virtual card of a kind with its CA.
type issued struct {
	virtual *Virtual
	ca      *TestCA
	card    Card
}

func newIssued(t testing.TB, s sort) issued {
	t.Helper()
	v, ca, err := NewVirtualOf(s.kind, VirtualOptions{Seed: testSeed(4), Curve: s.curve, Now: testNow})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Open(context.Background(), v)
	if err != nil {
		t.Fatal(err)
	}
	return issued{v, ca, c}
}

// roots that take the card, of whatever kind.
func (i issued) roots() Roots {
	return Roots{CAs: [][]byte{i.ca.Certificate()}, Professions: append(DefaultProfessions(), ProfessionUZIPhysician)}
}

func (i issued) enrol(t testing.TB) []byte {
	t.Helper()
	s := testStatement()
	s.TelematikID = ""
	cms, err := Enrol(context.Background(), i.card, VirtualPIN, s, testNow)
	if err != nil {
		t.Fatal(err)
	}
	return cms
}

// TestKinds enrols with every kind of card over every curve that it has.
func TestKinds(t *testing.T) {
	ctx := context.Background()
	for _, s := range sorts {
		t.Run(s.String(), func(t *testing.T) {
			i := newIssued(t, s)
			if i.card.Kind() != s.kind {
				t.Fatal(i.card.Kind())
			}
			if _, err := i.card.SignDigest(ctx, make([]byte, 32)); !errors.Is(err, ErrPINNeeded) {
				t.Fatal("signed without PIN", err)
			}
			l, err := VerifyFreshEnrolment(i.enrol(t), i.roots(), testNow)
			if err != nil {
				t.Fatal(err)
			}
			wantType, want := s.kind, virtualDefaults[s.kind]
			if s.kind == PIV {
				wantType = HBA
			}
			if l.Kind != wantType || l.Kind.Person() != (s.kind != SMCB) || l.TelematikID != want.TelematikID ||
				l.Profession != usualProfessions[s.kind] || l.ProfessionName != professionNames[l.Profession] || l.ProfessionName == "" ||
				l.Holder != want.Name+" TEST-ONLY" {
				t.Fatalf("%+v", l)
			}
			info, err := Inspect(ctx, i.card)
			if err != nil || info != (Info{
				Kind: s.kind, CertificateType: wantType, Holder: l.Holder, Profession: l.Profession, ProfessionName: l.ProfessionName,
				TelematikID: l.TelematikID, Issuer: testCANames[s.kind], NotBefore: testNow.Add(-virtualLead), NotAfter: testNow.Add(virtualLife - virtualLead),
				Curve: s.curve, PINTries: 3,
			}) {
				t.Fatalf("%+v %v", info, err)
			}
		})
	}
}

// TestKindsPIN is case 50 for every kind: tries are told and counted, nothing is repeated, blocked is blocked.
func TestKindsPIN(t *testing.T) {
	ctx := context.Background()
	for _, s := range append([]sort{}, sorts...) {
		t.Run(s.String(), func(t *testing.T) {
			v := newIssued(t, s).virtual
			sent := 0
			r := &recorder{Channel: v, answer: func(c []byte) ([]byte, error) {
				if c[1] == insVerify && len(c) > 5 {
					sent++
				}
				return nil, nil
			}}
			c, err := Open(ctx, r)
			if err != nil {
				t.Fatal(err)
			}
			tries := func(want int) {
				t.Helper()
				if n, err := c.PINTries(ctx); n != want || err != nil {
					t.Fatal(n, err)
				}
			}
			tries(3)
			if err := c.VerifyPIN(ctx, "12345"); !errors.Is(err, ErrPINShape) || sent != 0 {
				t.Fatal(err)
			}
			for left := 2; left >= 0; left-- {
				var refused *PINError
				if err := c.VerifyPIN(ctx, "654321"); !errors.As(err, &refused) || refused.Tries != left || sent != 3-left {
					t.Fatal(left, sent, err)
				}
				tries(left)
				if v.Reset(); left == 2 {
					if err := c.VerifyPIN(ctx, VirtualPIN); err != nil {
						t.Fatal(err)
					}
					tries(3)
					_ = c.VerifyPIN(ctx, "654321")
					sent = 1
				}
			}
			if err := c.VerifyPIN(ctx, VirtualPIN); !errors.Is(err, ErrPINBlocked) {
				t.Fatal("a blocked card takes its PIN", err)
			}
			if _, err := c.SignDigest(ctx, make([]byte, 32)); !errors.Is(err, ErrPINNeeded) {
				t.Fatal(err)
			}
		})
	}
}

// TestSigner: the card as a crypto.Signer, checked by the standard library over both curves.
func TestSigner(t *testing.T) {
	ctx := context.Background()
	digest := sha256.Sum256([]byte("x"))
	for _, s := range sorts {
		i := newIssued(t, s)
		signer, err := NewSigner(ctx, i.card)
		if err != nil {
			t.Fatal(s, err)
		}
		if _, err := signer.Sign(nil, digest[:], crypto.SHA256); !errors.Is(err, ErrPINNeeded) {
			t.Fatal(s, err)
		}
		if err := i.card.VerifyPIN(ctx, VirtualPIN); err != nil {
			t.Fatal(s, err)
		}
		signature, err := signer.Sign(nil, digest[:], crypto.SHA256)
		if err != nil {
			t.Fatal(s, err)
		}
		key, ok := signer.Public().(*ecdsa.PublicKey)
		if !ok || !ecdsa.VerifyASN1(key, digest[:], signature) || key.Params().Name != map[string]string{CurveP256: "P-256", CurveBrainpool: "brainpoolP256r1"}[s.curve] {
			t.Fatal(s, "the library does not take it")
		}
		for _, opts := range []crypto.SignerOpts{nil, crypto.SHA1, crypto.SHA384} {
			if _, err := signer.Sign(nil, digest[:], opts); err == nil {
				t.Fatal(s, opts)
			}
		}
		i.virtual.key = newIssued(t, sort{SMCB, s.curve}).ca.key // not the certificate's
		if _, err := signer.Sign(nil, digest[:], crypto.SHA256); !errors.Is(err, ErrSignature) {
			t.Fatal(s, err)
		}
	}
}

// TestPatientCard: an eGK is shown and read, and never signs or enrols.
func TestPatientCard(t *testing.T) {
	ctx := context.Background()
	i := newIssued(t, sort{EGK, CurveBrainpool})
	info, err := Inspect(ctx, i.card)
	if err != nil || info.Kind != EGK || info.CertificateType != EGK || info.Profession != professionInsured || info.ProfessionName != "Versicherte/-r" ||
		info.TelematikID != "" || info.Curve != CurveBrainpool || info.PINTries != 3 || info.Holder != "Erika Mustermann TEST-ONLY" {
		t.Fatalf("%+v %v", info, err)
	}
	der, err := i.card.Certificate(ctx)
	if err != nil || !bytes.Contains(der, []byte("X110540756")) || !bytes.Contains(der, []byte(testInsurer)) {
		t.Fatal("KVNR and IK are not in the certificate", err)
	}
	if err := i.card.VerifyPIN(ctx, VirtualPIN); !errors.Is(err, ErrNoSigning) {
		t.Fatal(err)
	}
	if _, err := i.card.SignDigest(ctx, make([]byte, 32)); !errors.Is(err, ErrNoSigning) {
		t.Fatal(err)
	}
	if _, err := Enrol(ctx, i.card, VirtualPIN, testStatement(), testNow); !errors.Is(err, ErrPatientCard) || i.virtual.tries != pinTries {
		t.Fatal(err)
	}
}

// TestDialogues is what is sent to the cards that health cards are not, byte by byte.
func TestDialogues(t *testing.T) {
	ctx := context.Background()
	digest := sha256.Sum256([]byte("x"))
	sum := hex.EncodeToString(digest[:])
	const (
		piv    = "00a404000ba00000030800001000010000"
		pkcs15 = "00a4040c0ca000000063504b43532d3135"
	)
	for _, c := range []struct {
		sort sort
		want []string
	}{
		{sort{PIV, CurveP256}, []string{
			piv, "00cb3fff055c035fc10500", "00c0000000", "00c00000", // the last one's length depends on the certificate's
			piv, "0020008008" + "313233343536ffff",
			piv, "0087119a267c2482008120" + sum + "00",
		}},
		{sort{UZI, CurveP256}, []string{
			"00a4080c0450154331", "00b0000000", "00b0010000", "00b0020000", "00b00200", // 6Cxx: asked again for what is there
			pkcs15, "0020008108" + "3132333435360000",
			pkcs15, "002241b603840104", "002a9e9a20" + sum + "00",
		}},
	} {
		i := newIssued(t, c.sort)
		r := &recorder{Channel: i.virtual}
		opened, err := Open(ctx, r)
		if err != nil {
			t.Fatal(err)
		}
		r.sent = nil
		if der, err := opened.Certificate(ctx); err != nil || !bytes.Equal(der, i.virtual.file) {
			t.Fatal(err)
		}
		if err := opened.VerifyPIN(ctx, VirtualPIN); err != nil {
			t.Fatal(err)
		}
		if _, err := opened.SignDigest(ctx, digest[:]); err != nil {
			t.Fatal(err)
		}
		if len(r.sent) != len(c.want) {
			t.Fatalf("%s: sent %q", c.sort, r.sent)
		}
		for n, want := range c.want {
			if got := r.sent[n]; got != want && (len(want) != 8 || len(got) != 10 || got[:8] != want) {
				t.Errorf("%s: sent %s, want %s", c.sort, got, want)
			}
		}
	}
}

// TestVirtualsHaveTheirOwnCA: no kind's or curve's CA stands for another's, and none for a test network's.
func TestVirtualsHaveTheirOwnCA(t *testing.T) {
	all := append([]sort{{EGK, CurveBrainpool}, {EGK, CurveP256}}, sorts...)
	for _, a := range all {
		card := newIssued(t, a)
		leaf, err := ParseCertificate(card.virtual.Certificate())
		if err != nil {
			t.Fatal(err)
		}
		if leaf.Curve != a.curve || leaf.Issuer == TestCAName {
			t.Fatal(a, leaf.Curve, leaf.Issuer)
		}
		for _, b := range all {
			_, err := leaf.checkChain(nil, Roots{CAs: [][]byte{newIssued(t, b).ca.Certificate()}}, testNow)
			if (err == nil) != (a == b) {
				t.Errorf("%s under the CA of %s: %v", a, b, err)
			}
		}
	}
	later, ca, err := NewVirtualOf(HBA, VirtualOptions{Seed: testSeed(4), Now: testNow.Add(24 * time.Hour)})
	if err != nil || bytes.Equal(later.file, newIssued(t, sorts[0]).virtual.file) || !bytes.Equal(ca.Certificate(), newIssued(t, sorts[0]).ca.Certificate()) {
		t.Fatal("a card made a day later is another, below the same CA", err)
	}
	for _, bad := range []struct {
		kind Kind
		o    VirtualOptions
	}{
		{"", VirtualOptions{}}, {PIV, VirtualOptions{Curve: CurveBrainpool}}, {UZI, VirtualOptions{Curve: CurveBrainpool}},
		{HBA, VirtualOptions{Curve: "P-384"}}, {UZI, VirtualOptions{TelematikID: "1-1"}}, {UZI, VirtualOptions{Profession: ProfessionPhysician}},
		{EGK, VirtualOptions{TelematikID: "1-1"}}, {HBA, VirtualOptions{PIN: "1"}},
	} {
		if _, _, err := NewVirtualOf(bad.kind, bad.o); !errors.Is(err, ErrHolder) {
			t.Error(bad.kind, err)
		}
	}
	if _, _, err := NewVirtualOf(SMCB, VirtualOptions{}); err != nil {
		t.Fatal("the zero options make no card:", err)
	}
}
