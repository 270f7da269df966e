package egk

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"pieks/card"
	"pieks/card/brainpool"
	"pieks/card/cvc"
)

// world is a card and all that it is verified by. Tests change one thing.
type world struct {
	patient card.Patient
	nonce   Nonce // what it is verified with
	trust   Trust
	at      time.Time
	answers func(*Answers)
}

func goodWorld(t testing.TB) *world {
	t.Helper()
	return &world{patient: testPatient(t), nonce: testNonce, trust: testPKI.Trust(), at: testNow}
}

// verify lets the card answer testNonce.
func (w *world) verify(t testing.TB) (*Insured, error) {
	t.Helper()
	a := answersOf(t, w.patient, Options{})
	if w.answers != nil {
		w.answers(&a)
	}
	return a.Verify(w.nonce, w.trust, w.at)
}

// changes of a good card by their names, with what Verify has to say.
type changes map[string]struct {
	change func(w *world)
	want   error
}

// differs runs a table in which each case changes one thing of a good card.
func differs(t *testing.T, table changes) {
	t.Helper()
	for name, c := range table {
		w := goodWorld(t)
		c.change(w)
		who, err := w.verify(t)
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || (err == nil) != (who != nil) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && (strings.Contains(err.Error(), "X110540756") || strings.Contains(err.Error(), "109500969") || strings.Contains(err.Error(), "Hermann")) {
			t.Errorf("%s: the error names a person: %v", name, err)
		}
	}
}

// reissue gives the card a CV certificate for what it has, by the test PKI.
func reissue(t testing.TB, w *world, iccsn []byte, from, to time.Time) {
	t.Helper()
	public, err := brainpool.PublicOf(w.patient.Key)
	if err != nil {
		t.Fatal(err)
	}
	if w.patient.EndEntity, err = testPKI.CVC.Issue(public.Point(), [10]byte(iccsn), from, to); err != nil {
		t.Fatal(err)
	}
}

// TestSerialNumber is T16.
func TestSerialNumber(t *testing.T) {
	differs(t, changes{
		"the same":         {func(*world) {}, nil},
		"EF.GDO's differs": {func(w *world) { w.patient.GDO[11] ^= 1 }, ErrICCSN},
		"certificate's differs": {func(w *world) {
			reissue(t, w, make([]byte, 10), testNow.AddDate(0, 0, -1), testNow.AddDate(1, 0, 0))
		}, ErrICCSN},
		"EF.GDO was not read":    {func(w *world) { w.answers = func(a *Answers) { a.GDO = nil } }, nil},
		"EF.GDO is padded":       {func(w *world) { w.patient.GDO = append(w.patient.GDO, 0, 0) }, nil},
		"EF.GDO is another file": {func(w *world) { w.patient.GDO[0] = 0x5b }, ErrAnswer},
		"EF.GDO is short":        {func(w *world) { w.patient.GDO = append([]byte{0x5a, 9}, w.patient.GDO[2:11]...) }, ErrAnswer},
		"EF.GDO is long":         {func(w *world) { w.patient.GDO = append(w.patient.GDO, 7) }, ErrAnswer},
		"key of another use": {func(w *world) { // as of a practice's card
			w.patient.EndEntity[bytes.Index(w.patient.EndEntity, []byte{0x5f, 0x20})+4] ^= 0x0f
		}, ErrNotEGK},
		"Sub-CA in its place": {func(w *world) { w.patient.EndEntity = w.patient.SubCA }, ErrNotEGK},
	})
}

// TestChallenge: the nonce that was signed, the key that the certificate has, the chain above it.
func TestChallenge(t *testing.T) {
	other := must(cvc.NewTestPKI(testSeed(40), testNow))
	flip := func(at func(a *Answers) *byte) func(*world) {
		return func(w *world) { w.answers = func(a *Answers) { *at(a) ^= 1 } }
	}
	differs(t, changes{
		"another nonce":       {func(w *world) { w.nonce[23] ^= 1 }, ErrChallenge},
		"no nonce":            {func(w *world) { w.nonce = Nonce{} }, ErrChallenge},
		"r":                   {flip(func(a *Answers) *byte { return &a.Signature[31] }), ErrChallenge},
		"s":                   {flip(func(a *Answers) *byte { return &a.Signature[63] }), ErrChallenge},
		"no signature":        {func(w *world) { w.answers = func(a *Answers) { a.Signature = nil } }, ErrChallenge},
		"another card's key":  {func(w *world) { w.patient.Key = must(brainpool.KeyFromSeed(testSeed(41), "key")) }, ErrChallenge},
		"signature of card's": {func(w *world) { w.patient.EndEntity[len(w.patient.EndEntity)-1] ^= 1 }, cvc.ErrSignature},
		"another Sub-CA":      {func(w *world) { w.patient.SubCA = other.SubCA() }, cvc.ErrIssuer},
		"no root":             {func(w *world) { w.trust.CVC = nil }, cvc.ErrUnknownRoot},
		"another root":        {func(w *world) { w.trust.CVC = []*cvc.Certificate{must(cvc.Parse(other.Root()))} }, cvc.ErrUnknownRoot},
		"two roots": {func(w *world) {
			w.trust.CVC = append([]*cvc.Certificate{must(cvc.Parse(other.Root()))}, w.trust.CVC...)
		}, nil},
		"card's ended": {func(w *world) {
			reissue(t, w, w.patient.GDO[2:], testNow.AddDate(0, 0, -9), testNow.AddDate(0, 0, -1))
		}, ErrExpired},
		"card's begins": {func(w *world) {
			reissue(t, w, w.patient.GDO[2:], testNow.AddDate(0, 0, 1), testNow.AddDate(0, 0, 9))
		}, cvc.ErrNotYetValid},
	})
}

// TestFiles: files are padded, or they are what they say and nothing more.
func TestFiles(t *testing.T) {
	pad := func(file []byte, with byte, to int) []byte {
		return append(bytes.Clone(file), bytes.Repeat([]byte{with}, to-len(file))...)
	}
	answer := func(change func(a *Answers)) func(*world) { return func(w *world) { w.answers = change } }
	differs(t, changes{
		"padded with zeros": {func(w *world) {
			p := &w.patient
			p.X509, p.EndEntity, p.SubCA = pad(p.X509, 0, 1900), pad(p.EndEntity, 0, 256), pad(p.SubCA, 0, 256)
		}, nil},
		"padded with ones": {func(w *world) {
			p := &w.patient
			p.X509, p.EndEntity, p.SubCA = pad(p.X509, 0xff, 1900), pad(p.EndEntity, 0xff, 256), pad(p.SubCA, 0xff, 256)
		}, nil},
		"padded with both":          {func(w *world) { w.patient.X509 = append(w.patient.X509, 0, 0xff) }, ErrAnswer},
		"something behind X.509":    {func(w *world) { w.patient.X509 = append(w.patient.X509, 0x30) }, ErrAnswer},
		"something behind card's":   {func(w *world) { w.patient.EndEntity = append(w.patient.EndEntity, 0x7f) }, ErrAnswer},
		"something behind Sub-CA's": {func(w *world) { w.patient.SubCA = append(w.patient.SubCA, 0x7f) }, ErrAnswer},
		"X.509 cut":                 {func(w *world) { w.patient.X509 = w.patient.X509[:len(w.patient.X509)-1] }, ErrAnswer},
		"X.509 in zeros":            {func(w *world) { w.patient.X509 = make([]byte, 800) }, ErrAnswer},
		"card's in zeros":           {func(w *world) { w.patient.EndEntity = make([]byte, 222) }, cvc.ErrCertificate},
		"Sub-CA's in zeros":         {func(w *world) { w.patient.SubCA = make([]byte, 220) }, cvc.ErrCertificate},
		"nothing":                   {answer(func(a *Answers) { *a = Answers{} }), ErrAnswer},
		"generation 3":              {answer(func(a *Answers) { a.Version2 = unhex("ef0ac003020000c103050000") }), ErrG3},
		"old":                       {answer(func(a *Answers) { a.Version2 = unhex("ef0ac003020000c103040000") }), ErrOldCard},
		"large version":             {answer(func(a *Answers) { a.Version2 = pad(a.Version2, 0, maxShort+1) }), ErrAnswer},
		"large number":              {answer(func(a *Answers) { a.GDO = pad(a.GDO, 0, maxShort+1) }), ErrAnswer},
		"large Sub-CA's":            {answer(func(a *Answers) { a.SubCA = pad(a.SubCA, 0, maxShort+1) }), ErrAnswer},
		"large card's":              {answer(func(a *Answers) { a.EndEntity = pad(a.EndEntity, 0, maxShort+1) }), ErrAnswer},
		"large X.509":               {answer(func(a *Answers) { a.X509 = pad(a.X509, 0, maxX509+1) }), ErrAnswer},
	})
}

// TestX509 is T17, and what else the certificate of a person has to be.
func TestX509(t *testing.T) {
	certificate := func(change func(d *x509Draft)) func(*world) {
		return func(w *world) {
			d := goodX509(t)
			change(&d)
			w.patient.X509 = d.issue(t)
		}
	}
	unit := func(i int, text string) func(*world) {
		return certificate(func(d *x509Draft) { d.subject[i].value = text })
	}
	otherCA := must(card.NewTestCA(testSeed(50), testNow)) // of the same name
	differs(t, changes{
		"as real ones":   {certificate(func(*x509Draft) {}), nil},
		"units swapped":  {certificate(func(d *x509Draft) { d.subject[2], d.subject[3] = d.subject[3], d.subject[2] }), nil},
		"comma in CN":    {certificate(func(d *x509Draft) { d.subject[6].value = "Graf, OU=Z123456783, OU=101575519" }), nil},
		"name backwards": {certificate(func(d *x509Draft) { slices.Reverse(d.subject) }), nil},
		"other units": {certificate(func(d *x509Draft) {
			d.subject = append(d.subject, attribute{oidOU, "Abteilung"}, attribute{oidOU, "12345"})
		}), nil},
		"AUTN": {certificate(func(d *x509Draft) {
			d.policies, d.subject = []string{oidAUTN}, append(d.subject[:3:3], attribute{oidCN, "1a2b3c4d5e6f7890 TEST-ONLY"})
		}), ErrNoKVNR},
		"AUTN as AUT":         {certificate(func(d *x509Draft) { d.subject = slices.Delete(d.subject, 3, 4) }), ErrNoKVNR},
		"AUT as AUTN":         {certificate(func(d *x509Draft) { d.policies = []string{oidAUTN} }), card.ErrNotPatient},
		"no policy":           {certificate(func(d *x509Draft) { d.without = "\x55\x1d\x20" }), card.ErrNotPatient},
		"a physician's":       {certificate(func(d *x509Draft) { d.admission = oidPhysician }), card.ErrNotInsured},
		"no admission":        {certificate(func(d *x509Draft) { d.without = oidAdmission }), card.ErrNotInsured},
		"for sealing":         {certificate(func(d *x509Draft) { d.usage = sealing }), card.ErrKeyUsage},
		"no key usage":        {certificate(func(d *x509Draft) { d.without = "\x55\x1d\x0f" }), card.ErrKeyUsage},
		"critical extension":  {certificate(func(d *x509Draft) { d.critical = "\x55\x1d\x24" }), card.ErrExtension},
		"signed with RSA":     {certificate(func(d *x509Draft) { d.algorithm = algorithmRSA }), card.ErrSignatureAlgorithm},
		"RSA key":             {certificate(func(d *x509Draft) { d.key = rsaKey(t) }), card.ErrCurve},
		"other CA":            {certificate(func(d *x509Draft) { d.ca = otherCA }), card.ErrCertificateSignature},
		"no CA":               {func(w *world) { w.trust.Roots = card.Roots{} }, card.ErrUntrusted},
		"ended":               {certificate(func(d *x509Draft) { d.to = testNow.Add(-time.Second) }), ErrExpired},
		"begins":              {certificate(func(d *x509Draft) { d.from = testNow.Add(time.Second) }), card.ErrNotYetValid},
		"no person":           {unit(3, "Abteilung"), ErrNoKVNR},
		"small letter":        {unit(3, "x110540756"), ErrNoKVNR},
		"umlaut":              {unit(3, "Ä110540756"), ErrNoKVNR},
		"nine characters":     {unit(3, "X11054075"), ErrNoKVNR},
		"eleven characters":   {unit(3, "X1105407567"), ErrNoKVNR},
		"blank":               {unit(3, "X110540756 "), ErrNoKVNR},
		"letter at the end":   {unit(3, "X11054075X"), ErrNoKVNR},
		"two persons":         {certificate(func(d *x509Draft) { d.subject = append(d.subject, attribute{oidOU, "Z123456783"}) }), ErrNoKVNR},
		"one person twice":    {certificate(func(d *x509Draft) { d.subject = append(d.subject, d.subject[3]) }), ErrNoKVNR},
		"no insurer":          {unit(2, "Abteilung"), ErrNoIK},
		"letter in insurer":   {unit(2, "10950096X"), ErrNoIK},
		"eight digits":        {unit(2, "10950096"), ErrNoIK},
		"two insurers":        {certificate(func(d *x509Draft) { d.subject = append(d.subject, attribute{oidOU, "101575519"}) }), ErrNoIK},
		"person only in CN":   {certificate(func(d *x509Draft) { d.subject[3], d.subject[6].value = attribute{oidOU, "X"}, "X110540756" }), ErrNoKVNR},
		"person in SN":        {certificate(func(d *x509Draft) { d.subject[3].oid = oidSN }), ErrNoKVNR},
		"insurer in O":        {certificate(func(d *x509Draft) { d.subject[2].oid = oidO }), ErrNoIK},
		"signature destroyed": {func(w *world) { w.patient.X509[len(w.patient.X509)-1] ^= 1 }, card.ErrCertificateSignature},
	})
	w := goodWorld(t)
	unit(3, "Z123456783")(w)
	if who, err := w.verify(t); err != nil || who.KVNR != "Z123456783" || who.IK != "109500969" {
		t.Error(err)
	}
}

// rsaKey is one in its form: nobody signs with it.
func rsaKey(t testing.TB) []byte {
	t.Helper()
	n := new(big.Int).SetBytes(bytes.Repeat([]byte{0xc5}, 256))
	return must(x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: n, E: 65537}))
}

// TestCardAEnds is T17's clock with gematik's test card: the first day after both certificates.
func TestCardAEnds(t *testing.T) {
	a := answersOf(t, cardA(t), Options{})
	for at, want := range map[time.Time]error{
		time.Date(2028, 9, 19, 23, 59, 59, 0, time.UTC): nil,
		time.Date(2028, 9, 20, 0, 0, 0, 0, time.UTC):    ErrExpired,
		time.Date(2023, 9, 20, 0, 0, 0, 0, time.UTC):    nil,
		time.Date(2023, 9, 19, 23, 59, 59, 0, time.UTC): cvc.ErrNotYetValid,
	} {
		if _, err := a.Verify(testNonce, trustA(t), at); !errors.Is(err, want) {
			t.Errorf("%s: %v", at, err)
		}
	}
	if _, err := a.Verify(testNonce, testPKI.Trust(), insideA); !errors.Is(err, cvc.ErrUnknownRoot) {
		t.Error(err)
	}
	mixed := trustA(t)
	mixed.Roots = testPKI.Trust().Roots
	if _, err := a.Verify(testNonce, mixed, insideA); !errors.Is(err, card.ErrUntrusted) {
		t.Error(err)
	}
}

func TestRevoked(t *testing.T) {
	list := func(revoked ...[]byte) *card.RevocationList {
		return must(card.ParseCRL(must(testPKI.CA.CRL(revoked, testNow.Add(-time.Hour), testNow.Add(time.Hour)))))
	}
	differs(t, changes{
		"by the network": {func(w *world) {
			w.trust.Roots.RevokedCards = [][32]byte{sha256.Sum256(w.patient.X509)}
		}, card.ErrRevokedCard},
		"by the CA":   {func(w *world) { w.trust.Roots.CRLs = []*card.RevocationList{list(w.patient.X509)} }, card.ErrRevokedCard},
		"another":     {func(w *world) { w.trust.Roots.CRLs = []*card.RevocationList{list()} }, nil},
		"list is old": {func(w *world) { w.trust.Roots.CRLs, w.at = []*card.RevocationList{list()}, testNow.Add(2*time.Hour) }, card.ErrCRLExpired},
		"padded, by the network": {func(w *world) { // the hash is the certificate's, not the file's
			w.trust.Roots.RevokedCards = [][32]byte{sha256.Sum256(w.patient.X509)}
			w.patient.X509 = append(w.patient.X509, 0, 0)
		}, card.ErrRevokedCard},
	})
}

// pairsThat says always the same.
type pairsThat struct {
	pair Pair
	err  error
}

func (p pairsThat) Check(Hash, Hash) (Pair, error) { return p.pair, p.err }

var errList = errors.New("list is not at hand")

func TestPairChecked(t *testing.T) {
	differs(t, changes{
		"match":         {func(w *world) { w.trust.Pairs = pairsThat{pair: Match} }, nil},
		"unknown":       {func(w *world) { w.trust.Pairs = pairsThat{pair: Unknown} }, nil},
		"mismatch":      {func(w *world) { w.trust.Pairs = pairsThat{pair: Mismatch} }, ErrPair},
		"blocked":       {func(w *world) { w.trust.Pairs = pairsThat{pair: Blocked} }, ErrBlocked},
		"another word":  {func(w *world) { w.trust.Pairs = pairsThat{pair: "maybe"} }, ErrPair},
		"no word":       {func(w *world) { w.trust.Pairs = pairsThat{} }, ErrPair},
		"no list there": {func(w *world) { w.trust.Pairs = pairsThat{err: errList} }, errList},
	})
	w := goodWorld(t)
	l := &PairList{}
	if err := l.Add(sha256.Sum256(w.patient.EndEntity), sha256.Sum256(w.patient.X509)); err != nil {
		t.Fatal(err)
	}
	w.trust.Pairs = l
	if who, err := w.verify(t); err != nil || who.Pair != Match {
		t.Error(err)
	}
	w.patient.X509, w.patient.EndEntity = append(w.patient.X509, 0, 0), append(w.patient.EndEntity, 0xff) // padding is not part of the certificate
	if who, err := w.verify(t); err != nil || who.Pair != Match {
		t.Error(err)
	}
	// Another person's certificate on this card: genuine both, and only the list tells.
	d := goodX509(t)
	w.patient.X509 = d.issue(t)
	if _, err := w.verify(t); !errors.Is(err, ErrPair) {
		t.Error(err)
	}
}

// TestHidden: who a card belongs to is in no log.
func TestHidden(t *testing.T) {
	a := answersOf(t, testPatient(t), Options{})
	who, err := a.Verify(testNonce, testPKI.Trust(), testNow)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	logger.Info("", "who", who, "value", *who, "answers", a)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("", "who", who, "value", *who, "answers", a)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&log, verb+verb+verb, who, *who, a)
	}
	for _, secret := range []string{"X110540756", "109500969", "Mustermann", "583131303534303735", fmt.Sprint(a.X509[:4]), fmt.Sprintf("%x", a.X509[:8]),
		base64.StdEncoding.EncodeToString(a.X509[:60])} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%q is shown", secret)
		}
	}
}

// FuzzVerify: what is verified is what the card's issuers signed, whatever else was read.
func FuzzVerify(f *testing.F) {
	p := testPatient(f)
	good := answersOf(f, p, Options{})
	f.Add(good.Version2, good.GDO, good.SubCA, good.EndEntity, good.X509, good.Signature)
	f.Add(good.Version2, []byte{}, append(good.SubCA, 0, 0), append(good.EndEntity, 0xff), append(good.X509, 0, 0), good.Signature)
	f.Add(good.Version2, good.GDO, good.EndEntity, good.SubCA, good.X509, make([]byte, 64))
	trust := testPKI.Trust()
	f.Fuzz(func(t *testing.T, version, gdo, sub, ee, x509, signature []byte) {
		a := Answers{Version2: version, GDO: gdo, SubCA: sub, EndEntity: ee, X509: x509, Signature: signature}
		who, err := a.Verify(testNonce, trust, testNow)
		if (err == nil) != (who != nil) {
			t.Fatal(who, err)
		}
		if err == nil && (!bytes.HasPrefix(ee, p.EndEntity) || !bytes.HasPrefix(x509, p.X509) || who.KVNR != "X110540756" || who.IK != "109500969") {
			t.Fatal("another card")
		}
	})
}

func BenchmarkCard(b *testing.B) {
	v, err := card.VirtualPatient(testPatient(b))
	if err != nil {
		b.Fatal(err)
	}
	trust := testPKI.Trust()
	d := NewDialogue(testNonce, Options{})
	if _, err := drive(b, v, d); err != nil {
		b.Fatal(err)
	}
	b.Run("dialogue", func(b *testing.B) {
		for b.Loop() {
			if _, err := drive(b, v, NewDialogue(testNonce, Options{})); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			if _, err := d.Answers().Verify(testNonce, trust, testNow); err != nil {
				b.Fatal(err)
			}
		}
	})
}
