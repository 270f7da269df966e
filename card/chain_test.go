package card

import (
	"bytes"
	"crypto/ecdsa"
	"errors"
	"testing"
	"time"
)

// authority is a CA of the tests, above or below others.
type authority struct {
	key  *ecdsa.PrivateKey
	der  []byte
	cert *Certificate
}

// newAuthority makes a CA below parent, or self-signed; change may spoil it.
func newAuthority(t *testing.T, name string, seed byte, parent *authority, change func(*draft)) *authority {
	t.Helper()
	key, err := keyFromSeed(testSeed(seed), "authority")
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	d := &draft{serial: serialOf(point, testNow), subject: []attribute{{oidCommonName, name}}, curve: oidP256, point: point,
		notBefore: testNow.Add(-time.Hour), notAfter: testNow.Add(100 * 24 * time.Hour),
		extensions: []draftExtension{
			{oid: oidBasic, critical: true, value: []byte{0x30, 3, 1, 1, 0xff}}, keyUsage(usageCertSign | usageCRLSign),
		}}
	signer := key
	if parent != nil {
		signer = parent.key
		d.issuer, d.authority = parent.cert.subjectDN, parent.cert.extensions.subjectID
	}
	if change != nil {
		change(d)
	}
	der, err := d.issue(signerOf(signer))
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{key, der, c}
}

// under gives an enrolment whose signer was certified by ca and which carries more certificates.
func under(t *testing.T, ca *authority, carried ...[]byte) []byte {
	t.Helper()
	f := newForge(t, nil)
	f.ca = &TestCA{certificate: ca.cert, key: ca.key}
	f.leaf = f.issue(nil)
	f.certs = append([][]byte{f.leaf}, carried...)
	return f.encode()
}

func TestChain(t *testing.T) {
	roots := func(cas ...[]byte) Roots { return Roots{CAs: cas, Professions: DefaultProfessions()} }
	root := newAuthority(t, "root", 21, nil, nil)
	sub := newAuthority(t, "sub", 22, root, nil)
	deep := newAuthority(t, "deep", 23, sub, nil)
	deeper := newAuthority(t, "deeper", 24, deep, nil)
	foreign := newAuthority(t, "root", 25, nil, nil) // same name, another key
	noKeyID := newAuthority(t, "root", 26, nil, nil)
	noKeyID.cert.extensions.subjectID = ""
	short := newAuthority(t, "short", 27, nil, func(d *draft) { replace(d, basicConstraints(true)) }) // path length 0
	below := newAuthority(t, "below", 28, short, nil)
	notCA := newAuthority(t, "not CA", 29, root, func(d *draft) { replace(d, basicConstraints(false)) })
	noSign := newAuthority(t, "no sign", 30, root, func(d *draft) { replace(d, keyUsage(usageDigitalSignature)) })
	old := newAuthority(t, "old", 31, root, func(d *draft) { d.notAfter = testNow.Add(-time.Second) })
	oldRoot := newAuthority(t, "old root", 32, nil, func(d *draft) { d.notAfter = testNow.Add(-time.Second) })
	liar := newAuthority(t, "liar", 33, &authority{key: foreign.key, cert: root.cert}, nil) // names root, signed by another
	many := make([][]byte, 20)
	for i := range many {
		many[i] = newAuthority(t, "root", byte(100+i), nil, nil).der
	}
	rsaRoot := bytes.Replace(root.der, []byte(oidECPublicKey), []byte("\x2a\x86\x48\x86\xf7\x0d\x01"), 1)
	for _, c := range []struct {
		name  string
		cms   []byte
		roots Roots
		want  error
	}{
		{"root", under(t, root), roots(root.der), nil},
		{"pinned CA that is no root", under(t, sub), roots(sub.der), nil},
		{"one between", under(t, sub, sub.der), roots(root.der), nil},
		{"one between, not carried", under(t, sub), roots(root.der), ErrUntrusted},
		{"two between, most", under(t, deep, sub.der, deep.der), roots(root.der), nil},
		{"carried root is not trusted", under(t, root, root.der), roots(foreign.der), ErrUntrusted},
		{"no roots", under(t, root, root.der), roots(), ErrUntrusted},
		{"same name, other key", under(t, root), roots(foreign.der), ErrUntrusted},
		{"same name, other key, both there", under(t, root), roots(foreign.der, root.der), nil},
		{"path too long", under(t, below, below.der), roots(short.der), ErrNotCA},
		{"CA bit missing", under(t, notCA, notCA.der), roots(root.der), ErrNotCA},
		{"may not sign certificates", under(t, noSign, noSign.der), roots(root.der), ErrNotCA},
		{"CA between has expired", under(t, old, old.der), roots(root.der), ErrExpired},
		{"root has expired", under(t, oldRoot), roots(oldRoot.der), ErrExpired},
		{"CA between is forged", under(t, liar, liar.der), roots(root.der), ErrCertificateSignature},
		{"broken root of that name", under(t, root), roots(rsaRoot, []byte("x"), nil), ErrCurve},
		{"broken root beside a good one", under(t, root), roots(rsaRoot, root.der), nil},
		{"leaf as root", under(t, root), roots(newForge(t, nil).leaf), ErrUntrusted},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.want != nil {
				refused(t, c.cms, c.roots, testNow, c.want)
				return
			}
			l, err := VerifyEnrolment(c.cms, c.roots, testNow)
			if err != nil {
				t.Fatal(err)
			}
			if want := testStatement().until(); !l.NotAfter.Equal(want) {
				t.Fatal(l.NotAfter)
			}
		})
	}
	short2 := newAuthority(t, "ends soon", 40, nil, func(d *draft) { d.notAfter = testNow.Add(time.Hour) })
	l, err := VerifyEnrolment(under(t, short2), roots(short2.der), testNow)
	if err != nil || !l.NotAfter.Equal(testNow.Add(time.Hour)) {
		t.Fatal("a licence ends with its CA:", l, err)
	}
	// Issuers without key identifiers cost a signature check each: only so many.
	anonymous := newForge(t, nil)
	anonymous.ca = &TestCA{certificate: noKeyID.cert, key: noKeyID.key}
	anonymous.leaf = anonymous.issue(nil)
	anonymous.certs = [][]byte{anonymous.leaf}
	refused(t, anonymous.encode(), roots(append(many, noKeyID.der)...), testNow, ErrUntrusted)
	if _, err := VerifyEnrolment(anonymous.encode(), roots(append(many[:maxIssuers-1], noKeyID.der)...), testNow); err != nil {
		t.Fatal(err)
	}
	// Four levels do not fit into three certificates: the message is refused before its size.
	tooDeep := chain{carried: [][]byte{sub.der, deep.der, deeper.der}, cas: [][]byte{root.der}, at: testNow, checks: maxIssuers}
	f := newForge(t, nil)
	f.ca = &TestCA{certificate: deeper.cert, key: deeper.key}
	leaf, err := ParseCertificate(f.issue(nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tooDeep.climb(leaf, 0); !errors.Is(err, ErrUntrusted) {
		t.Fatal(err)
	}
}
