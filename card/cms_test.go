package card

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

const (
	oidSHA1          = "\x2b\x0e\x03\x02\x1a"                 // 1.3.14.3.2.26
	oidDSASHA256     = "\x60\x86\x48\x01\x65\x03\x04\x03\x02" // 2.16.840.1.101.3.4.3.2
	oidECDSASHA1     = "\x2a\x86\x48\xce\x3d\x04\x01"         // 1.2.840.10045.4.1
	oidEnvelopedData = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03" // 1.2.840.113549.1.7.3
	oidTSTInfo       = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04"
	oidSMIMECaps     = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0f"
)

func TestForgeIsGood(t *testing.T) { // else the refusals below prove nothing
	f := newForge(t, nil)
	if _, err := VerifyFreshEnrolment(f.encode(), testRoots(f.ca), testNow); err != nil {
		t.Fatal(err)
	}
}

// TestProfile is case 43: whatever leaves the strict profile has its own error.
func TestProfile(t *testing.T) {
	null := []byte{5, 0}
	attribute := func(oid string, value func(*cryptobyte.Builder)) []byte {
		var b cryptobyte.Builder
		addAttribute(&b, oid, value)
		return b.BytesOrPanic()
	}
	contentType := attribute(oidContentType, func(b *cryptobyte.Builder) { addOID(b, oidData) })
	signingTime := attribute(oidSigningTime, func(b *cryptobyte.Builder) { addTime(b, testNow) })
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	digestOf := func(f *forge) []byte {
		sum := sha256.Sum256(f.content)
		return attribute(oidMessageDigest, func(b *cryptobyte.Builder) { b.AddASN1OctetString(sum[:]) })
	}
	for _, c := range []struct {
		name   string
		change func(*forge)
		want   error
	}{
		{"other content info", func(f *forge) { f.outer = oidEnvelopedData }, ErrNotSignedData},
		{"version 3", func(f *forge) { f.version = 3 }, ErrVersion},
		{"SHA-1", func(f *forge) { f.digest = algorithmID(oidSHA1) }, ErrDigestAlgorithm},
		{"SHA-1 at the signer", func(f *forge) { f.infoDigest = algorithmID(oidSHA1) }, ErrDigestAlgorithm},
		{"no digest algorithm", func(f *forge) { f.digest = nil }, ErrDigestAlgorithm},
		{"two digest algorithms", func(f *forge) { f.moreDigests = algorithmID(oidSHA1) }, ErrDigestAlgorithm},
		{"digest parameters", func(f *forge) { f.digest = algorithmID(oidSHA256, null...) }, ErrDigestAlgorithm},
		{"content of another type", func(f *forge) { f.contentType = oidTSTInfo }, ErrContent},
		{"detached", func(f *forge) { f.detached = true }, ErrContent},
		{"no certificate", func(f *forge) { f.certs = nil }, ErrNoCertificate},
		{"empty certificates", func(f *forge) { f.certs = [][]byte{} }, ErrNoCertificate},
		{"other certificate", func(f *forge) { f.certs = [][]byte{f.ca.Certificate()} }, ErrNoCertificate},
		{"four certificates", func(f *forge) {
			f.certs = [][]byte{f.leaf, {0x30, 0}, {0x30, 0}, {0x30, 0}}
		}, ErrCertificates},
		{"revocation list", func(f *forge) { f.crls = []byte{0xa1, 2, 0x30, 0} }, ErrRevocationList},
		{"no signer", func(f *forge) { f.infos = 0 }, ErrSigners},
		{"two signers", func(f *forge) { f.infos = 2 }, ErrSigners},
		{"signer by key identifier", func(f *forge) { f.bySKI, f.infoVersion = true, 3 }, ErrSignerID},
		{"signer version 3", func(f *forge) { f.infoVersion = 3 }, ErrVersion},
		{"no signed attributes", func(f *forge) { f.attributes = []byte{} }, ErrNoSignedAttributes},
		{"no message digest", func(f *forge) { f.attributes = join(contentType, signingTime) }, ErrSignedAttributes},
		{"no signing time", func(f *forge) { f.attributes = join(contentType, digestOf(f)) }, ErrSignedAttributes},
		{"no content type", func(f *forge) { f.attributes = join(signingTime, digestOf(f)) }, ErrSignedAttributes},
		{"attribute twice", func(f *forge) { f.attributes = join(contentType, signingTime, signingTime, digestOf(f)) }, ErrSignedAttributes},
		{"one attribute more", func(f *forge) {
			f.attributes = join(contentType, signingTime, digestOf(f), attribute(oidSMIMECaps, func(b *cryptobyte.Builder) { b.AddASN1NULL() }))
		}, ErrSignedAttributes},
		{"attributes out of order", func(f *forge) { f.attributes = join(contentType, digestOf(f), signingTime) }, ErrSignedAttributes},
		{"content type says other", func(f *forge) {
			f.attributes = join(attribute(oidContentType, func(b *cryptobyte.Builder) { addOID(b, oidTSTInfo) }), signingTime, digestOf(f))
		}, ErrSignedAttributes},
		{"two values", func(f *forge) {
			f.attributes = join(contentType, attribute(oidSigningTime, func(b *cryptobyte.Builder) {
				addTime(b, testNow)
				addTime(b, testNow)
			}), digestOf(f))
		}, ErrSignedAttributes},
		{"signing time without seconds", func(f *forge) {
			f.attributes = join(contentType, attribute(oidSigningTime, func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.UTCTime, func(b *cryptobyte.Builder) { b.AddBytes([]byte("2611210930Z")) })
			}), digestOf(f))
		}, ErrSignedAttributes},
		{"signing time with an offset", func(f *forge) {
			f.attributes = join(contentType, attribute(oidSigningTime, func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.UTCTime, func(b *cryptobyte.Builder) { b.AddBytes([]byte("261121103000+0100")) })
			}), digestOf(f))
		}, ErrSignedAttributes},
		{"unsigned attributes", func(f *forge) { f.unsigned = join([]byte{0xa1, byte(len(signingTime))}, signingTime) }, ErrUnsignedAttributes},
		{"DSA", func(f *forge) { f.sigAlg = algorithmID(oidDSASHA256) }, ErrSignatureAlgorithm},
		{"ECDSA with SHA-1", func(f *forge) { f.sigAlg = algorithmID(oidECDSASHA1) }, ErrSignatureAlgorithm},
		{"ECDSA with parameters", func(f *forge) { f.sigAlg = algorithmID(oidECDSASHA256, null...) }, ErrSignatureAlgorithm},
		{"content changed", func(f *forge) {
			f.shown = bytes.Replace(f.content, []byte("Domstr. 1"), []byte("Domstr. 2"), 1)
		}, ErrMessageDigest},
		{"other domain", func(f *forge) { f.content = append([]byte("pieks/disclosure/1\x00"), f.content...) }, ErrDomain},
		{"domain cut", func(f *forge) { f.content = []byte(EnrolmentDomain[:len(EnrolmentDomain)-1]) }, ErrDomain},
		{"signature of other data", func(f *forge) { f.signature = f.sign([]byte("other")) }, ErrSignature},
		{"empty signature", func(f *forge) { f.signature = []byte{} }, ErrSignature},
		{"signature with a tail", func(f *forge) {
			set, _ := asSet(f.rightAttributes())
			f.signature = append(f.sign(set), 0)
		}, ErrSignature},
		{"raw signature", func(f *forge) {
			set, _ := asSet(f.rightAttributes())
			f.signature, _ = splitSignature(f.sign(set), 32)
		}, ErrSignature},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newForge(t, nil)
			c.change(f)
			refused(t, f.encode(), testRoots(f.ca), testNow, c.want)
		})
	}
}

func refused(t *testing.T, cms []byte, roots Roots, at time.Time, want error) {
	t.Helper()
	l, err := VerifyEnrolment(cms, roots, at)
	if !errors.Is(err, want) || l != nil {
		t.Fatalf("got %v, want %v", err, want)
	}
}

// TestNotDER is the rest of case 43: encodings that DER does not have.
func TestNotDER(t *testing.T) {
	f := newForge(t, nil)
	good := f.encode()
	indefinite := append([]byte{0x30, 0x80}, good[4:]...)
	indefinite = append(indefinite, 0, 0)
	longer := append([]byte{0x30, 0x83, 0}, good[2:]...)
	padded := append([]byte{good[0], 0x82, 0, good[1]}, good[2:]...)
	constructedString := bytes.Replace(good, append([]byte{4, 32}, digestIn(f)...),
		append([]byte{0x24, 32, 4, 30}, digestIn(f)[:30]...), 1)
	for _, c := range []struct {
		name string
		data []byte
		want error
	}{
		{"empty", nil, ErrMalformed},
		{"one byte", good[:1], ErrMalformed},
		{"cut", good[:len(good)-1], ErrMalformed},
		{"indefinite length", indefinite, ErrBER},
		{"long length", longer, ErrMalformed},
		{"length not minimal", padded, ErrBER},
		{"constructed string", constructedString, ErrBER},
		{"trailing byte", append(bytes.Clone(good), 0), ErrTrailing},
		{"twice", append(bytes.Clone(good), good...), ErrTrailing},
		{"not CMS", []byte{0x30, 0}, ErrMalformed},
		{"text", []byte("-----BEGIN CMS-----"), ErrMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := ParseCMS(c.data, EnrolmentDomain); !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestNesting(t *testing.T) {
	nested := []byte{}
	for range maxDepth + 1 {
		nested = append([]byte{0x30, byte(len(nested))}, nested...)
	}
	if err := checkDER(nested); err != nil {
		t.Fatal(err)
	}
	if err := checkDER(append([]byte{0x30, byte(len(nested))}, nested...)); !errors.Is(err, ErrMalformed) {
		t.Fatal(err)
	}
}

func TestSignatureForms(t *testing.T) {
	large, small := bytes.Repeat([]byte{0xff}, 32), append(make([]byte, 31), 1)
	for _, raw := range [][]byte{bytes.Join([][]byte{large, small}, nil), bytes.Join([][]byte{small, large}, nil)} {
		der, err := joinSignature(raw)
		if err != nil {
			t.Fatal(err)
		}
		again, err := splitSignature(der, 32)
		if err != nil || !bytes.Equal(raw, again) {
			t.Fatalf("%x %v", again, err)
		}
		if _, err := splitSignature(der, 31); !errors.Is(err, ErrSignature) {
			t.Fatal(err)
		}
	}
	for _, bad := range []string{"", "3000", "3003020101", "30060201010201ff", "3006020100020101", "300602010102010100"} {
		if _, err := splitSignature(unhex(t, bad), 32); !errors.Is(err, ErrSignature) {
			t.Error(bad, err)
		}
	}
}

func digestIn(f *forge) []byte {
	sum := sha256.Sum256(f.content)
	return sum[:]
}

func TestTooLarge(t *testing.T) {
	for _, size := range []int{maxCMS + 1, 20 << 10} {
		if _, err := ParseCMS(make([]byte, size), EnrolmentDomain); !errors.Is(err, ErrTooLarge) {
			t.Fatal(size, err)
		}
	}
	f := newForge(t, nil)
	f.certs = append(f.certs, f.ca.Certificate(), f.ca.Certificate())
	f.content = append(f.content, make([]byte, MaxEnrolment)...)
	refused(t, f.encode(), testRoots(f.ca), testNow, ErrTooLarge)
}

// TestAttributeConfusion is case 42: the signature of a good message over its attributes is shown as a signature over
// content that is those attributes (crypto.md 5.2). Without signed attributes it is refused, with any also.
func TestAttributeConfusion(t *testing.T) {
	f := newForge(t, nil)
	set, err := asSet(f.rightAttributes())
	if err != nil {
		t.Fatal(err)
	}
	f.signature = f.sign(set)
	f.content = set
	f.attributes = []byte{}
	refused(t, f.encode(), testRoots(f.ca), testNow, ErrNoSignedAttributes)
	if _, err := ParseCMS(f.encode(), "\x31"); !errors.Is(err, ErrNoSignedAttributes) {
		t.Fatal(err)
	}
	f.attributes, f.signature = nil, nil // the second guard alone: properly signed content that is attributes
	refused(t, f.encode(), testRoots(f.ca), testNow, ErrDomain)
}

func TestNoDomain(t *testing.T) {
	f := newForge(t, nil)
	if _, err := ParseCMS(f.encode(), ""); !errors.Is(err, ErrDomain) {
		t.Fatal(err)
	}
}
