package cvc

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pieks/card/brainpool"
	"pieks/card/published"
)

// signed puts a body that may say anything into a certificate.
func signed(body ...[]byte) []byte {
	return element(tagCertificate, element(tagBody, body...), element(tagSignature, bytes.Repeat([]byte{1}, 64)))
}

// fields of a good body, in their order.
func fields() [][]byte {
	return [][]byte{
		element(tagProfile, []byte{0x70}), element(tagAuthority, []byte("DEPKS\x11\x02\x26")),
		element(tagKey, element(tagOID, []byte(oidCard)), element(tagPoint, pointOf(cardKey))),
		element(tagHolder, append([]byte{0, 9}, iccsn[:]...)),
		element(tagRights, element(tagOID, []byte(oidListTI)), element(tagFlags, flagsCard)),
		element(tagFrom, []byte{2, 3, 0, 9, 2, 0}), element(tagTo, []byte{2, 8, 0, 9, 1, 9}),
	}
}

// with is a certificate with one field of fields replaced.
func with(i int, field []byte) []byte {
	f := fields()
	f[i] = field
	return signed(f...)
}

func TestParseRefuses(t *testing.T) {
	good := signed(fields()...)
	if _, err := Parse(good); err != nil {
		t.Fatal(err)
	}
	point := pointOf(cardKey)
	off := bytes.Clone(point)
	off[64] ^= 1
	key := func(oid string, point []byte) []byte {
		return with(2, element(tagKey, element(tagOID, []byte(oid)), element(tagPoint, point)))
	}
	rights := func(list string, flags []byte) []byte {
		return with(4, element(tagRights, element(tagOID, []byte(list)), element(tagFlags, flags)))
	}
	swapped, doubled := fields(), fields()
	swapped[5], swapped[6] = swapped[6], swapped[5]
	body := element(tagBody, fields()...)
	signature := element(tagSignature, bytes.Repeat([]byte{1}, 64))
	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"nothing":               {nil, ErrCertificate},
		"tag alone":             {good[:2], ErrCertificate},
		"cut":                   {good[:len(good)-1], ErrCertificate},
		"another tag":           {append([]byte{0x7f, 0x22}, good[2:]...), ErrCertificate},
		"length not minimal":    {slices.Concat([]byte{0x7f, 0x21, 0x82, 0}, good[3:]), ErrCertificate},
		"length short of 128":   {with(3, slices.Concat([]byte{0x5f, 0x20, 0x81, 12, 0, 9}, iccsn[:])), ErrCertificate},
		"indefinite length":     {slices.Concat([]byte{0x7f, 0x21, 0x80}, good[4:], []byte{0, 0}), ErrCertificate},
		"length of three bytes": {append([]byte{0x7f, 0x21, 0x83, 0, 1, 0}, make([]byte, 300)...), ErrCertificate},
		"too large":             {element(tagCertificate, make([]byte, maxCertificate)), ErrTooLarge},
		"announced too large":   {[]byte{0x7f, 0x21, 0x82, 0xff, 0xff}, ErrTooLarge},
		"no signature":          {element(tagCertificate, body), ErrCertificate},
		"signature first":       {element(tagCertificate, signature, body), ErrCertificate},
		"two signatures":        {element(tagCertificate, body, signature, signature), ErrCertificate},
		"signature of 63 bytes": {element(tagCertificate, body, element(tagSignature, make([]byte, 63))), ErrCertificate},
		"empty body":            {signed(), ErrCertificate},
		"field missing":         {signed(fields()[:6]...), ErrCertificate},
		"field more":            {signed(append(doubled, doubled[6])...), ErrCertificate},
		"fields swapped":        {signed(swapped...), ErrCertificate},
		"profile 71":            {with(0, element(tagProfile, []byte{0x71})), ErrProfile},
		"profile of two bytes":  {with(0, element(tagProfile, []byte{0x70, 0x70})), ErrProfile},
		"short issuer":          {with(1, element(tagAuthority, make([]byte, 7))), ErrReference},
		"issuer is a card":      {with(1, element(tagAuthority, make([]byte, 12))), ErrReference},
		"holder of 10 bytes":    {with(3, element(tagHolder, make([]byte, 10))), ErrReference},
		"no holder":             {with(3, element(tagHolder)), ErrReference},
		"unknown algorithm":     {key("\x2b\x24\x03\x05\x03\x09", point), ErrAlgorithm},
		"RSA":                   {key("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", point), ErrAlgorithm},
		"point off the curve":   {key(oidCard, off), ErrPoint},
		"compressed point":      {key(oidCard, append([]byte{2}, point[1:33]...)), ErrPoint},
		"point of zeros":        {key(oidCard, append([]byte{4}, make([]byte, 64)...)), ErrPoint},
		"infinity":              {key(oidCard, []byte{0}), ErrPoint},
		"point of another size": {key(oidCA[:7]+"\x03", point), ErrPoint},
		"key and more":          {with(2, element(tagKey, element(tagOID, []byte(oidCard)), element(tagPoint, point), []byte{0, 0})), ErrCertificate},
		"key without point":     {with(2, element(tagKey, element(tagOID, []byte(oidCard)))), ErrCertificate},
		"unknown list":          {rights("\x2a\x82\x14\x00\x4c\x04\x81\x20", flagsCard), ErrFlagList},
		"six flags":             {rights(oidListTI, flagsCard[:6]), ErrFlagList},
		"no flags":              {rights(oidListTI, nil), ErrFlagList},
		"month 13":              {with(5, element(tagFrom, []byte{2, 3, 1, 3, 0, 1})), ErrDate},
		"month 0":               {with(5, element(tagFrom, []byte{2, 3, 0, 0, 0, 1})), ErrDate},
		"31 February":           {with(5, element(tagFrom, []byte{2, 3, 0, 2, 3, 1})), ErrDate},
		"day 0":                 {with(5, element(tagFrom, []byte{2, 3, 0, 2, 0, 0})), ErrDate},
		"no digit":              {with(5, element(tagFrom, []byte{2, 3, 0, 2, 0, 10})), ErrDate},
		"ASCII":                 {with(5, element(tagFrom, []byte("230920"))), ErrDate},
		"packed":                {with(5, element(tagFrom, []byte{0x23, 0x09, 0x20})), ErrDate},
		"ends before":           {with(6, element(tagTo, []byte{2, 3, 0, 9, 1, 9})), ErrDate},
	} {
		if parsed, err := Parse(c.raw); !errors.Is(err, c.want) || parsed != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, raw := range map[string][]byte{
		"one day":  with(6, element(tagTo, []byte{2, 3, 0, 9, 2, 0})),
		"leap day": with(6, element(tagTo, []byte{2, 8, 0, 2, 2, 9})),
		"a CA":     with(3, element(tagHolder, []byte("DEPKS\x12\x02\x26"))),
	} {
		if _, err := Parse(raw); err != nil {
			t.Error(name, err)
		}
	}
}

// TestTestPKI: the same for the same seed and day, roots of other days stand behind its cards, those of other seeds do not.
func TestTestPKI(t *testing.T) {
	again, later := must(NewTestPKI(testSeed(1), testNow.Add(time.Hour))), must(NewTestPKI(testSeed(1), testNow.AddDate(1, 0, 0)))
	other := must(NewTestPKI(testSeed(9), testNow))
	if !bytes.Equal(again.Root(), testPKI.Root()) || !bytes.Equal(again.SubCA(), testPKI.SubCA()) {
		t.Error("not the same on one day")
	}
	ee := must(testPKI.Issue(pointOf(cardKey), iccsn, testNow, testNow.AddDate(2, 0, 0)))
	if !bytes.Equal(ee, must(again.Issue(pointOf(cardKey), iccsn, testNow, testNow.AddDate(2, 0, 0)))) {
		t.Error("not the same card")
	}
	root, sub := parse(t, testPKI.Root()), parse(t, testPKI.SubCA())
	if !root.IsTest() || !sub.IsTest() || !parse(t, ee).IsTest() || !root.key.verifyHashed(root.body, root.signature) {
		t.Error("root")
	}
	at := testNow.AddDate(1, 0, 0)
	for name, c := range map[string]struct {
		root []byte
		want error
	}{"same": {testPKI.Root(), nil}, "later": {later.Root(), nil}, "other": {other.Root(), ErrUnknownRoot}} {
		if err := Verify(parse(t, ee), sub, []*Certificate{parse(t, c.root)}, at); !errors.Is(err, c.want) {
			t.Error(name, err)
		}
	}
	for name, issue := range map[string]func() ([]byte, error){
		"no point": func() ([]byte, error) { return testPKI.Issue(nil, iccsn, testNow, testNow) },
		"backward": func() ([]byte, error) {
			return testPKI.Issue(pointOf(cardKey), iccsn, testNow, testNow.AddDate(0, 0, -1))
		},
		"year": func() ([]byte, error) {
			return testPKI.Issue(pointOf(cardKey), iccsn, testNow, testNow.AddDate(100, 0, 0))
		},
	} {
		if _, err := issue(); !errors.Is(err, ErrIssue) {
			t.Error(name, err)
		}
	}
}

// TestErrorsNameNobody: what relays log has no serial number.
func TestErrorsNameNobody(t *testing.T) {
	a := published.CardA()
	ee, sub := parse(t, a.EndEntity), parse(t, a.SubCA)
	for _, err := range []error{Verify(ee, sub, nil, insideA), Verify(ee, ee, nil, insideA), Verify(ee, sub, nil, insideA.AddDate(9, 0, 0))} {
		if err == nil || strings.Contains(err.Error(), "8027") || strings.Contains(err.Error(), "152715") {
			t.Error(err)
		}
	}
}

// FuzzParse: what is read is one form, so writing it again gives the same bytes; and what is verified is what was issued.
func FuzzParse(f *testing.F) {
	a := published.CardA()
	for _, raw := range [][]byte{a.EndEntity, a.SubCA, published.CVCRoot(), testPKI.Root(), append(testPKI.SubCA(), 0, 0), {0x7f, 0x21, 0x81}} {
		f.Add(raw)
	}
	root, sub := parse(f, published.CVCRoot()), parse(f, a.SubCA)
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := Parse(raw)
		if err != nil {
			if c != nil {
				t.Fatal("a certificate beside an error")
			}
			return
		}
		if !bytes.HasPrefix(raw, c.Raw) || !bytes.Equal(c.Raw, element(tagCertificate, c.body, element(tagSignature, c.signature))) {
			t.Fatalf("%x is written as another", raw)
		}
		from, to := must(encodeDate(c.From)), must(encodeDate(c.To))
		if !bytes.Contains(c.body, slices.Concat(element(tagFrom, from), element(tagTo, to))) {
			t.Fatal("dates are read as others")
		}
		if Verify(c, sub, []*Certificate{root}, insideA) == nil && !bytes.Equal(c.body, parse(t, a.EndEntity).body) {
			t.Fatal("a card that nobody issued")
		}
	})
}

// FuzzVerifyChallenge: only signatures over this nonce are taken, of which the fuzzer knows one.
func FuzzVerifyChallenge(f *testing.F) {
	ee := parse(f, must(testPKI.Issue(pointOf(cardKey), iccsn, testNow, testNow)))
	nonce := bytes.Repeat([]byte{7}, NonceLength)
	r, s, err := brainpool.Sign(cardKey, append(bytes.Clone(nonce), 0))
	if err != nil {
		f.Fatal(err)
	}
	good := slices.Concat(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32)))
	f.Add(nonce, good)
	f.Add(nonce, make([]byte, 64))
	f.Fuzz(func(t *testing.T, n, signature []byte) {
		if taken := ee.VerifyChallenge(n, signature); taken != (bytes.Equal(n, nonce) && bytes.Equal(signature, good)) {
			t.Fatalf("%x %x: %v", n, signature, taken)
		}
	})
}
