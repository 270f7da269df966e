package card

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// directory is what a virtual PKCS #15 card has in one of its files.
func directory(t testing.TB, add func(*cryptobyte.Builder)) []byte {
	t.Helper()
	var b cryptobyte.Builder
	add(&b)
	return b.BytesOrPanic()
}

// TestDirectory reads the directory of a virtual card with padding after it, and refuses it cut.
func TestDirectory(t *testing.T) {
	odf, keys, certificates, pins := directory(t, addODF), directory(t, addPrivateKeys), directory(t, addCertificates), directory(t, addPasswords)
	for _, padding := range []string{"", "00", "ffff", "0000000000"} {
		pad := unhex(t, padding)
		d, err := parseODF(append(bytes.Clone(odf), pad...))
		if err != nil || string(d.privateKeys) != "\x3f\x00\x50\x15\x44\x01" || string(d.certificates) != "\x3f\x00\x50\x15\x44\x02" || string(d.passwords) != "\x3f\x00\x50\x15\x44\x03" {
			t.Fatalf("%+v %v", d, err)
		}
		k, err := parsePrivateKeys(append(bytes.Clone(keys), pad...))
		if err != nil || len(k) != 1 || k[0] != (privateKey{"\x01", "\x01", pkcs15Key}) {
			t.Fatalf("%+v %v", k, err)
		}
		c, err := parseCertificates(append(bytes.Clone(certificates), pad...))
		if err != nil || len(c) != 1 || string(c["\x01"]) != "\x3f\x00\x50\x15\x43\x31" {
			t.Fatalf("%+v %v", c, err)
		}
		p, err := parsePasswords(append(bytes.Clone(pins), pad...))
		if err != nil || len(p) != 1 || p["\x01"] != (password{reference: pkcs15PIN, form: pinASCII, stored: pkcs15Stored, padded: true}) {
			t.Fatalf("%+v %v", p, err)
		}
	}
	for n := 1; n < len(keys); n++ {
		if k, err := parsePrivateKeys(keys[:n]); err == nil && len(k) > 0 {
			t.Fatal("a key out of a directory that is cut at", n)
		}
	}
	for n := range odf {
		if _, err := parseODF(odf[:n]); !errors.Is(err, ErrLayout) {
			t.Fatal(n, err)
		}
	}
}

// TestDirectoryForms: entries that are not as ISO 7816-15 has them.
func TestDirectoryForms(t *testing.T) {
	for _, c := range []struct {
		name, odf string
		good      bool
	}{
		{"whole", "a00630040402" + "4401" + "a40630040402" + "4402" + "a80630040402" + "4403", true},
		{"with what is not used", "a10630040402" + "4409" + "a00630040402" + "4401" + "a40630040402" + "4402" + "a80630040402" + "4403" + "a70630040402" + "4404", true},
		{"second file of a kind", "a00630040402" + "4401" + "a40630040402" + "4402" + "a80630040402" + "4403" + "a00630040402" + "4409", true},
		{"index 0", "a009" + "3007" + "04024401" + "020100" + "a40630040402" + "4402" + "a80630040402" + "4403", true},
		{"index 0 and length", "a00d" + "300b" + "04024401" + "020100" + "80020100" + "a40630040402" + "4402" + "a80630040402" + "4403", true},
		{"index 1", "a009" + "3007" + "04024401" + "020101" + "a40630040402" + "4402" + "a80630040402" + "4403", false},
		{"no PINs", "a00630040402" + "4401" + "a40630040402" + "4402", false},
		{"objects in place", "a008" + "a006" + "30040402" + "4401" + "a40630040402" + "4402" + "a80630040402" + "4403", false},
		{"path of one byte", "a0053003040144" + "a40630040402" + "4402" + "a80630040402" + "4403", false},
		{"path of three bytes", "a0073005040344014a" + "a40630040402" + "4402" + "a80630040402" + "4403", false},
		{"empty path", "a00430020400" + "a40630040402" + "4402" + "a80630040402" + "4403", false},
		{"more after the path", "a0083004040244010500" + "a40630040402" + "4402" + "a80630040402" + "4403", false},
		{"long path", "a014" + "3012" + "0410" + "3f0050155015501550155015501544" + "01" + "a40630040402" + "4402" + "a80630040402" + "4403", true},
		{"longer path", "a016" + "3014" + "0412" + "3f00501550155015501550155015501544" + "01" + "a40630040402" + "4402" + "a80630040402" + "4403", false},
		{"length in BER", "a0810630040402" + "4401", false},
		{"nothing", "", false},
	} {
		if _, err := parseODF(unhex(t, c.odf)); (err == nil) != c.good || (err != nil && !errors.Is(err, ErrLayout)) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	many := bytes.Repeat(unhex(t, "a10630040402"+"4409"), maxObjects+1)
	if _, err := parseODF(many); !errors.Is(err, ErrLayout) {
		t.Fatal(err)
	}
}

// TestKeysThatAreNotTaken: which keys and PINs of a directory are for this.
func TestKeysThatAreNotTaken(t *testing.T) {
	key := func(tag asn1.Tag, usage []byte, reference ...byte) []byte {
		return directory(t, func(b *cryptobyte.Builder) {
			addEntry(b, tag, "key", "\x01", func(b *cryptobyte.Builder) {
				b.AddASN1OctetString([]byte("\x01"))
				b.AddASN1(asn1.BIT_STRING, func(b *cryptobyte.Builder) { b.AddBytes(usage) })
				b.AddASN1(asn1.BOOLEAN, func(b *cryptobyte.Builder) { b.AddUint8(0xff) })
				b.AddASN1(asn1.BIT_STRING, func(b *cryptobyte.Builder) { b.AddBytes([]byte{3, 0x98}) })
				b.AddBytes(reference)
			}, func(b *cryptobyte.Builder) { addPath(b, "\x3f\x00") })
		})
	}
	for name, c := range map[string]struct {
		data  []byte
		taken int
	}{
		"for signatures":     {key(tagged(0), []byte{5, 0x20}, 2, 1, 4), 1},
		"highest reference":  {key(tagged(0), []byte{5, 0x20}, 2, 2, 0, 0xff), 1},
		"reference too high": {key(tagged(0), []byte{5, 0x20}, 2, 2, 1, 0), 0},
		"negative reference": {key(tagged(0), []byte{5, 0x20}, 2, 1, 0x84), 0},
		"no reference":       {key(tagged(0), []byte{5, 0x20}), 0},
		"for decryption":     {key(tagged(0), []byte{6, 0x40}, 2, 1, 4), 0},
		"qualified":          {key(tagged(0), []byte{6, 0x20, 0x40}, 2, 1, 4), 0},
		"RSA":                {key(asn1.SEQUENCE, []byte{5, 0x20}, 2, 1, 4), 0},
	} {
		if keys, err := parsePrivateKeys(c.data); err != nil || len(keys) != c.taken {
			t.Errorf("%s: %v %v", name, keys, err)
		}
	}
	for _, c := range []struct {
		name string
		p    password
		want string
		err  error
	}{
		{"ASCII padded", password{form: pinASCII, stored: 8, pad: 0xff, padded: true}, "313233343536ffff", nil},
		{"ASCII as it is", password{form: pinASCII, stored: 8}, "313233343536", nil},
		{"UTF-8", password{form: pinUTF8, stored: 12, padded: true}, "313233343536000000000000", nil},
		{"format 2", password{form: pinISO9564}, "26123456ffffffff", nil},
		{"BCD", password{form: 0}, "", ErrLayout},
		{"longer than what is stored", password{form: pinASCII, stored: 4, padded: true}, "", ErrPINShape},
	} {
		if b, err := c.p.block("123456"); !errors.Is(err, c.err) || (err == nil && hex.EncodeToString(b) != c.want) {
			t.Errorf("%s: %x %v", c.name, b, err)
		}
	}
}

// TestDirectoryWithoutKey: a PKCS #15 card that has no such key is told apart from a foreign card.
func TestDirectoryWithoutKey(t *testing.T) {
	i := newIssued(t, sort{UZI, CurveP256})
	files := i.virtual.applet.(*pkcs15Applet).files
	files[dirPKCS15+filePrivateKeys] = []byte{0, 0}
	if _, err := Open(context.Background(), i.virtual); !errors.Is(err, ErrLayout) {
		t.Fatal(err)
	}
	files[dirPKCS15+string(pathODF)] = []byte("\xa0\x03\x30\x01\x00")
	if _, err := Open(context.Background(), i.virtual); !errors.Is(err, ErrLayout) {
		t.Fatal(err)
	}
	delete(files, dirPKCS15+string(pathODF))
	var refused *StatusError
	if _, err := Open(context.Background(), i.virtual); !errors.As(err, &refused) {
		t.Fatal(err)
	}
	files[dirPKCS15+string(pathODF)] = make([]byte, maxFile+256)
	if _, err := Open(context.Background(), i.virtual); !errors.Is(err, ErrResponse) {
		t.Fatal(err)
	}
}

// TestPIVObject: the certificate in its data object, and nothing else.
func TestPIVObject(t *testing.T) {
	for _, c := range []struct {
		name, object, want string
		err                error
	}{
		{"usual", "5309" + "7002aabb" + "710100" + "fe00", "aabb", nil},
		{"without the rest", "5304" + "7002aabb", "aabb", nil},
		{"compressed", "5309" + "7002aabb" + "710101" + "fe00", "", ErrLayout},
		{"information of two bytes", "530a" + "7002aabb" + "71020000" + "fe00", "", ErrLayout},
		{"empty object", "5300", "", ErrResponse},
		{"other object", "7e00", "", ErrResponse},
		{"no object", "", "", ErrResponse},
		{"trailing bytes", "5304" + "7002aabb" + "00", "", ErrResponse},
		{"more inside", "5306" + "7002aabb" + "7200", "", ErrResponse},
		{"cut", "5309" + "7002aabb", "", ErrResponse},
	} {
		if got, err := parsePIVObject(unhex(t, c.object)); !errors.Is(err, c.err) || hex.EncodeToString(got) != c.want {
			t.Errorf("%s: %x %v", c.name, got, err)
		}
	}
}

func FuzzPKCS15(f *testing.F) {
	for _, add := range []func(*cryptobyte.Builder){addODF, addPrivateKeys, addCertificates, addPasswords} {
		f.Add(directory(f, add))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if d, err := parseODF(data); err == nil && (len(d.privateKeys) > maxPath || len(d.certificates) > maxPath || len(d.passwords) < 2) {
			t.Fatalf("%+v", d)
		}
		if keys, err := parsePrivateKeys(data); err == nil && len(keys) > maxObjects {
			t.Fatal(len(keys))
		}
		certificates, _ := parseCertificates(data)
		for _, path := range certificates {
			if len(path) < 2 || len(path) > maxPath {
				t.Fatalf("%x", path)
			}
		}
		passwords, _ := parsePasswords(data)
		for _, p := range passwords {
			if b, err := p.block("12345678"); err == nil && (len(b) > maxStoredPIN || len(b) < 8) {
				t.Fatalf("%x", b)
			}
		}
	})
}

func FuzzPIVObject(f *testing.F) {
	f.Add([]byte("\x53\x09\x70\x02\xaa\xbb\x71\x01\x00\xfe\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := parsePIVObject(data); err == nil && (len(c) > maxCertificate || !bytes.Contains(data, c)) {
			t.Fatalf("%x", c)
		}
	})
}
